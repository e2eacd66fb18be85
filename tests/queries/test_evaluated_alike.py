"""One saved query is the same query wherever it is evaluated: its dataset, its columns, its validators.

A real server and ``endpoint check`` evaluate it; what each of them shows is read back.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.check import check_dataset
from endpoint.engine import Limits, Result
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.formats import Representation
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from tests.live import Answer, Server, serving

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
ATOM = "{http://www.w3.org/2005/Atom}"
MANIFEST = """base = "http://example.org/"
title.en = "Works"
description.en = "Some works."
[prefixes]
"" = "http://example.org/"
[pages]
feed = "works"
network = "works"
overview = ["works"]
[[graph]]
iri = "http://example.org/one"
title.en = "One"
files = ["seed/one.ttl"]
[[graph]]
iri = "http://example.org/two"
title.en = "Two"
files = ["seed/two.ttl"]
"""
PREFIXES = """@prefix : <http://example.org/> .
@prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dct: <http://purl.org/dc/terms/> .
"""
ONE = """
:a a bibo:Document ; dct:title "A" ; :partner :p ; :amount 3 .
:b a bibo:Document ; dct:title "B" ; :partner :p ; :amount 2 .
:p a bibo:Document ; dct:title "P" .
"""
TWO = ':c a bibo:Document ; dct:title "C" ; :partner :p ; :amount 1 .'
HEAD = "#+ summary: Works\n"
NAMES = "?work ?partner ?amount"
PATTERN = "{ ?work :partner ?partner ; :amount ?amount } ORDER BY ?work"
# Its parameter has the values that the query lists.
PICKED = "#+ params: {work: {values: works}}\nSELECT ?p { ?_work_iri ?p ?o }"


@dataclass(frozen=True)
class Case:
    """A saved query, the works that it finds, and whether its answer may be kept."""

    text: str
    works: tuple[str, ...]
    volatile: bool = False


CASES: Mapping[str, Case] = {
    "FROM": Case(f"SELECT {NAMES} FROM :one {PATTERN}", ("a", "b")),
    "FROM the other": Case(f"SELECT {NAMES} FROM <http://example.org/two> {PATTERN}", ("c",)),
    "SELECT *": Case(f"SELECT * {PATTERN}", ("a", "b", "c")),
    "SELECT * FROM": Case(f"SELECT * FROM :one {PATTERN}", ("a", "b")),
    "NOW()": Case(f"SELECT ?work ?partner ?amount (NOW() AS ?now) {PATTERN}", ("a", "b", "c"), True),
    "FROM and NOW()": Case(
        f"SELECT ?work ?partner ?amount (NOW() AS ?now) FROM :one {PATTERN}", ("a", "b"), True
    ),
}


@dataclass(frozen=True)
class Served:
    """A case with its dataset and the server of it."""

    case: Case
    root: Path
    server: Server


@pytest.fixture(scope="module", params=CASES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    case = CASES[request.param]
    root = tmp_path_factory.mktemp("everywhere")
    for folder in ("seed", "queries", "ontology"):
        (root / folder).mkdir()
    (root / "seed" / "dataset.toml").write_text(MANIFEST)
    (root / "seed" / "one.ttl").write_text(PREFIXES + ONE)
    (root / "seed" / "two.ttl").write_text(PREFIXES + TWO)
    (root / "queries" / "works.rq").write_text(HEAD + case.text)
    (root / "queries" / "picked.rq").write_text(PICKED)
    with serving(root / "data", "--dataset", str(root), "--workers", "1") as server:
        yield Served(case, root, server)


def first_column(document: Mapping[str, Any]) -> Sequence[object]:
    (name, *_), rows = document["columns"], document["rows"]
    return [row[name] for row in rows]


def of_pages(server: Server) -> Sequence[object]:
    """All rows, a page of one row after another."""
    found: list[object] = []
    address: str | None = "/api/works?pageSize=1"
    while address is not None:
        document = server.get(address, "application/json").json()
        found += first_column(document)
        following = document["links"].get("next")
        address = following and following.removeprefix(server.url)
    return found


def of_csv(body: bytes) -> Sequence[object]:
    return [row[0] for row in csv.reader(body.decode().splitlines())][1:]


def of_ndjson(body: bytes) -> Sequence[object]:
    return [next(iter(json.loads(line).values())) for line in body.splitlines()]


def of_html(body: bytes) -> Sequence[object]:
    rows = html.fromstring(body).cssselect("main table tbody tr")
    return [row.cssselect("td a")[0].get("title") for row in rows]


def of_batch(server: Server) -> Sequence[object]:
    body = json.dumps([{"query": "works"}]).encode()
    answer = server.request("POST", "/api", body, {"Content-Type": "application/json"})
    (only,) = answer.json()
    return first_column(only["body"])


def of_feed(body: bytes) -> Sequence[object]:
    entries = ElementTree.fromstring(body).findall(f"{ATOM}entry")  # noqa: S314 - from our own server
    return [entry.findtext(f"{ATOM}id") for entry in entries]


def of_network(body: bytes) -> Sequence[object]:
    return list(re.findall(r"<title>(\S+) – http://example.org/p: \d</title>", body.decode()))


WAYS: Mapping[str, Callable[[Server], Sequence[object]]] = {
    "API": lambda server: first_column(server.get("/api/works", "application/json").json()),
    "CSV": lambda server: of_csv(server.get("/api/works.csv").body),
    "NDJSON": lambda server: [
        json.loads(line)["work"] for line in server.get("/api/works.ndjson").text.split("\n")[:-1]
    ],
    "page": lambda server: of_html(server.get("/api/works", BROWSER).body),
    "pages": of_pages,
    "batch": of_batch,
    "feed": lambda server: of_feed(server.get("/feed").body),
    "overview": lambda server: of_network(server.get("/overview", BROWSER).body),
    "values": lambda server: [row["value"] for row in server.get("/api/picked/values/work").json()["values"]],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_the_same_works(served: Served, way: str) -> None:
    found = WAYS[way](served.server)
    assert sorted(map(str, found)) == [f"http://example.org/{name}" for name in served.case.works]


def test_the_check_evaluates_it_as_the_server_does(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[tuple[Operation, bytes]] = []
    evaluate = EmbeddedEngine.query

    async def query(
        self: EmbeddedEngine, operation: Operation, representation: Representation, limits: Limits
    ) -> Result:
        answer = await evaluate(self, operation, representation, limits)
        answers.append((operation, await answer.read()))
        return answer

    monkeypatch.setattr(EmbeddedEngine, "query", query)
    report = asyncio.run(check_dataset(Settings(dataset=served.root)))
    assert report.problems == []
    ((operation, body),) = answers
    assert first_column(json.loads(body)) == [f"http://example.org/{name}" for name in served.case.works]
    assert operation.volatile is served.case.volatile


def kept(answer: Answer) -> bool:
    """Return whether a client may cache the answer."""
    return "etag" in answer.headers and answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/api/works.json", "/api/works.csv", "/api/works.html", "/feed", "/overview"]
)
def test_what_differs_each_time_has_no_validator(served: Served, path: str) -> None:
    answer = served.server.get(path)
    assert answer.status == 200
    assert kept(answer) is not served.case.volatile
    assert (answer.headers["cache-control"] == "no-store") is served.case.volatile
