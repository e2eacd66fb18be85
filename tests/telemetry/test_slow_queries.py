"""The slow-query history: what is added, how much is kept, and what it survives."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from endpoint.engine.running import RunningQuery
from endpoint.telemetry import slow_queries
from endpoint.telemetry.slow_queries import FILE, SlowQueries
from tests.live import ROOT, environment
from tests.telemetry.test_metrics import query


def slow(text: str = "ASK {}", seconds: float = 2.0, **members: object) -> RunningQuery:
    """A query that was evaluated for so long."""
    known = {"pid": 9, "evaluated": seconds, "duration": seconds, "outcome": "ok"}
    return query(**{"text": text, **known, **members})


def kept(
    data: Path, *queries: RunningQuery, least: float = 1.0, text: int = 100
) -> list[slow_queries.SlowQuery]:
    """The history after these queries."""
    history = SlowQueries(data, least, text)
    for each in queries:
        history.ended(each)
    history.close()
    return history.worst(100)


def test_equal_texts_are_one_row(tmp_path: Path) -> None:
    first = slow(seconds=2.0, begun=1000.0)
    again = slow(seconds=5.0, begun=2000.0, planned=0.0, outcome="deadline-exceeded")
    last = slow(seconds=3.0, begun=3000.0)
    (row,) = kept(tmp_path, first, again, last)
    assert (row.digest, row.form, row.text) == (first.digest, "ASK", "ASK {}")
    assert (row.count, row.total, row.worst, row.outcome) == (3, 10.0, 5.0, "ok")
    assert (row.first, row.last, row.client) == (1002.0, 3003.0, "127.0.0.1")


def test_the_slowest_is_the_first(tmp_path: Path) -> None:
    rows = kept(tmp_path, slow("a", 2.0), slow("b", 9.0), slow("c", 4.0))
    assert [row.text for row in rows] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("members", "there"),
    [
        ({"planned": 0.5, "evaluated": 0.5, "duration": 1.0}, True),
        ({"planned": 0.5, "evaluated": 0.4, "duration": 1.0}, False),
        # The client read slowly; the queue was long; it never began.
        ({"evaluated": 0.2, "duration": 30.0}, False),
        ({"queued": 30.0, "evaluated": 0.2, "duration": 30.2}, False),
        ({"pid": 0, "evaluated": 0.0, "duration": 30.0, "outcome": "overloaded"}, False),
        # It was killed, so its worker has told nothing.
        ({"evaluated": 0.0, "duration": 30.0, "outcome": "deadline-exceeded"}, True),
    ],
)
def test_slow_is_what_was_evaluated_for_long(tmp_path: Path, members: dict[str, object], there: bool) -> None:
    assert bool(kept(tmp_path, slow(**members))) is there  # type: ignore[arg-type]


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    kept(tmp_path, slow("a"))
    assert [row.count for row in kept(tmp_path, slow("a"))] == [2]


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.telemetry.test_slow_queries import SlowQueries, slow\n"
        f"history = SlowQueries(Path({str(tmp_path)!r}), 1.0, 100)\n"
        "history.ended(slow('killed'))\n"
        "while not history.worst(1): time.sleep(0.01)\n"
        "history.ended(slow('late'))\n"
        "print(flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        os.kill(process.pid, signal.SIGKILL)
    rows = kept(tmp_path, slow("after"))
    assert {"killed", "after"} <= {row.text for row in rows}


def test_it_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_queries, "MOST", 3)
    rows = kept(
        tmp_path, *(slow(str(number), begun=float(number)) for number in range(6)), slow("0", begun=9.0)
    )
    # Those that were asked for the longest time ago have gone.
    assert {row.text for row in rows} == {"0", "4", "5"}


def test_so_much_of_the_text_is_kept_as_the_setting_says(tmp_path: Path) -> None:
    rows = kept(tmp_path, slow("x" * 300), slow("y" * 300 + "\ud800"), text=7)
    assert {row.text for row in rows} == {"x" * 7, "y" * 7}
    assert kept(tmp_path, slow("x" * 300), text=0)[0].text in ("", "y" * 7)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "한국", "'; DROP TABLE slow; --"])
def test_any_text_can_be_kept(tmp_path: Path, text: str) -> None:
    (row,) = kept(tmp_path, slow(text))
    assert row.text == text.encode("utf-8", "backslashreplace").decode()


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        history = SlowQueries(tmp_path, 1.0, 100)
        history.ended(slow())
        history.close()
        with sqlite3.connect(tmp_path / FILE) as reading:
            reading.execute("SELECT count(*) FROM slow").fetchall()
            modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        reading.close()
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database, but a text that is long enough to be one. " * 100)
    assert len(kept(tmp_path, slow())) == 1
    assert (tmp_path / "slow-queries.damaged").read_bytes().startswith(b"this is no database")
    assert "is set aside as slow-queries.damaged" in caplog.text


def test_a_history_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE slow (other TEXT)")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert len(kept(tmp_path, slow())) == 1


def test_two_servers_may_write_to_one(tmp_path: Path) -> None:
    first, second = (SlowQueries(tmp_path, 1.0, 100) for _ in range(2))
    for number in range(50):
        first.ended(slow(f"a{number}"))
        second.ended(slow(f"b{number}"))
    first.close()
    second.close()
    assert len(first.worst(1000)) == 100
    assert (first.dropped, second.dropped) == (0, 0)
