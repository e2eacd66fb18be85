"""The cache of values: one task for each, what leaves it, and bounds that hold in any order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.engine.cache import OVERHEAD, ByteCache
from endpoint.errors import Overloaded
from endpoint.storage.generations import Generation
from endpoint.web.cache import Cache, Region

FIRST = Generation(1, Path(), datetime(2026, 1, 1, tzinfo=UTC), 0, "")
SECOND = replace(FIRST, number=2)
HOUR = 3600.0


class Maker:
    """Counts how often a value was made; ``fail`` makes it fail."""

    def __init__(self) -> None:
        self.made = 0
        self.fail = False

    async def __call__(self) -> int:
        self.made += 1
        made = self.made
        await asyncio.sleep(0.01)
        if self.fail:
            raise Overloaded("busy", 1)
        return made


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_all_who_want_a_value_at_a_time_get_one() -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR, ByteCache(2**20)), Region[int]("numbers"), Maker()
        tasks = [cache.begin(FIRST, region, "a", make) for _ in range(60)]
        assert await asyncio.gather(*tasks) == [1] * 60
        assert await cache.begin(FIRST, region, "a", make) == 1
        assert await cache.begin(FIRST, region, "b", make) == 2

    run(work)


def test_a_failure_is_that_of_all_who_wait_and_not_kept() -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR, ByteCache(2**20)), Region[int]("numbers"), Maker()
        make.fail = True
        tasks = [cache.begin(FIRST, region, "a", make) for _ in range(3)]
        failures = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(failure) for failure in failures] == [Overloaded] * 3
        assert (make.made, len(cache)) == (1, 0)
        make.fail = False
        assert await cache.begin(FIRST, region, "a", make) == 2

    run(work)


@pytest.mark.parametrize(("wanted", "made"), [("aaa", 1), ("aabbb", 2), ("abab", 4)])
def test_of_small_values_the_last_one_is_kept(wanted: str, made: int) -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR, ByteCache(0)), Region[int]("numbers"), Maker()
        other = Region[int]("others")
        assert await cache.begin(FIRST, other, "", make) == 1
        for key in wanted:
            await cache.begin(FIRST, region, key, make)
        assert make.made == made + 1
        # One region does not drive out another.
        assert await cache.begin(FIRST, other, "", make) == 1
        assert len(cache) == 2

    run(work)


def test_many_addresses_leave_memory_flat() -> None:
    async def drawn(number: int) -> bytes:
        return bytes(10_000) + str(number).encode()

    async def work() -> None:
        memory = ByteCache(200_000)
        cache, region = Cache(HOUR, memory), Region[bytes]("drawings", size=len)
        largest = 0
        for number in range(20_000):
            await cache.begin(FIRST, region, number, lambda number=number: drawn(number))  # type: ignore[misc]
            largest = max(largest, len(memory))
        assert (largest, memory.size <= 200_000, len(cache)) == (18, True, 0)

    run(work)


@pytest.mark.parametrize("most", [0, 8 * (OVERHEAD + 100)])
def test_a_value_larger_than_its_part_of_the_memory_is_made_and_not_kept(most: int) -> None:
    async def large() -> bytes:
        return bytes(101)

    async def work() -> None:
        memory = ByteCache(most)
        cache, region = Cache(HOUR, memory), Region[bytes]("drawings", size=len)
        tasks = [cache.begin(FIRST, region, "", large) for _ in range(3)]
        assert len(set(tasks)) == 1
        assert len(await tasks[0]) == 101
        assert (len(cache), len(memory), memory.size) == (0, 0, 0)

    run(work)


def test_a_value_that_made_room_for_others_is_made_again() -> None:
    async def work() -> None:
        memory, make = ByteCache(2**20), Maker()
        cache, region = Cache(HOUR, memory), Region[int]("numbers", size=lambda _: 1000)
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(FIRST, Region[int]("others", size=lambda _: 1000), "", make) == 2
        memory.resize(0)
        assert await cache.begin(FIRST, region, "", make) == 3

    run(work)


@pytest.mark.parametrize("size", [None, lambda _: 100])
def test_a_value_with_a_lifetime_is_made_anew(size: Callable[[int], int] | None) -> None:
    async def work() -> None:
        cache, make = Cache(HOUR, ByteCache(2**20)), Maker()
        region = Region[int]("numbers", size=size, lifetime=lambda number: 0.0 if number == 1 else None)
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(FIRST, region, "", make) == 2
        assert await cache.begin(FIRST, region, "", make) == 2

    run(work)


@pytest.mark.parametrize(("keep", "kept"), [(0.0, 1), (HOUR, 2)])
def test_a_replaced_generation_keeps_its_values_while_it_is_used(keep: float, kept: int) -> None:
    async def work() -> None:
        cache, region, make = Cache(keep, ByteCache(2**20)), Region[int]("numbers"), Maker()
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(SECOND, region, "", make) == 2
        cache.retire(SECOND)
        assert len(cache) == kept
        # An older generation that is still answered has values of its own.
        assert await cache.begin(FIRST, region, "", make) == (1 if kept == 2 else 3)
        assert await cache.begin(SECOND, region, "", make) == 2

    run(work)


def test_a_generation_of_the_same_number_is_another_one() -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR, ByteCache(2**20)), Region[int]("numbers"), Maker()
        again = replace(FIRST, created=datetime(2026, 1, 2, tzinfo=UTC))
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(again, region, "", make) == 2

    run(work)


def test_a_value_in_the_making_outlives_its_generation() -> None:
    async def work() -> None:
        cache, region, make = Cache(0.0, ByteCache(2**20)), Region[int]("numbers", stale=True), Maker()
        task = cache.begin(FIRST, region, "", make)
        assert cache.running(region) is task
        cache.retire(SECOND)
        # One at a time, also where the generation was replaced meanwhile.
        assert cache.running(region) is task
        assert await task == 1
        cache.retire(SECOND)
        assert (cache.running(region), len(cache)) == (None, 0)
        # It is served until there is a newer one.
        assert cache.latest(region) == (FIRST.version, 1)

    run(work)


# A step: generation, region, key, whether it fails, and how many turns of the loop pass before the next one.
STEPS = st.lists(
    st.tuples(
        st.sampled_from([FIRST, SECOND]),
        st.integers(0, 1),
        st.integers(0, 4),
        st.booleans(),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=40,
)


@given(STEPS)
def test_in_any_order_each_value_is_made_once_at_a_time_and_the_bounds_hold(
    steps: list[tuple[Generation, int, int, bool, int, bool]],
) -> None:
    regions = [Region[str]("a", size=lambda _: 1000), Region[str]("b")]
    memory = ByteCache(8 * (1000 + OVERHEAD))
    cache = Cache(HOUR, memory)
    flying: Counter[Hashable] = Counter()

    async def make(name: str, fail: bool) -> str:
        flying[name] += 1
        assert flying[name] == 1
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if fail:
                raise Overloaded(name, 1)
            return name * 10
        finally:
            flying[name] -= 1

    async def wait(task: asyncio.Future[str], name: str) -> None:
        try:
            await asyncio.wait([task])
            assert task.result() == name * 10
        except Overloaded as error:
            assert str(error) == name

    async def work() -> None:
        waiting = []
        for generation, place, key, fail, turns, leaves in steps:
            name = f"{generation.number}{place}{key}"
            task = cache.begin(generation, regions[place], key, lambda name=name, fail=fail: make(name, fail))  # type: ignore[misc]
            client = asyncio.create_task(wait(task, name))
            for _ in range(turns):
                await asyncio.sleep(0)
            if leaves:
                client.cancel()
            else:
                waiting.append(client)
            assert memory.size <= memory.most
        await asyncio.gather(*waiting)
        # What nobody waits for may not have begun yet; to make a value takes four turns of the loop.
        for _ in range(10):
            await asyncio.sleep(0)
        assert not flying.total()
        assert memory.size <= memory.most
        assert len(cache) <= 2

    asyncio.run(work())
