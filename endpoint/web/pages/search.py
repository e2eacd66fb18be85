"""Text search over HTTP: ``GET /search?q=…``, one page of hits with facets, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from endpoint.errors import BadParameter, NotFound, did_you_mean, shown
from endpoint.formats import FLAT_JSON, Representation
from endpoint.search import PARAMETERS, SORTS, SearchConfiguration
from endpoint.search import Request as SearchRequest
from endpoint.storage.generations import Generation
from endpoint.web.http.answer import Answer, Headers, Made, Whole, document_tag, server_timing
from endpoint.web.http.request import Pairs, Request, allowed_timeout, choose, read_formats, read_timeout
from endpoint.web.store import OwnQueries, Snapshot

# Makes a body and its headers of the text index's answer on one generation.
Render: TypeAlias = Callable[[Mapping[str, Any], Generation], tuple[bytes, Headers]]

_FORMATS: Final = (FLAT_JSON,)
# Hits on one page, values counted for a facet, and how far a client may page, at most.
MOST_HITS: Final = 100
MOST_VALUES: Final = 1000
DEEPEST: Final = 10_000
# Characters of an address that is offered: nobody has to take more (RFC 9110 section 4.1).
LONGEST_ADDRESS: Final = 8_000
# Bytes of the header of links: proxies commonly take 4 to 8 kB of all headers together.
LONGEST_HEADER: Final = 3_000


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
        snapshot = self._own_queries.snapshot(timeout=allowed_timeout(read_timeout(pairs), site.settings))
        page = Page(request.base + request.path, pairs, search)
        return search_answer(request, snapshot, search, representation, page.render, page.address)


def search_answer(
    request: Request,
    snapshot: Snapshot,
    search: SearchRequest,
    representation: Representation,
    render: Render,
    *variant: str,
) -> Made:
    """Search the text index, and answer with what ``render`` makes of it.

    ``variant`` is what else decides that, for the entity tag.
    """
    parts = (repr(search), representation.digest, request.site.reading, *variant)
    tag = document_tag(snapshot.generation, *parts)

    async def make() -> Whole:
        result = await snapshot.begin_search(search)
        request.exchange.generation, request.exchange.queue = result.generation.number, result.queued
        body, headers = render(json.loads(await result.read()), result.generation)
        headers = (*headers, server_timing(result))
        return Whole(body, representation.content_type, tag=tag, headers=headers)

    return Made(make, representation.content_type, tag=tag)


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
class Page:
    """One page of hits as a client gets it, with links to its neighbours (RFC 8288)."""

    address: str
    pairs: Pairs
    search: SearchRequest

    def render(self, hits: Mapping[str, Any], generation: Generation) -> tuple[bytes, Headers]:
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
            # Without one value it would be too long as well.
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
        """Return the address with this query; None where it would be longer than everybody takes."""
        url = f"{self.address}?{query}"
        return url if len(url) <= LONGEST_ADDRESS else None
