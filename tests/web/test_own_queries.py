"""The server's own queries: one generation, one deadline, and values that belong to no client alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal

from endpoint.app import create_site
from endpoint.errors import DeadlineExceeded, EngineError, GenerationGone, Overloaded
from endpoint.formats import SPARQL_JSON, QueryForm
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.cache import Region
from endpoint.web.own_queries import OwnQueries, Snapshot, flag, iri, number, together
from tests.datasets.odd_resources import BASE, make
from tests.web.in_memory_engine import StoreEngine

DATA = f"<{BASE}a> <{BASE}p> 1, true, 'one'@en . <{BASE}b> <{BASE}p> <{BASE}a> ."
NUMBERS: Region[int] = Region("numbers")
LATEST: Region[int] = Region("latest", stale=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("own") / "dataset")


@pytest.fixture(params=["union", "strict"])
def site(folder: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    made = create_site(Settings(dataset=folder, default_graph=request.param, timeout=5.0))
    made.running = StoreEngine(DATA, f"{BASE}things")
    yield made


def engine_of(site: Site) -> StoreEngine:
    assert isinstance(site.running, StoreEngine)
    return site.running


def publish(site: Site) -> None:
    """Serve another generation."""
    engine = engine_of(site)
    engine.generation = replace(engine.generation, number=engine.generation.number + 1)


class Maker:
    """Makes numbers, which ``hold`` delays and ``failure`` prevents."""

    def __init__(self) -> None:
        self.made = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self.failure: Exception | None = None

    async def __call__(self, snapshot: Snapshot) -> int:
        self.made += 1
        await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        return snapshot.generation.number


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_solutions_have_terms_and_only_what_is_bound(site: Site) -> None:
    async def work() -> None:
        rows = (
            await OwnQueries(site)
            .snapshot()
            .rows(f"SELECT ?o ?none WHERE {{ GRAPH ?any {{ <{BASE}a> ?p ?o }} OPTIONAL {{ ?o ?p ?none }} }}")
        )
        assert {row["o"] for row in rows} == {Literal(1), Literal(True), Literal("one", language="en")}
        assert all("none" not in row for row in rows)
        assert sum(number(row["o"]) for row in rows) == 1
        assert sum(flag(row["o"]) for row in rows) == 1
        rows = await OwnQueries(site).snapshot().rows(f"SELECT ?o {{ GRAPH ?any {{ <{BASE}b> ?p ?o }} }}")
        assert [iri(row["o"]) for row in rows] == [f"{BASE}a"]

    run(work)


def test_bindings_and_graphs_come_as_they_are_written(site: Site) -> None:
    async def work() -> None:
        snapshot = OwnQueries(site).snapshot()
        rows = await snapshot.bindings(f"SELECT ?o {{ GRAPH ?any {{ <{BASE}b> ?p ?o }} }}")
        assert rows == [{"o": {"type": "uri", "value": f"{BASE}a"}}]
        triple = f"<{BASE}b> <{BASE}p> <{BASE}a> .\n"
        text = f"CONSTRUCT {{ <{BASE}b> ?p ?o }} WHERE {{ GRAPH ?any {{ <{BASE}b> ?p ?o }} }}"
        assert (await snapshot.graph(text)).decode() == triple

    run(work)


def test_every_query_is_on_the_generation_of_its_snapshot(site: Site) -> None:
    async def work() -> None:
        snapshot = OwnQueries(site).snapshot()
        operation = snapshot.operation("SELECT * { GRAPH ?any { ?s ?p ?o } }", QueryForm.SELECT, whole=True)
        assert operation.generation == 7
        union = site.settings.default_graph == "union"
        assert ("?any" in operation.text) is not union
        assert operation.default_graphs == (() if union else tuple(row.iri for row in site.dataset.graphs))
        publish(site)
        with pytest.raises(GenerationGone):
            await snapshot.answer(operation, SPARQL_JSON)

    run(work)


def test_who_stops_reading_gives_the_worker_back(site: Site) -> None:
    async def work() -> None:
        snapshot = OwnQueries(site).snapshot()
        operation = snapshot.operation("SELECT * { ?s ?p ?o }", QueryForm.SELECT)
        async with aclosing(snapshot.stream(operation, SPARQL_JSON)) as pieces:
            async for _ in pieces:
                break

    run(work)


def test_the_deadline_is_one_for_all_queries_and_may_be_earlier(site: Site) -> None:
    async def work() -> None:
        snapshot = OwnQueries(site).snapshot()
        assert 4 < snapshot.limits.timeout <= 5
        assert snapshot.within(1).limits.timeout <= 1
        assert snapshot.within(60).limits.timeout <= 5
        # The last query has a moment, and none has more than a client's.
        assert OwnQueries(site).snapshot(timeout=0).limits.timeout == 0.1
        assert OwnQueries(site).snapshot(timeout=60).limits.timeout == 5

    run(work)


def test_the_first_failure_ends_the_others_and_is_raised_as_it_is() -> None:
    ended = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def failing() -> None:
        await asyncio.sleep(0)
        raise DeadlineExceeded("too long", 1)

    async def work() -> None:
        with pytest.raises(DeadlineExceeded, match="too long"):
            async with together() as group:
                group.create_task(slow())
                async with together() as inner:
                    inner.create_task(failing())
        assert ended == [True]

    run(work)


def test_a_value_is_made_once_for_a_generation(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        first = own_queries.snapshot()
        assert await asyncio.gather(*(first.cached(NUMBERS, maker) for _ in range(9))) == [7] * 9
        publish(site)
        assert await own_queries.snapshot().cached(NUMBERS, maker) == 8
        # A reader that began on the older generation gets nothing of the newer one.
        assert await first.cached(NUMBERS, maker) == 7
        assert maker.made == 2

    run(work)


def test_who_leaves_takes_a_value_from_nobody(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        maker.hold.clear()
        leaving = asyncio.create_task(own_queries.snapshot().cached(NUMBERS, maker))
        staying = asyncio.create_task(own_queries.snapshot().cached(NUMBERS, maker))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        maker.hold.set()
        assert await staying == 7
        assert maker.made == 1
        assert leaving.cancelled()

    run(work)


def test_who_cannot_wait_longer_fails_while_the_value_is_made(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        maker.hold.clear()
        with pytest.raises(DeadlineExceeded, match="numbers could not be had"):
            await own_queries.snapshot(timeout=0).cached(NUMBERS, maker)
        maker.hold.set()
        assert await own_queries.snapshot().cached(NUMBERS, maker) == 7
        assert maker.made == 1

    run(work)


def test_a_failure_is_tried_again(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        maker.failure = Overloaded("busy", 1)
        with pytest.raises(Overloaded):
            await own_queries.snapshot().cached(NUMBERS, maker)
        maker.failure = None
        assert await own_queries.snapshot().cached(NUMBERS, maker) == 7

    run(work)


def test_the_value_of_the_generation_before_is_served_while_one_is_made(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        assert await own_queries.latest(LATEST, maker, 5) == 7
        publish(site)
        maker.hold.clear()
        assert await own_queries.latest(LATEST, maker, 0) == 7
        publish(site)
        # One at a time, though the generation that is being counted was replaced in between.
        assert await own_queries.latest(LATEST, maker, 0) == 7
        assert maker.made == 2
        maker.hold.set()
        assert await own_queries.latest(LATEST, maker, 5) == 8
        assert await own_queries.latest(LATEST, maker, 5) == 9
        assert own_queries.revalidate(LATEST, maker) is None
        assert maker.made == 3

    run(work)


def test_a_count_that_fails_leaves_what_there_was(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()
        maker.failure = EngineError("It could not be counted.")
        assert await own_queries.latest(LATEST, maker, 5) is None
        maker.failure = None
        assert await own_queries.latest(LATEST, maker, 5) == 7
        publish(site)
        maker.failure = EngineError("It could not be counted.")
        assert await own_queries.latest(LATEST, maker, 5) == 7
        maker.failure = ValueError("a mistake of the program")
        with pytest.raises(ValueError, match="mistake"):
            await own_queries.latest(LATEST, maker, 5)

    run(work)


def test_a_count_whose_generation_is_given_up_begins_anew(site: Site) -> None:
    async def work() -> None:
        own_queries, maker = OwnQueries(site), Maker()

        async def moved(snapshot: Snapshot) -> int:
            if snapshot.generation.number == 7:
                publish(site)
                raise GenerationGone("given up", 7, 8)
            return await maker(snapshot)

        assert await own_queries.latest(LATEST, moved, 5) == 8

    run(work)
