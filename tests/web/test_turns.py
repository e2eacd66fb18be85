"""Turns of the event loop: who begins when many come at once, and whose steps let others go first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from itertools import count, groupby

import pytest
import uvloop

from endpoint.engine import Client
from endpoint.engine.clients import HEAVY
from endpoint.telemetry import Exchange
from endpoint.telemetry.watchdog import EXCHANGE, Watchdog
from endpoint.web.turns import Turns

NUMBERS = count(1)


def asynchronous(test: Callable[[Turns], Coroutine[object, object, None]]) -> Callable[[], None]:
    """Run a test on the event loop of the server, whose tasks are watched."""

    def run() -> None:
        async def main() -> None:
            watchdog = Watchdog()
            watchdog.watch(asyncio.get_running_loop())
            await asyncio.wait_for(asyncio.create_task(test(Turns(watchdog))), 30)

        uvloop.run(main())

    return run


def heavy(name: str) -> Client:
    client = Client(name, 60.0)
    client.charge(HEAVY * 3)
    return client


def burn(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def request(turns: Turns, client: Client, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """Answer a request of a client, as the boundary does."""

    async def answer() -> None:
        exchange = Exchange(str(next(NUMBERS)), "GET", "/", client.name)
        EXCHANGE.set(exchange)
        turn = turns.enter(exchange, client)
        try:
            if turn is not None:
                await turn
            await work
        finally:
            turns.leave(exchange, client)
            work.close()

    return asyncio.create_task(answer())


async def begun(turns: Turns, order: list[str]) -> list[tuple[str, int]]:
    """In which round of the event loop each of these clients begins, who all ask at once."""
    found: list[tuple[str, int]] = []
    round_ = 0

    def start(client: str) -> None:
        found.append((client, round_))

    for client in order:
        turns.begin(client, None, partial(start, client))
    while len(found) < len(order):
        round_ += 1
        await asyncio.sleep(0)
    return found


@asynchronous
async def test_a_few_begin_at_once_and_others_in_later_rounds(turns: Turns) -> None:
    found = await begun(turns, [str(number) for number in range(10)])
    assert [client for client, _ in found] == [str(number) for number in range(10)]
    assert [turn for _, turn in found[:4]] == [0] * 4
    # After a round that took long, only one begins.
    assert all(1 <= len(list(group)) <= 4 for _, group in groupby(turn for _, turn in found))
    assert found[4][1] > 0


@asynchronous
async def test_clients_begin_in_turn_and_first_those_with_few_waiting(turns: Turns) -> None:
    found = [client for client, _ in await begun(turns, ["many"] * 200 + ["one", "two", "one"])]
    assert len(found) == 203
    # The first four begin at once.
    assert found[:7] == ["many"] * 4 + ["one", "two", "one"]


@asynchronous
async def test_clients_with_many_waiting_take_turns(turns: Turns) -> None:
    found = [client for client, _ in await begun(turns, ["a"] * 8 + ["b"] * 4 + ["c"] * 4)]
    assert found[:8] == ["a"] * 5 + ["b", "c", "a"]
    assert sorted(found) == ["a"] * 8 + ["b"] * 4 + ["c"] * 4


@asynchronous
async def test_what_comes_while_others_wait_waits_for_its_own_turn_only(turns: Turns) -> None:
    order: list[str] = []
    for number in range(100):
        turns.begin("many", None, partial(order.append, f"many {number}"))
    await asyncio.sleep(0)
    turns.begin("late", None, partial(order.append, "late"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "late" in order
    assert len(order) < 20
    while len(order) < 101:
        await asyncio.sleep(0)
    assert [name for name in order if name != "late"] == [f"many {number}" for number in range(100)]


@asynchronous
async def test_a_request_may_begin_another_one(turns: Turns) -> None:
    left: Iterator[int] = iter(range(20))
    done: list[int] = []

    def start() -> None:
        if (number := next(left, None)) is not None:
            done.append(number)
            turns.begin("one", None, start)

    for _ in range(8):
        turns.begin("one", None, start)
    while len(done) < 20:
        await asyncio.sleep(0)


@asynchronous
async def test_long_steps_are_charged_and_waits_are_not(turns: Turns) -> None:
    client = Client("192.0.2.1", 60.0)

    async def beside() -> None:
        burn(0.02)

    async def work() -> None:
        burn(0.02)
        await asyncio.sleep(0.3)
        await asyncio.create_task(beside())

    await request(turns, client, work())
    assert 0.03 < client.recent() < 0.25


@asynchronous
async def test_a_light_request_waits_for_one_step_of_heavy_clients_at_most(turns: Turns) -> None:
    order: list[str] = []

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
    pages = [request(turns, client, page(client.name)) for client in crawlers]
    await asyncio.sleep(0.01)
    order.clear()
    await request(turns, Client("192.0.2.1", 60.0), small())
    assert order.count("small") == 4
    # Without turns every one of the eight would have done a step in each round.
    assert len(order) <= 4 + 8
    await asyncio.gather(*pages)
    assert len(set(order)) == 9


@asynchronous
async def test_the_client_that_used_least_comes_first(turns: Turns) -> None:
    order: list[str] = []

    async def step(name: str) -> None:
        order.append(name)

    used, less = heavy("used"), heavy("less")
    used.charge(30.0)
    await asyncio.gather(
        request(turns, heavy("first"), step("first")),
        *(request(turns, used, step("used")) for _ in range(2)),
        *(request(turns, less, step("less")) for _ in range(2)),
    )
    assert order[0] in ("first", "used")
    assert order.index("less") < len(order) - 1 - order[::-1].index("used")
    assert sorted(order) == ["first", "less", "less", "used", "used"]


@asynchronous
async def test_a_light_request_that_waits_for_long_does_not_stop_heavy_ones(turns: Turns) -> None:
    waiting = request(turns, Client("192.0.2.1", 60.0), asyncio.sleep(60))
    await asyncio.sleep(0)

    async def steps() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    await asyncio.gather(*(request(turns, heavy(str(number)), steps()) for number in range(3)))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@asynchronous
async def test_cancellation_and_errors_reach_the_work(turns: Turns) -> None:
    seen = []

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
        task = request(turns, client, work())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ValueError, match="x"):
            await request(turns, client, broken())
        assert client.requests == 0
    assert seen == ["cancelled"] * 2


@asynchronous
async def test_who_leaves_while_it_waits_for_its_turn_leaves_others_theirs(turns: Turns) -> None:
    done: list[str] = []

    async def step(name: str) -> None:
        await asyncio.sleep(0)
        done.append(name)

    tasks = [request(turns, heavy(name), step(name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(done) == ["a", "c"]


@asynchronous
async def test_who_asks_alone_takes_no_turns(turns: Turns) -> None:
    client, order = heavy("192.0.2.1"), []

    async def steps(name: str) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            order.append(name)

    await request(turns, client, steps("before"))
    turns._crowded = 0.0
    order.clear()
    await asyncio.gather(*(request(turns, client, steps(name)) for name in "abcd"))
    # All of them do a step in each round.
    assert order == list("abcd") * 3
