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
        cache, region, make = Cache(HOUR), Region[int]("numbers", entries=2), Maker()
        tasks = [cache.begin(FIRST, region, "a", make) for _ in range(60)]
        assert await asyncio.gather(*tasks) == [1] * 60
        assert await cache.begin(FIRST, region, "a", make) == 1
        assert await cache.begin(FIRST, region, "b", make) == 2

    run(work)


def test_a_failure_is_that_of_all_who_wait_and_not_kept() -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR), Region[int]("numbers"), Maker()
        make.fail = True
        tasks = [cache.begin(FIRST, region, "a", make) for _ in range(3)]
        failures = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(failure) for failure in failures] == [Overloaded] * 3
        assert (make.made, len(cache)) == (1, 0)
        make.fail = False
        assert await cache.begin(FIRST, region, "a", make) == 2

    run(work)


@pytest.mark.parametrize(("wanted", "made"), [("abab", 2), ("abcabc", 6), ("abacab", 4)])
def test_the_least_recently_used_leaves_first(wanted: str, made: int) -> None:
    async def work() -> None:
        cache, region, make = Cache(HOUR), Region[int]("numbers", entries=2), Maker()
        for key in wanted:
            await cache.begin(FIRST, region, key, make)
        assert make.made == made

    run(work)


def test_one_region_does_not_drive_out_another() -> None:
    async def work() -> None:
        cache, make = Cache(HOUR), Maker()
        lasting, passing = Region[int]("lasting"), Region[int]("passing", entries=3)
        await cache.begin(FIRST, lasting, "", make)
        for key in range(20):
            await cache.begin(FIRST, passing, key, make)
        assert await cache.begin(FIRST, lasting, "", make) == 1
        assert len(cache) == 4

    run(work)


def test_many_addresses_leave_memory_flat() -> None:
    async def drawn(number: int) -> bytes:
        return bytes(10_000) + str(number).encode()

    async def work() -> None:
        cache, region = Cache(HOUR, size=200_000), Region[bytes]("drawings", entries=64, size=len)
        largest = 0
        for number in range(20_000):
            await cache.begin(FIRST, region, number, lambda number=number: drawn(number))  # type: ignore[misc]
            largest = max(largest, len(cache))
        assert (largest, cache.size <= 200_000) == (19, True)

    run(work)


def test_a_value_larger_than_the_cache_is_made_and_not_kept() -> None:
    async def large() -> bytes:
        return bytes(101)

    async def work() -> None:
        cache, region = Cache(HOUR, size=100), Region[bytes]("drawings", size=len)
        made = await cache.begin(FIRST, region, "", large)
        assert len(made) == 101
        assert (len(cache), cache.size) == (0, 0)

    run(work)


def test_a_value_with_a_lifetime_is_made_anew() -> None:
    async def work() -> None:
        cache, make = Cache(HOUR), Maker()
        region = Region[int]("numbers", lifetime=lambda number: 0.0 if number == 1 else None)
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(FIRST, region, "", make) == 2
        assert await cache.begin(FIRST, region, "", make) == 2

    run(work)


@pytest.mark.parametrize(("keep", "kept"), [(0.0, 1), (HOUR, 2)])
def test_a_replaced_generation_keeps_its_values_while_it_is_used(keep: float, kept: int) -> None:
    async def work() -> None:
        cache, region, make = Cache(keep), Region[int]("numbers"), Maker()
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
        cache, region, make = Cache(HOUR), Region[int]("numbers"), Maker()
        again = replace(FIRST, created=datetime(2026, 1, 2, tzinfo=UTC))
        assert await cache.begin(FIRST, region, "", make) == 1
        assert await cache.begin(again, region, "", make) == 2

    run(work)


def test_a_value_in_the_making_outlives_its_generation() -> None:
    async def work() -> None:
        cache, region, make = Cache(0.0), Region[int]("numbers", stale=True), Maker()
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
    regions = [Region[str]("a", entries=2, size=len), Region[str]("b", entries=3, size=len)]
    cache = Cache(HOUR, size=120)
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

    async def wait(task: asyncio.Task[str], name: str) -> None:
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
            assert cache.size <= 120
        await asyncio.gather(*waiting)
        while flying.total():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert cache.size <= 120
        assert len(cache) <= 2 * (2 + 3)

    asyncio.run(work())
