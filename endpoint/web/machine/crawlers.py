"""The files of crawlers: ``/robots.txt`` (RFC 9309), and sitemaps with the address of every resource.

Sitemaps (sitemaps.org protocol 0.9) are ``/sitemap.xml``, the index, and ``/sitemap-<n>.xml``. The first has
the site's own pages, each other one a range of the resources in the order of their IRIs. Only the first IRI
of each range is kept between requests, so the size of the dataset does not matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from pyoxigraph import Literal

from endpoint.dataset import resource_path
from endpoint.errors import NotFound
from endpoint.formats import TSV, QueryForm
from endpoint.vocabulary import DCTERMS, SCHEMA
from endpoint.web.cache import Region
from endpoint.web.http.answer import Answer, Made, Whole, document_tag
from endpoint.web.http.request import Request
from endpoint.web.http.view import LANGUAGES, PARAMETER
from endpoint.web.machine.datasets import DUMP_PATH, STORE_PATH, VOID_PATH
from endpoint.web.own_queries import OwnQueries, Snapshot

# The protocol allows 50,000 addresses and 50 MB. An entry has its address four times: with addresses of
# at most LONGEST bytes this many of them stay below that, whatever they are.
MOST: Final = 10_000
LONGEST: Final = 1000

_TYPE: Final = "application/xml; charset=utf-8"
_INDEX: Final = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
_SET: Final = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">'
)
_NO_SITEMAP: Final = "There is no such sitemap; /sitemap.xml lists them."
_DIGITS: Final = 9
_QUOTE: Final = {'"': "&quot;"}
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DATES: Final = " UNION ".join(
    f"{{ ?resource <{name}> ?date }}"
    for name in (f"{DCTERMS}modified", f"{SCHEMA}dateModified", f"{DCTERMS}issued", f"{SCHEMA}datePublished")
)
# Each resource is read once, not once for each of its statements: seven times as fast.
_ALL: Final = "{ SELECT DISTINCT ?resource { ?resource ?predicate ?object } }"

_ROBOTS: Final = """\
# Pages of resources, of the catalogue and of the API may be read by everybody; {root}/sitemap.xml lists them.
# Whoever wants everything needs no page: {base}{dump} is all data in one file, and as long as it is
# the same, its ETag saves the way. {base}{void} describes it.
User-agent: *
# Queries and searches are made by people and programs, each for itself: there is no end of them.
Disallow: {root}/sparql?
Disallow: {root}/*/sparql?
Disallow: {root}/search?
Disallow: {root}/api/*?
Disallow: {root}/api?
Disallow: {root}/*?*q=
# Graphs one by one, in each format; the dump of all may be read.
Disallow: {root}{store}?
Disallow: {root}{store}.*?
# Lists by one value may be read, in each language; by several values or in other orders they add nothing.
Disallow: {root}/?*&
Disallow: {root}/?*=*&*=*&{language}=
Disallow: {root}/*?*page=
Disallow: {root}/*?*sort=
# The same page in another format, or with other values of a resource.
Disallow: {root}/*?*format=
Disallow: {root}/*?*output=
Disallow: {root}/*?*download=
Disallow: {root}/*?*inverse=
Disallow: {root}/*?*property=
Disallow: {root}/*?*whole=
Disallow: {root}/*?*&*&
# For pages and for the operator.
Disallow: {root}/-/
Allow: {root}/-/static/
{languages}
Allow: {root}/

Sitemap: {base}/sitemap.xml
"""
# The first IRI of each range, and the rows of the ranges that were sent last.
_FIRSTS: Final[Region[tuple[str, ...]]] = Region("ranges of the sitemaps")
_RESOURCES: Final[Region[bytes]] = Region("resources of a sitemap", size=len)


async def robots(request: Request) -> Answer:
    """Answer ``/robots.txt``."""
    base = request.base
    root = urlsplit(base).path
    # The longest rule that matches wins (RFC 9309 section 2.2.2).
    languages = "\n".join(
        f"Allow: {root}{path}{PARAMETER}={language}$"
        for path in ("/?*&", "/api?", "/api/*?")
        for language in LANGUAGES
    )
    paths = {"dump": DUMP_PATH, "store": STORE_PATH, "void": VOID_PATH}
    body = _ROBOTS.format(root=root, base=base, languages=languages, language=PARAMETER, **paths).encode()
    return Whole(body, "text/plain; charset=utf-8", tag=document_tag(None, base), vary="")


class Sitemaps:
    """The index of sitemaps and each of them; ``pages`` are the paths of the site's own pages."""

    def __init__(self, own_queries: OwnQueries, pages: Sequence[str]) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._pages = tuple(pages)

    async def answer(self, request: Request) -> Answer:
        """Answer with the index, or with the sitemap of the path parameter ``number``. Raises NotFound."""
        number = _number(request.scope["path_params"].get("number"))
        base = request.base
        snapshot = self._own_queries.snapshot()
        tag = document_tag(snapshot.generation, base, str(number), *self._pages)
        make = partial(self._make, base, snapshot, number)
        return Made(make, _TYPE, tag=tag, vary="")

    async def _make(self, base: str, snapshot: Snapshot, number: int | None) -> bytes:
        created = snapshot.generation.created
        firsts = await snapshot.cached(_FIRSTS, _read_firsts)
        if number is None:
            return _index(base, len(firsts) + 1, created)
        if number == 1:
            return _url_set(base, [(path, created.date()) for path in self._pages])
        if not 1 <= number - 1 <= len(firsts):
            raise NotFound(_NO_SITEMAP)
        make = partial(_read_resources, firsts[number - 2 : number])
        answer = await snapshot.cached(_RESOURCES, make, number)
        return await asyncio.to_thread(self._write, base, created.date(), answer)

    def _write(self, base: str, latest: date, answer: bytes) -> bytes:
        rows = (line.split("\t") for line in answer.decode().splitlines()[1:])
        root = self._site.dataset.base
        resources = ((resource_path(iri[1:-1], root), _day(day, latest)) for iri, day in rows)
        return _url_set(base, resources)


async def _read_firsts(snapshot: Snapshot) -> tuple[str, ...]:
    """Return every ``MOST``-th IRI of all in their order; the others are only counted."""
    query = snapshot.operation(_every_query(snapshot.site.dataset.base), QueryForm.SELECT, whole=True)
    firsts: list[str] = []
    left, place = b"", -1  # the first line has the names of the columns
    async with aclosing(snapshot.stream(query, TSV)) as pieces:
        async for piece in pieces:
            *lines, left = (left + piece).split(b"\n")
            firsts += [lines[offset].decode()[1:-1] for offset in range(-place % MOST, len(lines), MOST)]
            place += len(lines)
    return tuple(firsts)


async def _read_resources(firsts: Sequence[str], snapshot: Snapshot) -> bytes:
    """Return the resources of one range with the latest of their dates, as TSV."""
    query = _range_query(snapshot.site.dataset.base, *firsts)
    return await snapshot.answer(snapshot.operation(query, QueryForm.SELECT, whole=True), TSV)


def _number(text: str | None) -> int | None:
    """Return the number in the path, None for the index. Raises :class:`NotFound`."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise NotFound(_NO_SITEMAP)
    return int(text)


def _every_query(base: str) -> str:
    return f"""SELECT ?resource WHERE {{
  {_ALL}
  FILTER(isIRI(?resource) && STRSTARTS(STR(?resource), {Literal(base)}))
}} ORDER BY ?resource"""


def _range_query(base: str, first: str, following: str | None = None) -> str:
    """Select the resources from ``first`` to before ``following``, each with the latest of its dates."""
    end = (
        f"STR(?resource) < {Literal(following)}"
        if following
        else f"STRSTARTS(STR(?resource), {Literal(base)})"
    )
    return f"""SELECT ?resource (MAX(STR(?date)) AS ?day) WHERE {{
  {{ SELECT ?resource {{
    {_ALL} FILTER(isIRI(?resource) && STR(?resource) >= {Literal(first)} && {end})
  }} }}
  OPTIONAL {{ {_DATES} }}
}} GROUP BY ?resource ORDER BY ?resource"""


def _day(literal: str, latest: date) -> date:
    """Return the date in the data, where it is one and not in the future; else that of the generation."""
    try:
        return min(date.fromisoformat(literal.strip('"')[:10]), latest)
    except ValueError:
        return latest


def _index(base: str, number: int, created: datetime) -> bytes:
    moment = created.astimezone(UTC).isoformat(timespec="seconds")
    rows = "".join(
        f"<sitemap><loc>{escape(base)}/sitemap-{place}.xml</loc><lastmod>{moment}</lastmod></sitemap>\n"
        for place in range(1, number + 1)
    )
    return f"{_HEAD}{_INDEX}\n{rows}</sitemapindex>\n".encode()


def _url_set(base: str, pages: Iterable[tuple[str, date]]) -> bytes:
    """Return a sitemap of pages by path, with the date of their last change."""
    return f"{_HEAD}{_SET}\n{''.join(_entries(base, pages))}</urlset>\n".encode()


def _entries(base: str, pages: Iterable[tuple[str, date]]) -> Iterator[str]:
    for path, changed in pages:
        address = escape(base + path, _QUOTE)
        if len(address) > LONGEST:
            continue
        sign = "&amp;" if "?" in path else "?"
        alternates = [(tag, f"{address}{sign}{PARAMETER}={tag}") for tag in LANGUAGES]
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{target}"/>'
            for tag, target in [*alternates, ("x-default", address)]
        )
        yield f"<url><loc>{address}</loc><lastmod>{changed.isoformat()}</lastmod>{links}</url>\n"
