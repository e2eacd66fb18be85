"""Saved queries read again while the server runs, on demand or when their files change.

The catalog is replaced by one assignment, so that a request sees either the old or the new one. A file that
no longer loads keeps its queries; they are removed with the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.reading import Fingerprint, fingerprint, read_catalog
from endpoint.telemetry import log
from endpoint.web import Site

# Seconds between two checks of the files of saved queries.
RELOAD_INTERVAL: Final = 1.0


class Reloader:
    """The reader of changed saved queries of one site, on demand or when their files change."""

    def __init__(self, site: Site, interval: float = RELOAD_INTERVAL) -> None:
        self._site = site
        self._interval = interval
        self._lock = asyncio.Lock()

    async def reload(self) -> None:
        """Read the folder again and serve its queries. Logs what changed; raises nothing."""
        site = self._site
        async with self._lock:
            before = site.catalog
            after = await asyncio.to_thread(
                read_catalog, site.dataset.queries, site.settings.max_nesting, site.dataset.prefixes, before
            )
            site.catalog = after
        for problem in after.problems:
            log.error("saved query left out: %s", problem)
        for notice in after.notices:
            if str(notice) not in map(str, before.notices):
                log.warning("saved query: %s", notice)
        changes = " ".join(_changes(before, after)) or "nothing changed"
        log.info("read %d saved queries: %s", len(after.queries), changes)

    async def watch(self) -> None:
        """Reload whenever the files have changed, until cancelled."""
        folder = self._site.dataset.queries
        # The files may have changed since they were read, so the state that is served is not known.
        served: Fingerprint | None = None
        seen = await asyncio.to_thread(fingerprint, folder)
        while True:
            await asyncio.sleep(self._interval)
            now = await asyncio.to_thread(fingerprint, folder)
            # Files that still change are being written; the next check reads them.
            if now == seen and now != served:
                served = now
                await self.reload()
            seen = now


def _changes(before: Catalog, after: Catalog) -> Iterator[str]:
    old, new = before.queries, after.queries
    yield from (f"+{name}" for name in new if name not in old)
    yield from (f"-{name}" for name in old if name not in new)
    yield from (f"~{name}" for name in new if name in old and _content(new[name]) != _content(old[name]))


def _content(query: SavedQuery) -> tuple[object, ...]:
    """Return a query without the time of its file, to compare two versions."""
    return query.source.content, query.text, query.tags, query.options
