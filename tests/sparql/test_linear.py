"""Reading a hostile text, and explaining it, takes time linear in its length."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.operation import classify
from tests.linear import assert_linear

# As long as a text that is explained may be, and long enough to tell for one that is only classified.
EXPLAINED = 29_000
CLASSIFIED = 200_000

Make = Callable[[int], str]


def repeated(before: str, part: str, after: str = "") -> Make:
    return lambda length: before + part * ((length - len(before) - len(after)) // len(part)) + after


def halves(before: str, first: str, between: str, second: str) -> Make:
    return lambda n: before + first * (n // 2 // len(first)) + between + second * (n // 2 // len(second))


TEXTS: dict[str, Make] = {
    "an IRI of commas": repeated("SELECT * { ?s ?p http://", ",", "x }"),
    "an IRI of stops": repeated("SELECT * { ?s ?p http://", ".;,", "x }"),
    "colons": repeated("SELECT * { ?s ?p a:", ":", " }"),
    "a name with dots": repeated("SELECT * { ?s ?p a:b.c", "..d.e", " }"),
    "names with dots": repeated("SELECT * { ", "a:b.c..d.e ", "}"),
    "names of escapes": repeated("SELECT * { ?s ?p a:", "\\.", " }"),
    "a long namespace": halves("PREFIX a:<http://a/", "b", "> SELECT * {", "?s ?p a:b."),
    "a wrong long namespace": halves("PREFIX a:<", "b", "> SELECT * {", "?s ?p a:b."),
    "prefixes": repeated("", "PREFIX a: <b:c> ", "SELECT"),
    "parentheses": repeated("SELECT * { FILTER", "(", " }"),
    "brackets": repeated("SELECT * { ", "[]", " }"),
    "braces": repeated("SELECT * { ", "{}", " ) }"),
    "nested SELECTs": lambda n: (
        "SELECT * " + "{{SELECT * " * (n // 30) + "{?a ?b ?c}" * (n // 20) + "}}" * (n // 30)
    ),
    "nested groups": lambda n: "SELECT * " + "{" * (n // 9) + "?a ?b ?c." * (n // 12) + "}" * (n // 9) + ")",
    "unclosed VALUES": repeated("SELECT * { ", "VALUES (?a) { (1) ", "}"),
    "triples": repeated("SELECT * { ", "?a ?b ?c.", " ) }"),
    "quotation marks": repeated("SELECT * { ", "\"' ", " }"),
    "long quotation marks": repeated("SELECT * { ", "''' \"\"\" ", " }"),
    "backslashes": repeated("SELECT * { '", "\\t'\\", " }"),
    "encoded twice": repeated("SELECT%20", "%7B%20"),
    "plus": repeated("SELECT", "+"),
    "combining marks": repeated("SELECT * { ", "\u0301\u0316", " }"),
    "less than": repeated("SELECT * { FILTER(1", "<a", ") }"),
    "no keyword": repeated("", "a"),
    "blanks": repeated("SELECT * {", " \n"),
    "comments": repeated("SELECT * {", "#\n"),
    "SERVICE in a name": lambda n: "SELECT * { a:" + "SERVICE" * 99 + "\\." * (n // 2) + " }",
    "SERVICE in names": lambda n: "SELECT * { " + ("a:" + "SERVICE" * 99 + "b" * 99 + " ") * (n // 800) + "}",
    "SERVICE in doubt": lambda n: "SELECT * { (?a<'x'>) " + "SERVICE" * 99 + " '''" + "a" * n,
    "services": repeated("SELECT * { ", "SERVICE<a:b>{}", "}"),
    "services of a long namespace": halves("PREFIX a:<http://a/", "b", "> SELECT * {", "SERVICE a:b{}"),
    "loads": repeated("LOAD <a:b>", ";LOAD<a:b>"),
    "dots": repeated("SELECT * FROM ", "a."),
}
MESSAGES = ["", "error at 1:24: expected one of whatever", "error at 1:24: Prefix not found"]


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS)
def test_explaining_is_linear(make: Make) -> None:
    for message in MESSAGES:
        assert_linear(lambda text, message=message: explain(text, message), make, EXPLAINED)  # type: ignore[misc]


def classified(text: str) -> None:
    with suppress(MalformedQuery, QueryTooComplex):
        classify(text, 500)


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS)
def test_classifying_is_linear(make: Make) -> None:
    assert_linear(classified, make, CLASSIFIED)
