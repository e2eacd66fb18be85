"""Who begins when many requests come at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import groupby

import uvloop

from endpoint.server.turns import Turns


def begun(order: list[str]) -> list[tuple[str, int]]:
    """In which turn of the event loop each of these clients begins, who all ask at once."""
    found: list[tuple[str, int]] = []

    async def run() -> None:
        turns, turn = Turns(), 0
        for client in order:
            turns.begin(client, lambda client=client: found.append((client, turn)))  # type: ignore[misc]
        while len(found) < len(order):
            turn += 1
            await asyncio.sleep(0)

    uvloop.run(run())
    return found


def test_a_few_begin_at_once_and_others_in_later_turns() -> None:
    found = begun([str(number) for number in range(10)])
    assert [client for client, _ in found] == [str(number) for number in range(10)]
    assert [len(list(group)) for _, group in groupby(turn for _, turn in found)] == [4, 4, 2]


def test_clients_take_turns() -> None:
    found = [client for client, _ in begun(["many"] * 200 + ["one", "two", "one"])]
    assert len(found) == 203
    # The first four begin at once, then each client in turn.
    assert found[:9] == ["many"] * 5 + ["one", "two", "many", "one"]


def test_what_comes_while_others_wait_waits_for_its_own_turn_only() -> None:
    async def run() -> None:
        turns = Turns()
        order: list[str] = []
        for number in range(100):
            turns.begin("many", partial(order.append, f"many {number}"))
        await asyncio.sleep(0)
        turns.begin("late", partial(order.append, "late"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "late" in order
        assert len(order) < 20
        while len(order) < 101:
            await asyncio.sleep(0)
        assert [name for name in order if name != "late"] == [f"many {number}" for number in range(100)]

    uvloop.run(run())


def test_a_request_may_begin_another_one() -> None:
    async def run() -> None:
        turns = Turns()
        left: Iterator[int] = iter(range(20))
        done: list[int] = []

        def start() -> None:
            if (number := next(left, None)) is not None:
                done.append(number)
                turns.begin("one", start)

        for _ in range(8):
            turns.begin("one", start)
        while len(done) < 20:
            await asyncio.sleep(0)

    uvloop.run(run())
