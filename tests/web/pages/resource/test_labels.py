"""The rows that shapes describe."""

from __future__ import annotations

import asyncio

from endpoint.web.http.site import Site
from endpoint.web.pages.resource.labels import row_shapes
from endpoint.web.store import Snapshot
from tests.web.in_memory_engine import StoreEngine
from tests.web.pages.resource.snapshots import read


def test_what_is_kept_of_a_generation_is_asked_once(site: Site) -> None:
    async def several(snapshot: Snapshot) -> int:
        await asyncio.gather(*(row_shapes(snapshot) for _ in range(5)))
        assert isinstance(site.running, StoreEngine)
        return len(site.running.asked)

    assert read(site, several) == 1
