"""Characters, strings and IRIs that are no tokens of SPARQL."""

from __future__ import annotations

import re
import unicodedata

from endpoint.sparql.diagnosis.case import Case, Mistake, quoted
from endpoint.sparql.lexer import Kind, Token

_QUOTATION_MARKS = frozenset("“”„‟«»〝〞‘’‚‛`´′″「」『』")
_ENCODED = re.compile(r"%(?:20|0A|0D|09|7B|7D|3F|3C|3E|22|3A|2A|28|29)", re.IGNORECASE)
_BLANKS_AS_PLUS = re.compile(r"[A-Za-z*}]\+[*?{A-Za-z]")
_SPACE = re.compile(r"\s")
_FORBIDDEN_IN_IRI = re.compile(r"[\x00-\x20<\"{}|\\^`]")
_INSTEAD = {"&": "&&", "$": "$name"}


def encoded_twice(case: Case) -> Mistake | None:
    """A text that was percent-encoded once more than the protocol asks for."""
    if _SPACE.search(case.text.strip()):
        return None
    if encoded := _ENCODED.search(case.text):
        return Mistake(
            encoded.start(),
            f"The query is percent-encoded twice: it holds {encoded[0]} where a plain character should be.",
            "Encode the query once when it is sent.",
        )
    if plus := _BLANKS_AS_PLUS.search(case.text):
        return Mistake(
            plus.start() + 1,
            "The query is form-encoded twice: it holds + where a blank should be.",
            "Encode the query once when it is sent.",
        )
    return None


def strange_character(case: Case) -> Mistake | None:
    """A character with no meaning in SPARQL, often from a word processor or a Korean keyboard."""
    found = case.found
    if found is None or found.kind not in (Kind.INVALID, Kind.WORD):
        return None
    character = found.text[0]
    if found.kind is Kind.WORD and character.isascii():
        return None
    number = f"U+{ord(character):04X}"
    category = unicodedata.category(character)
    plain = unicodedata.normalize("NFKC", character)
    if character in _QUOTATION_MARKS:
        return Mistake(found.start, f"{character} is a typographic quotation mark.", "Write \" or '.")
    if category == "Pd":
        return Mistake(found.start, f"{character} ({number}) is a dash.", "Write - instead.")
    if category == "Zs":
        return Mistake(
            found.start, f"There is a blank of another kind here ({number}).", "Write an ordinary blank."
        )
    if category in ("Cc", "Cf", "Cs"):
        return Mistake(found.start, f"There is an invisible character here ({number}).", "Remove it.")
    if plain != character and plain.isascii() and plain.strip():
        return Mistake(found.start, f"{character} is a full-width character.", f"Write {plain} instead.")
    if found.kind is Kind.WORD:
        return None
    if character == "@":
        return Mistake(found.start, "A language tag must follow the @.", "Write a tag such as @en or @ko.")
    instead = _INSTEAD.get(character, "")
    return Mistake(
        found.start,
        f"The character {character} has no meaning here.",
        f"Write {instead} instead." if instead else "Remove it.",
    )


def nameless_variable(case: Case) -> Mistake | None:
    """A question mark without a name."""
    if case.found is None or case.found.text != "?" or "VARIABLE" not in case.expected:
        return None
    return Mistake(case.found.start, "A name must follow the ?.", "Write a variable such as ?name.")


def unclosed_string(case: Case) -> Mistake | None:
    """A string without its closing quotation mark, or with an escape that SPARQL does not have."""
    found = case.found
    if found is None or found.kind is not Kind.UNCLOSED:
        return None
    quote = found.text[:3] if found.text[:3] in ("'''", '"""') else found.text[0]
    if len(quote) == 3:
        return Mistake(
            found.start, f"The string that begins here is not closed: {quote} is missing.", f"Add {quote}."
        )
    if case.text[found.end : found.end + 1] == "\\":
        escape = case.text[found.end : found.end + 2]
        return Mistake(
            found.end,
            f"{escape} is no escape in a string.",
            'Write \\\\ for a backslash, or \\n, \\t, \\", \\u0041 and the like.',
        )
    return Mistake(
        found.start,
        "The string that begins here is not closed on its line.",
        f"Add {quote} at its end, or write {quote * 3} around a text of several lines.",
    )


def broken_iri(case: Case) -> Mistake | None:
    """An IRI without its closing bracket or with a character that no IRI holds."""
    found = case.found
    if found is None or found.text not in ("<", "<=", "<<") or "IRIREF" not in case.expected:
        return None
    line = case.text[found.start :].splitlines()[0]
    iri, closed, _ = line.partition(">")
    forbidden = _FORBIDDEN_IN_IRI.search(iri, 1)
    if not closed or (forbidden and forbidden[0] == "<"):
        return Mistake(found.start, "The IRI that begins here is not closed.", "Add > at its end.")
    if forbidden is None:
        return None
    name = "a blank" if forbidden[0] == " " else f"the character {forbidden[0]}"
    encoded = f"%{ord(forbidden[0]):02X}"
    return Mistake(
        found.start + forbidden.start(),
        f"The IRI {quoted(iri + closed)} holds {name}.",
        f"Write {encoded} instead.",
    )


def missing_brackets_of_iri(case: Case) -> Mistake | None:
    """An IRI that stands without its angle brackets, which looks like a prefixed name."""
    for back in (0, 1, 2):
        index = case.at - back
        if 0 <= index < len(case.tokens):
            name = case.tokens[index]
            if _is_bare_iri(case.text, name):
                whole = re.match(r"\S+?(?=[\s,;.]*(?:\s|$))", case.text[name.start :])
                written = whole[0] if whole else name.text
                return Mistake(
                    name.start,
                    f"The IRI {quoted(written)} stands without angle brackets.",
                    f"Write <{written}>.",
                )
    return None


def _is_bare_iri(text: str, token: Token) -> bool:
    return token.kind is Kind.PNAME and token.text[-1] == ":" and text.startswith("//", token.end)
