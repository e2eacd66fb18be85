"""The cache before real workers, while generation after generation is published and read."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from endpoint.engine import Engine
from endpoint.engine.cache import ByteCache
from endpoint.engine.cached import CachedEngine
from endpoint.formats import CSV, SPARQL_JSON, TSV, Representation
from tests.engine.replaced_generations import COUNT, opened
from tests.engine.test_embedded import LONG, operation
from tests.storage.publishing import publish

PUBLICATIONS = 100
READERS = 6
FORMATS = (CSV, TSV, SPARQL_JSON)


class Readers:
    """Clients that ask the same queries over and over; ``seen`` are the counts by generation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: dict[int, set[int]] = {}
        self.ended = False

    async def read(self, number: int) -> None:
        turn = number
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


def test_no_answer_is_stale_while_generations_follow_each_other(tmp_path: Path) -> None:
    published = {publish(tmp_path, 1, False).number: 1}

    async def main() -> tuple[Readers, Counter[str]]:
        async with opened(tmp_path) as engine:
            cached = CachedEngine(engine, ByteCache(2**20))
            readers = Readers(cached)
            async with asyncio.TaskGroup() as group:
                for number in range(READERS):
                    group.create_task(readers.read(number))
                for count in range(2, PUBLICATIONS + 2):
                    made = await asyncio.to_thread(publish, tmp_path, count, False)
                    published[made.number] = count
                while engine.generation.number < made.number:
                    await asyncio.sleep(0.01)
                last = cached.cache.uses["hit"]
                while cached.cache.uses["hit"] < last + 10:
                    await asyncio.sleep(0.01)
                readers.ended = True
            return readers, cached.cache.uses

    readers, uses = asyncio.run(main())
    assert readers.seen == {number: {published[number]} for number in readers.seen}
    assert len(published) == PUBLICATIONS + 1
    assert max(readers.seen) == max(published)
    assert len(readers.seen) > PUBLICATIONS / 10, "the readers saw hardly any of them"
    assert uses["hit"] > uses["miss"] > 0
