"""The editor's scripts that parse a query and its result, called in the page that loads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.reader import reading
from tests.live import Server

XSD = "http://www.w3.org/2001/XMLSchema#"
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
PREFIXES = {"a": "http://a.example/", "b": "http://a.example/b/", "": "http://e.example/#"}


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with reading(browser, server) as reader:
        yield reader.goto("/")
        reader.check()


def call(page: Page, module: str, function: str, *arguments: object) -> Any:
    source = "async ([url, name, given]) => (await import(url))[name](...given)"
    return page.evaluate(source, [f"/-/static/{module}.js", function, list(arguments)])


@pytest.mark.parametrize(
    ("before", "subject"),
    [
        ("", None),
        ("SELECT * WHERE { ", None),
        ("SELECT * WHERE { ?s ", "?s"),
        ("SELECT * WHERE { ?s a ", "?s"),
        ("SELECT * WHERE { ?s a x:C ; ", "?s"),
        ("SELECT * WHERE { ?s a x:C . ", None),
        ("SELECT * WHERE { ?s a x:C . ?책 ", "?책"),
        ("SELECT * WHERE { $s x:p ?o, ?q ; x:r ", "$s"),
        ("{ <http://a.example/x.y> x:p ", "<http://a.example/x.y>"),
        ("{ x:a.b x:p ", "x:a.b"),
        ('{ ?s x:p "a . b { ; " ; ', "?s"),
        ("{ ?s x:p '''a\n. b''' ; ", "?s"),
        ("{ ?s x:p 1.5 ; ", "?s"),
        ("{ ?s x:p # . { comment\n ", "?s"),
        ("{ FILTER (?x > 3) ?t ", "?t"),
        ("{ FILTER NOT EXISTS { ?u ", "?u"),
        ("{ BIND (1 AS ?x) ?t ", "?t"),
        ("{ OPTIONAL { ?t ", "?t"),
        ("{ GRAPH <http://g.example/> { ?t ", "?t"),
        ("{ VALUES ?x { 1 2 } ?t ", "?t"),
        ("{ ?s x:p [ x:q ?o ] ; ", "?s"),
        ("{ ?s x:p ( ?a ?b ) ; ", "?s"),
        ("{ ?s x:p/x:q ", "?s"),
        ("{ { SELECT ?x WHERE { ?t ", "?t"),
        ("PREFIX x: <http://x.example/> ", None),
    ],
)
def test_the_subject_being_written(page: Page, before: str, subject: str | None) -> None:
    assert call(page, "sparql", "subjectAt", before) == subject


@pytest.mark.parametrize(
    ("before", "after", "classes"),
    [
        ("{ ?s ", "", []),
        ("{ ?s a x:A ; ", "", ["x:A"]),
        ("{ ?s rdf:type x:A . ?s ", "", ["x:A"]),
        (f"{{ ?s {TYPE} <http://a.example/A> ; ", "", ["<http://a.example/A>"]),
        ("{ ?s ", " . ?s a x:A }", ["x:A"]),
        ("{ ?s a x:A, x:B ; ", "}", ["x:A", "x:B"]),
        ("{ ?s a x:A . ?t a x:B . ?t ", "", ["x:B"]),
        ("{ ?s a ?class ; ", "", []),
        ("{ ?s a x:A ; x:p ?t . ?t ", "", []),
        ("{ ?s x:p [ a x:A ; ", "", ["x:A"]),
        ("{ ?s x:p [ a x:A ] ; ", "", []),
        ('{ ?s x:p "?s a x:A" ; ', "", []),
        ("{ # ?s a x:A\n ?s ", "", []),
        ("{ ?s a 나라:도시 ; ", "", ["나라:도시"]),
    ],
)
def test_the_classes_of_the_subject(page: Page, before: str, after: str, classes: list[str]) -> None:
    assert call(page, "sparql", "subjectClasses", before + after, before) == classes


@pytest.mark.parametrize(
    ("before", "typed", "kind"),
    [
        ("{ ?s a ", "", "classes"),
        ("{ ?s a x:Pub", "x:Pub", "classes"),
        ("{ ?s a <http://x", "<http://x", "classes"),
        ("{ ?s a 발간", "발간", "classes"),
        ("{ ?s a x:A, ", "", "classes"),
        ("{ ?c rdfs:subClassOf x:", "x:", "classes"),
        ("{ ?s ", "", "properties"),
        ("{ ?s x:", "x:", "properties"),
        ("{ ?s 발간일", "발간일", "properties"),
        ("{ ?s a x:A ; ti", "ti", "properties"),
        ("{ ?s x:p/x:", "x:", "properties"),
        ("{ ?s ^x:", "x:", "properties"),
        ("{ ?s x:p [ ", "", "properties"),
        ("{ ?s x:p ", "", None),
        ("{ ?s ?", "", None),
        ("{ ?s a ?", "", None),
        ("{ ", "", None),
        ("{ ?s a x:A. ", "", None),
        ("PREFIX mo", "mo", None),
        ("SELECT ", "", None),
        ("{ FILTER (", "", None),
        ('{ ?s x:p "', "", None),
        ("{ ?s # a ", "", None),
    ],
)
def test_what_belongs_at_the_cursor(page: Page, before: str, typed: str, kind: str | None) -> None:
    assert call(page, "sparql", "wordAt", before) == {"typed": typed, "kind": kind}


@pytest.mark.parametrize(
    ("iri", "short"),
    [
        ("http://a.example/x", "a:x"),
        ("http://a.example/b/x", "b:x"),
        ("http://a.example/b", "a:b"),
        ("http://a.example/c/x", "http://a.example/c/x"),
        ("http://e.example/#x", ":x"),
        ("http://other.example/x", "http://other.example/x"),
        ("urn:x", "urn:x"),
    ],
)
def test_iris_are_shortened_and_written_out(page: Page, iri: str, short: str) -> None:
    assert call(page, "sparql", "shorten", iri, PREFIXES) == short
    assert call(page, "sparql", "resolve", short if short != iri else f"<{iri}>", PREFIXES) == iri


def literal(value: object, datatype: str | None = None) -> dict[str, str]:
    term = {"type": "literal", "value": str(value)}
    return term if datatype is None else {**term, "datatype": datatype}


def number(value: int) -> dict[str, str]:
    return literal(value, f"{XSD}integer")


def test_series_are_found(page: Page) -> None:
    rows = [{"year": number(2022), "n": number(3)}, {"year": number(2023), "n": number(4)}]
    found = {"number": "n", "name": "year", "time": True, "by": None}
    assert call(page, "drawing", "series", ["year", "n"], rows) == found
    names = [{"author": literal("Kim"), "n": number(3)}, {"author": literal("이"), "n": number(4)}]
    found = {"number": "n", "name": "author", "time": False, "by": None}
    assert call(page, "drawing", "series", ["author", "n"], names) == found


@pytest.mark.parametrize(("first", "time"), [(2022, True), (22, False)])
def test_of_numbers_alone_the_first_names_the_others(page: Page, first: int, time: bool) -> None:
    rows = [{"y": number(first), "n": number(3)}, {"y": number(first + 1), "n": number(4)}]
    found = {"number": "n", "name": "y", "time": time, "by": None}
    assert call(page, "drawing", "series", ["y", "n"], rows) == found


def test_a_second_name_divides_a_series(page: Page) -> None:
    rows = [{"date": literal("2022", f"{XSD}gYear"), "kind": literal(kind), "n": number(1)} for kind in "abc"]
    found = {"number": "n", "name": "date", "time": True, "by": "kind"}
    assert call(page, "drawing", "series", ["kind", "date", "n"], rows) == found


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        (["n"], [{"n": number(1)}, {"n": number(2)}]),
        (["a", "b"], [{"a": literal("x"), "b": literal("y")}] * 2),
        (["a", "n"], [{"a": literal("x"), "n": number(1)}]),
        (["a", "n"], [{"a": literal("x")}, {}]),
        (["year"], [{"year": number(2022)}, {"year": number(2023)}]),
        ([], []),
    ],
)
def test_what_is_no_series_is_not_drawn(
    page: Page, variables: list[str], rows: list[dict[str, dict[str, str]]]
) -> None:
    assert call(page, "drawing", "series", variables, rows) is None


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"lat": literal(37.5), "long": literal(127)}, [127, 37.5, "서울"]),
        ({"위도": literal("37.5"), "경도": literal("-127")}, [-127, 37.5, "서울"]),
        ({"p": literal("POINT(127 37.5)", WKT)}, [127, 37.5, "서울"]),
        ({"p": literal("<http://www.opengis.net/def/crs/OGC/1.3/CRS84> Point(127 37.5)", WKT)},
         [127, 37.5, "서울"]),
        ({"p": literal("POINT(127 37.5)")}, None),
        ({"p": literal("POLYGON((0 0, 1 1, 1 0, 0 0))", WKT)}, None),
        ({"lat": literal("north"), "long": literal(127)}, None),
        ({"lat": literal(37.5)}, None),
    ],
)  # fmt: skip
def test_places_are_found(page: Page, row: dict[str, dict[str, str]], place: list[object] | None) -> None:
    found = call(page, "drawing", "places", [*row, "name"], [{**row, "name": literal("서울")}])
    assert found == ([] if place is None else [place])
