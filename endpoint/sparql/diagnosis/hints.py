"""What to do about a token that does not fit: one sentence, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from endpoint.sparql.diagnosis.case import TERMS, Case
from endpoint.sparql.diagnosis.grammar import END, sparql
from endpoint.sparql.lexer import Kind

_NEAR = 0.79
_OPERATORS = {"AND": "&&", "OR": "||", "NOT": "!", "EQ": "=", "IS": "=", "LIKE": "CONTAINS(…) or REGEX(…)"}
_EXPRESSIONS = frozenset({"Expression", "And", "Comparison", "Sum", "Product", "Unary", "Primary"})
_BEFORE = {
    "FROM": "FROM stands before WHERE.",
    "WHERE": "WHERE stands once, before the group in braces.",
    "GROUP": "GROUP BY stands before HAVING, ORDER BY, LIMIT and OFFSET.",
    "HAVING": "HAVING stands after GROUP BY and before ORDER BY, LIMIT and OFFSET.",
    "ORDER": "ORDER BY stands before LIMIT and OFFSET.",
    "PREFIX": "PREFIX and BASE stand before everything else, once for all operations.",
    "BASE": "PREFIX and BASE stand before everything else, once for all operations.",
    "UNION": "UNION joins groups: { … } UNION { … }.",
    "SELECT": "One text holds one query; a query within a query stands in braces of its own.",
}


_IN_PROJECTION = {
    "WHERE": "Name what the query answers, or write *.",
    "FROM": "Name what the query answers, or write *.",
    "DISTINCT": "DISTINCT stands once, directly after SELECT.",
    "AS": "Put what is named in parentheses: (?this AS ?that).",
}


def hint(case: Case) -> str:
    """The first hint that applies to ``case``; empty where none does."""
    for find in _HINTS:
        found = find(case)
        if found:
            return found
    return ""


def _declaration(case: Case) -> str:
    if case.must == "NAMESPACE" and case.found is not None:
        return f"Write PREFIX {case.found.text.rstrip(':')}: <…>."
    if case.must == "IRIREF" and case.found is not None:
        return "Write the namespace in angle brackets."
    return ""


def _operator(case: Case) -> str:
    found = case.found
    if found is None:
        return ""
    if found.text == "=" and case.before() == "=":
        return "Write one = to compare."
    if found.upper in _OPERATORS and ("&&" in case.expected or case.must in _EXPRESSIONS):
        return f"Write {_OPERATORS[found.upper]} instead of {found.text}."
    if case.before() == "NOT" and case.must == "EXISTS":
        return "Write NOT EXISTS { … }, or !(…) to negate an expression."
    return ""


def _letter_case(case: Case) -> str:
    if case.found is not None and case.found.upper in ("TRUE", "FALSE"):
        return f"Write {case.found.text.lower()} in lower case."
    return ""


def _spelling(case: Case) -> str:
    found = case.found
    if found is None or found.kind is not Kind.WORD:
        return ""
    keywords = sparql().keywords
    upper = found.upper
    if upper in keywords:
        return ""
    near = get_close_matches(upper[:40], sorted(case.expected & keywords), 1, _NEAR)
    near = near or get_close_matches(upper[:40], sorted(keywords), 1, _NEAR)
    return f"Did you mean {near[0]}?" if near else ""


def _projection(case: Case) -> str:
    found = case.found
    if found is None:
        return ""
    if case.must == "Where" and found.text == ",":
        return "Separate variables with blanks, not with commas."
    if case.must in ("Projection", "Where") and found.kind is Kind.WORD:
        if found.upper in _IN_PROJECTION:
            return _IN_PROJECTION[found.upper]
        if found.upper in sparql().keywords:
            return f"Put the expression in parentheses and name it: ({found.text}(…) AS ?name)."
    if case.must == "AS":
        return "Name the value: (expression AS ?name)."
    return ""


def _condition(case: Case) -> str:
    last = next((token.upper for token in reversed(case.tokens[: case.at]) if token.upper in _CONDITIONS), "")
    if case.must == "Condition" and last:
        return f"Put the condition in parentheses: {last} (…)."
    if "Having" in case.wanted[0] and case.found is not None and case.found.kind is Kind.PUNCTUATION:
        return "Put the condition in parentheses: HAVING (…)."
    return ""


def _bare_word(case: Case) -> str:
    found = case.found
    if found is None or found.kind is not Kind.WORD or found.upper in sparql().keywords:
        return ""
    if case.must in ("VARIABLE", "Projection"):
        return f"Write ?{found.text} for a variable."
    if case.before() != "" and case.tokens[case.at - 1].kind is Kind.STRING:
        return "Inside a string write its quotation mark as \\' or \\\"."
    if case.must in _EXPRESSIONS:
        if case.tokens[case.at + 1 : case.at + 2] and case.tokens[case.at + 1].text == "(":
            return f"There is no function {found.text}; a function of your own is an IRI."
        return f'Write ?{found.text} for a variable or "{found.text}" for a text.'
    if "IRIREF" in case.expected:
        return f'Write ?{found.text} for a variable, "{found.text}" for a text, ex:{found.text} for an IRI.'
    return ""


def _predicate(case: Case) -> str:
    found = case.found
    if case.must in ("Properties", "Verb") and found is not None and found.kind in (Kind.STRING, Kind.NUMBER):
        return "A literal cannot be a predicate."
    if case.must == "SignedNumber" and found is not None:
        return "If this is a property path: its steps are IRIs, a variable cannot be repeated."
    return ""


def _order(case: Case) -> str:
    found = case.found
    if found is None or found.kind is not Kind.WORD:
        return ""
    return _BEFORE.get(found.upper, "") if END in case.expected or found.upper == "UNION" else ""


def _number(case: Case) -> str:
    if case.must == "INTEGER" and case.before() in ("LIMIT", "OFFSET"):
        return f"{case.before()} takes a whole number from 0."
    return ""


def _arguments(case: Case) -> str:
    found = case.found
    if found is None:
        return ""
    if "," in case.expected and "&&" in case.expected and found.kind in TERMS:
        return "Separate arguments with commas."
    if found.text == "," and case.must == ")":
        return "There are more arguments than the function takes."
    return ""


def _parenthesis(case: Case) -> str:
    if case.must == "(" and case.before() in sparql().keywords:
        return f"Write {case.before()}(…)."
    return ""


def _datum(case: Case) -> str:
    if case.found is not None and case.found.kind is Kind.VAR and case.wanted[0].startswith("Values"):
        return "VALUES takes terms only, no variables."
    return ""


def _full_stop(case: Case) -> str:
    found = case.found
    if found is None or not {".", ";", "}"} <= case.expected:
        return ""
    if found.text == "-" and case.tokens[case.at - 1].kind is Kind.NUMBER:
        return 'Write a date as "2023-05-22"^^xsd:date, with the prefix declared.'
    if found.kind in TERMS or found.text in ("[", "(", "<<"):
        return "If a new triple begins here, end the one before with a full stop."
    return ""


def _end(case: Case) -> str:
    if case.found is not None and END in case.expected:
        return "Remove it: nothing follows the end of a query."
    return ""


_CONDITIONS = frozenset({"FILTER", "HAVING"})
_HINTS: tuple[Callable[[Case], str], ...] = (
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
