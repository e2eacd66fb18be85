"""``/overview``: the dataset in drawings, each made of a saved query with its data and query beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from endpoint.catalog import SavedQuery, bind_query
from endpoint.formats import HTML
from endpoint.sparql.operation import Operation
from endpoint.web.api.calls import read_call
from endpoint.web.api.drawings import Drawings
from endpoint.web.api.targets import named
from endpoint.web.cache import Region
from endpoint.web.http.html import render
from endpoint.web.http.making import document_tag, send_made
from endpoint.web.http.site import VARY
from endpoint.web.http.view import View, view_of
from endpoint.web.pages.network import Network, Pair, network_of
from endpoint.web.store import OwnQueries, Snapshot

PATH: Final = "/overview"
_NETWORK: Final[Region[Network]] = Region("network of the overview")


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawing: its saved query, the addresses of its image, page, data and query."""

    query: SavedQuery
    image: str
    page: str
    data: str
    source: str
    editor: str


class Overview:
    """The page as an ASGI application; the dataset names the saved queries that it draws."""

    def __init__(self, own_queries: OwnQueries, drawings: Drawings) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._drawings = drawings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        view = view_of(scope)
        parts = (self._site.reading, view.base, view.language, view.here())
        tag = document_tag(self._site.engine.generation, *parts)
        vary = VARY + b", Accept-Encoding"
        make = partial(self._make, scope, view)
        await send_made(scope, receive, send, HTML.content_type(), tag, make, vary)

    async def _make(self, scope: Scope, view: View) -> bytes:
        pages = self._site.dataset.pages
        drawn = self._site.catalog.queries.get(pages.network or "")
        return render(
            "overview.html",
            view,
            figures=await self._figures(scope, view),
            network=await self._network(drawn),
            drawn=None if drawn is None else _figure(view, drawn),
            facet=pages.network_facet,
        )

    async def _figures(self, scope: Scope, view: View) -> list[Figure]:
        """Those of the named queries whose answer can be drawn now."""
        queries = self._site.catalog.queries
        named_queries = [queries[name] for name in self._site.dataset.pages.overview if name in queries]
        calls = [read_call(self._site, scope, named(query), [], batch=True) for query in named_queries]
        drawn = await asyncio.gather(*(self._drawings.there_is(call, view) for call in calls))
        return [_figure(view, query) for query, there in zip(named_queries, drawn, strict=True) if there]

    async def _network(self, query: SavedQuery | None) -> Network | None:
        if query is None:
            return None
        text = bind_query(query, ())
        make = partial(_read_network, query, text)
        return await self._own_queries.snapshot().cached(_NETWORK, make, text)


async def _read_network(query: SavedQuery, text: str, snapshot: Snapshot) -> Network:
    base = snapshot.site.dataset.base
    operation = Operation(text, query.form, base, dataset_clause=query.dataset_clause)
    pairs: list[Pair] = []
    for row in await snapshot.bindings(operation):
        first, second, weight = [cell["value"] for cell in row.values()][:3]
        pairs.append((first, second, int(weight)))
    return network_of(pairs)


def _figure(view: View, query: SavedQuery) -> Figure:
    path = f"/api/{quote(query.name)}"
    text = bind_query(query, ())
    return Figure(
        query,
        image=view.url(f"{path}.svg"),
        page=view.url(path),
        data=view.url(f"{path}.csv"),
        source=view.url(f"{path}.rq"),
        editor=view.editor(text),
    )
