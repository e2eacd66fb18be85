"""The engine that keeps answers, before one that answers when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from endpoint.engine import CALLER, Caller, Limits, Result
from endpoint.engine.cache import (
    ALONE,
    COLLAPSED,
    HIT,
    MISS,
    STORED,
    UNWANTED,
    VOLATILE,
    ByteCache,
    Entry,
    Use,
)
from endpoint.engine.cached import CachedEngine
from endpoint.errors import (
    BudgetExhausted,
    DeadlineExceeded,
    EndpointError,
    MalformedQuery,
    MemoryLimitExceeded,
)
from endpoint.formats import CSV, HTML, SPARQL_JSON, Facts, Links, Page, QueryForm, Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from tests.web.in_memory_engine import StoreEngine

ASK = Operation("ASK {}", QueryForm.ASK)
JSON = Representation.of(SPARQL_JSON)
LIMITS = Limits(20.0)
MB = 2**20


class Pieces:
    """A result of some pieces: ``complete`` where it is one, and each other one when ``go`` is set."""

    queued = planned = evaluated = 0.0
    columns = True

    def __init__(self, generation: Generation, pieces: list[bytes], facts: Facts | None = None) -> None:
        self.generation = generation
        self.complete = len(pieces) == 1
        self.facts = facts
        self.use: Use | None = None
        self.kept: Entry | None = None
        self.closed = False
        self.go = asyncio.Event()
        self.failure: EndpointError | None = None
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._pieces[0]
        for piece in self._pieces[1:]:
            await self.go.wait()
            yield piece
        if self.failure is not None:
            raise self.failure
        self.complete = True

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self])

    async def aclose(self) -> None:
        self.closed = True


class Engine(StoreEngine):
    """An engine whose answers the test gives, one after the other: pieces, or failures."""

    def __init__(self) -> None:
        super().__init__("<urn:s> <urn:p> 1", "urn:g")
        self.answers: asyncio.Queue[list[bytes] | Exception] = asyncio.Queue()
        self.facts: Facts | None = None
        self.given: list[Pieces] = []
        self.older: list[Generation] = []

    def answerable(self, number: int) -> Generation | None:
        found = [each for each in (self.generation, *self.older) if each.number == number]
        return found[0] if found else None

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        self.asked.append(operation.text)
        number = operation.generation
        generation = self.generation if number is None else self.answerable(number)
        assert generation is not None
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        self.given.append(Pieces(generation, answer, self.facts))
        return self.given[-1]

    def answer(self, *answers: list[bytes] | Exception) -> None:
        for each in answers:
            self.answers.put_nowait(each)

    def publish(self) -> None:
        self.older.append(self.generation)
        self.generation = replace(self.generation, number=self.generation.number + 1)


def run(test: Callable[[Engine, CachedEngine], Awaitable[None]], most: int = MB) -> None:
    async def wait() -> None:
        engine = Engine()
        await asyncio.wait_for(test(engine, CachedEngine(engine, ByteCache(most))), 5)

    asyncio.run(wait())


async def whole(
    engine: CachedEngine, operation: Operation = ASK, representation: Representation = JSON, **limits: Any
) -> tuple[bytes, Use | None]:
    result = await engine.query(operation, representation, replace(LIMITS, **limits))
    async with aclosing(result):
        return b"".join([piece async for piece in result]), result.use


async def settled() -> None:
    """Let all tasks go on until each of them waits."""
    for _ in range(20):
        await asyncio.sleep(0)


def task(engine: CachedEngine, *arguments: Any, **limits: Any) -> asyncio.Task[tuple[bytes, Use | None]]:
    return asyncio.create_task(whole(engine, *arguments, **limits))


def test_an_answer_is_evaluated_once() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"yes"])
        assert await whole(cached) == (b"yes", STORED)
        for _ in range(3):
            assert await whole(cached) == (b"yes", HIT)
        assert len(engine.asked) == 1
        assert (cached.cache.uses["hit"], cached.cache.uses["miss"]) == (3, 1)

    run(test)


def test_a_result_from_the_cache_has_what_the_first_one_had() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.facts = Facts(3, True, 9, "mark")
        engine.answer([b"yes"])
        first = await cached.query(ASK, JSON, LIMITS)
        again = await cached.query(ASK, JSON, LIMITS)
        assert (again.generation, again.facts, again.columns) == (engine.generation, engine.facts, True)
        assert again.complete
        assert again.kept is first.kept is not None
        assert await again.read() == b"yes"

    run(test)


@pytest.mark.parametrize(
    ("operation", "representation", "limits"),
    [
        (replace(ASK, text="ASK { }"), JSON, {}),
        (replace(ASK, base_iri="urn:b"), JSON, {}),
        (replace(ASK, default_graphs=("urn:g",)), JSON, {}),
        (replace(ASK, named_graphs=("urn:g",)), JSON, {}),
        (replace(ASK, columns=False), JSON, {}),
        (ASK, Representation.of(CSV), {}),
        (ASK, replace(JSON, page=Page(5)), {}),
        (ASK, replace(JSON, page=Page(5, 5)), {}),
        (ASK, replace(JSON, language_tags=True), {}),
        (ASK, replace(Representation.of(HTML), links=Links("a", "b", "ko")), {}),
        (ASK, JSON, {"rows": 10}),
        (ASK, JSON, {"size": 10}),
    ],
)
def test_whatever_changes_an_answer_is_another_one(
    operation: Operation, representation: Representation, limits: dict[str, int]
) -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one"], [b"two"])
        assert await whole(cached) == (b"one", STORED)
        assert await whole(cached, operation, representation, **limits) == (b"two", STORED)
        assert await whole(cached, operation, representation, **limits) == (b"two", HIT)
        assert await whole(cached, timeout=3.0) == (b"one", HIT)

    run(test)


def test_a_new_generation_begins_empty() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one"], [b"two"], [b"three"])
        assert await whole(cached) == (b"one", STORED)
        engine.publish()
        assert await whole(cached) == (b"two", STORED)
        assert await whole(cached, ASK.on(8)) == (b"two", HIT)
        assert await whole(cached, ASK.on(7)) == (b"one", HIT)
        engine.older.clear()
        # What is not kept any more is for the engine to refuse.
        with pytest.raises(AssertionError):
            await whole(cached, ASK.on(7))

    run(test)


def test_an_answer_on_a_newer_generation_than_was_looked_up_is_kept_for_that_one() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        asked = task(cached)
        await settled()
        engine.publish()
        engine.answer([b"one"], [b"two"])
        # It began on the old generation, and answers that.
        assert await asked == (b"one", STORED)
        assert await whole(cached) == (b"two", STORED)
        assert await whole(cached, ASK.on(7)) == (b"one", HIT)

    run(test)


@pytest.mark.parametrize(
    ("operation", "limits", "use"),
    [(replace(ASK, volatile=True), {}, VOLATILE), (ASK, {"anew": True}, UNWANTED)],
)
def test_what_is_not_for_the_cache_passes_it(operation: Operation, limits: dict[str, Any], use: Use) -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one"], [b"two"], [b"three"])
        assert await whole(cached, operation, **limits) == (b"one", use)
        assert await whole(cached, operation, **limits) == (b"two", use)
        assert await whole(cached) == (b"three", STORED)
        assert cached.cache.uses["bypass"] == 2

    run(test)


def test_without_memory_there_is_no_cache() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one"], [b"two"])
        assert await whole(cached) == (b"one", None)
        assert await whole(cached) == (b"two", None)
        assert not cached.cache.uses.total()
        cached.reconfigure(Settings(cache=MB))
        engine.answer([b"three"])
        assert await whole(cached) == (b"three", STORED)

    run(test, 0)


def test_a_failure_is_never_kept() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer(MalformedQuery("wrong"), [b"one"])
        with pytest.raises(MalformedQuery):
            await whole(cached)
        assert await whole(cached) == (b"one", STORED)

    run(test)


def test_rows_that_were_not_counted_to_the_end_are_not_kept() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        counting = replace(JSON, page=Page(3, counting=0.5))
        engine.facts = Facts(3, True, None, "mark")
        engine.answer([b"one"], [b"two"], [b"three"])
        assert await whole(cached, ASK, counting) == (b"one", MISS)
        engine.facts = Facts(3, True, 100, "mark")
        assert await whole(cached, ASK, counting) == (b"two", STORED)
        assert await whole(cached, ASK, counting) == (b"two", HIT)
        engine.facts = Facts(3, True, None, "mark")
        assert await whole(cached, ASK, replace(JSON, page=Page(3))) == (b"three", STORED)

    run(test)


def test_equal_queries_wait_for_one() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        asked = [task(cached) for _ in range(10)]
        await settled()
        assert len(engine.asked) == 1
        engine.answer([b"one"])
        assert await asyncio.gather(*asked) == [(b"one", STORED)] + 9 * [(b"one", COLLAPSED)]
        assert cached.cache.uses["collapsed"] == 9

    run(test)


def test_others_get_the_answer_when_the_first_one_leaves() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        first, *others = [task(cached) for _ in range(4)]
        await settled()
        first.cancel()
        await settled()
        assert len(engine.asked) == 2
        others[1].cancel()
        await settled()
        engine.answer([b"one"])
        assert await others[0] == (b"one", STORED)
        assert await others[2] == (b"one", COLLAPSED)
        assert first.cancelled()
        assert others[1].cancelled()
        assert len(engine.asked) == 2

    run(test)


def test_what_would_fail_again_fails_for_all_who_wait() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        asked = [task(cached) for _ in range(3)]
        await settled()
        engine.answer(MemoryLimitExceeded("too much", MB))
        failures = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(failure) for failure in failures] == 3 * [MemoryLimitExceeded]
        assert len(engine.asked) == 1

    run(test)


@pytest.mark.parametrize("failure", [BudgetExhausted("used up", 1, 1.0), DeadlineExceeded("late", 1.0)])
def test_what_concerns_the_first_one_only_lets_the_next_one_ask(failure: EndpointError) -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        asked = [task(cached) for _ in range(3)]
        await settled()
        engine.answer(failure, [b"one"])
        first, *others = await asyncio.gather(*asked, return_exceptions=True)
        assert first is failure
        assert others[0] == (b"one", STORED)
        assert others[1] in ((b"one", COLLAPSED), (b"one", HIT))
        assert len(engine.asked) == 2

    run(test)


def test_whoever_waits_has_a_deadline_of_its_own() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        first = task(cached)
        await settled()
        with pytest.raises(DeadlineExceeded):
            await whole(cached, timeout=0.01)
        assert len(engine.asked) == 1
        engine.answer([b"one"])
        assert await first == (b"one", STORED)

    run(test)


def test_nobody_waits_for_one_that_has_less_time_or_must_wait_itself() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        short = task(cached, timeout=1.0)
        await settled()
        patient = task(cached)
        await settled()
        assert len(engine.asked) == 2
        engine.answer([b"one"], [b"two"])
        assert {await short, await patient} == {(b"one", STORED), (b"two", STORED)}

    async def heavy(engine: Engine, cached: CachedEngine) -> None:
        async def asked_by(name: str) -> tuple[bytes, Use | None]:
            CALLER.set(Caller(name))
            return await whole(cached)

        for name in ("192.0.2.1", "192.0.2.2"):
            engine.clients.admit(Caller(name))
        engine.clients.find(Caller("192.0.2.1")).charge(10.0)
        first = asyncio.create_task(asked_by("192.0.2.1"))
        await settled()
        second = asyncio.create_task(asked_by("192.0.2.2"))
        await settled()
        third = asyncio.create_task(asked_by("192.0.2.3"))
        await settled()
        assert len(engine.asked) == 2
        engine.answer([b"one"], [b"two"])
        assert {(await first)[0], (await second)[0]} == {b"one", b"two"}
        assert (await third)[1] in (COLLAPSED, HIT)

    run(test)
    run(heavy)


def test_an_answer_in_pieces_is_kept_once_it_was_read() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one, ", b"two"])
        first = task(cached)
        await settled()
        second = task(cached)
        await settled()
        assert len(engine.asked) == 1
        engine.given[0].go.set()
        assert await first == (b"one, two", MISS)
        assert await second == (b"one, two", COLLAPSED)
        assert await whole(cached) == (b"one, two", HIT)
        assert engine.given[0].closed
        assert cached._copied == 0

    run(test)


def test_an_answer_that_was_not_read_to_its_end_is_not_kept() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one, ", b"two"], [b"again"])
        first = await cached.query(ASK, JSON, LIMITS)
        second = task(cached)
        await settled()
        await first.aclose()
        assert await second == (b"again", STORED)
        assert cached._copied == 0

    run(test)


def test_an_answer_that_fails_on_its_way_is_not_kept() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one, ", b"two"], [b"again"])
        first = task(cached)
        await settled()
        second = task(cached)
        await settled()
        engine.given[0].failure = DeadlineExceeded("late", 1.0)
        engine.given[0].go.set()
        with pytest.raises(DeadlineExceeded):
            await first
        assert await second == (b"again", STORED)
        assert cached._copied == 0

    run(test)


def test_a_large_answer_holds_nobody_back() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        large = [b"x" * 50_000] * 4
        engine.answer(large)
        first = await cached.query(ASK, JSON, LIMITS)
        others = [task(cached) for _ in range(3)]
        await settled()
        assert len(engine.asked) == 1
        pieces = first.__aiter__()
        assert await anext(pieces) == large[0]
        engine.given[0].go.set()
        # The third piece is one too many: now all of them ask at once.
        assert [await anext(pieces), await anext(pieces)] == large[1:3]
        await settled()
        assert len(engine.asked) == 4
        engine.answer(large, large, large)
        await settled()
        for given in engine.given:
            given.go.set()
        assert await asyncio.gather(*others) == 3 * [(b"".join(large), ALONE)]
        assert await anext(pieces) == large[3]
        # From now on nobody waits for another one.
        again = [task(cached) for _ in range(2)]
        await settled()
        assert len(engine.asked) == 6
        engine.answer([b"1"], [b"2"])
        await asyncio.gather(*again)
        assert cached._copied == 0

    run(test)


def test_nobody_waits_long_for_a_client_that_reads_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.engine.flights.PATIENCE", 0.01)

    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one, ", b"two"])
        await cached.query(ASK, JSON, LIMITS)
        second = task(cached)
        await settled()
        assert len(engine.asked) == 1
        engine.answer([b"again"])
        assert await second == (b"again", ALONE)

    run(test)


def test_what_slow_clients_are_sent_is_copied_within_bounds() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        most, results = cached.cache.most // 4, []
        for number in range(20):
            engine.answer([b"x" * 40_000, b"y"])
            result = await cached.query(replace(ASK, text=f"ASK {{}} #{number}"), JSON, LIMITS)
            results.append(result)
            await anext(result.__aiter__())
            assert cached._copied <= most
        assert cached._copied == most // 40_000 * 40_000
        for result in results:
            await result.aclose()
        assert cached._copied == 0

    run(test)


def test_searches_are_kept_too() -> None:
    class Searched(Engine):
        async def search(self, request: Request, limits: Limits, generation: int | None = None) -> Result:
            return await self.query(replace(ASK, text=request.query), JSON, limits)

    async def test() -> None:
        engine = Searched()
        cached = CachedEngine(engine, ByteCache(MB))
        engine.answer([b"one"], [b"two"])
        results = [await cached.search(Request(words), LIMITS) for words in ("arms", "arms", "peace")]
        assert [result.use for result in results] == [STORED, HIT, STORED]
        assert engine.asked == ["arms", "peace"]

    asyncio.run(test())


def test_a_data_directory_made_anew_is_another_one() -> None:
    async def test(engine: Engine, cached: CachedEngine) -> None:
        engine.answer([b"one"], [b"two"])
        assert await whole(cached) == (b"one", STORED)
        engine.generation = Generation(7, Path(), datetime(2027, 1, 1, tzinfo=UTC), 0, "")
        assert await whole(cached) == (b"two", STORED)

    run(test)
