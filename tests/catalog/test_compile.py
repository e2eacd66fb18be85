"""The syntax of saved queries, checked with sample values and without the engine, and their prefixes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store

from endpoint.catalog.compile import check_syntax, missing_declarations, undeclared_prefixes
from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter
from endpoint.catalog.reading import read_catalog
from endpoint.errors import DataError
from endpoint.vocabulary import PREFIXES

TEXT = Parameter("x", "_x")
IRI = Parameter("x", "_x", "iri")
MANY = Parameter("x", "_x", multiple=True)
NUMBER = Parameter("x", "_x", "integer", minimum="0")


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("ASK {}", []),
        ("SELECT * { ?s ?p ?_x }", [TEXT]),
        ("SELECT * FROM ?_x { ?_x ?_x ?o }", [IRI]),
        ("DESCRIBE ?_x", [IRI]),
        ("SELECT * {} LIMIT ?_x", [NUMBER]),
        ("SELECT * { VALUES ?_x {} FILTER(?y IN (?_x)) }", [MANY]),
        ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", pattern="^V", minimum_length=9)]),
        ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", enum=("one",))]),
        *[
            ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", kind, "ko", datatype="urn:t")])
            for kind in sorted(TYPES)
        ],
    ],
)
def test_a_query_that_is_right(source: str, parameters: list[Parameter]) -> None:
    check_syntax(source, parameters)


@pytest.mark.parametrize(
    ("source", "parameters", "line", "column"),
    [
        ("SELECT * { ?s ?_x ?o }", [TEXT], 1, 15),
        ("SELECT *\n{ ?s ?p ?_x ?o }", [TEXT], 2, 13),
        ("SELECT * { ?s ?_x ?_x ; ?p }", [IRI], 1, 28),
        ("SELECT * { FILTER(BOUND(?_x) ?y) }", [TEXT], 1, 30),
        ("SELECT ?_x { ?s ?p ?o . ?s }", [TEXT], 1, 28),
        ("SELECT * { GRAPH ?_x { } }", [TEXT], 1, 18),
        ("DESCRIBE ?_x", [TEXT], 1, 10),
        ("SELECT * { } LIMIT ?_x ?y", [NUMBER], 1, 24),
        ("SELECT * { VALUES ?_x { } ?s ?p }", [MANY], 1, 33),
    ],
)
def test_a_mistake_has_its_place_in_the_source(
    source: str, parameters: list[Parameter], line: int, column: int
) -> None:
    with pytest.raises(DataError) as caught:
        check_syntax(source, parameters)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.detail.startswith(f"Line {line}, column {column}: ")


KNOWN = {"a": "http://a/", "b": "http://b/", "": "http://empty/"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { ?s b:x a:y , a:z }", "PREFIX a: <http://a/>\nPREFIX b: <http://b/>\n"),
        ("PREFIX a: <http://own/> ASK { ?s a:x ?o }", ""),
        ("PREFIX unused: <http://own/> ASK {}", ""),
        ("BASE <http://x/> prefix a: <http://own/> ASK { ?s b:x a:y }", "PREFIX b: <http://b/>\n"),
        ("ASK { ?s :x ?o }", "PREFIX : <http://empty/>\n"),
        ("ASK { ?s ?p 'a:x' , <a:x> } # a:x", ""),
    ],
)
def test_what_a_text_lacks_is_declared(text: str, expected: str) -> None:
    assert missing_declarations(text, KNOWN) == expected
    Store().query(expected + text)


def test_an_unknown_prefix_is_an_error_at_its_first_place() -> None:
    with pytest.raises(DataError, match="The prefix zz: is not declared") as caught:
        missing_declarations("ASK {\n ?s zz:x ?o ; zz:y a:b }", KNOWN)
    assert (caught.value.line, caught.value.column) == (2, 5)


def test_the_first_use_of_each_prefix_is_known() -> None:
    used = undeclared_prefixes("ASK { ?s a:x a:y ; b:z a:x }")
    assert {prefix: token.text for prefix, token in used.items()} == {"a": "a:x", "b": "b:z"}


def test_common_prefixes_are_there() -> None:
    wanted = "rdf rdfs owl xsd skos dc dct dcterms foaf schema bibo void dcat geo prov dbo dbr wd wdt"
    assert set(wanted.split()) <= set(PREFIXES)


def test_every_namespace_is_an_iri_that_ends_where_a_name_begins() -> None:
    for namespace in PREFIXES.values():
        assert NamedNode(namespace).value[-1] in "/#:"
    assert PREFIXES["schema"] == "https://schema.org/"


def test_the_prefixes_of_the_dataset_win(tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text("ASK { ?s schema:name ?o ; own:p dc:x }")
    catalog = read_catalog(tmp_path, 64, {"schema": "http://schema.org/", "own": "http://own/"})
    assert catalog.queries["q"].text.splitlines() == [
        "PREFIX dc: <http://purl.org/dc/elements/1.1/>",
        "PREFIX own: <http://own/>",
        "PREFIX schema: <http://schema.org/>",
        "ASK { ?s schema:name ?o ; own:p dc:x }",
    ]
