"""The cache while generation after generation is published and read: before real workers, and before none."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from endpoint.engine import Engine, Limits, Result
from endpoint.engine.cache import ByteCache
from endpoint.engine.cached import CachedEngine
from endpoint.formats import CSV, SPARQL_JSON, TSV, Representation
from endpoint.sparql.operation import Operation
from tests.engine.replaced_generations import COUNT, opened
from tests.engine.test_embedded import LONG, operation
from tests.storage.publishing import publish
from tests.waiting import until_async
from tests.web.in_memory_engine import StoreEngine, Whole

pytestmark = pytest.mark.usefixtures("forked_templates")

PUBLICATIONS = 100
# A process reads each generation, so that there are a tenth of them unless the tests are to be thorough.
FEW = 10
READERS = 6
FORMATS = (CSV, TSV, SPARQL_JSON)


class Readers:
    """Clients that ask the same queries over and over; ``seen`` are the counts by generation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: dict[int, set[int]] = {}
        self.ended = False

    async def read(self, turn: int) -> None:
        while not self.ended:
            turn += 1
            least = self.engine.generation.number
            fmt = FORMATS[turn % len(FORMATS)]
            result = await self.engine.query(operation(COUNT), Representation.of(fmt), LONG)
            body = await result.read()
            # Never an older generation than the one that was there when it was asked.
            assert result.generation.number >= least
            if fmt is CSV:
                self.seen.setdefault(result.generation.number, set()).add(int(body.split()[1]))
            await asyncio.sleep(0.005)


def test_no_answer_is_stale_while_generations_follow_each_other(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    published = {publish(tmp_path, 1, False).number: 1}
    number = PUBLICATIONS if request.config.getoption("thorough") else FEW

    async def main() -> tuple[Readers, Counter[str]]:
        async with opened(tmp_path) as engine:
            cached = CachedEngine(engine, ByteCache(2**20))
            readers, uses = Readers(cached), cached.cache.uses

            async def seen(number: int) -> None:
                await until_async(lambda: max(readers.seen, default=0) >= number)

            async def hit(times: int) -> None:
                await until_async(lambda: uses["hit"] >= times)

            async with asyncio.TaskGroup() as group:
                for turn in range(READERS):
                    group.create_task(readers.read(turn))
                for count in range(2, number + 2):
                    made = await asyncio.to_thread(publish, tmp_path, count, False)
                    published[made.number] = count
                    await seen(made.number)
                    await hit(uses["hit"] + 1)
                readers.ended = True
            return readers, uses

    readers, uses = asyncio.run(main())
    assert len(published) == number + 1
    assert readers.seen == {version: {published[version]} for version in readers.seen}
    assert set(list(published)[1:]) <= set(readers.seen)
    assert uses["hit"] > 0


class Slow(StoreEngine):
    """Answers with the number of the generation on which it began, some rounds of the event loop later."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__("", "urn:g")
        self.chance = chance

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        generation = self.generation
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)
        return Whole(generation, b"number\n%d\n" % generation.number)


@pytest.mark.parametrize("seed", range(20))
def test_no_answer_is_stale_at_whatever_moment_a_generation_is_published(seed: int) -> None:
    async def main() -> None:
        engine = Slow(random.Random(seed))
        cached = CachedEngine(engine, ByteCache(2**20))
        readers = Readers(cached)
        async with asyncio.TaskGroup() as group:
            for turn in range(READERS):
                group.create_task(read(readers, cached, turn, engine.chance))
            for _ in range(PUBLICATIONS):
                for _ in range(engine.chance.randrange(12)):
                    await asyncio.sleep(0)
                engine.generation = replace(engine.generation, number=engine.generation.number + 1)
            readers.ended = True
        assert readers.seen == {number: {number} for number in readers.seen}
        uses = cached.cache.uses
        assert min(uses["hit"], uses["miss"], uses["collapsed"]) > 0

    asyncio.run(main())


async def read(readers: Readers, engine: Engine, turn: int, chance: random.Random) -> None:
    while not readers.ended:
        turn += 1
        least = engine.generation.number
        result = await engine.query(operation(COUNT), Representation.of(FORMATS[turn % 3]), LONG)
        assert result.generation.number >= least
        number = int((await result.read()).split()[1])
        readers.seen.setdefault(result.generation.number, set()).add(number)
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
