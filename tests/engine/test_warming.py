"""Warming: what is asked again on a new generation, on whose behalf, and what it gives way to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from endpoint.engine import CALLER, Caller, Limits, Occupancy, Result, warming
from endpoint.engine.cache import HIT, ByteCache
from endpoint.engine.cached import CachedEngine
from endpoint.errors import Overloaded
from endpoint.formats import CSV, SPARQL_JSON, Page, QueryForm, Representation
from endpoint.sparql.operation import Operation
from tests.waiting import until_async
from tests.web.in_memory_engine import StoreEngine

JSON = Representation.of(SPARQL_JSON)
LIMITS = Limits(20.0)


class Engine(StoreEngine):
    """Remembers who asked what on which generation; ``failing`` are texts that fail."""

    def __init__(self) -> None:
        super().__init__("<urn:s> <urn:p> 1", "urn:g")
        self.seen: list[tuple[int, str, str]] = []
        self.failing: set[str] = set()

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        self.seen.append((self.generation.number, CALLER.get().client, operation.text))
        if operation.text in self.failing:
            raise Overloaded("busy", 1)
        return await super().query(operation, representation, limits)

    def publish(self) -> None:
        self.generation = replace(self.generation, number=self.generation.number + 1)

    def warmed(self) -> list[str]:
        return [text for _, client, text in self.seen if client == ""]


def ask(number: int) -> Operation:
    return Operation(f"ASK {{}} #{number}", QueryForm.ASK)


@pytest.fixture(autouse=True)
def _every_generation_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "LASTING", 0.0)


async def asked(cached: CachedEngine, number: int, times: int) -> None:
    CALLER.set(Caller("192.0.2.1"))
    for _ in range(times):
        await cached.query(ask(number), JSON, LIMITS)


def test_what_was_asked_most_is_there_again() -> None:
    async def main() -> None:
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        for number, times in ((1, 2), (2, 5), (3, 1), (4, 3)):
            await asked(cached, number, times)
        engine.publish()
        await asked(cached, 9, 1)
        await until_async(lambda: len(engine.warmed()) == 3)
        assert engine.warmed() == [ask(number).text for number in (2, 4, 1)]
        assert {number for number, client, _ in engine.seen if client == ""} == {8}
        await until_async(lambda: len(cached.cache) == 8)
        for number in (1, 2, 4):
            assert (await cached.query(ask(number), JSON, LIMITS)).use is HIT
        # What nobody asked of this generation is not warmed on the next one.
        engine.publish()
        await asked(cached, 9, 1)
        await until_async(lambda: len(engine.warmed()) == 6)

    asyncio.run(main())


def test_queries_of_one_generation_and_pages_are_warmed_on_the_next_one() -> None:
    async def main() -> None:
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        page = replace(Representation.of(CSV), page=Page(5))
        for _ in range(2):
            await cached.query(ask(1).on(7), page, LIMITS)
        engine.publish()
        CALLER.set(Caller("192.0.2.1"))
        await asked(cached, 9, 1)
        await until_async(lambda: (8, "", ask(1).text) in engine.seen)
        await until_async(lambda: len(cached.cache) == 3)
        assert (await cached.query(ask(1).on(8), page, LIMITS)).use is HIT

    asyncio.run(main())


def test_it_gives_way_to_clients_and_to_the_next_generation() -> None:
    async def main() -> None:
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        for busy in (
            Occupancy(waiting=1, states={"idle": 2, "evaluating": 0}),
            Occupancy(states={"idle": 1, "evaluating": 1}),
            Occupancy(states={"idle": 0, "evaluating": 1}),
        ):
            engine.occupancy = Occupancy(states={"idle": 2})
            await asked(cached, 1, 2)
            engine.occupancy = busy
            engine.publish()
            await asked(cached, 2, 1)
            for _ in range(5):
                await asyncio.sleep(warming._LOOK)
            assert engine.warmed() == []
        engine.occupancy = Occupancy(states={"idle": 1, "evaluating": 0})
        await until_async(lambda: engine.warmed() == [ask(1).text])
        await cached.aclose()

    asyncio.run(main())


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.engine.cached.MOST", 3)

    async def main(seconds: float, number: int) -> None:
        monkeypatch.setattr(warming, "SECONDS", seconds)
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        for each in range(6):
            await asked(cached, each, 2)
        engine.publish()
        await asked(cached, 9, 1)
        task = cached._warming._task
        assert task is not None
        await task
        assert len(engine.warmed()) == number

    asyncio.run(main(10.0, 3))
    asyncio.run(main(0.0, 0))


def test_a_failure_ends_nothing() -> None:
    async def main() -> None:
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        await asked(cached, 1, 3)
        await asked(cached, 2, 2)
        engine.failing.add(ask(1).text)
        engine.publish()
        await asked(cached, 9, 1)
        await until_async(lambda: engine.warmed() == [ask(1).text, ask(2).text])

    asyncio.run(main())


def test_generations_that_follow_each_other_fast_are_not_warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "LASTING", 60.0)

    async def main() -> None:
        engine = Engine()
        cached = CachedEngine(engine, ByteCache(2**20))
        await asked(cached, 1, 2)
        engine.publish()
        await asked(cached, 9, 1)
        assert cached._warming._task is None

    asyncio.run(main())
