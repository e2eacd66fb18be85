"""Saved queries that change while the server runs: read again on SIGHUP or when their files change.

The switch is one assignment, so that a request sees the catalog of before or the new one. A file that does
not load any more keeps the queries that it had; one that is gone takes its queries with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.folder import Fingerprint, fingerprint
from endpoint.catalog.reading import read_catalog
from endpoint.telemetry import log
from endpoint.web.http.site import Site

# Seconds between two looks at the files.
INTERVAL: Final = 1.0


class Reloader:
    """Reads the saved queries of one site anew."""

    def __init__(self, site: Site, interval: float = INTERVAL) -> None:
        self._site = site
        self._interval = interval
        self._lock = asyncio.Lock()

    async def reload(self) -> None:
        """Read the folder and serve what it holds now. Logs what changed; raises nothing."""
        site = self._site
        async with self._lock:
            before = site.catalog
            found = await asyncio.to_thread(
                read_catalog, site.dataset.queries, site.settings.max_nesting, site.dataset.prefixes, before
            )
            site.catalog = found
        for problem in found.problems:
            log.error("saved query left out: %s", problem)
        for notice in found.notices:
            if str(notice) not in map(str, before.notices):
                log.warning("saved query: %s", notice)
        changes = " ".join(_changes(before, found)) or "nothing changed"
        log.info("read %d saved queries: %s", len(found.queries), changes)

    async def watch(self) -> None:
        """Reload whenever the files have changed, until cancelled."""
        folder = self._site.dataset.queries
        # Which state of the files is served is not known: they may have changed since they were read.
        served: Fingerprint | None = None
        seen = await asyncio.to_thread(fingerprint, folder)
        while True:
            await asyncio.sleep(self._interval)
            now = await asyncio.to_thread(fingerprint, folder)
            # What is still changing is being written: the next look is soon enough.
            if now == seen and now != served:
                served = now
                await self.reload()
            seen = now


def _changes(before: Catalog, after: Catalog) -> Iterator[str]:
    old, new = before.queries, after.queries
    yield from (f"+{name}" for name in new if name not in old)
    yield from (f"-{name}" for name in old if name not in new)
    yield from (f"~{name}" for name in new if name in old and _told(new[name]) != _told(old[name]))


def _told(query: SavedQuery) -> tuple[object, ...]:
    """What a query says, whenever its file was written."""
    return query.source.content, query.text, query.tags, query.options
