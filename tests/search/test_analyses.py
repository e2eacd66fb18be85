"""Analyses by another process: the same, in order, with it or without, and nothing is left behind."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import pytest

from endpoint.search import analyses
from endpoint.search.analyses import Analyses, serve
from endpoint.search.analysis import Analysed, analyse_document
from tests.children import children
from tests.search.indexed_publications import index
from tests.search.test_build import answers

NAMES = ("title", "text")
DOCUMENTS = [
    {"title": [f"한국 외교 {number}", "미·중 관계"], "text": [f"The exports of {number}\n핵을"]}
    for number in range(20)
]
EXPECTED = [(number, analyse_document(fields, NAMES, "text")) for number, fields in enumerate(DOCUMENTS)]


@pytest.fixture(params=[1, 2])
def _processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """One processor or two; a few documents are many."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(request.param)))
    for name, number in (("_ALONE", 2), ("_PARCEL", 3), ("_UNDER_WAY", 1)):
        monkeypatch.setattr(analyses, name, number)
    return int(request.param)


def every(opened: Analyses[int]) -> list[tuple[int, Analysed]]:
    found = [pair for number, fields in enumerate(DOCUMENTS) for pair in opened.put(number, fields)]
    return [*found, *opened.rest()]


def test_all_come_in_order(_processors: int) -> None:
    before = children()
    with Analyses[int](NAMES, "text") as opened:
        assert every(opened) == EXPECTED
        assert len(children() - before) == _processors - 1
    assert children() <= before


@pytest.mark.parametrize("_processors", [2], indirect=True)
def test_they_are_made_here_where_the_process_was_ended(_processors: int) -> None:
    before = children()
    with Analyses[int](NAMES, "text") as opened:
        found = [pair for number, fields in enumerate(DOCUMENTS[:6]) for pair in opened.put(number, fields)]
        (process,) = children() - before
        os.kill(process, signal.SIGKILL)
        for number, fields in enumerate(DOCUMENTS[6:], 6):
            found += opened.put(number, fields)
        assert [*found, *opened.rest()] == EXPECTED


@pytest.mark.parametrize("_processors", [2], indirect=True)
def test_an_interruption_ends_the_process(_processors: int) -> None:
    before = children()
    with pytest.raises(KeyboardInterrupt), Analyses[int](NAMES, "text") as opened:
        for number, fields in enumerate(DOCUMENTS):
            list(opened.put(number, fields))
        raise KeyboardInterrupt
    assert children() <= before


@pytest.mark.usefixtures("_processors")
def test_an_index_answers_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_another = index(tmp_path / "other")
    monkeypatch.setattr(analyses, "_ALONE", 10**6)
    here = index(tmp_path / "here")
    assert answers(by_another) == answers(here)
    by_another.close()
    here.close()


def test_a_line_is_answered_with_a_line() -> None:
    out = io.BytesIO()
    serve(io.BytesIO(b'[{"title": ["A\\nB"]}, {}]\n[]\n'), out, "text", NAMES)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert [tokens for tokens, _ in first] == [["a b", ""], ["", ""]]
    assert second == []
