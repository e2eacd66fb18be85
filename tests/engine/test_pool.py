"""The two lanes of a pool, with real worker processes: who gets a worker, who gives way, who is paused."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from pathlib import Path
from unittest.mock import patch

import pytest

from endpoint.engine import CALLER, Caller, Limits, pool, processes, scheduler
from endpoint.engine.clients import CRASH, HEAVY, Client
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.pool import Pool
from endpoint.errors import BudgetExhausted, DeadlineExceeded, Overloaded, QueryTooComplex, WorkerDied
from endpoint.formats import SPARQL_JSON, Representation
from tests.engine.test_embedded import ENDLESS, ENDLESS_ROWS, asynchronous, opened, operation, unread, whole
from tests.engine.test_processes import state
from tests.storage.publishing import publish
from tests.waiting import PATIENCE, until_async

pytestmark = pytest.mark.usefixtures("forked_templates")

ANNA, BEN, CARL = (Caller(f"192.0.2.{number}", "r") for number in (1, 2, 3))
LONG = Limits(120.0)
# Ends after some seconds of evaluation.
LONGISH = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < 200) }"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    publish(tmp_path / "data", 300)
    return tmp_path / "data"


def begin(
    engine: EmbeddedEngine, caller: Caller, text: str = ENDLESS, limits: Limits = LONG
) -> asyncio.Task[bytes]:
    """Ask on behalf of a client."""
    token = CALLER.set(caller)
    try:
        return asyncio.create_task(whole(engine, text, limits=limits))
    finally:
        CALLER.reset(token)


def pool_of(engine: EmbeddedEngine) -> Pool:
    return engine._supervisor.pool


def client_of(engine: EmbeddedEngine, caller: Caller) -> Client:
    return engine.clients.find(caller)


def slow(engine: EmbeddedEngine, caller: Caller | None = None) -> list[int]:
    """The workers in the slow lane, all or those of one client."""
    return [
        worker.pid
        for worker in pool_of(engine)._scheduler.slow.running
        if caller is None or worker.client.name == caller.client
    ]


def spent(engine: EmbeddedEngine, caller: Caller) -> float:
    return sum(
        worker.spent
        for worker in pool_of(engine)._scheduler.slow.running
        if worker.client.name == caller.client
    )


async def end(*tasks: asyncio.Task[bytes]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynchronous
async def test_a_long_query_leaves_its_place_and_gives_way(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        long = begin(engine, ANNA)
        await until_async(lambda: slow(engine))
        (pid,) = slow(engine)
        threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
        priorities = {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
        assert priorities == {processes.NICENESS}
        for caller in (BEN, ANNA):
            assert b"true" in await begin(engine, caller, "ASK {}")
        assert not long.done()
        await end(long)


@asynchronous
async def test_a_short_query_stays_where_it_is(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        await begin(engine, ANNA, "ASK {}")
        (worker,) = pool_of(engine)._scheduler.quick.idle
        for _ in range(20):
            await begin(engine, ANNA, "SELECT * { ?a ?b ?c }")
        assert pool_of(engine)._scheduler.quick.idle == [worker]


@asynchronous
async def test_the_look_at_running_queries_ends_with_them(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        await begin(engine, ANNA, "ASK {}")
        await until_async(lambda: not pool_of(engine)._scheduler.watching)


@asynchronous
async def test_a_pool_that_closes_forgets_the_worker_that_it_was_about_to_fork(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        closing = pool_of(engine)
        closing._scheduler.quick.size += 1
        closing._refill()
        # A coroutine that nobody has begun would be a warning, and warnings are errors.
        await closing.aclose()
        gc.collect()
        assert len(closing.occupancy.workers) == 1


@asynchronous
async def test_long_queries_run_per_client_in_turn(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=4) as engine:
        long = [begin(engine, caller) for caller in (ANNA, ANNA, ANNA, BEN)]
        await until_async(lambda: len(slow(engine)) >= 3 and slow(engine, BEN))
        workers = pool_of(engine)._scheduler.slow.running
        # At most one runs at once; a turn changes that in one go.
        await until_async(lambda: sum(not worker.paused for worker in workers) == 1)
        await until_async(lambda: sum(state(pid) == "T" for pid in slow(engine)) == len(workers) - 1)
        start = spent(engine, ANNA), spent(engine, BEN)
        await until_async(lambda: spent(engine, BEN) - start[1] > 0.3)
        # Ben's one query is given what Anna's are given together, but for the turns that are under way.
        assert spent(engine, ANNA) - start[0] < 1
        await end(*long)


@asynchronous
async def test_a_paused_query_goes_on_when_there_is_room(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=4) as engine:
        endless = begin(engine, ANNA)
        longish = begin(engine, BEN, LONGISH)
        await until_async(lambda: any(worker.paused for worker in pool_of(engine)._scheduler.slow.running))
        await end(endless)
        assert b'"value":"' in (await longish).replace(b" ", b"")
        await until_async(lambda: not slow(engine))


async def paused(engine: EmbeddedEngine, limits: Limits = LONG) -> tuple[list[asyncio.Task[bytes]], int]:
    """Queries of two clients, of which one is paused, and the worker of that one."""
    long = [begin(engine, caller, limits=limits) for caller in (ANNA, BEN)]
    running = pool_of(engine)._scheduler.slow.running
    await until_async(lambda: any(worker.paused for worker in running))
    return long, next(worker.pid for worker in running if worker.paused)


@asynchronous
async def test_a_worker_that_is_killed_while_paused_costs_its_own_query(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        long, pid = await paused(engine)
        os.kill(pid, signal.SIGKILL)
        done, left = await asyncio.wait(long, return_when=asyncio.FIRST_COMPLETED)
        assert isinstance(next(iter(done)).exception(), WorkerDied)
        assert b"true" in await begin(engine, CARL, "ASK {}")
        await end(*left)


@asynchronous
async def test_a_client_that_leaves_while_its_query_is_paused_ends_it(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        long, pid = await paused(engine)
        await end(*long)
        await until_async(lambda: not Path(f"/proc/{pid}").exists())
        assert not slow(engine)
        assert client_of(engine, ANNA).places == client_of(engine, BEN).places == 0


@asynchronous
async def test_the_deadline_counts_pauses(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        long, _ = await paused(engine, Limits(6.0))
        for error in await asyncio.gather(*long, return_exceptions=True):
            assert isinstance(error, DeadlineExceeded)
            assert "took turns with other long queries" in error.detail


@asynchronous
async def test_long_queries_end_on_their_generation(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        endless = begin(engine, BEN)
        longish = begin(engine, ANNA, LONGISH)
        await until_async(lambda: len(slow(engine)) == 2)
        old = pool_of(engine)
        await asyncio.to_thread(publish, data, 10)
        await until_async(lambda: engine.generation.number == 2)
        assert b'"30"' not in await begin(engine, CARL, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c }")
        assert b'"18000000"' in (await longish)
        await end(endless)
        await until_async(lambda: old.ended)


@asynchronous
async def test_where_the_slow_lane_is_full_the_client_that_has_most_makes_room(data: Path) -> None:
    async with opened(data, workers=2, slow_lane=2) as engine:
        many = [begin(engine, ANNA), begin(engine, ANNA)]
        await until_async(lambda: len(slow(engine, ANNA)) == 2)
        # These two stay in the quick lane until somebody waits.
        more = [begin(engine, BEN), begin(engine, CARL)]
        await until_async(lambda: len(pool_of(engine)._scheduler.quick.running) == 2)
        answer = begin(engine, Caller("192.0.2.4", "r"), "ASK {}")
        assert b"true" in await answer
        # One of Anna's waits for a place now; its evaluation begins anew.
        await until_async(lambda: len(slow(engine, ANNA)) == 1)
        assert sorted(query.phase for query in engine.queries) == ["evaluating"] * 3 + ["waiting"]
        assert not any(task.done() for task in (*many, *more))
        await end(*more)
        await until_async(lambda: len(slow(engine, ANNA)) == 2)
        await end(*many)


@asynchronous
async def test_a_displaced_query_waits_as_long_as_any_other(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=1) as engine:
        first = begin(engine, ANNA)
        await until_async(lambda: slow(engine))
        second = begin(engine, BEN, limits=Limits(5.0))
        await until_async(lambda: pool_of(engine)._scheduler.quick.running)
        assert b"true" in await begin(engine, CARL, "ASK {}")
        with pytest.raises(Overloaded, match="No worker became free"):
            await second
        await end(first)


@asynchronous
async def test_a_displaced_answer_that_has_begun_is_cut(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=1) as engine:
        first = begin(engine, ANNA)
        await until_async(lambda: slow(engine))
        token = CALLER.set(BEN)
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        answer = await engine.query(operation(text), Representation.of(SPARQL_JSON), LONG)
        CALLER.reset(token)
        pieces = answer.__aiter__()
        await anext(pieces)
        assert b"true" in await begin(engine, CARL, "ASK {}")
        with pytest.raises(Overloaded, match="make room"):
            async for _ in pieces:
                pass
        await answer.aclose()
        await end(first)


@asynchronous
async def test_answers_that_are_not_read_make_room_before_they_have_been_long_in_the_quick_lane(
    data: Path,
) -> None:
    with patch.object(scheduler, "BLOCKED", 600.0), patch.object(scheduler, "QUICK", 600.0):
        async with asyncio.timeout(PATIENCE), opened(data, workers=1, slow_lane=2) as engine:
            stalled = []
            for _ in range(5):
                # Each needs the one worker of the quick lane, or starts in the slow one.
                token = CALLER.set(ANNA)
                stalled.append(await unread(engine))
                CALLER.reset(token)
                assert b"true" in await begin(engine, BEN, "ASK {}")
            assert len(slow(engine, ANNA)) <= 2
            for answer, _ in stalled:
                await answer.aclose()


@asynchronous
async def test_queries_that_wait_change_the_lane_with_their_client(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=2) as engine:
        await begin(engine, BEN, "ASK {}")
        many = [begin(engine, ANNA) for _ in range(8)]
        quick, lane = pool_of(engine)._scheduler.lanes
        await until_async(lambda: client_of(engine, ANNA).heavy)
        # None of them comes to the quick lane any more.
        await until_async(lambda: client_of(engine, ANNA) not in quick.waiting.counts())
        assert lane.waiting.counts()[client_of(engine, ANNA)] >= 5
        assert b"true" in await begin(engine, BEN, "ASK {}")
        # What waits is taken out also where it has changed the lane.
        await end(*many)
        assert len(lane.waiting) == 0


@asynchronous
async def test_who_used_much_lately_starts_in_the_slow_lane(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        for caller in (ANNA, BEN):
            await begin(engine, caller, "ASK {}")
        client_of(engine, ANNA).charge(HEAVY * 2)
        assert b"true" in await begin(engine, ANNA, "ASK {}")
        (worker,) = pool_of(engine)._scheduler.slow.idle
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) == processes.NICENESS
        # The next one takes the same worker.
        assert b"true" in await begin(engine, ANNA, "ASK {}")
        assert pool_of(engine)._scheduler.slow.idle == [worker]
        # It goes when nobody needs it any longer.
        pool_of(engine)._drop_idle()
        await until_async(lambda: not Path(f"/proc/{worker.pid}").exists())
        assert len(pool_of(engine)._live) == 1


@asynchronous
async def test_a_client_has_half_of_the_slow_lane_at_most(data: Path) -> None:
    async with opened(data, workers=1, slow_lane=4) as engine:
        await begin(engine, BEN, "ASK {}")
        many = [begin(engine, ANNA) for _ in range(5)]
        await until_async(lambda: len(slow(engine)) == 2)
        client = client_of(engine, ANNA)
        await until_async(lambda: client.heavy)
        long = begin(engine, BEN)
        await until_async(lambda: slow(engine, BEN))
        assert client.places <= 3  # one may have come from the quick lane
        assert b"true" in await begin(engine, CARL, "ASK {}")
        await end(*many, long)


@asynchronous
async def test_evaluation_is_charged_and_waiting_is_not(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        endless = begin(engine, ANNA, limits=Limits(2.0))
        with pytest.raises(DeadlineExceeded):
            await endless
        assert 0.02 < client_of(engine, ANNA).recent() < 4
        token = CALLER.set(BEN)
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
        answer = await engine.query(operation(text), Representation.of(SPARQL_JSON), LONG)
        CALLER.reset(token)
        pieces = answer.__aiter__()
        await anext(pieces)
        await asyncio.sleep(2)
        await answer.aclose()
        assert client_of(engine, BEN).recent() < 0.5


@asynchronous
async def test_an_exhausted_budget_refuses_and_others_go_on(data: Path) -> None:
    async with opened(data, workers=1, budget=1.0) as engine:
        client_of(engine, ANNA).charge(3.0)
        with pytest.raises(BudgetExhausted):
            await begin(engine, ANNA, "ASK {}")
        assert b"true" in await begin(engine, BEN, "ASK {}")
        assert len(engine.queries) == 0


@asynchronous
async def test_crashes_cost_their_client(data: Path) -> None:
    async with opened(data, workers=1, budget=100.0) as engine:
        deep = "SELECT * { ?s ?p ?o FILTER(" + "!" * 400_000 + "?o) }"
        for _ in range(3):
            with pytest.raises(QueryTooComplex):
                await begin(engine, ANNA, deep)
        assert client_of(engine, ANNA).recent() > 3 * CRASH * 0.8
        assert client_of(engine, BEN).recent() == 0.0
        assert b"true" in await begin(engine, BEN, "ASK {}")


def test_an_answer_that_outlasts_its_generation_is_cut(data: Path) -> None:
    """A client that reads slowly keeps the image of an old generation in memory only for so long."""

    async def main() -> None:
        with patch.object(pool, "OUTLASTING", 1.0):
            async with opened(data) as engine:
                slow = await engine.query(operation(ENDLESS_ROWS), Representation.of(SPARQL_JSON), LONG)
                pieces = aiter(slow)
                await anext(pieces)
                old = pool_of(engine)
                publish(data, 301)
                await until_async(lambda: pool_of(engine) is not old)
                await until_async(lambda: old.ended)
                # What had arrived may be read; then there is a sentence, and no end.
                with pytest.raises(Overloaded, match="newer data"):
                    while True:
                        await anext(pieces)
                await slow.aclose()
                assert b"true" in await whole(engine, "ASK {}")

    asyncio.run(main())
