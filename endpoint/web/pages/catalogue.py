"""The catalogue as pages: search with facets at ``/``, all values of a facet at ``/browse/{facet}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from markupsafe import Markup

from endpoint.dataset import resource_path
from endpoint.errors import BadParameter, NotFound
from endpoint.formats import HTML, LINKSET, QueryForm, Representation, offered
from endpoint.search import SORTS, Facet, SearchConfiguration
from endpoint.search import Request as SearchRequest
from endpoint.search.as_sparql import as_sparql
from endpoint.search.query import MAX_CHARACTERS
from endpoint.storage.generations import Generation
from endpoint.web.http.answer import Answer, Headers
from endpoint.web.http.html import NOINDEX, NOINDEX_HEADERS, render
from endpoint.web.http.request import Request
from endpoint.web.http.view import View
from endpoint.web.machine.api_catalog import PATH as API_CATALOG_PATH
from endpoint.web.machine.datasets import CATALOG_PATH, DUMP_PATH, VOID_PATH
from endpoint.web.machine.dcat import schema_dataset
from endpoint.web.machine.publications import script_json
from endpoint.web.own_queries import OwnQueries
from endpoint.web.pages.search import (
    YEAR,
    Bar,
    Value,
    grouped,
    histogram,
    is_years,
    label_of,
    name_of,
    ordered,
    search_answer,
    with_names,
)
from endpoint.web.sparql.editor import editor_page
from endpoint.wording import did_you_mean, shown

# Hits on a page, values that are shown of a facet and read of it, and how far a reader may page.
HITS: Final = 20
VALUES: Final = 8
_READ: Final = 300
DEEPEST: Final = 10_000
# Values of all facets that can be chosen at once, and characters of them: each link repeats them. More than
# readers choose, and few enough to bound the lists that are found by following links.
CHOSEN: Final = 12
_LONGEST: Final = 2000
# Values on a page to browse, at most.
_BROWSED: Final = 20_000


@dataclass(frozen=True, slots=True)
class FacetPanel:
    """One facet beside the hits. It has ``bars`` instead of ``values`` where they are years."""

    name: str
    label: str
    values: tuple[Value, ...]
    bars: tuple[Bar, ...]
    more: int


class Catalogue:
    """The site's first page, which searches the dataset, and the pages to browse by the values of a facet."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def first_page(self, request: Request) -> Answer:
        """Answer with the search, its facets and hits; without a text index with the query page."""
        configuration = request.site.search
        if configuration is None:
            return await editor_page(request, "/sparql")
        snapshot, view = self._own_queries.snapshot(), request.view
        search = read_search(view.pairs, configuration)
        configuration = await with_names(snapshot, configuration)
        page = _Page(view, search, configuration, tuple(_kept(view.pairs, search)))
        variant = _variant(view, configuration.facets)
        return search_answer(request, snapshot, search, Representation.of(HTML), page.render, variant)

    async def browse(self, request: Request) -> Answer:
        """Answer with every value of the facet in the path. Raises NotFound where there is none."""
        snapshot, view, configuration = self._own_queries.snapshot(), request.view, request.site.search
        facets = () if configuration is None else (await with_names(snapshot, configuration)).facets
        name = request.path_parameter("facet")
        facet = next((row for row in facets if row.name == name), None)
        if facet is None:
            names = [row.name for row in facets]
            raise NotFound(f"There is nothing to browse by {shown(name)!r}{did_you_mean(name, names)}")
        search = SearchRequest("", limit=0, facets=_BROWSED, snippets=False)
        render_values = partial(_browse_page, view, facet, facets)
        variant = _variant(view, facets)
        return search_answer(request, snapshot, search, Representation.of(HTML), render_values, variant)


def _variant(view: View, facets: Sequence[Facet]) -> str:
    # Names come from the data of this generation, or are missing where reading them took too long.
    named = sum(len(facet.names) for facet in facets)
    return f"{view.base} {view.address(view.path, view.pairs)} {view.language} {named}"


async def _browse_page(
    view: View, facet: Facet, facets: Sequence[Facet], hits: Mapping[str, Any], _: Generation
) -> tuple[bytes, Headers]:
    counted = hits["facets"][facet.name]
    values = [
        Value(name_of(view, facet, value), count, view.address("/", [(facet.name, value)]))
        for value, count in counted
    ]
    groups = grouped(values, is_years(counted), view.language == "ko")
    body = await render(
        "browse.html", view, facet=facet, label=label_of(view, facet), groups=groups, facets=facets
    )
    return body, ((b"content-language", view.language.encode()),)


def read_search(pairs: Iterable[tuple[str, str]], configuration: SearchConfiguration) -> SearchRequest:
    """Read a search from the parameters of the page.

    People follow links to which others have added parameters, so an unknown parameter is ignored. Raises
    BadParameter for more values than can be chosen, and NotFound for a page that no list has.
    """
    given = [(name, value.strip()) for name, value in pairs if value.strip()]
    chosen: dict[str, list[str]] = {facet.name: [] for facet in configuration.facets}
    for name, value in dict.fromkeys(given):
        if name in chosen:
            chosen[name].append(value)
    _bound([(name, value) for name, values in chosen.items() for value in values])
    first = dict(reversed(given))
    query, sort, page = first.get("q", "")[:MAX_CHARACTERS], first.get("sort", ""), first.get("page", "")
    number = max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 9 else 1
    if number > DEEPEST // HITS:
        raise NotFound(
            f"A list has {DEEPEST // HITS} pages of {HITS} records at most. Narrow it down by its facets, or "
            "download the whole result as a file on its first page."
        )
    return SearchRequest(
        query=query,
        filters={name: tuple(values) for name, values in chosen.items() if values},
        limit=HITS,
        offset=(number - 1) * HITS,
        facets=_READ,
        # Only beside words a snippet is shown.
        snippets=bool(query),
        sort=sort if sort in SORTS else ("relevance" if query else "newest"),
    )


def _bound(values: Sequence[tuple[str, str]]) -> None:
    """Raise BadParameter for more values of facets than a reader can choose."""
    if len(values) > CHOSEN or sum(len(value) for _, value in values) > _LONGEST:
        name, value = values[-1]
        raise BadParameter(
            name,
            f"A list is narrowed down by at most {CHOSEN} values of facets, of {_LONGEST:,} characters "
            "together. Remove some from the address.",
            shown(value),
        )


def _as_written(view: View, query: str) -> str:
    """Return the address of the same words as they are written; empty where a query has more than words."""
    words = query.split()
    if not all(word.replace("-", "").isalnum() and word[0] != "-" for word in words):
        return ""
    return view.address("/", [("q", " ".join(f'"{word}"' for word in words))])


@dataclass(frozen=True, slots=True)
class _Page:
    view: View
    search: SearchRequest
    configuration: SearchConfiguration
    kept: tuple[tuple[str, str], ...]

    async def render(self, hits: Mapping[str, Any], generation: Generation) -> tuple[bytes, Headers]:
        view, search = self.view, self.search
        pager = self._pager(hits["total"])
        robots = NOINDEX if self._deep else ""
        text = as_sparql(search, self.configuration, view.site.dataset.prefixes)
        page = await render(
            "catalogue.html",
            view,
            request=search,
            total=hits["total"],
            hits=[self._hit(hit) for hit in hits["hits"]],
            panels=[self._panel(row, hits["facets"].get(row.name, ())) for row in self.configuration.facets],
            chosen=list(self._chosen()),
            other_names=hits["names"],
            as_written=_as_written(view, search.query),
            suggestions=[(query, view.address("/", [("q", query)])) for query in hits["suggestions"]],
            sorts=[(sort, self._address({"sort": sort, "page": None})) for sort in SORTS],
            pager=pager,
            robots=robots,
            canonical=view.absolute("/", self._canonical()),
            sparql=text,
            editor=view.editor(text),
            exports=view.downloads("/sparql", [("query", text)], offered(QueryForm.SELECT)),
            kept=[pair for pair in self.kept if pair[0] != "q"],
            first=not search.query and not search.filters and not search.offset,
            dataset=script_json(schema_dataset(view)),
            generation=generation,
        )
        headers: Headers = ((b"content-language", view.language.encode()),)
        if robots:
            return page, (*headers, *NOINDEX_HEADERS)
        return page, (*headers, _advertised(view))

    @property
    def _deep(self) -> bool:
        """True for one of endlessly many lists; the whole one and those of one value are few."""
        search = self.search
        return bool(search.query or search.offset) or len([*self._values()]) > 1

    def _values(self) -> Iterable[tuple[str, str]]:
        return (
            (name, value) for name, values in sorted(self.search.filters.items()) for value in sorted(values)
        )

    def _canonical(self) -> list[tuple[str, str]]:
        """Return the parameters of the one address of this list: in one order, whatever it is sorted by."""
        search = self.search
        query = [("q", search.query)] if search.query else []
        page = [("page", str(search.offset // HITS + 1))] if search.offset else []
        return [*query, *self._values(), *page]

    def _hit(self, hit: Mapping[str, Any]) -> dict[str, object]:
        iri = str(hit["iri"])
        facts = [
            (facet.name, name_of(self.view, facet, value), self.view.address("/", [(facet.name, value)]))
            for facet in self.configuration.facets
            for value in hit[facet.name]
        ]
        # The index returns snippets as HTML, with the text in them escaped.
        snippet = Markup(hit["snippet"])  # noqa: S704
        return {
            "url": _page_of(self.view, iri),
            "title": hit["title"],
            "snippet": snippet,
            "facts": facts,
        }

    def _panel(self, facet: Facet, counted: Sequence[tuple[str, int]]) -> FacetPanel:
        chosen = self.search.filters.get(facet.name, ())
        known, toggled = dict(counted), partial(self._toggled, facet.name)
        rows = [*((value, known.get(value, 0)) for value in chosen if value not in known), *ordered(counted)]
        bars: tuple[Bar, ...] = ()
        if is_years(counted) and len(counted) > 2:
            # A value that a reader has chosen may be no year.
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
            for value in self.search.filters.get(facet.name, ()):
                name = f"{label_of(self.view, facet)}: {name_of(self.view, facet, value)}"
                yield Value(name, 0, self._toggled(facet.name, value))

    def _toggled(self, facet: str, value: str) -> str:
        if value in self.search.filters.get(facet, ()):
            return self.view.address("/", [pair for pair in self.kept if pair != (facet, value)])
        if sum(map(len, self.search.filters.values())) >= CHOSEN:
            return ""
        return self.view.address("/", [*self.kept, (facet, value)])

    def _address(self, changes: Mapping[str, str | None]) -> str:
        added = [(name, value) for name, value in changes.items() if value is not None]
        return self.view.address("/", [*(pair for pair in self.kept if pair[0] not in changes), *added])

    def _pager(self, total: int) -> dict[str, object]:
        number = self.search.offset // HITS + 1
        last = max(1, min(-(-total // HITS), DEEPEST // HITS))
        numbers = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})
        if number > last:
            raise NotFound(f"This list has no page {number}; its last is page {last}.")
        return {
            "number": number,
            "last": last,
            "pages": [(page, self._address({"page": str(page) if page > 1 else None})) for page in numbers],
            "previous": self._address({"page": str(number - 1)}) if number > 1 else None,
            "next": self._address({"page": str(number + 1)}) if number < last else None,
        }


def _advertised(view: View) -> tuple[bytes, bytes]:
    """Return the header that leads crawlers and programs to all there is (RFC 8288, IANA's relations)."""
    links = [
        f'<{view.absolute("/sitemap.xml")}>; rel="sitemap"; type="application/xml"',
        f'<{view.absolute(VOID_PATH)}>; rel="describedby"',
        f'<{view.absolute(CATALOG_PATH)}>; rel="describedby"',
        f'<{view.absolute(API_CATALOG_PATH)}>; rel="api-catalog"; type="{LINKSET.media_type}"',
        f'<{view.absolute(DUMP_PATH)}>; rel="item"; type="application/gzip"',
    ]
    if view.site.dataset.pages.feed:
        links.append(f'<{view.absolute("/feed")}>; rel="alternate"; type="application/atom+xml"')
    return b"link", ", ".join(links).encode()


def _kept(pairs: Iterable[tuple[str, str]], search: SearchRequest) -> Iterable[tuple[str, str]]:
    """Return the parameters that have an effect, in their order; every link of the page repeats them."""
    counting = {("q", search.query), ("sort", search.sort)}
    counting |= {(name, value) for name, values in search.filters.items() for value in values}
    cut = ((name, value.strip()[: MAX_CHARACTERS if name == "q" else None]) for name, value in pairs)
    return dict.fromkeys(pair for pair in cut if pair[1] and pair in counting)


def _page_of(view: View, iri: str) -> str:
    path, _, parameters = resource_path(iri, view.site.dataset.base).partition("?")
    return view.address(path, parse_qsl(parameters))
