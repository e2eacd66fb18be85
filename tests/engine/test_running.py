"""The registry of running queries: its own rules, and what the embedded engine tells it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from endpoint.engine import CALLER, Caller, Limits
from endpoint.engine.running import RunningQueries, RunningQuery
from endpoint.errors import EndpointError
from endpoint.formats import CSV, Representation
from tests.engine.test_embedded import ENDLESS, opened, operation
from tests.storage.publishing import publish


class Told:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def begun(self, query: RunningQuery) -> None:
        self.events.append(f"begun {query.identifier}")

    def ended(self, query: RunningQuery) -> None:
        self.events.append(f"ended {query.identifier} {query.outcome}")


def test_a_query_is_there_until_its_first_outcome() -> None:
    running, told = RunningQueries(), Told()
    running.listeners.append(told)
    token = CALLER.set(Caller("203.0.113.9", "abc-1"))
    try:
        query = running.begin("ASK {}", "ask", "text/csv")
    finally:
        CALLER.reset(token)
    assert query.caller == Caller("203.0.113.9", "abc-1")
    assert list(running) == [query]
    assert running.find(query.identifier) is query
    running.end(query, "ok")
    running.end(query, "aborted")
    assert (len(running), query.outcome) == (0, "ok")
    assert told.events == [f"begun {query.identifier}", f"ended {query.identifier} ok"]
    assert query.age == query.duration > 0


def test_equal_texts_have_equal_digests() -> None:
    running = RunningQueries()
    digests = [running.begin(text, "ask", "").digest for text in ("ASK {}", "ASK {}", "ASK { }", "\ud800")]
    assert digests[0] == digests[1] != digests[2]


def test_the_engine_tells_how_each_query_ends(tmp_path: Path) -> None:
    publish(tmp_path, 300)

    async def main() -> list[str]:
        async with opened(tmp_path) as engine:
            told = Told()
            engine.running.listeners.append(told)
            for text, timeout in (
                ("SELECT * { ?s ?p ?o }", 20.0),
                ("SELECT * { ?a ?b ?c . ?d ?e ?f }", 20.0),
                ("SELECT * {", 20.0),
                (ENDLESS, 0.3),
            ):
                try:
                    result = await engine.query(operation(text), Representation.of(CSV), Limits(timeout))
                except EndpointError:
                    continue
                if "?d" in text:
                    (running,) = engine.running
                    assert (running.phase, running.generation) == ("sending", 1)
                    assert running.pid > 0
                    assert running.sent > 0
                else:
                    await result.read()
                await result.aclose()
            assert len(engine.running) == 0
            return [event.rpartition(" ")[2] for event in told.events if event.startswith("ended")]

    assert asyncio.run(main()) == [
        "ok",
        "aborted",
        "malformed-query",
        "deadline-exceeded",
    ]
