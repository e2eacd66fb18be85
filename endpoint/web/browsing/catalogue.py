"""The catalogue: search with facets as a page, and pages to browse by the values of one facet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from markupsafe import Markup
from starlette.types import Receive, Scope, Send

from endpoint.addresses import path_of
from endpoint.engines import Generation, Limits
from endpoint.errors import NotFound
from endpoint.formats import HTML, Negotiated, QueryForm, offered
from endpoint.operation import Operation
from endpoint.search import SORTS, Facet, Request, SearchConfiguration
from endpoint.search.as_sparql import as_sparql
from endpoint.search.query import MAX_CHARACTERS
from endpoint.web.browsing.histogram import Bar, histogram
from endpoint.web.editor import send_editor
from endpoint.web.html import render
from endpoint.web.making import allows
from endpoint.web.responses import Finish, Headers, links_to, respond_whole
from endpoint.web.site import Site
from endpoint.web.view import View, view_of
from endpoint.wording import did_you_mean, shown

# Hits on a page, values that are shown of a facet and read of it, and how far a reader may page.
HITS: Final = 20
VALUES: Final = 8
_READ: Final = 300
DEEPEST: Final = 10_000
# Values of all facets that a reader can choose at once, and characters of them: each link repeats them.
_CHOSEN: Final = 40
_LONGEST: Final = 2000
# Values on a page to browse by, at most.
_BROWSED: Final = 20_000
_YEAR: Final = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: what people call it, how many hits have it, where choosing it leads."""

    name: str
    count: int
    url: str
    selected: bool = False


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

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        configuration = self._site.search
        if configuration is None:
            # Without a text index there is nothing to search: the first page is the query page.
            await send_editor(scope, send, "/sparql")
            return
        view = view_of(scope)
        request = read_request(view.pairs, configuration)
        finish = _Page(view, request, configuration, tuple(_kept(view.pairs, request))).finish
        await _respond(scope, receive, send, self._site, request, finish, view)


class Browse:
    """``/browse/{facet}`` as an ASGI application: every value of one facet, with its number of records."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        name = scope["path_params"]["facet"]
        facets = () if self._site.search is None else self._site.search.facets
        facet = next((row for row in facets if row.name == name), None)
        if facet is None:
            names = [row.name for row in facets]
            raise NotFound(f"There is nothing to browse by {shown(name)!r}{did_you_mean(name, names)}")
        view = view_of(scope)

        def finish(answer: bytes, _: Generation) -> tuple[bytes, Headers]:
            counted = json.loads(answer)["facets"][facet.name]
            values = [
                Value(_name(view, facet, value), count, view.address("/", [(facet.name, value)]))
                for value, count in counted
            ]
            groups = grouped(values, _is_years(counted), view.language == "ko")
            page = render(
                "browse.html", view, facet=facet, label=_label(view, facet), groups=groups, facets=facets
            )
            return page, [(b"content-language", view.language.encode())]

        request = Request("", limit=0, facets=_BROWSED, snippets=False)
        await _respond(scope, receive, send, self._site, request, finish, view)


async def _respond(
    scope: Scope, receive: Receive, send: Send, site: Site, request: Request, finish: Finish, view: View
) -> None:
    operation = Operation(text=json.dumps(asdict(request)), form=QueryForm.SELECT, search=True)
    chosen, limits = Negotiated(HTML, HTML.content_type()), Limits(site.settings.timeout)
    variant = f"{view.base} {view.address(view.path, view.pairs)} {view.language}".encode()
    await respond_whole(scope, receive, send, site, operation, chosen, limits, finish, variant)


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
            (facet.name, _name(self.view, facet, value), self.view.address("/", [(facet.name, value)]))
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
        if _is_years(counted) and len(counted) > 2:
            # What a reader has chosen may be no year.
            years = [row for row in rows if _YEAR.fullmatch(row[0])]
            bars = histogram([(int(row[0]), row[1], toggled(row[0]), row[0] in chosen) for row in years])
        most = max(VALUES, len(chosen))
        values = tuple(
            Value(_name(self.view, facet, value), count, toggled(value), value in chosen)
            for value, count in sorted(rows, key=lambda row: row[0] not in chosen)[:most]
        )
        return FacetPanel(facet.name, _label(self.view, facet), values, bars, max(len(rows) - most, 0))

    def _chosen(self) -> Iterable[Value]:
        for facet in self.configuration.facets:
            for value in self.request.filters.get(facet.name, ()):
                name = f"{_label(self.view, facet)}: {_name(self.view, facet, value)}"
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


def _label(view: View, facet: Facet) -> str:
    return view.text(facet.labels) or facet.name


def _name(view: View, facet: Facet, value: str) -> str:
    return view.text(facet.names[value]) if value in facet.names else value


def _is_years(counted: Sequence[tuple[str, int]]) -> bool:
    return bool(counted) and all(_YEAR.fullmatch(value) for value, _ in counted)


def ordered(counted: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Years with the latest first, other values as the search counted them: most records first."""
    return sorted(counted, reverse=True) if _is_years(counted) else counted


def _exports(view: View, text: str) -> list[tuple[str, str]]:
    links = links_to([("query", text)], offered(QueryForm.SELECT))
    return [(name, f"{view.root}/sparql{link}") for name, link in links]


def _page_of(view: View, iri: str) -> str:
    path, _, parameters = path_of(iri, view.site.dataset.base).partition("?")
    return view.address(path, parse_qsl(parameters))


def grouped(values: Sequence[Value], years: bool, korean: bool) -> list[tuple[str, list[Value]]]:
    """The values by their first letter, the reader's script first; years by decade, newest first."""
    groups: dict[str, list[Value]] = {}
    ours = {value.name: ("가" <= value.name[:1] <= "힣") is korean for value in values}
    for value in sorted(values, key=lambda row: (not ours[row.name], row.name.casefold()), reverse=years):
        groups.setdefault(f"{value.name[:3]}0–" if years else _initial(value.name), []).append(value)
    return list(groups.items())


_CONSONANTS: Final = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"


def _initial(name: str) -> str:
    first = name[:1].upper()
    if "가" <= first <= "힣":
        return _CONSONANTS[(ord(first) - ord("가")) // 588]
    return first if first.isalpha() else "#"
