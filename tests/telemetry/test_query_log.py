"""The lines of the query log, its file, and how it goes on in a new one."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import ConfigurationError
from endpoint.telemetry import query_log
from endpoint.telemetry.query_log import QueryLog
from tests.live import ROOT
from tests.telemetry.test_metrics import query


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def opened(path: Path, text: int = 100, most: int = 2**20) -> QueryLog:
    return QueryLog(path, text, most)


def test_a_query_has_a_line_at_its_begin_and_one_at_its_end(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    made = query(begun=1_700_000_000.25)
    log.begun(made)
    for name, value in {
        "pid": 9, "generation": 7, "queued": 0.1, "planned": 0.2, "evaluated": 0.3, "duration": 1.0,
        "rows": 5, "sent": 60, "memory": 700, "outcome": "ok",
    }.items():  # fmt: skip
        setattr(made, name, value)
    log.ended(made)
    log.close()
    begin, end = lines(tmp_path / "log")
    shared = {
        "id": "q1", "request": "a-1", "client": "127.0.0.1",
        "digest": made.digest, "form": "ASK", "type": "text/csv",
    }  # fmt: skip
    assert begin == shared | {
        "time": "2023-11-14T22:13:20.250+00:00", "event": "begin", "text": "ASK {}", "cut": False,
    }  # fmt: skip
    assert end == shared | {
        "time": "2023-11-14T22:13:21.250+00:00", "event": "end", "generation": 7, "outcome": "ok",
        "total_ms": 1000, "waiting_ms": 100, "planning_ms": 200, "evaluating_ms": 300, "sending_ms": 400,
        "rows": 5, "bytes": 60, "memory": 700, "columns": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "members"), [(0, {}), (3, {"text": "ASK", "cut": True}), (6, {"text": "ASK {}", "cut": False})]
)
def test_so_much_of_the_text_is_kept_as_the_setting_says(
    tmp_path: Path, kept: int, members: dict[str, object]
) -> None:
    log = opened(tmp_path / "log", kept)
    log.begun(query())
    log.close()
    (line,) = lines(tmp_path / "log")
    assert {name: line[name] for name in ("text", "cut") if name in line} == members


@given(st.text(st.characters()), st.text(st.characters()))
def test_no_text_breaks_a_line_or_a_terminal(text: str, client: str) -> None:
    line = query_log._encoded({"text": text, "client": client})
    shown = line.decode()
    assert shown.endswith("\n")
    assert shown[:-1].isprintable()
    assert json.loads(shown) == {"text": text, "client": client}


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        opened(tmp_path / "log").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_it_goes_on_after_what_is_there(tmp_path: Path) -> None:
    for number in (1, 2):
        log = opened(tmp_path / "log")
        log.begun(query(identifier=f"q{number}"))
        log.close()
    assert [line["id"] for line in lines(tmp_path / "log")] == ["q1", "q2"]


def test_a_file_that_was_moved_away_is_followed_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = query_log._File(path, 2**20)
    file.write(b'{"id":"q1"}\n')
    path.replace(tmp_path / "moved")
    file.write(b'{"id":"q2"}\n')
    file.reopen()
    file.write(b'{"id":"q3"}\n')
    file.close()
    assert [line["id"] for line in lines(tmp_path / "moved")] == ["q1", "q2"]
    assert [line["id"] for line in lines(path)] == ["q3"]


def test_lines_before_and_after_it_is_opened_again_are_kept(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    log.begun(query(identifier="q1"))
    log.reopen()
    log.begun(query(identifier="q2"))
    log.close()
    assert [line["id"] for line in lines(tmp_path / "log")] == ["q1", "q2"]


def test_a_file_that_is_full_becomes_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for number in range(6):
        log = opened(path, most=500)
        log.begun(query(identifier=f"q{number}"))
        log.close()
    kept = [line["id"] for file in (tmp_path / "log.1", path) for line in lines(file)]
    assert kept == [f"q{number}" for number in range(6)][-len(kept) :]
    assert 2 <= len(kept) < 6
    assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 500
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log", "log.1"]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    file = query_log._File(path, 2**20)
    file.write(b'{"id":"q1"}\n')
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) - 5])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.write(b'{"id":"q2"}\n')
    file.write(b'{"id":"q3"}\n')
    file.close()
    assert path.read_text().splitlines() == ['{"id":"q1"}', '{"id":"', '{"id":"q3"}']


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"query_log: .*nothing/log cannot be written"):
        opened(tmp_path / "nothing" / "log")


def test_the_page_lists_every_member(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    log.begun(query())
    log.ended(query(outcome="ok"))
    log.close()
    begin, end = lines(tmp_path / "log")
    page = (
        (ROOT / "docs" / "monitoring.md").read_text().partition("\n## Query log\n")[2].partition("\n## ")[0]
    )
    listed = re.findall(r"^\| `(\w+)` \| (begin, end|begin|end) \|", page, re.MULTILINE)
    assert [name for name, events in listed if "begin" in events] == list(begin)
    assert {name for name, events in listed if "end" in events} == set(end)
