"""``endpoint explain`` as a process: on the store, and by a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live import Server, run

CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def data(published: Path) -> Path:
    """A store of the project's own dataset, which no test here changes."""
    return published


def test_a_query_on_the_store(data: Path) -> None:
    told = run("explain", "SELECT ?s { ?s a mofapub:Publication } LIMIT 2", "--data", str(data))
    assert (told.returncode, told.stderr) == (0, "")
    times, answer, memory, place, hints = told.stdout.splitlines()
    assert times.startswith("times    waiting ")
    assert answer.startswith("answer   2 rows, ")
    assert memory.startswith("memory   ")
    assert place == "data     generation 1, from columns; default graph: union"
    assert hints == "hints    no slow shape is known in this query"


def test_hints_stand_with_their_places(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "query.rq"
    file.write_text("SELECT *\nWHERE { OPTIONAL { ?s rdfs:label ?l }\n ?s a mofapub:Publication }")
    told = run("explain", "--file", str(file), "--data", str(data))
    assert "1. line 2, column 9 (optional-first)\n   The group begins with OPTIONAL" in told.stdout


def test_a_saved_query_with_values(data: Path) -> None:
    options = ("explain", "--saved", "publications-by-year", "--value", "year=2023", "--data", str(data))
    told = json.loads(run(*options, "--json").stdout)
    assert (told["outcome"], told["format"]) == ("ok", "application/json")
    assert "2023" in told["query"]


def test_a_query_that_takes_too_long_is_explained_and_fails(data: Path) -> None:
    told = run("explain", CROSS, "--data", str(data), "--timeout", "0.5")
    assert told.returncode == 1
    assert told.stdout.startswith("deadline-exceeded: The query ran longer than 0.5 s")
    assert "(cross-product)" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("SELECT * {",), 1, "Line 1"),
        (("--saved", "publications-by-yaer"), 1, 'did you mean "publications-by-year"?'),
        (("--saved", "publications-by-year"), 1, 'The parameter "year" is missing'),
        (("ASK {}", "--saved", "years"), 2, "not both"),
        (("ASK {}", "--value", "a=b"), 2, "--saved"),
        (("--saved", "years", "--value", "a"), 2, "NAME=VALUE"),
    ],
)
def test_what_is_wrong_is_told(data: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    told = run("explain", *arguments, "--data", str(data))
    assert (told.returncode, said in told.stderr) == (code, True), told.stderr


def test_a_server_explains(server: Server) -> None:
    told = run("explain", "SELECT * { ?s ?p ?o } LIMIT 3", "--url", f"{server.url}/sparql")
    assert (told.returncode, told.stderr) == (0, "")
    assert "answer   3 rows, " in told.stdout
    saved = run("explain", "-s", "publications-by-year", "-v", "year=2023", "--url", server.url, "--json")
    assert json.loads(saved.stdout)["outcome"] == "ok"
    late = run("explain", CROSS, "--url", server.url)
    assert (late.returncode, "deadline-exceeded" in late.stdout) == (1, True)
    wrong = run("explain", "SELECT * {", "--url", server.url)
    assert (wrong.returncode, f"{server.url} answered 400: Line 1" in wrong.stderr) == (1, True), wrong.stderr
