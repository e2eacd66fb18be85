"""Queries of SPARQL Transformer become SPARQL and the shape of their answers."""

from __future__ import annotations

import json

import pytest
from pyoxigraph import QuerySolutions, Store

from endpoint.catalog.compile import missing_declarations
from endpoint.catalog.readers.transformer import Converted, convert, read
from endpoint.errors import DataError
from endpoint.formats import Plain
from endpoint.vocabulary import PREFIXES

DATA = """
PREFIX : <http://e/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
INSERT DATA {
  :a a :City ; rdfs:label "A"@en , "에이"@ko ; :in :r ; :size 3 , 4 . :r rdfs:label "R"@en .
  :b a :City ; rdfs:label "B"@en ; :in :r ; :size 5 .
  :c a :City .
}
"""
CITY = {"$where": "?id a <http://e/City>"}


def converted(document: object) -> Converted:
    found = convert(json.dumps(document, ensure_ascii=False))
    assert found is not None
    return found


def rows(text: str) -> list[list[str | None]]:
    store = Store()
    store.update(DATA)
    found = store.query(missing_declarations(text, {**PREFIXES, "e": "http://e/"}) + text)
    assert isinstance(found, QuerySolutions)
    return sorted([None if value is None else value.value[-3:] for value in row] for row in found)


CASES: list[tuple[dict[str, object], dict[str, Plain], list[list[str | None]]]] = [
    (
        {"proto": {"id": "?id", "name": "$rdfs:label$required"}, **CITY},
        {"id": "?id", "name": "?name"},
        [["e/a", "A"], ["e/a", "에이"], ["e/b", "B"]],
    ),
    (
        {"proto": [{"id": "?id", "name": "$rdfs:label$required$lang:ko"}], **CITY},
        {"id": "?id", "name": "?name"},
        [["e/a", "에이"]],
    ),
    (
        {"proto": {"id": "?id", "name": "$rdfs:label$required$lang"}, "$lang": "en;q=1, ko", **CITY},
        {"id": "?id", "name": "?name"},
        [["e/a", "A"], ["e/b", "B"]],
    ),
    (
        {"proto": {"id": "?id", "where": {"id": "$e:in$required", "label": "$rdfs:label$var:place"}}, **CITY},
        {"id": "?id", "where": {"id": "?where_id", "label": "?place"}},
        [["e/a", "e/r", "R"], ["e/b", "e/r", "R"]],
    ),
    (
        {"proto": {"id": "?id", "sum": "$e:size$sum", "many": "$rdfs:label$count$distinct"}, **CITY},
        {"id": "?id", "sum": "?sum", "many": "?many"},
        [["e/a", "14", "2"], ["e/b", "5", "1"]],
    ),
    (
        {"proto": {"id": "?id", "of": "$e:in$reverse$required"}, "$where": "?id rdfs:label 'R'@en"},
        {"id": "?id", "of": "?of"},
        [["e/r", "e/a"], ["e/r", "e/b"]],
    ),
    (
        {
            "@context": "https://schema.org/",
            "@graph": [{"@type": "City", "@id": "?id", "name": "$rdfs:label$list$required"}],
            **CITY,
            "$filter": ["LANG(?name) = 'en'", "?name != 'B'@en"],
        },
        {
            "@context": "https://schema.org/",
            "@graph": [{"@type": "City", "@id": "?id", "name": "?name$list"}],
        },
        [["e/a", "A"]],
    ),
    (
        {"proto": {"id": "?id"}, "$where": [], "$values": {"id": ["http://e/x", "e:y", "é@fr", 'a"b']}},
        {"id": "?id"},
        [["/ey"[0:0] + "e/x"], ["e/y"], ['a"b'], ["é"]],
    ),
    (
        {
            "proto": {"id": "?id", "label": "?label"},
            "$where": ["?id a x:City .", "?id rdfs:label ?label"],
            "$prefixes": {"x": "http://e/"},
            "$orderby": ["DESC(?label)", "?id"],
            "$limit": 1,
            "$offset": 1,
            "$distinct": False,
        },
        {"id": "?id", "label": "?label"},
        [["e/b", "B"]],
    ),
]


@pytest.mark.parametrize(("document", "shape", "expected"), CASES)
def test_a_document_is_a_query(
    document: dict[str, object], shape: dict[str, Plain], expected: list[list[str | None]]
) -> None:
    found = converted(document)
    assert found.transform == shape
    assert rows(found.text) == sorted(expected)


def test_an_optional_value_may_be_missing() -> None:
    found = converted({"proto": {"id": "?id", "name": "$rdfs:label"}, **CITY})
    assert "OPTIONAL { ?id rdfs:label ?name }" in found.text


def test_groups_graphs_and_conditions_are_written() -> None:
    found = converted(
        {
            "proto": {"id": "?id", "n": "?size$count$var:n"},
            "$where": "?id e:size ?size",
            "$from": "http://e/g",
            "$groupby": "?id",
            "$having": ["COUNT(?size) > 1", "true"],
        }
    )
    assert "SELECT DISTINCT ?id (COUNT(?size) AS ?n)\nFROM <http://e/g>\nWHERE {" in found.text
    assert "GROUP BY ?id\nHAVING (COUNT(?size) > 1 && true)" in found.text


@pytest.mark.parametrize("block", [{"summary": "S", "tags": ["a"]}, "summary: S\ntags: [a]"])
def test_the_block_of_grlc_is_the_header(block: object) -> None:
    found = converted({"proto": {"id": "?id"}, **CITY, "grlc": block})
    assert {key: entry.plain() for key, entry in found.entries.items()} == {"summary": "S", "tags": ["a"]}


@pytest.mark.parametrize("text", ["{}", "[]", "5", '{"@context": {}, "@graph": []}', '{"@type": "Thing"}'])
def test_other_json_is_no_query(text: str) -> None:
    assert convert(text) is None


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"proto": {"id": "?id", "x": "$e:x$bestlang"}}, '"$bestlang" of "x" is not supported'),
        ({"proto": {"id": "?id"}, "$limitMode": "server"}, '"$limitMode" is query or library'),
        ({"proto": {"id": "constant"}}, "has no value from the query"),
        ({"proto": "?id"}, "takes an object"),
        ({"proto": []}, "takes an object"),
        ({"proto": {"id": "?id"}, "$where": {"a": 1}}, '"$where" takes a text'),
        ({"proto": {"id": "?id"}, "$values": []}, '"$values" takes an object'),
        ({"proto": {"id": "?id"}, "$prefixes": "x"}, '"$prefixes" takes an object'),
    ],
)
def test_what_cannot_be_done_is_told(document: object, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        converted(document)
    assert sentence in caught.value.detail


def test_what_is_not_json_is_told_with_its_place() -> None:
    with pytest.raises(DataError, match="The file is not JSON") as caught:
        convert('{\n "proto": }')
    assert (caught.value.line, caught.value.column) == (2, 11)
    with pytest.raises(DataError, match="nested too deeply"):
        convert("[" * 100_000)
    for levels in (150, 900):
        prototype = '{"a":' * levels + '"?x"' + "}" * levels
        with pytest.raises(DataError, match="nested too deeply"):
            read(f'{{"proto": {prototype}}}'.encode(), "a.json")
