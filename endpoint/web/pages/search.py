"""Text search over HTTP: ``GET /search?q=…`` as JSON, and the facets that pages show beside it.

A facet has names of its values in the reader's language, an order, and bars where its values are years. The
index has one name of what a record is linked to; the data may have others, such as a country's Korean and
English one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from endpoint.errors import BadParameter, EndpointError, NotFound
from endpoint.formats import FLAT_JSON, Representation
from endpoint.search import PARAMETERS, SORTS, Facet, SearchConfiguration
from endpoint.search import Request as SearchRequest
from endpoint.storage.generations import Generation
from endpoint.telemetry import log
from endpoint.vocabulary import RDFS_LABEL
from endpoint.web.cache import Region
from endpoint.web.http.answer import Answer, Headers, Made, Whole, document_tag, note_use, server_timing
from endpoint.web.http.request import Pairs, Request, allowed_limits, choose, read_formats, read_timeout
from endpoint.web.http.view import LANGUAGES, View
from endpoint.web.own_queries import Bindings, OwnQueries, Snapshot
from endpoint.wording import did_you_mean, shown

# Renders the text index's answer on one generation as a body and its headers.
Render: TypeAlias = Callable[[Mapping[str, Any], Generation], Awaitable[tuple[bytes, Headers]]]

_FORMATS: Final = (FLAT_JSON,)
# Hits on one page, values counted for a facet, and how far a client may page, at most.
MOST_HITS: Final = 100
MOST_VALUES: Final = 1000
DEEPEST: Final = 10_000
# Characters of a link: no recipient has to accept more (RFC 9110 section 4.1).
LONGEST_ADDRESS: Final = 8_000
# Bytes of the header of links: proxies commonly take 4 to 8 kB of all headers together.
LONGEST_HEADER: Final = 3_000

Names = Mapping[str, Mapping[str, str]]

YEAR: Final = re.compile(r"[0-9]{4}")
# The histogram in its own units.
WIDTH: Final = 300
HEIGHT: Final = 72
# Years of a longer span have no bars: they would be too narrow to click.
_MOST_YEARS: Final = 120
# The lowest bar: every year with a hit must be visible.
_LOWEST: Final = 2.0
# Names that are read for one facet, and seconds that a page waits for them, at most.
_MOST_NAMES: Final = 20_000
_PATIENCE: Final = 2.0
_FACET_NAMES: Final[Region[Mapping[str, Names]]] = Region("names of facets")
_CONSONANTS: Final = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"


class TextSearch:
    """The text search as JSON."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def answer(self, request: Request) -> Answer:
        """Answer with a page of hits. Raises BadParameter, NotAcceptable and NotFound without an index."""
        site = request.site
        if site.search is None:
            raise NotFound("This dataset has no text index: it has no file seed/search.toml.")
        pairs = [(name.strip(), value) for name, value in request.pairs]
        representation = choose(read_formats(pairs), request.accept, _FORMATS)
        search = read_search(pairs, site.search)
        limits = allowed_limits(read_timeout(pairs), site.settings, request.began)
        snapshot = self._own_queries.snapshot(timeout=limits.left())
        page = HitPage(request.base + request.path, pairs, search)
        return search_answer(request, snapshot, search, representation, page.render, page.address)


def search_answer(
    request: Request,
    snapshot: Snapshot,
    search: SearchRequest,
    representation: Representation,
    render: Render,
    *variant: str,
) -> Made:
    """Search the text index, and answer with its result as ``render`` writes it.

    ``variant`` is what else determines the body, for the entity tag.
    """
    parts = (repr(search), representation.digest, request.site.version, *variant)
    tag, version = document_tag(snapshot.generation, *parts), snapshot.generation.version

    async def make() -> Whole:
        request.exchange.generation = snapshot.generation.number
        result = await snapshot.begin_search(search)
        request.exchange.queue = result.queued
        note_use(request, result.use)
        answer = await result.read()
        body, headers = await render(json.loads(answer), snapshot.generation)
        headers = (*headers, server_timing(result))
        return Whole(body, representation.content_type, tag=tag, headers=headers, version=version)

    return Made(make, representation.content_type, tag=tag, version=version)


def read_search(pairs: Pairs, configuration: SearchConfiguration) -> SearchRequest:
    """Read a search from its parameters. Raises :class:`BadParameter`, which names the parameter."""
    facets = tuple(facet.name for facet in configuration.facets)
    known = (*PARAMETERS, *facets)
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise BadParameter(
                shown(name),
                f'There is no parameter "{shown(name)}"{did_you_mean(name, known)} '
                f"The search takes {', '.join(known)}.",
            )
        given.setdefault(name, []).append(value)
    for name in PARAMETERS:
        if len(given.get(name, ())) > 1:
            raise BadParameter(name, f'The parameter "{name}" is given more than once; give it once.')
    single = {name: values[0].strip() for name, values in given.items() if name in PARAMETERS}
    if "q" not in single:
        raise BadParameter("q", 'The parameter "q" is missing: it takes the words to search for.')
    sort = single.get("sort") or SORTS[0]
    if sort not in SORTS:
        raise BadParameter("sort", f'The parameter "sort" is one of {", ".join(SORTS)}.', shown(sort))
    return SearchRequest(
        query=single["q"],
        filters={name: tuple(filter(None, given[name])) for name in facets if any(given.get(name, ()))},
        limit=_number(single, "limit", 20, MOST_HITS),
        offset=_number(single, "offset", 0, DEEPEST),
        facets=_number(single, "facets", 20, MOST_VALUES),
        sort=sort,
    )


def _number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= most and len(text) < 9):
        raise BadParameter(name, f'The parameter "{name}" is a whole number from 0 to {most:,}.', shown(text))
    return int(text)


@dataclass(frozen=True, slots=True)
class HitPage:
    """One page of hits as a client gets it, with links to its neighbours (RFC 8288)."""

    address: str
    pairs: Pairs
    search: SearchRequest

    async def render(self, hits: Mapping[str, Any], generation: Generation) -> tuple[bytes, Headers]:
        """Return the body and its headers, from the index's answer."""
        links = self._links(hits["total"])
        body = {
            "query": self.search.query,
            "generation": generation.number,
            "total": hits["total"],
            "limit": self.search.limit,
            "offset": self.search.offset,
            "sort": self.search.sort,
            "hits": hits["hits"],
            "facets": self._facets(hits["facets"]),
            "suggestions": [{"query": text, "url": self._url(q=text)} for text in hits["suggestions"]],
            "names": hits["names"],
            "links": links,
        }
        written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items()).encode()
        headers: Headers = ((b"link", written),) if 0 < len(written) <= LONGEST_HEADER else ()
        return json.dumps(body, ensure_ascii=False).encode(), headers

    def _links(self, total: int) -> dict[str, str]:
        search = self.search
        places = {"self": search.offset}
        step = search.limit
        if step and search.offset:
            places |= {"first": 0, "prev": max(search.offset - step, 0)}
        if step and search.offset + step < total and search.offset + step <= DEEPEST:
            places["next"] = search.offset + step
        links = {relation: self._url(offset=str(offset)) for relation, offset in places.items()}
        return {relation: url for relation, url in links.items() if url is not None}

    def _facets(self, counted: Mapping[str, list[tuple[str, int]]]) -> dict[str, list[dict[str, object]]]:
        chosen = self.search.filters
        same = self._kept(())
        return {
            name: [
                {
                    "value": value,
                    "count": count,
                    "selected": value in chosen.get(name, ()),
                    "url": self._toggled(same, name, value),
                }
                for value, count in values
            ]
            for name, values in counted.items()
        }

    def _toggled(self, same: str, facet: str, value: str) -> str | None:
        """Return the search ``same`` with this value of the facet chosen, or no longer chosen."""
        if len(same) > 2 * LONGEST_ADDRESS:
            # Without one value the address would be too long as well.
            return None
        if value not in self.search.filters.get(facet, ()):
            return self._address(f"{same}&{urlencode([(facet, value)])}")
        others = [pair for pair in self.pairs if pair != (facet, value) and pair[0] != "offset"]
        return self._address(urlencode(others))

    def _url(self, **changed: str) -> str | None:
        return self._address(f"{self._kept(changed)}&{urlencode(changed)}".lstrip("&"))

    def _kept(self, changed: Container[str]) -> str:
        return urlencode([pair for pair in self.pairs if pair[0] not in changed and pair[0] != "offset"])

    def _address(self, query: str) -> str | None:
        """Return the address with this query; None where it would be too long."""
        url = f"{self.address}?{query}"
        return url if len(url) <= LONGEST_ADDRESS else None


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: its name, its number of hits, and the address that chooses it."""

    name: str
    count: int
    url: str
    selected: bool = False


def label_of(view: View, facet: Facet) -> str:
    """Return the name of a facet in the reader's language."""
    return view.text(facet.labels) or facet.name


def name_of(view: View, facet: Facet, value: str) -> str:
    """Return the name of a value in the reader's language."""
    return view.text(facet.names[value]) if value in facet.names else value


def is_years(counted: Sequence[tuple[str, int]]) -> bool:
    """Return whether all values are years."""
    return bool(counted) and all(YEAR.fullmatch(value) for value, _ in counted)


def ordered(counted: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Sort years with the latest first; other values stay as the search counted them, most records first."""
    return sorted(counted, reverse=True) if is_years(counted) else counted


def grouped(values: Sequence[Value], years: bool, korean: bool) -> list[tuple[str, list[Value]]]:
    """Group the values by their first letter, the reader's script first; years by decade, newest first."""
    groups: dict[str, list[Value]] = {}
    ours = {value.name: ("가" <= value.name[:1] <= "힣") is korean for value in values}
    for value in sorted(values, key=lambda row: (not ours[row.name], row.name.casefold()), reverse=years):
        groups.setdefault(f"{value.name[:3]}0–" if years else _initial(value.name), []).append(value)
    return list(groups.items())


def _initial(name: str) -> str:
    first = name[:1].upper()
    if "가" <= first <= "힣":
        return _CONSONANTS[(ord(first) - ord("가")) // 588]
    return first if first.isalpha() else "#"


@dataclass(frozen=True, slots=True)
class Bar:
    """One year in the histogram: its number of hits, the address that chooses it, and its bar."""

    year: int
    count: int
    url: str
    selected: bool
    x: float
    y: float
    width: float
    height: float


def histogram(years: Sequence[tuple[int, int, str, bool]]) -> tuple[Bar, ...]:
    """Return the bars of ``(year, count, url, selected)`` in the order of time; none for too long a span."""
    first, last = min(row[0] for row in years), max(row[0] for row in years)
    span = last - first + 1
    if span > _MOST_YEARS:
        return ()
    step = WIDTH / span
    most = max(row[1] for row in years) or 1
    bars = []
    for year, count, url, selected in sorted(years):
        height = max(round(HEIGHT * count / most, 1), _LOWEST) if count else 0.0
        x = round((year - first) * step + step * 0.1, 2)
        bars.append(
            Bar(year, count, url, selected, x, round(HEIGHT - height, 1), round(step * 0.8, 2), height)
        )
    return tuple(bars)


async def with_names(snapshot: Snapshot, configuration: SearchConfiguration) -> SearchConfiguration:
    """Return ``configuration`` with the names in the data, unchanged where reading them takes too long."""
    if not any(facet.through for facet in configuration.facets):
        return configuration
    try:
        async with asyncio.timeout(_PATIENCE):
            read = partial(_read_names, configuration)
            names = await snapshot.cached(_FACET_NAMES, read)
    except TimeoutError:
        return configuration
    except EndpointError as error:
        log.warning("the names of facets could not be read: %s", error.detail)
        return configuration
    facets = tuple(
        replace(facet, names={**names.get(facet.name, {}), **facet.names}) for facet in configuration.facets
    )
    return replace(configuration, facets=facets)


async def _read_names(configuration: SearchConfiguration, snapshot: Snapshot) -> Mapping[str, Names]:
    return {
        facet.name: _names(await snapshot.bindings(_query(facet), whole=True))
        for facet in configuration.facets
        if facet.through
    }


def _query(facet: Facet) -> str:
    through, properties = ("|".join(f"<{iri}>" for iri in iris) for iris in (facet.through, facet.properties))
    languages = ", ".join(f'"{language}"' for language in LANGUAGES)
    return (
        "SELECT DISTINCT ?value ?name WHERE {\n"
        f"  {{ SELECT DISTINCT ?linked WHERE {{ ?record {through} ?linked }} }}\n"
        f"  ?linked {properties} ?value ;\n"
        f"          <{RDFS_LABEL}> ?name .\n"
        f"  FILTER(LANG(?name) IN ({languages}))\n"
        f"}} ORDER BY ?value ?name LIMIT {_MOST_NAMES}"
    )


def _names(rows: Sequence[Bindings]) -> Names:
    names: dict[str, dict[str, str]] = {}
    for row in rows:
        # Two resources with the same name share the first of their other names.
        known = names.setdefault(row["value"]["value"], {})
        known.setdefault(row["name"]["xml:lang"], row["name"]["value"])
    return names
