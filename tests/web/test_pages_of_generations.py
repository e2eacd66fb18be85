"""Pages that are kept while generation after generation is published, before real workers and before none."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.routing import Router

from endpoint.app import routes
from endpoint.engine import Engine
from endpoint.engine.cached import CachedEngine
from endpoint.web import Site
from endpoint.web.http.boundary import Boundary
from tests.engine.replaced_generations import COUNT, opened
from tests.engine.test_cached_generations import FEW, PUBLICATIONS, READERS, Slow
from tests.storage.publishing import publish
from tests.waiting import until_async
from tests.web.exchanges import Sent, receiving, scope_of
from tests.web.http.test_at_once import replace_settings, whole_site

BROWSER = "text/html,*/*;q=0.8"
# The rows of a query, and a property with the number of its statements.
ROWS, PROPERTY = f"/sparql?query={quote(COUNT)}", f"/lod/view.do?uri={quote('urn:p')}"


class Readers:
    """Readers of pages; ``seen`` are the numbers on them, ``ways`` how they were answered."""

    def __init__(self, engine: Engine, least: Callable[[], int]) -> None:
        read = whole_site()
        site = Site(read.settings, read.dataset, read.catalog, read.search)
        replace_settings(site, cache=2**22)
        site.running = CachedEngine(engine, site.cache)
        self.app = Boundary(Router(routes(site)), site)
        self.least = least
        self.seen: set[int] = set()
        self.ways: Counter[str] = Counter()
        self.ended = False

    async def page(self, path: str, language: str) -> bytes:
        """Ask as a connection does, and return the body."""
        scope = scope_of("GET", path, {"accept": BROWSER, "accept-language": language})
        if (response := self.app.at_once.response(scope, ())) is not None:
            self.ways["at once"] += 1
            return response.partition(b"\r\n\r\n")[2]
        sent = Sent()
        await self.app(scope, receiving(), sent.send)
        assert sent.status == 200, sent.body
        self.ways[sent.headers.get("cache-status", "")] += 1
        return sent.body

    async def saw(self, number: int) -> None:
        """Return when there was a page with this number, and another one at once."""
        before = self.ways["at once"]
        await until_async(lambda: number in self.seen and self.ways["at once"] > before)

    async def read(self, path: str, pattern: bytes, pause: Callable[[], float]) -> None:
        turn = 0
        while not self.ended:
            turn += 1
            # Never the page of an older generation than the one that was there when it was asked for.
            least = self.least()
            body = await self.page(path, ("ko", "en")[turn % 2])
            found = re.search(pattern, body)
            assert found is not None, body
            number = int(found[1].replace(b",", b""))
            assert number >= least
            self.seen.add(number)
            await asyncio.sleep(pause())


@pytest.mark.parametrize(
    ("path", "pattern"), [(ROWS, rb"<td>(?:<[^>]*>)*(\d+)<"), (PROPERTY, rb"</dt><dd>(\d+)</dd>")]
)
def test_no_page_is_stale_while_generations_follow_each_other(
    tmp_path: Path, request: pytest.FixtureRequest, path: str, pattern: bytes
) -> None:
    counts = {publish(tmp_path, 10, False).number: 10}
    number = PUBLICATIONS if request.config.getoption("thorough") else FEW

    async def main() -> None:
        async with opened(tmp_path) as engine:
            readers = Readers(engine, lambda: counts[engine.generation.number])
            async with asyncio.TaskGroup() as group:
                for _ in range(READERS):
                    group.create_task(readers.read(path, pattern, lambda: 0.005))
                for count in range(11, number + 11):
                    # It may be read before this thread knows its number.
                    counts[max(counts) + 1] = count
                    await asyncio.to_thread(publish, tmp_path, count, False)
                    await readers.saw(count)
                readers.ended = True
            assert readers.seen <= {*counts.values()}
            assert {*range(11, number + 11)} <= readers.seen

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(4))
def test_no_page_is_stale_at_whatever_moment_a_generation_is_published(seed: int) -> None:
    async def main() -> None:
        engine = Slow(random.Random(seed))
        readers = Readers(engine, lambda: engine.generation.number)
        async with asyncio.TaskGroup() as group:
            for _ in range(READERS):
                group.create_task(readers.read(ROWS, rb"number\n(\d+)", lambda: 0.0))
            for _ in range(PUBLICATIONS):
                for _ in range(engine.chance.randrange(60)):
                    await asyncio.sleep(0)
                engine.generation = replace(engine.generation, number=engine.generation.number + 1)
            readers.ended = True
        assert readers.ways["at once"] > 0
        assert len(readers.seen) > PUBLICATIONS // 4

    asyncio.run(main())
