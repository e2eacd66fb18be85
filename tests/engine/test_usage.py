from __future__ import annotations

import time

import pytest

from endpoint.engine.running import CALLER, Caller, RunningQueries, RunningQuery
from endpoint.engine.usage import MOST, OTHERS, STEP, STEPS, Usage, Use, evaluation


def asked(running: RunningQueries, client: str, outcome: str, seconds: float = 0.0) -> None:
    """A query of a client that took so long to evaluate."""
    token = CALLER.set(Caller(client))
    try:
        query = running.begin("ASK {}", "ASK", "")
    finally:
        CALLER.reset(token)
    query.pid, query.evaluated = 7, seconds
    running.end(query, outcome)


def watched() -> tuple[RunningQueries, Usage]:
    running, counted = RunningQueries(), Usage()
    running.listeners.append(counted)
    return running, counted


def test_seconds_queries_and_refusals_are_counted_by_client() -> None:
    running, counted = watched()
    asked(running, "203.0.113.1", "ok", 1.5)
    asked(running, "203.0.113.1", "deadline-exceeded", 2.0)
    asked(running, "203.0.113.2", "overloaded")
    totals = counted.totals([])
    assert totals["203.0.113.1"] == Use(3.5, 2, 0)
    assert totals["203.0.113.2"].refused == 1


def test_a_query_that_runs_counts_from_its_worker_on() -> None:
    _, counted = watched()
    query = RunningQuery("q1", Caller("203.0.113.1"), "ASK {}", "ASK", "")
    query.started = time.monotonic() - 10
    assert evaluation(query) == 0
    query.pid, query.queued = 7, 4.0
    assert counted.totals([query])["203.0.113.1"].seconds == pytest.approx(6, abs=1)
    assert counted.totals([]) == {}


def test_what_is_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    running, counted = watched()
    now = time.monotonic()
    for step, client in ((0, "a"), (STEPS // 2, "b"), (STEPS + 1, "c")):
        monkeypatch.setattr(time, "monotonic", lambda step=step: now + step * STEP)
        asked(running, client, "ok", 1.0)
    assert set(counted.totals([])) == {"b", "c"}
    monkeypatch.setattr(time, "monotonic", lambda: now + 10**6)
    assert counted.totals([]) == {}


def test_any_number_of_clients_takes_bounded_memory() -> None:
    running, counted = watched()
    for number in range(MOST + 50):
        asked(running, f"client {number}", "ok", 1.0)
    totals = counted.totals([])
    assert len(totals) == MOST + 1
    assert totals[OTHERS].queries == 50
