"""Prefixes that a query need not declare."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store

from endpoint.catalog import read_catalog
from endpoint.catalog.prefixes import declarations, undeclared
from endpoint.errors import DataError
from endpoint.vocabulary import PREFIXES

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
    assert declarations(text, KNOWN) == expected
    Store().query(expected + text)


def test_an_unknown_prefix_is_an_error_at_its_first_place() -> None:
    with pytest.raises(DataError, match="The prefix zz: is not declared") as caught:
        declarations("ASK {\n ?s zz:x ?o ; zz:y a:b }", KNOWN)
    assert (caught.value.line, caught.value.column) == (2, 5)


def test_the_first_use_of_each_prefix_is_known() -> None:
    used = undeclared("ASK { ?s a:x a:y ; b:z a:x }")
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
