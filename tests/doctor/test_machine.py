"""Findings about the machine."""

from __future__ import annotations

import resource
import sqlite3
import time
from pathlib import Path

import pytest

from endpoint.doctor import machine, size
from endpoint.engine import fence
from endpoint.engine.fence import Missing, landlock
from endpoint.settings import Settings

SIZES = [(0, "0 bytes"), (1023, "1023 bytes"), (2048, "2 kB"), (3 * 2**20 / 2, "1.5 MB"), (2**31, "2.0 GB")]


@pytest.mark.parametrize(("amount", "shown"), SIZES)
def test_a_size_for_people(amount: float, shown: str) -> None:
    assert size(amount) == shown


def levels(check: object, settings: Settings | None = None) -> dict[str, str]:
    assert callable(check)
    return {finding.check: finding.level for finding in check(settings or Settings())}


def test_this_machine_can_run_the_server() -> None:
    for check in machine.CHECKS:
        for finding in check(Settings()):
            assert finding.said.endswith(".")
            assert finding.level == "ok" or finding.advice
            if finding.check in ("versions", "fts5", "fonts", "clock"):
                assert finding.level == "ok"


def test_what_the_system_does_not_offer_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    here: list[int] = []

    def enclose() -> Missing:
        here.append(1)
        return Missing.SYSTEM_CALLS

    monkeypatch.setattr(fence, "enclose_template", enclose)
    monkeypatch.setattr(landlock, "version", lambda: 0)
    found = levels(machine.fences)
    assert (found["seccomp"], found["landlock"], found["end of workers"]) == ("warn", "warn", "ok")
    # It was tried in another process.
    assert here == []


def test_a_sqlite_without_fts5_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such module: fts5")

    monkeypatch.setattr(sqlite3, "connect", Connection)
    assert levels(machine.text_search) == {"fts5": "fail"}


@pytest.mark.parametrize(("limit", "level"), [(64, "fail"), (300, "warn"), (2**20, "ok")])
def test_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch, limit: int, level: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert levels(machine.open_files, Settings(workers=2)) == {"open files": level}


def test_more_memory_than_there_is_is_warned_of() -> None:
    assert levels(machine.memory, Settings(memory=2**20, image=2**20, workers=1)) == {"memory": "ok"}
    assert levels(machine.memory, Settings(memory=2**50)) == {"memory": "warn"}
    # Long queries use memory beside those of the quick workers.
    many = Settings(memory=2**30, image=2**20, workers=1, slow_lane=10_000)
    assert levels(machine.memory, many) == {"memory": "warn"}


def test_a_clock_before_what_was_written_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert levels(machine.clock, settings) == {"clock": "ok"}
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert levels(machine.clock, settings) == {"clock": "fail"}
