"""Mistakes of texts that follow the grammar: prefixes, IRIs, scopes, rows of VALUES, aggregates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pyoxigraph import NamedNode

from endpoint.sparql.diagnosis.mistake import Mistake, quoted
from endpoint.sparql.lexer import Kind, Token
from endpoint.vocabulary import PREFIXES

# Namespaces that an explanation proposes; of less common prefixes the author knows better.
_COMMON = {
    prefix: PREFIXES[prefix]
    for prefix in (
        *("bibo", "dc", "dcat", "dct", "dcterms", "foaf", "owl", "prov"),
        *("rdf", "rdfs", "schema", "skos", "void", "xsd"),
    )
}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SEVERAL_DOTS = re.compile(r"[^:]*+:[^.]++\.++[^.]++\.")
# Characters of IRIs that are examined: a long namespace counts for each of its names.
_EXAMINED = 300_000
AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})


def unknown_prefix(
    tokens: Sequence[Token], message: str, place: int | None, prefixes: Mapping[str, str]
) -> Mistake | None:
    """Find a prefixed name whose prefix the text does not declare.

    The engine may know ``prefixes`` without a declaration, so of several names the one that ends at
    the engine's ``place`` is taken, then the first that is not among them; a name that is among them
    only where the engine's ``message`` says so.
    """
    declared = {token.text[:-1] for token, _ in _declarations(tokens)}
    names = [
        token
        for index, token in enumerate(tokens)
        if token.kind is Kind.PNAME
        and token.text.partition(":")[0] not in declared
        and not (index and tokens[index - 1].upper == "PREFIX")
    ]
    if "Prefix not found" not in message:
        names = [token for token in names if token.text.partition(":")[0] not in prefixes]
    if not names:
        return None
    token = next((token for token in names if token.end == place), names[0])
    prefix = token.text.partition(":")[0]
    namespace = prefixes.get(prefix) or _COMMON.get(prefix, "…")
    return Mistake(
        token.start,
        f"The prefix {prefix}: is not declared.",
        f"Add PREFIX {prefix}: <{namespace}> at the beginning.",
    )


def wrong_iri(tokens: Sequence[Token], message: str) -> Mistake | None:
    """Find the first IRI, written out or by a prefix, that is not valid (RFC 3987)."""
    namespaces = {token.text[:-1]: iri.text[1:-1] for token, iri in _declarations(tokens)}
    based = any(token.upper == "BASE" for token in tokens)
    left = _EXAMINED
    for token in tokens:
        iri = _iri(token, namespaces)
        if iri is None:
            continue
        left -= len(iri)
        if left < 0:
            return None
        if not _SCHEME.match(iri):
            if token.kind is Kind.PNAME:
                continue
            if not based and "IRI parsing failed" in message:
                return Mistake(
                    token.start, f"The IRI {quoted(token.text)} is relative.", "Write the whole IRI."
                )
            iri = f"http://base.example/{iri}"
        if reason := _refusal(iri):
            return Mistake(token.start, f"{quoted(token.text)} is no IRI: {reason}.")
    return None


def _iri(token: Token, namespaces: Mapping[str, str]) -> str | None:
    """Return the IRI that a token is or abbreviates; None for any other token and an unknown prefix."""
    if token.kind is Kind.IRIREF:
        return _ESCAPE.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), token.text[1:-1])
    if token.kind is not Kind.PNAME:
        return None
    prefix, _, local = token.text.partition(":")
    namespace = namespaces.get(prefix)
    return None if namespace is None else namespace + re.sub(r"\\(.)", r"\1", local)


def name_with_dots(tokens: Sequence[Token]) -> Mistake | None:
    """Find a prefixed name that SPARQL allows and the engine does not read."""
    for token in tokens:
        if token.kind is Kind.PNAME and _SEVERAL_DOTS.match(token.text):
            return Mistake(
                token.start,
                f"The engine does not read {quoted(token.text)}: its name has dots in several places.",
                "Write the whole IRI in angle brackets.",
            )
    return None


def blank_node_of_two_groups(tokens: Sequence[Token]) -> Mistake | None:
    """Find a blank node label used in two groups (SPARQL 1.1 Query Language, section 5.1.1)."""
    groups: list[int] = []
    count = 0
    seen: dict[str, int] = {}
    for token in tokens:
        if token.text == "{":
            count += 1
            groups.append(count)
        elif token.text == "}":
            count += 1
            if groups:
                groups.pop()
            if groups:
                groups[-1] = count
        elif token.kind is Kind.BLANK and groups and seen.setdefault(token.text, groups[-1]) != groups[-1]:
            return Mistake(
                token.start,
                f"The blank node {token.text} stands in two groups.",
                f"Write a variable instead, such as ?{token.text[2:]}.",
            )
    return None


def row_of_values(tokens: Sequence[Token]) -> Mistake | None:
    """Find a row of VALUES with more or fewer values than there are variables."""
    for index, token in enumerate(tokens):
        if token.upper == "VALUES" and index + 1 < len(tokens) and tokens[index + 1].text == "(":
            close = _closing(tokens, index + 1)
            width = close - index - 2
            row = close + 2
            while row < len(tokens) and tokens[row].text == "(":
                end = _closing(tokens, row)
                values = _values(tokens[row + 1 : end])
                if values != width:
                    return Mistake(
                        tokens[row].start,
                        f"Values in this row: {values}; variables: {width}.",
                        "Write UNDEF for a value that is not given.",
                    )
                row = end + 1
    return None


def data_with_variables(tokens: Sequence[Token]) -> Mistake | None:
    """Find a variable in INSERT DATA or DELETE DATA, or a blank node in DELETE (SPARQL 1.1 Update)."""
    for index, token in enumerate(tokens):
        before = tokens[index - 1].upper if index else ""
        deletes = before == "DELETE" or (index > 1 and tokens[index - 2].upper == "DELETE")
        if token.text != "{" or not (deletes or before == "DATA"):
            continue
        for inner in tokens[index : _closing(tokens, index)]:
            if before == "DATA" and inner.kind is Kind.VAR:
                return Mistake(
                    inner.start, f"{inner.text} is a variable, and DATA holds none.", "Write a term."
                )
            if deletes and inner.kind is Kind.BLANK:
                return Mistake(
                    inner.start,
                    f"{inner.text} is a blank node, and what is deleted holds none.",
                    "Write an IRI, or a variable in DELETE … WHERE.",
                )
    return None


def _declarations(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for index in range(len(tokens) - 2):
        if tokens[index].upper == "PREFIX" and tokens[index + 1].text.endswith(":"):
            yield tokens[index + 1], tokens[index + 2]


def _refusal(iri: str) -> str:
    try:
        NamedNode(iri)
    except ValueError as error:
        return str(error)
    return ""


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Return the index of the bracket that closes the one at ``opening``; the last index where none does."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].kind is Kind.PUNCTUATION:
            if tokens[index].text in ("(", "[", "{"):
                depth += 1
            elif tokens[index].text in (")", "]", "}"):
                depth -= 1
                if depth == 0:
                    return index
    return len(tokens) - 1


def _values(tokens: Sequence[Token]) -> int:
    """Count the values of a row; signs, language tags and datatypes belong to a value."""
    count = 0
    for index, token in enumerate(tokens):
        typed = index > 0 and tokens[index - 1].text == "^^"
        if not typed and token.kind is not Kind.PUNCTUATION and token.kind is not Kind.LANGTAG:
            count += 1
    return count


def aggregate_in_filter(tokens: Sequence[Token]) -> Mistake | None:
    """Find an aggregate in FILTER or BIND, where there is no group to aggregate."""
    inside: list[bool] = []
    for index, token in enumerate(tokens):
        if token.text == "(":
            before = tokens[index - 1].upper if index else ""
            inside.append(before in ("FILTER", "BIND") or (bool(inside) and inside[-1]))
        elif token.text == ")" and inside:
            inside.pop()
        elif token.upper in AGGREGATES and inside and inside[-1]:
            return Mistake(
                token.start,
                f"{token.text} is an aggregate, and stands in SELECT, HAVING or ORDER BY only.",
                "Write GROUP BY … HAVING (…) after the group in braces.",
            )
    return None


def bound_twice(tokens: Sequence[Token]) -> Mistake | None:
    """Find a BIND to a variable that its group has used before (SPARQL 1.1 Query Language, section 10.1)."""
    used: list[set[str]] = []
    parentheses = 0
    for index, token in enumerate(tokens):
        if token.text == "{":
            used.append(set())
        elif token.text == "}" and used:
            inner = used.pop()
            if used:
                # Into the larger one, or deep nesting would copy the same names again and again.
                used[-1], inner = sorted((used[-1], inner), key=len, reverse=True)
                used[-1] |= inner
        elif token.text in ("(", ")"):
            parentheses += 1 if token.text == "(" else -1
        elif token.kind is Kind.VAR and used:
            named = tokens[index - 1].upper == "AS"
            if named and token.text[1:] in used[-1]:
                return Mistake(
                    token.start,
                    f"{token.text} already has a value in this group, so nothing can be named {token.text}.",
                    "Choose another name after AS.",
                )
            if named or parentheses == 0:
                used[-1].add(token.text[1:])
    return None
