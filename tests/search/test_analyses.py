"""Analyses by another process: the same, in order, with it or without, and nothing is left behind."""

from __future__ import annotations

import io
import json
import os
import signal
from array import array
from pathlib import Path

import pytest

from endpoint.search import analyses
from endpoint.search.analyses import Analyses, serve
from endpoint.search.analysis import Analysed, Analyser
from tests.children import children
from tests.search.indexed_publications import index, tokens_of, written
from tests.search.test_build import answers

NAMES = ("title", "text")
DOCUMENTS = [
    {"title": [f"한국 외교 {number}", "미·중 관계"], "text": [f"The exports of {number}\n핵을"]}
    for number in range(20)
]
EXPECTED = [
    (number, tokens_of(fields, NAMES, "text"), Analyser(NAMES, "text").words(fields))
    for number, fields in enumerate(DOCUMENTS)
]


@pytest.fixture(params=[1, 2])
def _processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """One processor or two; a few documents are many."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(request.param)))
    for name, number in (("_ALONE", 2), ("_PARCEL", 3), ("_UNDER_WAY", 1)):
        monkeypatch.setattr(analyses, name, number)
    return int(request.param)


def every(opened: Analyses[int], begin: int = 0) -> list[tuple[int, Analysed]]:
    documents = [(number, json.dumps(DOCUMENTS[number]).encode()) for number in range(begin, len(DOCUMENTS))]
    found = [pair for number, fields in documents for pair in opened.put(number, fields)]
    return [*found, *opened.rest()]


def read(opened: Analyses[int], found: list[tuple[int, Analysed]]) -> list[object]:
    return [(number, written(each, opened.tokens), each.words) for number, each in found]


def test_all_come_in_order(_processors: int) -> None:
    before = children()
    with Analyses[int](NAMES, "text") as opened:
        assert read(opened, every(opened)) == EXPECTED
        assert len(children() - before) == _processors - 1
    assert children() <= before


@pytest.mark.parametrize("_processors", [2], indirect=True)
def test_they_are_made_here_where_the_process_was_ended(_processors: int) -> None:
    before = children()
    with Analyses[int](NAMES, "text") as opened:
        documents = [json.dumps(fields).encode() for fields in DOCUMENTS[:6]]
        found = [pair for number, fields in enumerate(documents) for pair in opened.put(number, fields)]
        (process,) = children() - before
        os.kill(process, signal.SIGKILL)
        assert read(opened, [*found, *every(opened, 6)]) == EXPECTED


@pytest.mark.parametrize("_processors", [2], indirect=True)
def test_an_interruption_ends_the_process(_processors: int) -> None:
    before = children()
    with pytest.raises(KeyboardInterrupt), Analyses[int](NAMES, "text") as opened:
        every(opened)
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


def test_a_line_is_answered_with_a_line_and_numbers() -> None:
    out = io.BytesIO()
    serve(io.BytesIO(b'["a"]\n[{"title": ["A\\nB"]}, {}]\n[]\n[{"text": ["b c"]}]\n'), out, "text", NAMES)
    two, one = (array("I", numbers).tobytes() for numbers in ([1, 2], [2, 3]))
    nothing = b"[[], []]\n"
    assert out.getvalue() == (
        b'[["b"], [[[], [8, 0]], [[], [0, 0]]]]\n' + two + nothing + b'[["c"], [[[], [0, 8]]]]\n' + one
    )
