"""Text search over HTTP: ``GET /search?q=…``, one page of hits with facets, as JSON."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.errors import BadParameter, MethodNotAllowed, NotFound, did_you_mean, shown
from endpoint.formats import FLAT_JSON
from endpoint.search import PARAMETERS, SORTS, Request, SearchConfiguration
from endpoint.storage.generations import Generation
from endpoint.web.http.request import Pairs, allowed_timeout, decode_pairs, read_formats, read_timeout
from endpoint.web.http.responses import Headers, choose, respond_search, send_options
from endpoint.web.http.site import Site, accept_of

_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_FORMATS: Final = (FLAT_JSON,)
# Hits on one page, values counted for a facet, and how far a client may page, at most.
MOST_HITS: Final = 100
MOST_VALUES: Final = 1000
DEEPEST: Final = 10_000
# Characters of an address that is offered: nobody has to take more (RFC 9110 section 4.1).
LONGEST_ADDRESS: Final = 8_000
# Bytes of the header of links: proxies commonly take 4 to 8 kB of all headers together.
LONGEST_HEADER: Final = 3_000


class Search:
    """The text search as an ASGI application."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed(f"The search answers {', '.join(_METHODS)}.", _METHODS)
        if scope["method"] == "OPTIONS":
            await send_options(send, _METHODS)
            return
        if self._site.search is None:
            raise NotFound("This dataset has no text index: it has no file seed/search.toml.")
        pairs = [(name.strip(), value) for name, value in decode_pairs(scope["query_string"])]
        chosen = choose(read_formats(pairs), accept_of(scope), _FORMATS)
        request = read_request(pairs, self._site.search)
        limits = Limits(allowed_timeout(read_timeout(pairs), self._site.settings))
        address = self._site.url(scope) + scope["path"]
        finish = Page(address, pairs, request).finish
        await respond_search(scope, receive, send, self._site, request, chosen, limits, finish)


def read_request(pairs: Pairs, configuration: SearchConfiguration) -> Request:
    """The search that the parameters ask for. Raises :class:`BadParameter`, which names the parameter."""
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
    return Request(
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
    request: Request

    def finish(self, answer: bytes, generation: Generation) -> tuple[bytes, Headers]:
        """The body and further headers, from the worker's ``answer``."""
        found = json.loads(answer)
        links = self._links(found["total"])
        body = {
            "query": self.request.query,
            "generation": generation.number,
            "total": found["total"],
            "limit": self.request.limit,
            "offset": self.request.offset,
            "sort": self.request.sort,
            "hits": found["hits"],
            "facets": self._facets(found["facets"]),
            "suggestions": [{"query": text, "url": self._url(q=text)} for text in found["suggestions"]],
            "links": links,
        }
        written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items()).encode()
        headers = [(b"link", written)] if 0 < len(written) <= LONGEST_HEADER else []
        return json.dumps(body, ensure_ascii=False).encode(), headers

    def _links(self, total: int) -> dict[str, str]:
        request = self.request
        places = {"self": request.offset}
        step = request.limit
        if step and request.offset:
            places |= {"first": 0, "prev": max(request.offset - step, 0)}
        if step and request.offset + step < total and request.offset + step <= DEEPEST:
            places["next"] = request.offset + step
        links = {relation: self._url(offset=str(offset)) for relation, offset in places.items()}
        return {relation: url for relation, url in links.items() if url is not None}

    def _facets(self, counted: Mapping[str, list[tuple[str, int]]]) -> dict[str, list[dict[str, object]]]:
        chosen = self.request.filters
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
        """The search ``same`` with this value of the facet chosen, or no longer chosen."""
        if len(same) > 2 * LONGEST_ADDRESS:
            # Without one value it would be too long as well.
            return None
        if value not in self.request.filters.get(facet, ()):
            return self._address(f"{same}&{urlencode([(facet, value)])}")
        others = [pair for pair in self.pairs if pair != (facet, value) and pair[0] != "offset"]
        return self._address(urlencode(others))

    def _url(self, **changed: str) -> str | None:
        return self._address(f"{self._kept(changed)}&{urlencode(changed)}".lstrip("&"))

    def _kept(self, changed: Container[str]) -> str:
        return urlencode([pair for pair in self.pairs if pair[0] not in changed and pair[0] != "offset"])

    def _address(self, query: str) -> str | None:
        """The address with this query; None where it would be longer than everybody takes."""
        url = f"{self.address}?{query}"
        return url if len(url) <= LONGEST_ADDRESS else None
