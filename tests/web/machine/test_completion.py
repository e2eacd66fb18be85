"""Completion of names for query editors: the order of suggestions, and the addresses on the real server."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from endpoint.storage.generations import Generation
from endpoint.web.machine.completion import Vocabulary, prefixed_name
from endpoint.web.machine.partitions import ClassPartition, Part, PropertyPartition
from endpoint.web.machine.statistics import Statistics
from tests.live import Server

A, B = "http://a.example/ns#", "http://b.example/"
PREFIXES = {"a": A, "b": B, "sub": f"{B}sub/"}
PART = Part(
    properties={f"{A}hasTitle": 90, f"{A}title": 20, f"{B}name": 50, f"{B}issued-on": 5},
    classes=(
        ClassPartition(
            f"{A}Book",
            30,
            (
                PropertyPartition(f"{A}title", 20),
                PropertyPartition(f"{B}name", 3),
                PropertyPartition(f"{A}x", None),
            ),
        ),
        ClassPartition(f"{B}sub/Person", 7),
        ClassPartition(f"{A}Bookmark", 40),
    ),
)
LABELS = {
    f"{A}hasTitle": {"ko": "표제", "en": "has title"},
    f"{A}title": {"ko": "제목", "en": "Title"},
    f"{B}name": {"ko": "이름"},
    f"{B}sub/Person": {"en": "Human being"},
}
STATISTICS = Statistics(Generation(1, Path(), datetime(2026, 1, 1), 0, ""), PART, {}, LABELS)


def suggested(kind: str, typed: str, of_class: str | None = None) -> list[str]:
    found = Vocabulary(STATISTICS, PREFIXES).suggestions(kind, typed, of_class)
    return [str(row["prefixed"]) for row in found]


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        ("classes", "", ["a:Bookmark", "a:Book", "sub:Person"]),
        ("classes", "book", ["a:Bookmark", "a:Book"]),
        ("classes", "a:Book", ["a:Bookmark", "a:Book"]),
        ("classes", "<http://a.example/ns#Book", ["a:Bookmark", "a:Book"]),
        ("classes", "being", ["sub:Person"]),
        ("classes", "mark", ["a:Bookmark"]),
        ("classes", "nothing", []),
        # The beginning of a name comes before the beginning of a word, however much that is used.
        ("properties", "title", ["a:title", "a:hasTitle"]),
        ("properties", " TITLE ", ["a:title", "a:hasTitle"]),
        ("properties", "제", ["a:title", "a:hasTitle"]),
        ("properties", unicodedata.normalize("NFD", "제목"), ["a:title"]),
        ("properties", "on", ["b:issued-on"]),
        ("properties", "s", ["a:hasTitle", "b:issued-on"]),
    ],
)
def test_the_order_of_suggestions(kind: str, typed: str, expected: list[str]) -> None:
    assert suggested(kind, typed) == expected


def test_a_class_narrows_to_its_properties() -> None:
    assert suggested("properties", "", f"{A}Book") == ["a:title", "b:name"]
    assert suggested("properties", "ti", f"{A}Book") == ["a:title"]
    assert suggested("properties", "", f"{A}Nothing") == []


def test_a_suggestion_has_all_an_editor_shows() -> None:
    (found,) = Vocabulary(STATISTICS, PREFIXES).suggestions("properties", "title", f"{A}Book")
    assert found == {
        "iri": f"{A}title",
        "prefixed": "a:title",
        "label": {"ko": "제목", "en": "Title"},
        "count": 20,
    }


@pytest.mark.parametrize(
    ("iri", "prefixed"),
    [
        (f"{A}Book", "a:Book"),
        (f"{B}sub/Person", "sub:Person"),
        (f"{B}issued-on", "b:issued-on"),
        (f"{B}책", "b:책"),
        (f"{B}1948", "b:1948"),
        (f"{B}other/x", None),
        (f"{B}ends.", None),
        (f"{B}with(it)", None),
        (B, None),
        ("urn:other", None),
    ],
)
def test_prefixed_names_are_ones_that_need_no_escape(iri: str, prefixed: str | None) -> None:
    assert prefixed_name(iri, PREFIXES) == prefixed


def test_every_prefixed_name_of_the_data_means_its_iri(server: Server) -> None:
    rows = [
        row
        for kind in ("classes", "properties")
        for row in server.get(f"/-/completion/{kind}?limit=1000").json()
        if row["prefixed"]
    ]
    assert len(rows) > 50
    values = " ".join(f"(<{row['iri']}> {row['prefixed']})" for row in rows)
    answer = server.post(f"SELECT * {{ VALUES (?a ?b) {{ {values} }} FILTER(?a != ?b) }}")
    assert (answer.status, answer.rows()) == (200, [])


def test_classes_of_the_data_with_labels_and_counts(server: Server) -> None:
    answer = server.get("/-/completion/classes?q=publ")
    assert (answer.status, answer.type) == (200, "application/json")
    (row,) = [row for row in answer.json() if row["prefixed"] == "mofapub:Publication"]
    assert row["label"] == {"ko": "발간자료", "en": "Publication"}
    counted = server.query("SELECT (COUNT(*) AS ?n) { ?s a mofapub:Publication }").rows()
    assert str(row["count"]) == counted[0]["n"]


def test_properties_of_a_class_are_those_of_its_instances(server: Server) -> None:
    text = "SELECT ?p (COUNT(*) AS ?n) { ?s a mofapub:Publication ; ?p ?o } GROUP BY ?p"
    expected = {row["p"]: int(row["n"]) for row in server.query(text).rows()}
    for named in ("mofapub:Publication", quote("http://opendata.mofa.go.kr/mofapub/Publication", safe="")):
        found = server.get(f"/-/completion/properties?limit=1000&class={named}").json()
        assert {row["iri"]: row["count"] for row in found} == expected
        assert [row["count"] for row in found] == sorted(expected.values(), reverse=True)


def test_an_editor_may_keep_an_answer(server: Server) -> None:
    answer = server.get("/-/completion/properties?q=ti")
    assert answer.headers["cache-control"] == "max-age=60"
    assert server.get("/-/completion/properties?q=ti", If_None_Match=answer.headers["etag"]).status == 304
    assert server.request("HEAD", "/-/completion/properties?q=ti").body == b""


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("q=a&q=b", "q"),
        ("class=%3Cno%20iri", "class"),
        ("class=Publication", "class"),
    ],
)
def test_bad_parameters_are_named(server: Server, query: str, parameter: str) -> None:
    answer = server.get(f"/-/completion/properties?{query}", "application/problem+json")
    assert (answer.status, answer.json()["parameter"]) == (400, parameter)


def test_prefixes_are_those_of_the_dataset_and_common_ones(server: Server) -> None:
    answer = server.get("/-/prefixes.json")
    found = answer.json()
    assert found["mofapub"] == "http://opendata.mofa.go.kr/mofapub/"
    assert found["dc"] == "http://purl.org/dc/elements/1.1/"
    assert found["geonames"] == "http://www.geonames.org/ontology#"
    assert server.get("/-/prefixes.json", If_None_Match=answer.headers["etag"]).status == 304
    assert server.request("POST", "/-/prefixes.json").status == 405
