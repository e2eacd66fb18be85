"""Frames and prototypes when they are loaded: what is wrong, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from endpoint.catalog import Catalog
from endpoint.catalog.readers.frames import LONGEST_SHAPE, check_frame
from endpoint.catalog.reading import read_catalog
from endpoint.errors import DataError

SELECT = "SELECT ?id ?name WHERE { ?id ?p ?name }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
SCHEMA = "https://schema.org/"

RIGHT: list[dict[str, object]] = [
    {},
    {"@context": {}},
    {"@context": None},
    {"@context": [{"@vocab": SCHEMA}, None, {"id": "@id", "@language": "ko", "@version": 1.1}]},
    {"@context": {"name": {"@id": f"{SCHEMA}name", "@container": ["@language", "@set"], "@context": {}}}},
    {
        "@type": ["Book", {}],
        "@embed": "@never",
        "@explicit": True,
        "@omitDefault": False,
        "@requireAll": True,
    },
    {
        "@embed": True,
        "author": [{"@embed": ["@always"]}],
        "n": {"@default": "@null", "@explicit": {"@value": True}},
    },
    {"@id": {}, "@graph": [{"@included": {}, "@reverse": {"of": {}}, "a@b": "@x1"}]},
]


@pytest.mark.parametrize("frame", RIGHT)
def test_a_frame_that_is_right(frame: dict[str, object]) -> None:
    check_frame(frame)


FETCHED = f'Its context is at "{SCHEMA}", and this server fetches nothing'
WRONG: list[tuple[dict[str, object], str]] = [
    ({"@context": SCHEMA}, FETCHED),
    ({"@context": [{"@vocab": SCHEMA}, SCHEMA]}, FETCHED),
    ({"@context": {"@import": SCHEMA}}, FETCHED),
    ({"@context": {"name": {"@id": f"{SCHEMA}name", "@context": SCHEMA}}}, FETCHED),
    ({"@context": {}, "author": [{"@context": SCHEMA}]}, FETCHED),
    ({"@context": "context.json"}, 'Its context is at "context.json"'),
    ({"@embd": "@once"}, '"@embd" is no keyword of JSON-LD; did you mean "@embed"?'),
    ({"author": {"@tpye": "Person"}}, 'did you mean "@type"?'),
    ({"@embed": "@sometimes"}, '"@embed" is one of true, false, @once, @always, @never, @last.'),
    ({"@embed": 1}, '"@embed" is one of'),
    ({"@embed": ["@once", "@never"]}, '"@embed" is one of'),
    ({"@explicit": "yes"}, '"@explicit" is one of true, false.'),
    ({"a": {"@requireAll": None}}, '"@requireAll" is one of true, false.'),
    ({"a": "x" * LONGEST_SHAPE}, "are the most"),
    ({"a": "\ud800"}, "half of a surrogate pair"),
]


@pytest.mark.parametrize(("frame", "sentence"), WRONG)
def test_a_frame_that_is_wrong(frame: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        check_frame(frame)
    assert sentence in caught.value.detail


def read(folder: Path, header: str, query: str) -> Catalog:
    (folder / "q.rq").write_text(f"#+ tags: [t]\n#+ {header}\n{query}\n")
    return read_catalog(folder, 64)


@pytest.mark.parametrize(("frame", "sentence"), WRONG)
def test_a_wrong_frame_in_a_file_keeps_its_query_out(
    tmp_path: Path, frame: dict[str, object], sentence: str
) -> None:
    (tmp_path / "f.json").write_text(json.dumps(frame))
    catalog = read(tmp_path, "frame: f.json", CONSTRUCT)
    (problem,) = [row for row in catalog.problems if row.file == tmp_path / "q.rq"]
    assert problem.detail.startswith('The frame "f.json": ')
    assert sentence in problem.detail
    assert problem.line == 2
    assert catalog.queries == {}


def test_a_wrong_frame_in_the_header_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, f"frame: {{'@context': '{SCHEMA}'}}", CONSTRUCT).problems
    assert problem.detail.startswith(f"The frame: {FETCHED}")
    assert problem.line == 2


def test_a_frame_that_is_nested_without_end_is_told(tmp_path: Path) -> None:
    for depth in (400, 900, 100_000):
        (tmp_path / "q.frame.json").write_text('{"a":[' * depth + "]}" * depth)
        catalog = read(tmp_path, "frame: q.frame.json", CONSTRUCT)
        told = [problem.detail for problem in catalog.problems]
        assert told == [] or "nested too deeply" in told[0]
    assert told


# Header, query, a notice, and whether the prototype is left out.
NOTICED = [
    ("transform: {id: '?id', n: '?nane'}", SELECT, 'no variable "?nane"; did you mean "name"?', False),
    (
        "transform: {id: '?id', n: '?name$required'}",
        SELECT,
        "is part of a query of SPARQL Transformer",
        False,
    ),
    ("transform: {id: '?id', n: '$rdfs:label'}", SELECT, "takes a property", False),
    ("transform: {id: constant}", SELECT, "No member of it comes from the query", False),
    (
        "transform: {id: '?s'}",
        CONSTRUCT,
        "A prototype shapes rows; this query is CONSTRUCT. It is left out",
        True,
    ),
    (f"transform: {{id: '?id', n: '{'x' * LONGEST_SHAPE}'}}", SELECT, "are the most", True),
]


@pytest.mark.parametrize(("header", "query", "sentence", "left_out"), NOTICED)
def test_what_a_prototype_cannot_do_is_a_notice(
    tmp_path: Path, header: str, query: str, sentence: str, left_out: bool
) -> None:
    catalog = read(tmp_path, header, query)
    assert catalog.problems == ()
    (notice,) = catalog.notices
    assert sentence in notice.detail
    assert (notice.file, notice.line) == (tmp_path / "q.rq", 2)
    assert (catalog.queries["q"].options.transform is None) == left_out


DOCUMENT: dict[str, object] = {"proto": {"id": "?id", "name": "$rdfs:label"}, "$where": "?id a ?class"}


def test_what_a_query_of_sparql_transformer_says_of_its_answer_goes_with_it(tmp_path: Path) -> None:
    told = {"$langTag": "hide", "$limitMode": "library", "$limit": 5, "$offset": 10}
    (tmp_path / "q.json").write_text(json.dumps({**DOCUMENT, **told}))
    catalog = read_catalog(tmp_path, 64)
    assert (catalog.problems, catalog.notices) == ((), ())
    query = catalog.queries["q"]
    assert query.options.transform == {
        "id": "?id",
        "name": "?name",
        "$langTag": "hide",
        "$limit": 5,
        "$offset": 10,
    }
    assert "LIMIT" not in query.text
    assert "OFFSET" not in query.text


def test_a_limit_on_rows_stays_in_the_query(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(json.dumps({**DOCUMENT, "$limit": 5, "$limitMode": "query"}))
    query = read_catalog(tmp_path, 64).queries["q"]
    assert query.options.transform == {"id": "?id", "name": "?name"}
    assert "LIMIT 5" in query.text


def test_what_a_query_of_sparql_transformer_gets_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(
        json.dumps({**DOCUMENT, "$langTag": "hide", "proto": {"id": "?id$accept:x"}})
    )
    (notice,) = read_catalog(tmp_path, 64).notices
    assert notice.detail.startswith('The prototype: "?id$accept:x"')
    assert notice.file == tmp_path / "q.json"
