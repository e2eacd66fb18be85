"""What is wrong where a text stops being SPARQL, as a sentence and a hint."""

from __future__ import annotations

from collections.abc import Sequence

from endpoint.sparql.diagnosis.case import Case, Mistake, quoted, readable
from endpoint.sparql.diagnosis.characters import (
    broken_iri,
    encoded_twice,
    missing_brackets_of_iri,
    nameless_variable,
    strange_character,
    unclosed_string,
)
from endpoint.sparql.diagnosis.hints import hint
from endpoint.sparql.lexer import Kind, Token, position_of

_CLOSING = {"(": ")", "[": "]", "{": "}"}
# What follows a group and stands in none.
_MODIFIERS = frozenset({"ORDER", "LIMIT", "OFFSET", "GROUP", "HAVING"})
_FORMS = "SELECT, ASK, CONSTRUCT or DESCRIBE"
# What has to follow, by the symbol of the grammar that has to begin.
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


def syntax_mistake(case: Case) -> Mistake:
    """What is wrong with ``case``, from the surest finding to the plainest."""
    for check in (
        _empty,
        encoded_twice,
        unclosed_string,
        missing_brackets_of_iri,
        broken_iri,
        strange_character,
        nameless_variable,
        _bracket,
    ):
        mistake = check(case)
        if mistake is not None:
            return mistake
    advice = hint(case)
    return Mistake(
        case.offset, _refused(case) if advice.startswith("Did you mean") else _sentence(case), advice
    )


def _empty(case: Case) -> Mistake | None:
    if not case.tokens:
        return Mistake(0, "The query is empty.", f"Write {_FORMS}.")
    if case.found is None and case.must == "Request":
        return Mistake(case.offset, f"The query ends after its prologue: {_FORMS} must follow.")
    return None


def _bracket(case: Case) -> Mistake | None:
    """A bracket that is never closed, closed by one of another kind, or closed without being open."""
    opened = _opened(case.tokens[: case.at])
    found = case.found
    if found is None:
        if not opened:
            return None
        return Mistake(
            opened[-1].start,
            f'This "{opened[-1].text}" is never closed.',
            f"Add {_CLOSING[opened[-1].text]}.",
        )
    if opened and found.upper in _MODIFIERS and _CLOSING[opened[-1].text] in case.expected:
        return _open(case, opened[-1], found)
    if found.kind is not Kind.PUNCTUATION or found.text not in (")", "]", "}"):
        return None
    if opened and _CLOSING[opened[-1].text] == found.text:
        return None
    if opened and found.text in (_CLOSING[token.text] for token in opened):
        return _open(case, opened[-1], found)
    return Mistake(
        found.start,
        f'This "{found.text}" closes nothing.',
        "Remove it, or add the bracket that it should close.",
    )


def _opened(tokens: Sequence[Token]) -> list[Token]:
    """The brackets that are open after these tokens, the innermost last."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind is Kind.PUNCTUATION:
            if token.text in _CLOSING:
                opened.append(token)
            elif token.text in ")]}" and opened:
                opened.pop()
    return opened


def _open(case: Case, opened: Token, found: Token) -> Mistake:
    """A bracket that had to be closed before the token ``found``."""
    line, column = position_of(case.text, found.start)
    return Mistake(
        opened.start,
        f'This "{opened.text}" is not closed before {quoted(found.text)} in line {line}, column {column}.',
        f"Add {_CLOSING[opened.text]}.",
    )


def _sentence(case: Case) -> str:
    if case.must in ("Unit", "Request"):
        return f"{_refused(case)} Expected {_FORMS}."
    if len(case.wanted) == 1 or case.must in ("AS", "Where", "Projection"):
        need = _NEEDS.get(case.must, "")
        if need:
            return f"{_refused(case)} Expected {need}."
    expected = readable(case.expected, 4)
    return f"{_refused(case)} Expected {expected}." if expected else _refused(case)


def _refused(case: Case) -> str:
    if case.found is None:
        return "The query ends too early."
    return f"{quoted(case.found.text)} is not expected here."
