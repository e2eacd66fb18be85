"""The queue for workers: clients in turn, bounded, fair when it is full."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from endpoint.engine.clients import Client
from endpoint.engine.fair_queue import FairQueue
from endpoint.errors import Overloaded

ANNA, BEN, CARL = (Client(f"192.0.2.{number}", 60.0) for number in (1, 2, 3))


def asynchronous(test: Callable[[], Coroutine[object, object, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(test())

    return run


def order(queue: FairQueue) -> list[str]:
    """Take out all that wait; return their clients."""
    found = []
    while (turn := queue.pop()) is not None:
        found.append(turn[0].name[-1])
    return found


@asynchronous
async def test_clients_take_turns_however_many_queries_they_have() -> None:
    queue = FairQueue(10)
    for client in (ANNA, ANNA, ANNA, BEN, CARL, CARL):
        queue.add(client)
    assert len(queue) == 6
    assert order(queue) == ["1", "2", "3", "1", "3", "1"]
    assert len(queue) == 0


@asynchronous
async def test_one_client_is_served_first_come_first_served() -> None:
    queue = FairQueue(10)
    waiters = [queue.add(ANNA) for _ in range(3)]
    assert [turn[1] for _ in range(3) if (turn := queue.pop())] == waiters


@asynchronous
async def test_who_used_least_comes_first() -> None:
    queue = FairQueue(10)
    used, fresh = Client("192.0.2.8", 60.0), Client("192.0.2.9", 60.0)
    used.charge(3.0)
    for client in (used, used, fresh, fresh):
        queue.add(client)
    assert order(queue) == ["9", "9", "8", "8"]


@asynchronous
async def test_only_the_eligible_are_taken() -> None:
    queue = FairQueue(10)
    for client in (ANNA, BEN):
        queue.add(client)
    turn = queue.pop(lambda client: client is BEN)
    assert turn is not None
    assert turn[0] is BEN
    assert queue.pop(lambda client: client is BEN) is None
    assert queue.counts() == {ANNA: 1}


@asynchronous
async def test_those_that_gave_up_are_passed_over() -> None:
    queue = FairQueue(10)
    gone, there = queue.add(ANNA), queue.add(ANNA)
    gone.cancel()
    turn = queue.pop()
    assert turn is not None
    assert turn[1] is there
    assert not queue.remove(ANNA, gone)


@asynchronous
async def test_a_full_queue_refuses_the_client_that_fills_it() -> None:
    queue = FairQueue(3)
    waiters = [queue.add(ANNA) for _ in range(3)]
    with pytest.raises(Overloaded, match="3 queries wait already"):
        queue.add(ANNA)
    # Another client takes the place of the newest of that client, as long as it has more.
    queue.add(BEN)
    assert [waiter.done() for waiter in waiters] == [False, False, True]
    assert isinstance(waiters[2].exception(), Overloaded)
    with pytest.raises(Overloaded):
        queue.add(BEN)
    assert queue.counts() == {ANNA: 2, BEN: 1}


@asynchronous
async def test_a_queue_without_room_refuses_everybody() -> None:
    with pytest.raises(Overloaded):
        FairQueue(0).add(ANNA)


@asynchronous
async def test_others_are_those_of_another_client() -> None:
    queue = FairQueue(3)
    assert not queue.others(ANNA)
    queue.add(ANNA)
    assert not queue.others(ANNA)
    assert queue.others(BEN)


@asynchronous
async def test_queries_of_a_client_move_to_another_queue_as_far_as_it_has_room() -> None:
    queue, other = FairQueue(9), FairQueue(3)
    first = other.add(BEN)
    waiters = [queue.add(ANNA) for _ in range(3)]
    staying = queue.add(BEN)
    assert queue.move(ANNA, other)
    assert (queue.counts(), other.counts()) == ({ANNA: 1, BEN: 1}, {ANNA: 2, BEN: 1})
    assert not queue.move(ANNA, other)
    assert not queue.move(CARL, other)
    assert [len(queue), len(other)] == [2, 3]
    assert [other.pop(), other.pop(), other.pop()] == [(BEN, first), (ANNA, waiters[0]), (ANNA, waiters[1])]
    assert queue.remove(ANNA, waiters[2])
    assert queue.pop() == (BEN, staying)


@asynchronous
async def test_all_fail_at_once() -> None:
    queue = FairQueue(3)
    waiters = [queue.add(client) for client in (ANNA, BEN)]
    queue.fail(Overloaded("x", 5))
    assert all(isinstance(waiter.exception(), Overloaded) for waiter in waiters)
