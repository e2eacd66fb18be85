"""Mistakes of syntax: why a text stops being SPARQL at a token, as a sentence and a hint."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from endpoint.sparql.diagnosis.hints import hint
from endpoint.sparql.diagnosis.mistake import Mistake, quoted
from endpoint.sparql.lexer import Kind, Token, position_of
from endpoint.sparql.syntax.grammar import END, Rejection

_CLOSING = {"(": ")", "[": "]", "{": "}"}
# Keywords that follow a group and are in none.
_MODIFIERS = frozenset({"ORDER", "LIMIT", "OFFSET", "GROUP", "HAVING"})
_FORMS = "SELECT, ASK, CONSTRUCT or DESCRIBE"
# Descriptions of the required text, by the symbol of the grammar.
_NEEDS = {
    "Objects": "an object: an IRI, a literal or a variable",
    "Annotated": "an object: an IRI, a literal or a variable",
    "Object": "an object: an IRI, a literal or a variable",
    "Properties": "a predicate: an IRI, a variable, a or a path",
    "Verb": "a predicate: an IRI, a variable, a or a path",
    "PathStep": "an IRI of the path",
    "Expression": "an expression",
    "And": "an expression",
    "Comparison": "an expression",
    "Sum": "an expression",
    "Product": "an expression",
    "Unary": "an expression",
    "Primary": "an expression",
    "Condition": "a condition in parentheses",
    "Having": "a condition in parentheses",
    "Grouped": "a variable or an expression in parentheses",
    "Ordered": "a variable or an expression in parentheses",
    "Group": "a group in braces: { … }",
    "Template": "triples in braces: { … }",
    "Quads": "triples in braces: { … }",
    "VARIABLE": "a variable",
    "Projection": "*, a variable, or (expression AS ?name)",
    "Projected": "*, a variable, or (expression AS ?name)",
    "VariableOrIri": "a variable or an IRI",
    "Describe": "*, a variable or an IRI",
    "Iri": "an IRI",
    "IRIREF": "an IRI in angle brackets",
    "NAMESPACE": "a prefix with a colon",
    "INTEGER": "a whole number",
    "Where": "WHERE or {",
    "AS": "AS and a variable",
}
_READABLE = {
    "IRIREF": "an IRI in angle brackets",
    "NAMESPACE": "a prefix with a colon",
    "NAME": "a prefixed name",
    "VARIABLE": "a variable",
    "STRING": "a string",
    "INTEGER": "a number",
    "NUMBER": "a number",
    "LANGUAGE": "a language tag",
    "BLANK": "a blank node",
    END: "the end",
}
_QUOTATION_MARKS = frozenset("“”„‟«»〝〞‘’‚‛`´′″「」『』")
_ENCODED = re.compile(r"%(?:20|0A|0D|09|7B|7D|3F|3C|3E|22|3A|2A|28|29)", re.IGNORECASE)
_BLANKS_AS_PLUS = re.compile(r"[A-Za-z*}]\+[*?{A-Za-z]")
_SPACE = re.compile(r"\s")
# An IRI without brackets; more of it would not be shown.
_WRITTEN = re.compile(r"\S{1,400}+")
_FORBIDDEN_IN_IRI = re.compile(r"[\x00-\x20<\"{}|\\^`]")
_INSTEAD = {"&": "&&", "$": "$name"}


def syntax_mistake(rejection: Rejection) -> Mistake:
    """Return the mistake at a rejection: the first of the checks that finds one, the surest first."""
    for check in (
        _empty,
        _encoded_twice,
        _unclosed_string,
        missing_brackets_of_iri,
        _broken_iri,
        _strange_character,
        _nameless_variable,
        _bracket,
    ):
        mistake = check(rejection)
        if mistake is not None:
            return mistake
    advice = hint(rejection)
    return Mistake(
        rejection.offset,
        _refused(rejection) if advice.startswith("Did you mean") else _sentence(rejection),
        advice,
    )


def _empty(rejection: Rejection) -> Mistake | None:
    if not rejection.tokens:
        return Mistake(0, "The query is empty.", f"Write {_FORMS}.")
    if rejection.token is None and rejection.must == "Request":
        return Mistake(rejection.offset, f"The query ends after its prologue: {_FORMS} must follow.")
    return None


def _bracket(rejection: Rejection) -> Mistake | None:
    """Find a bracket that is never closed, closed by one of another kind, or closed without being open."""
    opened = _opened(rejection.tokens[: rejection.at])
    token = rejection.token
    if token is None:
        if not opened:
            return None
        return Mistake(
            opened[-1].start,
            f'This "{opened[-1].text}" is never closed.',
            f"Add {_CLOSING[opened[-1].text]}.",
        )
    if opened and token.upper in _MODIFIERS and _CLOSING[opened[-1].text] in rejection.expected:
        return _open(rejection, opened[-1], token)
    if token.kind is not Kind.PUNCTUATION or token.text not in (")", "]", "}"):
        return None
    if opened and _CLOSING[opened[-1].text] == token.text:
        return None
    if opened and token.text in (_CLOSING[bracket.text] for bracket in opened):
        return _open(rejection, opened[-1], token)
    return Mistake(
        token.start,
        f'This "{token.text}" closes nothing.',
        "Remove it, or add the bracket that it should close.",
    )


def _opened(tokens: Sequence[Token]) -> list[Token]:
    """Return the brackets that are open after these tokens, the innermost last."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind is Kind.PUNCTUATION:
            if token.text in _CLOSING:
                opened.append(token)
            elif token.text in ")]}" and opened:
                opened.pop()
    return opened


def _open(rejection: Rejection, opened: Token, token: Token) -> Mistake:
    """Return the mistake of a bracket that had to be closed before ``token``."""
    line, column = position_of(rejection.text, token.start)
    return Mistake(
        opened.start,
        f'This "{opened.text}" is not closed before {quoted(token.text)} in line {line}, column {column}.',
        f"Add {_CLOSING[opened.text]}.",
    )


def _sentence(rejection: Rejection) -> str:
    if rejection.must in ("Unit", "Request"):
        return f"{_refused(rejection)} Expected {_FORMS}."
    if len(rejection.wanted) == 1 or rejection.must in ("AS", "Where", "Projection"):
        need = _NEEDS.get(rejection.must, "")
        if need:
            return f"{_refused(rejection)} Expected {need}."
    expected = _readable(rejection.expected, 4)
    return f"{_refused(rejection)} Expected {expected}." if expected else _refused(rejection)


def _refused(rejection: Rejection) -> str:
    if rejection.token is None:
        return "The query ends too early."
    return f"{quoted(rejection.token.text)} is not expected here."


def _readable(terminals: frozenset[str], most: int) -> str:
    """Return the allowed terminals as "a, b or c"; empty where there are more than ``most``."""
    if not 0 < len(terminals) <= most:
        return ""
    names = sorted({_READABLE.get(terminal, f'"{terminal}"') for terminal in terminals})
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _encoded_twice(rejection: Rejection) -> Mistake | None:
    """Find a text that was percent-encoded once more than the protocol prescribes."""
    if _SPACE.search(rejection.text.strip()):
        return None
    if encoded := _ENCODED.search(rejection.text):
        return Mistake(
            encoded.start(),
            f"The query is percent-encoded twice: it holds {encoded[0]} where a plain character should be.",
            "Encode the query once when it is sent.",
        )
    if plus := _BLANKS_AS_PLUS.search(rejection.text):
        return Mistake(
            plus.start() + 1,
            "The query is form-encoded twice: it holds + where a blank should be.",
            "Encode the query once when it is sent.",
        )
    return None


def _strange_character(rejection: Rejection) -> Mistake | None:
    """Find a character with no meaning in SPARQL, often from a word processor or a Korean keyboard."""
    token = rejection.token
    if token is None or token.kind not in (Kind.INVALID, Kind.WORD):
        return None
    character = token.text[0]
    if token.kind is Kind.WORD and character.isascii():
        return None
    number = f"U+{ord(character):04X}"
    category = unicodedata.category(character)
    plain = unicodedata.normalize("NFKC", character)
    if character in _QUOTATION_MARKS:
        return Mistake(token.start, f"{character} is a typographic quotation mark.", "Write \" or '.")
    if category == "Pd":
        return Mistake(token.start, f"{character} ({number}) is a dash.", "Write - instead.")
    if category == "Zs":
        return Mistake(
            token.start, f"There is a blank of another kind here ({number}).", "Write an ordinary blank."
        )
    if category in ("Cc", "Cf", "Cs"):
        return Mistake(token.start, f"There is an invisible character here ({number}).", "Remove it.")
    if plain != character and plain.isascii() and plain.strip():
        return Mistake(token.start, f"{character} is a full-width character.", f"Write {plain} instead.")
    if token.kind is Kind.WORD:
        return None
    if character == "@":
        return Mistake(token.start, "A language tag must follow the @.", "Write a tag such as @en or @ko.")
    instead = _INSTEAD.get(character, "")
    return Mistake(
        token.start,
        f"The character {character} has no meaning here.",
        f"Write {instead} instead." if instead else "Remove it.",
    )


def _nameless_variable(rejection: Rejection) -> Mistake | None:
    """Find a question mark without a name."""
    if rejection.token is None or rejection.token.text != "?" or "VARIABLE" not in rejection.expected:
        return None
    return Mistake(rejection.token.start, "A name must follow the ?.", "Write a variable such as ?name.")


def _unclosed_string(rejection: Rejection) -> Mistake | None:
    """Find a string without its closing quotation mark, or with an escape that SPARQL does not have."""
    token = rejection.token
    if token is None or token.kind is not Kind.UNCLOSED:
        return None
    quote = token.text[:3] if token.text[:3] in ("'''", '"""') else token.text[0]
    if len(quote) == 3:
        return Mistake(
            token.start, f"The string that begins here is not closed: {quote} is missing.", f"Add {quote}."
        )
    if rejection.text[token.end : token.end + 1] == "\\":
        escape = rejection.text[token.end : token.end + 2]
        return Mistake(
            token.end,
            f"{escape} is no escape in a string.",
            'Write \\\\ for a backslash, or \\n, \\t, \\", \\u0041 and the like.',
        )
    return Mistake(
        token.start,
        "The string that begins here is not closed on its line.",
        f"Add {quote} at its end, or write {quote * 3} around a text of several lines.",
    )


def _broken_iri(rejection: Rejection) -> Mistake | None:
    """Find an IRI without its closing bracket or with a character that no IRI may have."""
    token = rejection.token
    if token is None or token.text not in ("<", "<=", "<<") or "IRIREF" not in rejection.expected:
        return None
    line = rejection.text[token.start :].splitlines()[0]
    iri, closed, _ = line.partition(">")
    forbidden = _FORBIDDEN_IN_IRI.search(iri, 1)
    if not closed or (forbidden and forbidden[0] == "<"):
        return Mistake(token.start, "The IRI that begins here is not closed.", "Add > at its end.")
    if forbidden is None:
        return None
    name = "a blank" if forbidden[0] == " " else f"the character {forbidden[0]}"
    encoded = f"%{ord(forbidden[0]):02X}"
    return Mistake(
        token.start + forbidden.start(),
        f"The IRI {quoted(iri + closed)} holds {name}.",
        f"Write {encoded} instead.",
    )


def missing_brackets_of_iri(rejection: Rejection) -> Mistake | None:
    """Find an IRI without its angle brackets, which looks like a prefixed name."""
    for back in (0, 1, 2):
        index = rejection.at - back
        if 0 <= index < len(rejection.tokens):
            name = rejection.tokens[index]
            if _is_bare_iri(rejection.text, name):
                whole = _WRITTEN.match(rejection.text, name.start)
                written = whole[0].rstrip(",;.") if whole else name.text
                return Mistake(
                    name.start,
                    f"The IRI {quoted(written)} stands without angle brackets.",
                    f"Write <{written}>.",
                )
    return None


def _is_bare_iri(text: str, token: Token) -> bool:
    return token.kind is Kind.PNAME and token.text[-1] == ":" and text.startswith("//", token.end)
