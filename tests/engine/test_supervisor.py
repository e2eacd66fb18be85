"""The pool that answers: from disk, from memory, and on the way from one generation to the next."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from endpoint.engine.clients import Client
from endpoint.engine.supervisor import Plan, Supervisor
from endpoint.settings import DefaultGraph, Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.telemetry import log
from tests.children import children
from tests.engine.replaced_generations import LARGE, QUICK
from tests.storage.publishing import publish
from tests.waiting import until_async

pytestmark = pytest.mark.usefixtures("few_quads_are_many")


@pytest.fixture(autouse=True)
def said() -> Iterator[list[str]]:
    """The log lines."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    before = log.level
    log.setLevel(logging.INFO)
    yield lines
    log.setLevel(before)
    log.removeHandler(handler)


def settings(data: Path, image: int = 2**31, default_graph: DefaultGraph = "union") -> Settings:
    return dataclasses.replace(
        Settings(data=data, memory=256 * 2**20, workers=1), image=image, default_graph=default_graph
    )


@asynccontextmanager
async def started(data: Path, image: int = 2**31) -> AsyncIterator[Supervisor]:
    running = await Supervisor.start(settings(data, image), {})
    try:
        yield running
    finally:
        await running.aclose()


def place(running: Supervisor) -> str:
    number = running.pool.generation.number
    return f"{number} from {'memory' if running.pool.order['in_memory'] else 'disk'}"


def _is_served(running: Supervisor, expected: str) -> bool:
    return place(running) == expected


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def _others() -> None:
    """Other tests' processes, such as the server of the whole session, are no templates."""
    OTHERS.clear()
    OTHERS.update(children())


def templates() -> list[int]:
    return sorted(children() - OTHERS)


PLANS: list[tuple[bool | None, int, DefaultGraph, int, str]] = [
    (False, LARGE, "union", 2**31, "disk, then memory"),
    (False, QUICK, "union", 2**31, "memory"),
    (True, LARGE, "union", 2**31, "memory"),
    (None, LARGE, "union", 2**31, "memory"),
    (True, LARGE, "strict", 2**31, "disk, then memory"),
    (False, LARGE, "union", 1, "disk"),
    (True, QUICK, "union", 1, "disk"),
]


@pytest.mark.parametrize(("overlap", "quads", "default_graph", "image", "expected"), PLANS)
def test_plans(
    tmp_path: Path, overlap: bool | None, quads: int, default_graph: DefaultGraph, image: int, expected: str
) -> None:
    generation = dataclasses.replace(publish(tmp_path, 10), overlap=overlap, quads=quads)
    plan = Plan.of(generation, settings(tmp_path, image, default_graph))
    assert ", then ".join(filter(None, ("disk" * plan.disk, "memory" * plan.memory))) == expected


def test_a_copied_union_needs_more_of_the_budget(tmp_path: Path) -> None:
    plain = dataclasses.replace(publish(tmp_path, 10), overlap=False, quads=10**6)
    budget = settings(tmp_path, image=400 * 2**20)
    assert Plan.of(plain, budget).memory
    assert not Plan.of(dataclasses.replace(plain, overlap=True), budget).memory


def test_the_disk_serves_first_and_then_the_memory(tmp_path: Path, said: list[str]) -> None:
    publish(tmp_path, LARGE, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            assert place(running) == "1 from disk"
            await until_async(lambda: place(running) == "1 from memory")
            await until_async(lambda: len(templates()) == 1)

    asyncio.run(main())
    assert said == [f"serving generation 1 from {where}, {LARGE} quads" for where in ("disk", "memory")]


def test_a_new_generation_comes_from_disk_at_once(tmp_path: Path) -> None:
    publish(tmp_path, 10)

    async def main() -> None:
        async with started(tmp_path) as running:
            places = [place(running)]

            def moved() -> bool:
                if place(running) != places[-1]:
                    places.append(place(running))
                return len(places) == 3

            await asyncio.to_thread(publish, tmp_path, LARGE, False)
            await until_async(moved)
            assert places == ["1 from memory", "2 from disk", "2 from memory"]

    asyncio.run(main())


def test_a_triple_in_two_graphs_waits_for_the_memory_and_says_so(tmp_path: Path, said: list[str]) -> None:
    publish(tmp_path, 10, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            places = {place(running)}

            def moved() -> bool:
                places.add(place(running))
                return running.pool.generation.number == 2

            await asyncio.to_thread(publish, tmp_path, LARGE)
            await until_async(moved)
            assert places == {"1 from memory", "2 from memory"}

    asyncio.run(main())
    assert said[1:] == [
        f"generation 2, {2 * LARGE} quads: a triple is in more than one graph; "
        "it is served when it has been read into memory",
        f"serving generation 2 from memory, {2 * LARGE} quads",
    ]


def test_one_that_is_too_large_stays_on_disk_and_says_what_that_means(
    tmp_path: Path, said: list[str]
) -> None:
    publish(tmp_path, 10)

    async def main() -> None:
        async with started(tmp_path, image=1) as running:
            assert place(running) == "1 from disk"

    asyncio.run(main())
    assert "too large for the setting 'image'" in said[0]
    assert said[1:] == ["serving generation 1 from disk, 20 quads"]


def test_the_image_is_not_read_before_the_one_before_has_left_the_memory(tmp_path: Path) -> None:
    publish(tmp_path, 10)

    async def main() -> None:
        async with started(tmp_path) as running:
            old = running.pool
            busy = old.take(Client("192.0.2.1", 60.0))
            assert busy is not None
            await asyncio.to_thread(publish, tmp_path, LARGE, False)
            await until_async(lambda: place(running) == "2 from disk")
            await asyncio.sleep(0.5)
            assert len(templates()) == 2
            assert old.alive
            old.release(busy)
            await until_async(lambda: place(running) == "2 from memory")
            assert old.finished

    asyncio.run(main())


@asynccontextmanager
async def reading(tmp_path: Path) -> AsyncIterator[tuple[Supervisor, int]]:
    """Generation 2 served from disk while the process that reads its image, given as well, stands still."""
    publish(tmp_path, 10)
    async with started(tmp_path) as running:
        before = set(templates())
        await asyncio.to_thread(publish, tmp_path, LARGE, False)
        await until_async(lambda: place(running) == "2 from disk")
        disk = {running.pool._template._process.pid}
        await until_async(lambda: set(templates()) - before - disk)
        (reader,) = set(templates()) - before - disk
        os.kill(reader, signal.SIGSTOP)
        try:
            yield running, reader
        finally:
            with suppress(ProcessLookupError):
                os.kill(reader, signal.SIGCONT)


def test_a_further_generation_cancels_the_reading(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 0.0)

    async def main() -> None:
        async with reading(tmp_path) as (running, reader):
            await asyncio.to_thread(publish, tmp_path, LARGE + 1, False)
            await until_async(lambda: place(running) == "3 from memory")
            assert reader not in templates()

    asyncio.run(main())
    assert not any(line.startswith("serving generation 2 from memory") for line in said)


def test_generations_that_follow_each_other_are_served_from_disk(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 3600.0)
    publish(tmp_path, LARGE, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            await until_async(lambda: place(running) == "1 from memory")
            for number in range(2, 6):
                await asyncio.to_thread(publish, tmp_path, LARGE + number, False)
                await until_async(lambda: running.pool.generation == generations.current(tmp_path))
            assert place(running) == "5 from disk"
            # Its template process is forked: imports take longer than all else.
            forks = running._forks
            assert forks is not None
            await until_async(lambda: templates() == [forks.pid])
            assert children(forks.pid) == {running.pool._template.pid}
            assert place(running) == "5 from disk"
            os.kill(forks.pid, signal.SIGKILL)
            gone = running.pool
            await until_async(lambda: running.pool is not gone)
            assert running.pool.alive
            # As soon as no other is expected, the image of the last is read.
            monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 0.0)
            await asyncio.to_thread(publish, tmp_path, LARGE + 6, False)
            await until_async(lambda: place(running) == "6 from memory")
            await until_async(lambda: templates() == [running.pool._template.pid])

    asyncio.run(main())
    assert not any(
        f"serving generation {number} from memory" in line for line in said for number in (3, 4, 5)
    )


def test_a_generation_that_is_expected_is_served_from_disk_by_a_fork(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 0.0)
    publish(tmp_path, QUICK, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            running.expect(True)
            forks = running._forks
            assert forks is not None
            await asyncio.to_thread(publish, tmp_path, QUICK, False)
            await until_async(lambda: place(running) == "2 from memory")
            assert running.pool._template.pid in children(forks.pid)
            # It ends with the last of its forks, once nothing is expected any more.
            running.expect(False)
            await asyncio.to_thread(publish, tmp_path, QUICK, False)
            await until_async(lambda: place(running) == "3 from memory")
            await until_async(lambda: templates() == [running.pool._template.pid])

    asyncio.run(main())
    assert [line.split(",")[0].removeprefix("serving generation ") for line in said] == [
        *("1 from memory", "2 from disk", "2 from memory", "3 from memory")
    ]


def test_the_process_that_forks_ends_after_small_generations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 3600.0)
    publish(tmp_path, 10, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            for number in range(2, 5):
                await asyncio.to_thread(publish, tmp_path, number, False)
                await until_async(partial(_is_served, running, f"{number} from memory"))
            assert running._forks is not None
            monkeypatch.setattr("endpoint.engine.supervisor.SETTLING", 0.0)
            await asyncio.to_thread(publish, tmp_path, 20, False)
            await until_async(lambda: place(running) == "5 from memory" and running._forks is None)

    asyncio.run(main())


def test_an_image_that_is_awaited_is_read_to_its_end(tmp_path: Path, said: list[str]) -> None:
    publish(tmp_path, 10, twice=False)

    async def main() -> None:
        async with started(tmp_path) as running:
            before = set(templates())
            await asyncio.to_thread(publish, tmp_path, LARGE)
            await until_async(lambda: len(templates()) > 1)
            (reader,) = set(templates()) - before
            os.kill(reader, signal.SIGSTOP)
            await asyncio.to_thread(publish, tmp_path, LARGE + 1)
            os.kill(reader, signal.SIGCONT)
            await until_async(lambda: place(running) == "3 from memory")

    asyncio.run(main())
    assert [line.partition(",")[0] for line in said if line.startswith("serving")] == [
        f"serving generation {number} from memory" for number in (1, 2, 3)
    ]


def test_a_reader_that_dies_leaves_the_disk_serving(tmp_path: Path, said: list[str]) -> None:
    async def main() -> None:
        async with reading(tmp_path) as (running, reader):
            os.kill(reader, signal.SIGKILL)
            await until_async(lambda: any("could not be read into memory" in line for line in said))
            assert place(running) == "2 from disk"
            assert running.pool.alive
            await asyncio.to_thread(publish, tmp_path, 20)
            await until_async(lambda: place(running) == "3 from memory")

    asyncio.run(main())


def test_a_template_that_dies_meanwhile_is_replaced_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with reading(tmp_path) as (running, _):
            dead = running.pool
            os.kill(dead._template._process.pid, signal.SIGKILL)
            await until_async(lambda: running.pool is not dead)
            assert running.pool.alive
            await until_async(lambda: place(running) == "2 from memory")

    asyncio.run(main())


def test_a_template_that_holds_an_overlapping_image_is_replaced(tmp_path: Path) -> None:
    publish(tmp_path, LARGE)

    async def main() -> None:
        async with started(tmp_path) as running:
            dead = running.pool
            os.kill(dead._template._process.pid, signal.SIGKILL)
            await until_async(lambda: running.pool is not dead)
            assert place(running) == "1 from memory"
            assert running.pool.alive

    asyncio.run(main())


def test_a_publication_while_the_first_pool_opens_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, 10)
    current = generations.current

    def late(data: Path) -> Generation | None:
        found = current(data)
        monkeypatch.setattr(generations, "current", current)
        publish(tmp_path, 20)
        return found

    monkeypatch.setattr(generations, "current", late)

    async def main() -> None:
        async with started(tmp_path) as running:
            await until_async(lambda: place(running) == "2 from memory")

    asyncio.run(main())
