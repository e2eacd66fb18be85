"""Paths to queries and their parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.catalog import Catalog
from endpoint.catalog.reading import read_catalog
from endpoint.errors import MalformedRequest, NotFound
from endpoint.web.api.targets import Part, segments_of, target_of

EXECUTABLES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:x#a> a sh:SPARQLExecutable ; sh:select "SELECT ?x { ?x ?p ?o }" .
<urn:x#a.rq> a sh:SPARQLExecutable ; sh:select "SELECT ?y { ?y ?p ?o }" .
<urn:x#a.csv> a sh:SPARQLExecutable ; sh:select "SELECT ?z { ?z ?p ?o }" .
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "executables.ttl").write_text(EXECUTABLES)
    (tmp_path / "b.rq").write_text("#+ path: /by/{x}\nASK { ?s ?p ?_x }")
    return read_catalog(tmp_path, 64)


@pytest.mark.parametrize(
    ("segments", "name", "part", "extension"),
    [
        (["a"], "a", Part.ANSWER, ""),
        (["a.json"], "a", Part.ANSWER, "json"),
        (["a.rq"], "a.rq", Part.ANSWER, ""),
        (["a.csv"], "a.csv", Part.ANSWER, ""),
        (["a.rq.rq"], "a.rq", Part.SOURCE, ""),
        (["a.csv.csv"], "a.csv", Part.ANSWER, "csv"),
        (["b.RQ"], "b", Part.SOURCE, ""),
        (["b", "explain"], "b", Part.EXPLANATION, ""),
        (["b", "values", "x"], "b", Part.VALUES, ""),
        (["by", "explain"], "b", Part.ANSWER, ""),
        (["by", "1.csv", "explain"], "b", Part.EXPLANATION, ""),
    ],
)
def test_the_longest_name_wins(
    catalog: Catalog, segments: list[str], name: str, part: Part, extension: str
) -> None:
    target = target_of(catalog, segments)
    assert (target.query.name, target.part) == (name, part)
    assert target.extension == extension


@pytest.mark.parametrize("segments", [["c"], ["a", "x"], ["b", "values"], ["by"], ["by", "1", "values", "x"]])
def test_what_is_not_there(catalog: Catalog, segments: list[str]) -> None:
    with pytest.raises(NotFound):
        target_of(catalog, segments)


@pytest.mark.parametrize(
    ("scope", "segments"),
    [
        ({"path": "/api/a/b", "raw_path": b"/api/a%2Fb"}, ["a/b"]),
        ({"path": "/api/a%2Fb", "raw_path": b"/api/a%252Fb"}, ["a%2Fb"]),
        ({"path": "/api/가", "raw_path": "/%61pi/가".encode()}, ["가"]),
        ({"path": "/api/가 b"}, ["가 b"]),
        ({"path": "/lod/api/x", "raw_path": b"/lod/api/x", "root_path": "/lod"}, ["x"]),
        ({"path": "/api", "raw_path": b"/api"}, []),
        ({"path": "/api/", "raw_path": b"/api/"}, [""]),
    ],
)
def test_a_path_is_split_and_then_decoded_once(scope: dict[str, object], segments: list[str]) -> None:
    assert segments_of(scope) == segments


def test_a_segment_that_is_not_utf8() -> None:
    with pytest.raises(MalformedRequest, match="byte 2 of a segment is 0xC7"):
        segments_of({"path": "/api/x", "raw_path": b"/api/a%C7%D1"})
