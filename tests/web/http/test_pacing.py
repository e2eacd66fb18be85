"""Turns of the event loop: long steps are charged, and those of heavy clients let others go first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine

import pytest

from endpoint.engine import Client
from endpoint.engine.clients import HEAVY
from endpoint.web.http.pacing import Pacer


def asynchronous(test: Callable[[], Coroutine[object, object, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 30))

    return run


def heavy(name: str) -> Client:
    client = Client(name, 60.0)
    client.charge(HEAVY * 3)
    return client


def burn(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@asynchronous
async def test_long_steps_are_charged_and_waits_are_not() -> None:
    client = Client("192.0.2.1", 60.0)

    async def work() -> None:
        burn(0.02)
        await asyncio.sleep(0.3)
        burn(0.02)

    await Pacer().paced(client, work())
    assert 0.03 < client.recent() < 0.25


@asynchronous
async def test_a_light_request_waits_for_one_step_of_heavy_clients_at_most() -> None:
    pacer, order = Pacer(), []

    async def page(name: str) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
            order.append(name)
            burn(0.005)

    async def small() -> None:
        for _ in range(4):
            await asyncio.sleep(0)
            order.append("small")

    crawlers = [heavy(f"192.0.2.{number}") for number in range(10, 18)]
    pages = [asyncio.create_task(pacer.paced(client, page(client.name))) for client in crawlers]
    await asyncio.sleep(0.01)
    order.clear()
    await pacer.paced(Client("192.0.2.1", 60.0), small())
    assert order.count("small") == 4
    # Without turns every one of the eight would have done a step in each round.
    assert len(order) <= 4 + 8
    await asyncio.gather(*pages)
    assert len(set(order)) == 9


@asynchronous
async def test_the_client_that_used_least_comes_first() -> None:
    pacer, order = Pacer(), []

    async def step(name: str) -> None:
        order.append(name)

    used, less = heavy("used"), heavy("less")
    used.charge(30.0)
    first = asyncio.create_task(pacer.paced(heavy("first"), step("first")))
    await asyncio.gather(
        first,
        *(pacer.paced(used, step("used")) for _ in range(2)),
        *(pacer.paced(less, step("less")) for _ in range(2)),
    )
    assert order[0] in ("first", "used")
    assert order.index("less") < len(order) - 1 - order[::-1].index("used")
    assert sorted(order) == ["first", "less", "less", "used", "used"]


@asynchronous
async def test_a_light_request_that_waits_for_long_does_not_stop_heavy_ones() -> None:
    pacer = Pacer()
    waiting = asyncio.create_task(pacer.paced(Client("192.0.2.1", 60.0), asyncio.sleep(60)))
    await asyncio.sleep(0)

    async def steps() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    await asyncio.gather(*(pacer.paced(heavy(str(number)), steps()) for number in range(3)))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@asynchronous
async def test_cancellation_and_errors_reach_the_work() -> None:
    pacer, seen = Pacer(), []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def broken() -> None:
        await asyncio.sleep(0)
        raise ValueError("x")

    for client in (Client("192.0.2.1", 60.0), heavy("192.0.2.2")):
        task = asyncio.create_task(pacer.paced(client, work()))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ValueError, match="x"):
            await pacer.paced(client, broken())
    assert seen == ["cancelled"] * 2


@asynchronous
async def test_who_leaves_while_it_waits_for_its_turn_leaves_others_theirs() -> None:
    pacer, done = Pacer(), []

    async def step(name: str) -> None:
        done.append(name)

    tasks = [asyncio.create_task(pacer.paced(heavy(name), step(name))) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(done) == ["a", "c"]
