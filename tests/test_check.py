"""``endpoint check`` on a dataset whose files name each other."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from endpoint.check import Report, check_dataset
from endpoint.settings import Settings

MANIFEST = """base = "http://example.org/"
title.en = "Things"
description.en = "Some things."
[prefixes]
ex = "http://example.org/ns/"
[pages]
PAGES
[[graph]]
iri = "http://example.org/things"
title.en = "Things"
files = ["seed/things.ttl"]
"""
THINGS = '@prefix ex: <http://example.org/ns/> . <http://example.org/a> a ex:Thing ; ex:name "a" .'
QUERY = "SELECT ?thing ?name { ?thing ex:name ?name }"
GRAPH = "#+ frame: shape.frame.json\nCONSTRUCT WHERE { ?thing a ex:Thing ; ex:name ?name }"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "dataset"
    for folder in ("seed", "queries", "ontology"):
        (root / folder).mkdir(parents=True)
    (root / "seed" / "things.ttl").write_text(THINGS)
    (root / "queries" / "things.rq").write_text(QUERY)
    (root / "queries" / "shape.rq").write_text(GRAPH)
    return root


def checked(root: Path, pages: str, frame: object) -> Report:
    (root / "seed" / "dataset.toml").write_text(MANIFEST.replace("PAGES", pages))
    (root / "queries" / "shape.frame.json").write_text(json.dumps(frame))
    return asyncio.run(check_dataset(Settings(dataset=root)))


FRAME = {"@context": {"@vocab": "http://example.org/ns/"}, "@type": "Thing"}


def test_a_whole_dataset_has_no_problems(root: Path) -> None:
    report = checked(root, 'feed = "things"\noverview = ["things"]', FRAME)
    assert report.problems == []
    assert "saved query shape: its example runs" in report.lines


def test_a_page_that_names_no_saved_query_is_a_problem(root: Path) -> None:
    report = checked(root, 'feed = "thing"\noverview = ["things", "nothing"]', FRAME)
    file = root / "seed" / "dataset.toml"
    assert report.problems == [
        f'{file}: [pages] feed: there is no saved query "thing"; did you mean "things"?',
        f'{file}: [pages] overview: there is no saved query "nothing"; did you mean "things"?',
    ]


def test_a_frame_that_only_framing_finds_wrong_is_a_problem(root: Path) -> None:
    wrong = {"@context": {"name": {"@id": "http://example.org/ns/name", "@type": "no IRI"}}, "@type": "Thing"}
    report = checked(root, 'feed = "things"', wrong)
    (problem,) = report.problems
    assert problem.startswith(f"{root / 'queries' / 'shape.rq'}")


def test_a_query_without_an_example_is_noticed_and_no_problem(root: Path) -> None:
    file = root / "queries" / "named.rq"
    file.write_text("SELECT ?thing { ?thing ex:name ?_name }")
    report = checked(root, 'feed = "things"', FRAME)
    assert report.problems == []
    told = f"notice: {file}: not run, it has no example of name: params: {{name: {{example: …}}}}"
    assert told in report.lines
