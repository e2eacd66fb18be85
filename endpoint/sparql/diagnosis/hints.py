"""Hints for a token that does not fit: one sentence on how to mend it, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from endpoint.sparql.lexer import Kind
from endpoint.sparql.syntax.grammar import END, Rejection, sparql

_TERMS = frozenset({Kind.IRIREF, Kind.PNAME, Kind.VAR, Kind.STRING, Kind.NUMBER, Kind.BLANK})
_NEAR = 0.79
_OPERATORS = {"AND": "&&", "OR": "||", "NOT": "!", "EQ": "=", "IS": "=", "LIKE": "CONTAINS(…) or REGEX(…)"}
_EXPRESSIONS = frozenset({"Expression", "And", "Comparison", "Sum", "Product", "Unary", "Primary"})
_BEFORE = {
    "FROM": "FROM stands before WHERE.",
    "WHERE": "WHERE stands once, before the group in braces.",
    "GROUP": "GROUP BY stands before HAVING, ORDER BY, LIMIT and OFFSET.",
    "HAVING": "HAVING stands after GROUP BY and before ORDER BY, LIMIT and OFFSET.",
    "ORDER": "ORDER BY stands before LIMIT and OFFSET.",
    "PREFIX": "PREFIX and BASE stand before everything else.",
    "BASE": "PREFIX and BASE stand before everything else.",
    "UNION": "UNION joins groups: { … } UNION { … }.",
    "SELECT": "One text holds one query; a query within a query stands in braces of its own.",
}


_IN_PROJECTION = {
    "WHERE": "Name what the query answers, or write *.",
    "FROM": "Name what the query answers, or write *.",
    "DISTINCT": "DISTINCT stands once, directly after SELECT.",
    "AS": "Put what is named in parentheses: (?this AS ?that).",
}


def hint(rejection: Rejection) -> str:
    """Return the first hint that applies to ``rejection``; empty where none does."""
    for find in _HINTS:
        token = find(rejection)
        if token:
            return token
    return ""


def _declaration(rejection: Rejection) -> str:
    if rejection.must == "NAMESPACE" and rejection.token is not None:
        return f"Write PREFIX {rejection.token.text.rstrip(':')}: <…>."
    if rejection.must == "IRIREF" and rejection.token is not None:
        return "Write the namespace in angle brackets."
    return ""


def _operator(rejection: Rejection) -> str:
    token = rejection.token
    if token is None:
        return ""
    if token.text == "=" and rejection.before() == "=":
        return "Write one = to compare."
    if token.upper in _OPERATORS and ("&&" in rejection.expected or rejection.must in _EXPRESSIONS):
        return f"Write {_OPERATORS[token.upper]} instead of {token.text}."
    if rejection.before() == "NOT" and rejection.must == "EXISTS":
        return "Write NOT EXISTS { … }, or !(…) to negate an expression."
    return ""


def _letter_case(rejection: Rejection) -> str:
    if rejection.token is not None and rejection.token.upper in ("TRUE", "FALSE"):
        return f"Write {rejection.token.text.lower()} in lower case."
    return ""


def _spelling(rejection: Rejection) -> str:
    token = rejection.token
    if token is None or token.kind is not Kind.WORD:
        return ""
    keywords = sparql().keywords
    upper = token.upper
    if upper in keywords:
        return ""
    near = get_close_matches(upper[:40], sorted(rejection.expected & keywords), 1, _NEAR)
    near = near or get_close_matches(upper[:40], sorted(keywords), 1, _NEAR)
    return f"Did you mean {near[0]}?" if near else ""


def _projection(rejection: Rejection) -> str:
    token = rejection.token
    if token is None:
        return ""
    if rejection.must == "Where" and token.text == ",":
        return "Separate variables with blanks, not with commas."
    if rejection.must in ("Projection", "Where") and token.kind is Kind.WORD:
        if token.upper in _IN_PROJECTION:
            return _IN_PROJECTION[token.upper]
        if token.upper in sparql().keywords:
            return f"Put the expression in parentheses and name it: ({token.text}(…) AS ?name)."
    if rejection.must == "AS":
        return "Name the value: (expression AS ?name)."
    return ""


def _condition(rejection: Rejection) -> str:
    last = next(
        (token.upper for token in reversed(rejection.tokens[: rejection.at]) if token.upper in _CONDITIONS),
        "",
    )
    if rejection.must == "Condition" and last:
        return f"Put the condition in parentheses: {last} (…)."
    if (
        "Having" in rejection.wanted[0]
        and rejection.token is not None
        and rejection.token.kind is Kind.PUNCTUATION
    ):
        return "Put the condition in parentheses: HAVING (…)."
    return ""


def _bare_word(rejection: Rejection) -> str:
    token = rejection.token
    if token is None or token.kind is not Kind.WORD or token.upper in sparql().keywords:
        return ""
    if rejection.must in ("VARIABLE", "Projection"):
        return f"Write ?{token.text} for a variable."
    if rejection.before() != "" and rejection.tokens[rejection.at - 1].kind is Kind.STRING:
        return "Inside a string write its quotation mark as \\' or \\\"."
    if rejection.must in _EXPRESSIONS:
        if (
            rejection.tokens[rejection.at + 1 : rejection.at + 2]
            and rejection.tokens[rejection.at + 1].text == "("
        ):
            return f"There is no function {token.text}; a function of your own is an IRI."
        return f'Write ?{token.text} for a variable or "{token.text}" for a text.'
    if "IRIREF" in rejection.expected:
        return f'Write ?{token.text} for a variable, "{token.text}" for a text, ex:{token.text} for an IRI.'
    return ""


def _predicate(rejection: Rejection) -> str:
    token = rejection.token
    if (
        rejection.must in ("Properties", "Verb")
        and token is not None
        and token.kind in (Kind.STRING, Kind.NUMBER)
    ):
        return "A literal cannot be a predicate."
    if rejection.must == "SignedNumber" and token is not None:
        return "If this is a property path: its steps are IRIs, a variable cannot be repeated."
    return ""


def _order(rejection: Rejection) -> str:
    token = rejection.token
    if token is None or token.kind is not Kind.WORD:
        return ""
    return _BEFORE.get(token.upper, "") if END in rejection.expected or token.upper == "UNION" else ""


def _number(rejection: Rejection) -> str:
    if rejection.must == "INTEGER" and rejection.before() in ("LIMIT", "OFFSET"):
        return f"{rejection.before()} takes a whole number from 0."
    return ""


def _arguments(rejection: Rejection) -> str:
    token = rejection.token
    if token is None:
        return ""
    if "," in rejection.expected and "&&" in rejection.expected and token.kind in _TERMS:
        return "Separate arguments with commas."
    if token.text == "," and rejection.must == ")":
        return "There are more arguments than the function takes."
    return ""


def _parenthesis(rejection: Rejection) -> str:
    if rejection.must == "(" and rejection.before() in sparql().keywords:
        return f"Write {rejection.before()}(…)."
    return ""


def _datum(rejection: Rejection) -> str:
    if (
        rejection.token is not None
        and rejection.token.kind is Kind.VAR
        and rejection.wanted[0].startswith("Values")
    ):
        return "VALUES takes terms only, no variables."
    return ""


def _full_stop(rejection: Rejection) -> str:
    token = rejection.token
    if token is None or not {".", ";", "}"} <= rejection.expected:
        return ""
    if token.text == "-" and rejection.tokens[rejection.at - 1].kind is Kind.NUMBER:
        return 'Write a date as "2023-05-22"^^xsd:date, with the prefix declared.'
    if token.kind in _TERMS or token.text in ("[", "(", "<<"):
        return "If a new triple begins here, end the one before with a full stop."
    return ""


def _end(rejection: Rejection) -> str:
    if rejection.token is not None and END in rejection.expected:
        return "Remove it: nothing follows the end of a query."
    return ""


_CONDITIONS = frozenset({"FILTER", "HAVING"})
_HINTS: tuple[Callable[[Rejection], str], ...] = (
    _declaration,
    _letter_case,
    _operator,
    _projection,
    _order,
    _spelling,
    _condition,
    _number,
    _predicate,
    _bare_word,
    _arguments,
    _parenthesis,
    _datum,
    _full_stop,
    _end,
)
