"""Snapshots of an engine in this process, and views of a site without a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from endpoint.web import Site
from endpoint.web.http.view import View, view_of
from endpoint.web.own_queries import OwnQueries, Snapshot
from tests.datasets.odd_resources import BASE
from tests.web.in_memory_engine import StoreEngine

T = TypeVar("T")
GRAPH = f"{BASE}things"
THING = f"{BASE}thing/1"
DATA = f"""<{BASE}a> <{BASE}p> <{THING}> . <{BASE}b> <{BASE}p> <{THING}> . <{BASE}c> <{BASE}q> <{THING}> .
<{BASE}d> <{BASE}r> <{THING}> . <{BASE}doc#x> <{BASE}p> 1 . <{BASE}doc#y> <{BASE}p> 2 ."""


def read(site: Site, reader: Callable[[Snapshot], Awaitable[T]], failure: Exception | None = None) -> T:
    """Return the result of ``reader`` on a small dataset; with ``failure`` all its queries fail."""
    engine = StoreEngine(DATA, GRAPH)
    engine.failure = failure
    site.running = engine

    async def reading() -> T:
        return await reader(OwnQueries(site).snapshot(timeout=10))

    return asyncio.run(reading())


def view(site: Site, path: str = "/thing/1", query: bytes = b"locale=en") -> View:
    return view_of(
        {
            "type": "http",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"host", b"inside:8000")],
        },
        site,
        parse_qsl(query.decode()),
    )
