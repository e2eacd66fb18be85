"""Settings and saved queries read again while the server runs, on demand or when their files change.

The settings and the catalog are each replaced by one assignment, so that a request sees either the old or the
new ones. A file of settings with a mistake changes nothing. A saved query whose file no longer loads is kept;
it is removed with the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.reading import Fingerprint, fingerprint, read_catalog
from endpoint.errors import EndpointError
from endpoint.settings import Settings, reloaded
from endpoint.telemetry import log, set_up_logging
from endpoint.tokens import Tokens
from endpoint.web import Site

# What makes ready whatever was made of the settings, and returns what puts it in force. Raises EndpointError
# where the settings do not fit; then nothing is put in force.
Prepare = Callable[[Settings], Callable[[], None]]

# Seconds between two checks of the files of saved queries.
RELOAD_INTERVAL: Final = 1.0


class Reloader:
    """The reader of changed settings and saved queries of one site.

    ``read`` returns the settings anew. ``parts`` are the parts of the server that were made of settings
    and do not look at those of the site each time.
    """

    def __init__(
        self,
        site: Site,
        read: Callable[[], Settings],
        parts: Sequence[Prepare] = (),
        interval: float = RELOAD_INTERVAL,
    ) -> None:
        self._site = site
        self._read = read
        self._parts = (*parts, self._logging, self._tokens, self._engine)
        self._interval = interval
        self._lock = asyncio.Lock()

    async def reload(self) -> None:
        """Read the settings and the saved queries again. Logs what changed; raises nothing."""
        async with self._lock:
            await self._reload_settings()
            await self._reload_queries()

    async def _reload_settings(self) -> None:
        site = self._site
        try:
            wanted = await asyncio.to_thread(self._read)
            after, changed, waiting = reloaded(site.settings, wanted)
            # Also where no setting has changed: the files that they name may have.
            ready = [await asyncio.to_thread(prepare, after) for prepare in self._parts]
        except EndpointError as error:
            log.error("the settings stay as they were: %s", error)
            return
        site.settings = after
        for put_in_force in ready:
            put_in_force()
        log.info("read the settings: %s", " ".join(f"~{name}" for name in changed) or "nothing changed")
        if waiting:
            log.warning("needs a restart: %s", " ".join(waiting))

    def _logging(self, settings: Settings) -> Callable[[], None]:
        return lambda: set_up_logging(settings.log_level)

    def _tokens(self, settings: Settings) -> Callable[[], None]:
        tokens = Tokens.of(settings)
        return lambda: setattr(self._site, "tokens", tokens)

    def _engine(self, settings: Settings) -> Callable[[], None]:
        running = self._site.running
        return (lambda: running.reconfigure(settings)) if running is not None else lambda: None

    async def _reload_queries(self) -> None:
        site = self._site
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
        """Read the saved queries again whenever their files have changed, until cancelled."""
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
                async with self._lock:
                    await self._reload_queries()
            seen = now


def _changes(before: Catalog, after: Catalog) -> Iterator[str]:
    old, new = before.queries, after.queries
    yield from (f"+{name}" for name in new if name not in old)
    yield from (f"-{name}" for name in old if name not in new)
    yield from (f"~{name}" for name in new if name in old and _content(new[name]) != _content(old[name]))


def _content(query: SavedQuery) -> tuple[object, ...]:
    """Return a query without the time of its file, to compare two versions."""
    return query.source.content, query.text, query.tags, query.options
