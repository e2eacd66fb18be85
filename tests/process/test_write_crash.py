"""A few kills at random moments beneath a stream of writes; ``make crash`` does hundreds."""

from __future__ import annotations

from pathlib import Path

from tests.process.crashing import crash

KILLS = 8


def test_kills_lose_no_write_that_was_answered_and_leave_no_half(tmp_path: Path) -> None:
    done, stream = crash(tmp_path, KILLS, seed=20_270_101)
    assert done.total() >= KILLS
    assert stream.answered
    assert stream.reads
    assert stream.faults == []
