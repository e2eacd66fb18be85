"""The metrics of the server for Prometheus, at ``/-/metrics``; ``docs/monitoring.md`` lists them."""

from __future__ import annotations

import asyncio
import os
from typing import Final

from endpoint import __version__
from endpoint.engine import Engine
from endpoint.errors import Forbidden, NotAcceptable, NotFound
from endpoint.formats import Format, negotiate
from endpoint.telemetry.readings import CacheState, ClientState, State, readings
from endpoint.web import Site
from endpoint.web.http.access import require
from endpoint.web.http.answer import NO_STORE, Answer, Whole
from endpoint.web.http.request import Request

PATH: Final = "/-/metrics"
SCOPE: Final = "metrics"
# Clients that are named at a time, of those that have used so many seconds of evaluation lately, or have so
# many connections. Each is a series of its own, for as long as Prometheus remembers.
MOST_CLIENTS: Final = 10
_NOTABLE: Final = 0.1
_CROWD: Final = 16

_TEXT: Final = Format("prometheus", "text/plain", (), (), "txt", True, None)
_OPENMETRICS: Final = Format("openmetrics", "application/openmetrics-text", (), (), "txt", True, None)
_OFFERED: Final = (_TEXT, _OPENMETRICS)
_CONTENT_TYPES: Final = {
    _TEXT: "text/plain; version=0.0.4; charset=utf-8",
    _OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


class MetricsDocument:
    """The metrics, to everybody on an address of their own (``guarded`` is False), else to token holders."""

    def __init__(self, guarded: bool = True) -> None:
        self._guarded = guarded

    async def answer(self, request: Request) -> Answer:
        """Answer with the metrics as OpenMetrics or in the text format of Prometheus.

        Raises NotFound where no token has the scope ``metrics``, Unauthorized, Forbidden and NotAcceptable.
        """
        if self._guarded:
            if not request.site.tokens.grant(SCOPE):
                raise NotFound(f"There is nothing at {request.path}.")
            require(request.token, SCOPE)
        elif _is_of_page(request):
            raise Forbidden(
                "Web pages may not read the metrics. Open their address itself, or let a program."
            )
        chosen = negotiate(request.accept, _OFFERED)
        if chosen is None:
            raise NotAcceptable(
                "Metrics are text/plain and application/openmetrics-text; ask for one of these.",
                [row.media_type for row in _OFFERED],
            )
        state = state_of(request.site)
        # Thousands of lines, and files of the system: beside the event loop.
        body = await asyncio.to_thread(
            request.site.instruments.metrics.exposition, readings(state), chosen.format is _OPENMETRICS
        )
        return Whole(body, _CONTENT_TYPES[chosen.format], cache=NO_STORE, vary="Accept")


def _is_of_page(request: Request) -> bool:
    """Return whether a script asks: that of any page, in a browser that reaches this address."""
    mode = request.headers.get("sec-fetch-mode", "navigate")
    return "origin" in request.headers or mode != "navigate"


def state_of(site: Site) -> State:
    """Return the state of a server now; without numbers of its engine while it starts or stops."""
    catalog, engine = site.catalog, site.running
    if engine is None:
        return State(__version__, saved_queries=len(catalog.queries), problems=len(catalog.problems))
    generation, occupancy = engine.generation, engine.occupancy
    return State(
        __version__,
        ready=engine.alive,
        generation=generation.number,
        quads=generation.quads,
        published=generation.created.timestamp(),
        queue=occupancy.waiting,
        queue_limit=occupancy.queue,
        workers=occupancy.states,
        processes={
            "server": (os.getpid(),),
            "template": occupancy.templates,
            "worker": occupancy.workers,
        },
        longest_pause=site.instruments.watchdog.longest_pause(),
        pauses=site.instruments.watchdog.pauses,
        connections=len(site.instruments.connections),
        saved_queries=len(catalog.queries),
        problems=len(catalog.problems),
        dropped=site.instruments.dropped(),
        clients=_clients(site, engine),
        cache=CacheState(
            site.cache.most, site.cache.size, len(site.cache), site.cache.evictions, dict(site.cache.uses)
        ),
    )


def _clients(site: Site, engine: Engine) -> list[ClientState]:
    """Return the few clients that are named."""
    accounts = engine.clients.accounts(engine.queries, site.instruments.connections_by_client(), MOST_CLIENTS)
    return [
        ClientState(
            *(each.client, each.used.seconds, each.left, each.connections, each.running, each.waiting)
        )
        for each in accounts
        if each.client and (each.used.seconds >= _NOTABLE or each.connections >= _CROWD)
    ]
