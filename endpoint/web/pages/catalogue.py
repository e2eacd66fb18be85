"""The catalogue: search with facets as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from markupsafe import Markup
from starlette.types import Receive, Scope, Send

from endpoint.dataset import resource_path
from endpoint.formats import QueryForm, offered
from endpoint.search import SORTS, Facet, Request, SearchConfiguration
from endpoint.search.as_sparql import as_sparql
from endpoint.search.query import MAX_CHARACTERS
from endpoint.storage.generations import Generation
from endpoint.web.http.html import render
from endpoint.web.http.making import allows
from endpoint.web.http.request import Request as HttpRequest
from endpoint.web.http.responses import Headers, links_to
from endpoint.web.http.send import send_answer
from endpoint.web.http.view import View, view_of
from endpoint.web.pages.asking import respond_search
from endpoint.web.pages.facets import (
    YEAR,
    Bar,
    Value,
    histogram,
    is_years,
    label_of,
    name_of,
    ordered,
    with_names,
)
from endpoint.web.sparql.editor import editor_page
from endpoint.web.store import OwnQueries

# Hits on a page, values that are shown of a facet and read of it, and how far a reader may page.
HITS: Final = 20
VALUES: Final = 8
_READ: Final = 300
DEEPEST: Final = 10_000
# Values of all facets that a reader can choose at once, and characters of them: each link repeats them.
_CHOSEN: Final = 40
_LONGEST: Final = 2000

_BROWSED: Final = 20_000


@dataclass(frozen=True, slots=True)
class FacetPanel:
    """One facet beside the hits. ``bars`` are there instead of ``values`` where they are years."""

    name: str
    label: str
    values: tuple[Value, ...]
    bars: tuple[Bar, ...]
    more: int


class Catalogue:
    """The site's first page as an ASGI application: the search, its facets and what it finds."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        configuration = self._site.search
        if configuration is None:
            # Without a text index there is nothing to search: the first page is the query page.
            here = HttpRequest.of(scope)
            await send_answer(here, send, editor_page(here, "/sparql"))
            return
        view = view_of(scope)
        request = read_request(view.pairs, configuration)
        configuration = await with_names(self._own_queries, configuration)
        finish = _Page(view, request, configuration, tuple(_kept(view.pairs, request))).finish
        await respond_search(scope, receive, send, self._site, request, finish, view, configuration.facets)


def read_request(pairs: Iterable[tuple[str, str]], configuration: SearchConfiguration) -> Request:
    """The search that the parameters of the page ask for.

    A page is for people, who follow links that others made longer: what is unknown is passed over, and
    what is out of range becomes the nearest that is not.
    """
    given = [(name, value.strip()) for name, value in pairs if value.strip()]
    chosen: dict[str, list[str]] = {facet.name: [] for facet in configuration.facets}
    number = length = 0
    for name, value in dict.fromkeys(given):
        if name in chosen:
            number, length = number + 1, length + len(value)
            if number <= _CHOSEN and length <= _LONGEST:
                chosen[name].append(value)
    first = dict(reversed(given))
    query, sort, page = first.get("q", "")[:MAX_CHARACTERS], first.get("sort", ""), first.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return Request(
        query=query,
        filters={name: tuple(values) for name, values in chosen.items() if values},
        limit=HITS,
        offset=min(max(number - 1, 0) * HITS, DEEPEST - HITS),
        facets=_READ,
        sort=sort if sort in SORTS else ("relevance" if query else "newest"),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    view: View
    request: Request
    configuration: SearchConfiguration
    kept: tuple[tuple[str, str], ...]

    def finish(self, answer: bytes, generation: Generation) -> tuple[bytes, Headers]:
        found = json.loads(answer)
        view, request = self.view, self.request
        text = as_sparql(request, self.configuration, view.site.dataset.prefixes)
        page = render(
            "catalogue.html",
            view,
            request=request,
            total=found["total"],
            hits=[self._hit(hit) for hit in found["hits"]],
            panels=[self._panel(row, found["facets"].get(row.name, ())) for row in self.configuration.facets],
            chosen=list(self._chosen()),
            suggestions=[(query, view.address("/", [("q", query)])) for query in found["suggestions"]],
            sorts=[(sort, self._address({"sort": sort, "page": None})) for sort in SORTS],
            pager=self._pager(found["total"]),
            sparql=text,
            editor=view.editor(text),
            exports=_exports(view, text),
            kept=[pair for pair in self.kept if pair[0] != "q"],
            first=not request.query and not request.filters and not request.offset,
            generation=generation,
        )
        return page, [(b"content-language", view.language.encode())]

    def _hit(self, hit: Mapping[str, Any]) -> dict[str, object]:
        iri = str(hit["iri"])
        facts = [
            (facet.name, name_of(self.view, facet, value), self.view.address("/", [(facet.name, value)]))
            for facet in self.configuration.facets
            for value in hit[facet.name]
        ]
        # The index makes snippets as HTML, the text in them escaped.
        snippet = Markup(hit["snippet"])  # noqa: S704
        return {
            "url": _page_of(self.view, iri),
            "title": hit["title"],
            "snippet": snippet,
            "facts": facts,
        }

    def _panel(self, facet: Facet, counted: Sequence[tuple[str, int]]) -> FacetPanel:
        chosen = self.request.filters.get(facet.name, ())
        known, toggled = dict(counted), partial(self._toggled, facet.name)
        rows = [*((value, known.get(value, 0)) for value in chosen if value not in known), *ordered(counted)]
        bars: tuple[Bar, ...] = ()
        if is_years(counted) and len(counted) > 2:
            # What a reader has chosen may be no year.
            years = [row for row in rows if YEAR.fullmatch(row[0])]
            bars = histogram([(int(row[0]), row[1], toggled(row[0]), row[0] in chosen) for row in years])
        most = max(VALUES, len(chosen))
        values = tuple(
            Value(name_of(self.view, facet, value), count, toggled(value), value in chosen)
            for value, count in sorted(rows, key=lambda row: row[0] not in chosen)[:most]
        )
        return FacetPanel(facet.name, label_of(self.view, facet), values, bars, max(len(rows) - most, 0))

    def _chosen(self) -> Iterable[Value]:
        for facet in self.configuration.facets:
            for value in self.request.filters.get(facet.name, ()):
                name = f"{label_of(self.view, facet)}: {name_of(self.view, facet, value)}"
                yield Value(name, 0, self._toggled(facet.name, value))

    def _toggled(self, facet: str, value: str) -> str:
        if value in self.request.filters.get(facet, ()):
            return self.view.address("/", [pair for pair in self.kept if pair != (facet, value)])
        return self.view.address("/", [*self.kept, (facet, value)])

    def _address(self, changes: Mapping[str, str | None]) -> str:
        added = [(name, value) for name, value in changes.items() if value is not None]
        return self.view.address("/", [*(pair for pair in self.kept if pair[0] not in changes), *added])

    def _pager(self, total: int) -> dict[str, object]:
        number = self.request.offset // HITS + 1
        last = max(1, min(-(-total // HITS), DEEPEST // HITS))
        numbers = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})
        return {
            "number": number,
            "last": last,
            "pages": [(page, self._address({"page": str(page) if page > 1 else None})) for page in numbers],
            "previous": self._address({"page": str(number - 1)}) if number > 1 else None,
            "next": self._address({"page": str(number + 1)}) if number < last else None,
        }


def _kept(pairs: Iterable[tuple[str, str]], request: Request) -> Iterable[tuple[str, str]]:
    """The parameters that every link of the page repeats, in their order: those that count."""
    counting = {("q", request.query), ("sort", request.sort)}
    counting |= {(name, value) for name, values in request.filters.items() for value in values}
    cut = ((name, value.strip()[: MAX_CHARACTERS if name == "q" else None]) for name, value in pairs)
    return dict.fromkeys(pair for pair in cut if pair[1] and pair in counting)


def _exports(view: View, text: str) -> list[tuple[str, str]]:
    links = links_to([("query", text)], offered(QueryForm.SELECT))
    return [(name, f"{view.root}/sparql{link}") for name, link in links]


def _page_of(view: View, iri: str) -> str:
    path, _, parameters = resource_path(iri, view.site.dataset.base).partition("?")
    return view.address(path, parse_qsl(parameters))
