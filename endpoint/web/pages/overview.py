"""``/overview``: the dataset in charts, each of a saved query, with its data and query beside it."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote

from endpoint.catalog import SavedQuery
from endpoint.formats import CSV, EXCEL_CSV, HTML
from endpoint.sparql.operation import Operation
from endpoint.web.api.calls import formats_of
from endpoint.web.api.drawings import has_chart
from endpoint.web.cache import Region
from endpoint.web.http.answer import NO_STORE, Answer, Made, Whole, document_tag, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request
from endpoint.web.http.view import View
from endpoint.web.own_queries import OwnQueries, Snapshot

PATH: Final = "/overview"
# Sizes of the network in its own units; names are outside the circle.
SIZE: Final = 760
RADIUS: Final = 215
# Names on the circle, at most: more could not be read.
MOST_NAMES: Final = 72
_WIDEST: Final = 7.0
_LARGEST: Final = 9.0
_NETWORK: Final[Region[Network]] = Region("network of the overview")

Pair = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart: its saved query, and the addresses of its image, page, data and query."""

    query: SavedQuery
    image: str
    page: str
    data: str
    source: str
    editor: str | None


class Overview:
    """The page of the charts; the manifest names their saved queries."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def answer(self, request: Request) -> Answer:
        """Answer with the page."""
        view = request.view
        parts = (self._site.version, view.base, view.language, view.here())
        make = partial(self._make, view)
        if self._volatile():
            return Made(make, HTML.content_type(), cache=NO_STORE)
        generation = self._site.engine.generation
        tag = document_tag(generation, *parts)
        return Made(make, HTML.content_type(), tag=tag, version=generation.version)

    def _volatile(self) -> bool:
        """Return whether a query of the page may have a different result each time."""
        pages, queries = self._site.dataset.pages, self._site.catalog.queries
        names = (*pages.overview, pages.network or "")
        return any(name in queries and queries[name].template.volatile for name in names)

    async def _make(self, view: View) -> bytes | Whole:
        pages = self._site.dataset.pages
        drawn = self._site.catalog.queries.get(pages.network or "")
        figures, whole = await self._figures(view)
        body = await render(
            "overview.html",
            view,
            figures=figures,
            network=await self._network(drawn),
            drawn=None if drawn is None else _figure(view, drawn),
            facet=pages.network_facet,
        )
        # The next page may have more charts.
        return body if whole else page(body, cache=NO_STORE)

    async def _figures(self, view: View) -> tuple[list[Figure], bool]:
        """Return the charts of the named queries whose result can be drawn now, and whether those are all."""
        queries = self._site.catalog.queries
        named_queries = [queries[name] for name in self._site.dataset.pages.overview if name in queries]
        base = self._site.dataset.base
        drawn = await asyncio.gather(
            *(has_chart(self._own_queries, query, query.operation((), base), view) for query in named_queries)
        )
        figures = [_figure(view, query) for query, there in zip(named_queries, drawn, strict=True) if there]
        return figures, None not in drawn

    async def _network(self, query: SavedQuery | None) -> Network | None:
        if query is None:
            return None
        operation = query.operation((), self._site.dataset.base)
        read, snapshot = partial(_read_network, operation), self._own_queries.snapshot()
        if operation.volatile:
            return await read(snapshot)
        return await snapshot.cached(_NETWORK, read, operation)


async def _read_network(operation: Operation, snapshot: Snapshot) -> Network:
    pairs: list[Pair] = []
    for row in await snapshot.bindings(operation):
        first, second, weight = [cell["value"] for cell in row.values()][:3]
        pairs.append((first, second, int(weight)))
    return network_of(pairs)


def _figure(view: View, query: SavedQuery) -> Figure:
    path = f"/api/{quote(query.name)}"
    text = query.operation(()).text
    table = EXCEL_CSV if EXCEL_CSV in formats_of(query) else CSV
    return Figure(
        query,
        image=view.url(f"{path}.svg"),
        page=view.url(path),
        data=view.url(path, format=table.name, download="1"),
        source=view.url(f"{path}.rq"),
        editor=view.editor(text),
    )


@dataclass(frozen=True, slots=True)
class Node:
    """One name on the circle: the place of its point, and how its text is turned (degrees) and anchored."""

    name: str
    weight: int
    x: float
    y: float
    radius: float
    turn: float
    anchor: str
    offset: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One pair of names: the path of its curve (SVG path data) and its width."""

    first: str
    second: str
    weight: int
    path: str
    width: float


@dataclass(frozen=True, slots=True)
class Network:
    """Pairs drawn as names around a circle, a curve for each pair; ``left_out`` pairs did not fit."""

    nodes: tuple[Node, ...]
    curves: tuple[Curve, ...]
    left_out: int


def network_of(pairs: Sequence[Pair]) -> Network:
    """Lay out pairs ``(first, second, weight)``, the heaviest first, as many as fit."""
    kept: list[Pair] = []
    names: dict[str, int] = {}
    for first, second, weight in pairs:
        added = {first, second} - names.keys()
        if len(names) + len(added) > MOST_NAMES:
            continue
        kept.append((first, second, weight))
        for name in (first, second):
            names[name] = names.get(name, 0) + weight
    order = _around(kept)
    heaviest = max(names.values(), default=1)
    nodes = tuple(_node(name, place / len(order), names[name], heaviest) for place, name in enumerate(order))
    by_name = {node.name: node for node in nodes}
    widest = _WIDEST / max((weight for _, _, weight in kept), default=1)
    curves = tuple(
        Curve(first, second, weight, _path(by_name[first], by_name[second]), round(widest * weight, 1))
        for first, second, weight in kept
    )
    return Network(nodes, curves, len(pairs) - len(kept))


def _around(pairs: Sequence[Pair]) -> list[str]:
    """Return the names in their order on the circle: group by group, each from its heaviest name outwards."""
    near: dict[str, dict[str, int]] = defaultdict(dict)
    for first, second, weight in pairs:
        near[first][second] = near[second][first] = weight
    order: list[str] = []
    seen: set[str] = set()
    for start in sorted(near, key=lambda name: (-sum(near[name].values()), name)):
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            order.append(name)
            # The closest is visited next, so that its place is beside its partner.
            waiting += sorted(near[name], key=lambda other: (near[name][other], other))
    return order


def _node(name: str, share: float, weight: int, heaviest: int) -> Node:
    """Return the node after this share of the circle, which begins at the top."""
    angle = 2 * math.pi * share - math.pi / 2
    left = math.cos(angle) < 0
    radius = round(2.5 + (_LARGEST - 2.5) * math.sqrt(weight / heaviest), 1)
    turn = math.degrees(angle) + (180 if left else 0)
    return Node(
        name=name,
        weight=weight,
        x=round(SIZE / 2 + RADIUS * math.cos(angle), 1),
        y=round(SIZE / 2 + RADIUS * math.sin(angle), 1),
        radius=radius,
        turn=round(turn, 1),
        anchor="end" if left else "start",
        offset=round(-radius - 5 if left else radius + 5, 1),
    )


def _path(first: Node, second: Node) -> str:
    """Return a curve that bends towards the middle, so that pairs across the circle do not touch names."""
    middle = SIZE / 2
    pull = 0.35
    x = round(middle + ((first.x + second.x) / 2 - middle) * pull, 1)
    y = round(middle + ((first.y + second.y) / 2 - middle) * pull, 1)
    return f"M{first.x},{first.y}Q{x},{y} {second.x},{second.y}"
