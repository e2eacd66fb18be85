"""The processes of kept generations: started on demand, replaced when they die, ended."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint.engine import Limits, kept_generations
from endpoint.errors import Overloaded
from endpoint.formats import CSV, SPARQL_JSON, Representation
from tests.children import children, templates
from tests.engine.replaced_generations import (
    count,
    folders,
    load,
    numbers,
    opened,
    replaced,
    template_of,
)
from tests.engine.test_embedded import ENDLESS, LONG, operation, workers
from tests.storage.publishing import publish
from tests.waiting import until_async

pytestmark = pytest.mark.usefixtures("forked_templates")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes of older generations do not wait for another query."""
    monkeypatch.setattr(kept_generations, "IDLE", 0.1)
    yield


def test_it_has_a_process_only_while_somebody_asks(tmp_path: Path, impatient: None) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            current = {engine._supervisor.pool._template._process.pid}
            await until_async(lambda: templates() == current)
            for _ in range(2):
                assert await count(engine, 1) == 300
                await until_async(lambda: templates() == current)
                assert numbers(engine) == {1}

    asyncio.run(main())


def test_those_who_ask_at_once_share_one_worker(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            await until_async(lambda: len(templates()) == 1)
            assert await asyncio.gather(*(count(engine, 1) for _ in range(6))) == [300] * 6
            assert len(templates()) == 2
            # One of each generation: the engine was started with one.
            assert len(workers()) == 2

    asyncio.run(main())


def test_a_query_that_has_begun_ends_on_it(tmp_path: Path) -> None:
    publish(tmp_path, 300)

    async def main() -> None:
        async with opened(tmp_path) as engine:
            for more in (10, 20):
                await load(engine, tmp_path, more)
            asked = operation("SELECT * { ?a ?b ?c . ?d ?e ?f }").on(1)
            answer = await engine.query(asked, Representation.of(CSV), LONG)
            engine._supervisor.kept.forget(1)
            pieces = []
            async for piece in answer:
                assert folders(tmp_path) == [1, 2, 3]
                pieces.append(piece)
            assert b"".join(pieces).count(b"\n") == 300 * 300 + 1
            await until_async(lambda: folders(tmp_path) == [2, 3])
            await until_async(lambda: len(templates()) == 1)

    asyncio.run(main())


def test_one_that_is_forgotten_while_its_worker_starts_answers_who_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            waiting = asyncio.create_task(count(engine, 1))
            await until_async(lambda: engine._supervisor.kept._kept[1].opening)
            engine._supervisor.kept.forget(1)
            assert await waiting == 300
            await until_async(lambda: len(templates()) == 1)

    asyncio.run(main())


@pytest.mark.parametrize("whole", [True, False], ids=["template", "worker"])
def test_a_killed_process_is_replaced(tmp_path: Path, whole: bool) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            for _ in range(2):
                assert await count(engine, 1) == 300
                pool = engine._supervisor.kept._kept[1].pool
                assert pool is not None
                template = template_of(engine, 1)
                for pid in [template] if whole else children(template):
                    os.kill(pid, signal.SIGKILL)
                # Until it is noticed, a worker that is left may answer.
                await until_async(lambda pool=pool: not (whole and pool.alive))  # type: ignore[misc]
            assert await count(engine, 1) == 300
            await until_async(lambda: len(templates()) == 2)

    asyncio.run(main())


def test_a_template_that_dies_while_queries_wait_is_replaced(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            await count(engine, 1)
            long = dataclasses.replace(operation(ENDLESS), generation=1)
            busy = asyncio.create_task(engine.query(long, Representation.of(SPARQL_JSON), LONG))
            pool = engine._supervisor.kept._kept[1].pool
            assert pool is not None
            await until_async(lambda: pool.busy)
            waiting = asyncio.create_task(count(engine, 1))
            await until_async(lambda: pool._scheduler.quick.waiting)
            os.kill(template_of(engine, 1), signal.SIGKILL)
            assert await waiting == 300
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)

    asyncio.run(main())


def test_waiting_for_it_has_an_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            with pytest.raises(Overloaded, match=r"generation 1 started within 0\.001 s"):
                await count(engine, 1, Limits(0.001))
            assert await count(engine, 1) == 300
            long = dataclasses.replace(operation(ENDLESS), generation=1)
            busy = asyncio.create_task(engine.query(long, Representation.of(SPARQL_JSON), LONG))
            await until_async(lambda: engine._supervisor.kept._kept[1].pool.busy)  # type: ignore[union-attr]
            with pytest.raises(Overloaded, match=r"within 0\.1 s"):
                await count(engine, 1, Limits(0.1))
            assert await count(engine) == 20
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)

    asyncio.run(main())


def test_the_end_of_the_engine_ends_a_worker_that_starts(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            waiting = asyncio.create_task(count(engine, 1))
            await until_async(lambda: engine._supervisor.kept._kept[1].opening)
            await engine.aclose()
            assert templates() == set()
            assert isinstance(*(await asyncio.gather(waiting, return_exceptions=True)), BaseException)

    asyncio.run(main())
