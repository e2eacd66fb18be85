"""The registry of running queries: its own rules, and what the embedded engine tells it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from endpoint.engine import CALLER, Caller, Limits
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.running import RunningQueries, RunningQuery
from endpoint.errors import EndpointError, QueryKilled
from endpoint.formats import CSV, SPARQL_JSON, Representation
from tests.engine.test_embedded import ENDLESS, opened, operation
from tests.storage.publishing import publish
from tests.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("forked_templates")


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


def test_evaluation_counts_from_the_worker_on_until_the_worker_tells() -> None:
    query = RunningQuery.of(Caller(), "q1", "ASK {}", "ASK", "")
    query.started -= 10
    assert query.evaluation == 0
    query.pid, query.queued = 7, 4.0
    assert 6 <= query.evaluation < 10
    query.planned, query.evaluated = 0.5, 1.0
    assert query.evaluation == 1.5


def test_equal_texts_have_equal_digests() -> None:
    running = RunningQueries()
    digests = [running.begin(text, "ask", "").digest for text in ("ASK {}", "ASK {}", "ASK { }", "\ud800")]
    assert digests[0] == digests[1] != digests[2]


def test_the_engine_tells_how_each_query_ends(tmp_path: Path) -> None:
    publish(tmp_path, 300)

    async def main() -> list[str]:
        async with opened(tmp_path) as engine:
            told = Told()
            engine.queries.listeners.append(told)
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
                    (running,) = engine.queries
                    assert (running.phase, running.generation) == ("sending", 1)
                    assert running.pid > 0
                    assert running.sent > 0
                else:
                    await result.read()
                await result.aclose()
            assert len(engine.queries) == 0
            return [event.rpartition(" ")[2] for event in told.events if event.startswith("ended")]

    assert asyncio.run(main()) == [
        "ok",
        "aborted",
        "malformed-query",
        "deadline-exceeded",
    ]


LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f }"


async def phase_reached(running: RunningQueries, phase: str) -> RunningQuery:
    async with asyncio.timeout(PATIENCE):
        while True:
            for query in running:
                if query.phase == phase:
                    return query
            await asyncio.sleep(0.01)


def test_a_killed_query_fails_by_design_in_each_phase_and_its_worker_is_replaced(tmp_path: Path) -> None:
    publish(tmp_path, 300)

    async def ended(engine: EmbeddedEngine, phase: str) -> str:
        text = LONG if phase == "sending" else ENDLESS

        async def ask() -> bytes:
            return await (await engine.query(operation(text), Representation.of(CSV), Limits(20))).read()

        asking = asyncio.create_task(ask())
        query = await phase_reached(engine.queries, phase)
        assert engine.queries.kill(query.identifier, "token:night-watch") is query
        assert engine.queries.kill(query.identifier, "another") is query
        with pytest.raises(QueryKilled, match="ended the query"):
            await asking
        assert not asking.cancelling()
        assert query.killer == "token:night-watch"
        assert engine.queries.find(query.identifier) is None
        return query.outcome

    async def main() -> None:
        async with opened(tmp_path) as engine:
            assert await ended(engine, "evaluating") == "query-killed"
            assert await ended(engine, "sending") == "query-killed"
            others = [
                asyncio.create_task(engine.query(operation(ENDLESS), Representation.of(CSV), Limits(20)))
                for _ in range(4)
            ]
            await phase_reached(engine.queries, "waiting")
            for query in engine.queries:
                engine.queries.kill(query.identifier, "token:night-watch")
            outcomes = await asyncio.gather(*others, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [QueryKilled] * 4
            assert engine.queries.kill("q999", "token:night-watch") is None
            result = await engine.query(operation("ASK {}"), Representation.of(SPARQL_JSON), Limits(20))
            assert b"true" in await result.read()

    asyncio.run(main())


def test_a_query_killed_while_nobody_reads_it_is_not_taken_for_a_whole_answer(tmp_path: Path) -> None:
    publish(tmp_path, 300)

    async def main() -> None:
        async with opened(tmp_path) as engine:
            for pieces in (0, 2):
                result = await engine.query(operation(LONG), Representation.of(CSV), Limits(20))
                iterator = aiter(result)
                for _ in range(pieces):
                    assert await anext(iterator)
                (query,) = engine.queries
                engine.queries.kill(query.identifier, "token:night-watch")
                with pytest.raises(QueryKilled):
                    await anext(iterator)
                await result.aclose()
                assert query.outcome == "query-killed"

    asyncio.run(main())
