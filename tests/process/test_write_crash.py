"""Kills beneath a stream of writes, of which ``make crash`` does hundreds, and a full disk."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tests.datasets.listed_values import make
from tests.process.crashing import GRAPH, crash
from tests.process.writing import update, values, writable

KILLS = 8


def test_kills_lose_no_write_that_was_answered_and_leave_no_half(tmp_path: Path) -> None:
    done, stream = crash(tmp_path, KILLS, seed=20_270_101, longest=0.4)
    assert done.total() >= KILLS
    assert stream.answered
    assert stream.reads
    assert stream.faults == []


def test_a_full_disk_refuses_writes_and_loses_none(small_disk: Path, tmp_path: Path) -> None:
    data = small_disk / "data"
    data.mkdir()
    with writable(data, "--dataset", str(make(tmp_path / "dataset"))) as server:
        assert update(server, insert(1)).status == 200
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(2**12)):
                pass
        refused = update(server, insert(2))
        assert (refused.status, "No space left" in refused.text) == (503, True), refused.text
        assert values(server, f"GRAPH <{GRAPH}> {{ ?s ?p ?o }}") == ["1"]
        filler.unlink()
        assert update(server, insert(3)).status == 200
        assert values(server, f"GRAPH <{GRAPH}> {{ ?s ?p ?o }}") == ["1", "3"]
    # What was left of the one that failed does not keep the store from opening.
    with writable(data, "--dataset", str(tmp_path / "dataset")) as server:
        assert values(server, f"GRAPH <{GRAPH}> {{ ?s ?p ?o }}") == ["1", "3"]


def insert(number: int) -> str:
    return f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <urn:s> <urn:p> {number} }} }}"
