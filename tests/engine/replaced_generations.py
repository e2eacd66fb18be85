"""An engine whose generation is replaced, for the tests of those that are kept."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from endpoint.engine import Limits
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.formats import CSV, Representation
from endpoint.settings import Settings
from endpoint.storage import generations
from tests.children import templates
from tests.engine.test_embedded import LONG, operation
from tests.storage.publishing import publish
from tests.waiting import until_async

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
# Most quads of a generation that is read into memory at once, with the fixture `few_quads_are_many`.
QUICK = 1000
LARGE = QUICK + 250


@asynccontextmanager
async def opened(data: Path, keep: float = 600.0, image: int = 2**31) -> AsyncIterator[EmbeddedEngine]:
    settings = Settings(data=data, memory=256 * 2**20, workers=1, keep=keep, image=image, retain=2)
    engine = await EmbeddedEngine.open(settings, {})
    try:
        yield engine
    finally:
        await engine.aclose()
        assert templates() == set()


@asynccontextmanager
async def replaced(data: Path, keep: float = 600.0) -> AsyncIterator[EmbeddedEngine]:
    """Serves generation 2, which has 20 triples; generation 1 had 300."""
    publish(data, 300)
    async with opened(data, keep) as engine:
        await load(engine, data, 20)
        yield engine


async def load(engine: EmbeddedEngine, data: Path, count: int, twice: bool = True) -> None:
    made = await asyncio.to_thread(publish, data, count, twice)
    await until_async(lambda: engine.generation.number == made.number)


async def count(engine: EmbeddedEngine, number: int | None = None, limits: Limits = LONG) -> int:
    """Triples of a generation, as the engine answers."""
    answer = await engine.query(operation(COUNT).on(number), Representation.of(CSV), limits)
    body = await answer.read()
    assert number in (None, answer.generation.number)
    return int(body.split()[1])


def numbers(engine: EmbeddedEngine) -> set[int]:
    """Return the numbers of the kept generations, without a request that would keep one longer."""
    return set(engine._supervisor.kept._kept)


def shorten(engine: EmbeddedEngine, keep: float) -> None:
    """Change the setting ``keep`` of a running engine."""
    kept = engine._supervisor.kept
    kept.reconfigure(dataclasses.replace(kept._settings, keep=keep))


def template_of(engine: EmbeddedEngine, number: int) -> int:
    pool = engine._supervisor.kept._kept[number].pool
    assert pool is not None
    return pool._template._process.pid


def folders(data: Path) -> list[int]:
    return generations.numbers(data)
