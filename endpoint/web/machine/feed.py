"""``/feed``: the publications of one saved query as an Atom feed (RFC 4287)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final
from xml.etree import ElementTree

from starlette.types import Receive, Scope, Send

from endpoint.addresses import path_of
from endpoint.catalog import SavedQuery, bind_query
from endpoint.errors import BadParameter, NotFound
from endpoint.formats import N_TRIPLES, SPARQL_JSON, QueryForm
from endpoint.results.bibliography import Item
from endpoint.results.bibliography.citation import is_web_address
from endpoint.results.bibliography.lookup import items_of, lookup_query
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web.http.making import Shared, document_tag, read_answer, send_made, whole
from endpoint.web.http.site import Site
from endpoint.web.http.view import View, view_of
from endpoint.web.machine.metadata import shorten

PATH: Final = "/feed"
CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"
# Entries of a feed, and characters of a summary, at most.
ENTRIES: Final = 50
SUMMARY: Final = 500

_ATOM: Final = "http://www.w3.org/2005/Atom"
# What no XML 1.0 document may hold (section 2.2).
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Feed:
    """The feed as an ASGI application: the query that the dataset names, with its defaults."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._items: Shared[list[Item]] = Shared()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query, text = self._query()
        view = view_of(scope)
        generation = self._site.engine.generation
        tag = document_tag(generation, text, view.base, view.language)
        make = partial(self._make, view, query, text, generation)
        await send_made(scope, receive, send, CONTENT_TYPE, tag, make, b"Accept-Encoding, Accept-Language")

    def _query(self) -> tuple[SavedQuery, str]:
        """The saved query and its text with the default values. Raises :class:`NotFound`."""
        name = self._site.dataset.pages.feed
        query = self._site.catalog.queries.get(name) if name else None
        if name is None:
            raise NotFound(
                "There is no feed: the dataset names no query for it ([pages] feed in its manifest)."
            )
        if query is None or query.form is not QueryForm.SELECT:
            raise NotFound(
                f"There is no feed: the dataset names {name} for it, which is no SELECT query here."
            )
        try:
            return query, bind_query(query, ())
        except BadParameter as error:
            raise NotFound(
                f"There is no feed: the query {name} does not run without values. {error}"
            ) from error

    async def _make(self, view: View, query: SavedQuery, text: str, generation: Generation) -> bytes:
        items = await self._items.get((generation, text), partial(self._read, query, text))
        return atom(view, query, items, generation.created)

    async def _read(self, query: SavedQuery, text: str) -> list[Item]:
        """The publications in the order of the query."""
        # As /api answers it.
        operation = Operation(
            text,
            query.form,
            self._site.dataset.base,
            dataset_clause=query.dataset_clause,
            volatile=query.volatile,
        )
        found = await read_answer(self._site, operation, SPARQL_JSON)
        iris = _resources(found)
        if not iris:
            return []
        lookup = whole(self._site, lookup_query(iris), QueryForm.CONSTRUCT)
        said = await read_answer(self._site, lookup, N_TRIPLES)
        return await asyncio.to_thread(items_of, iris, said)


def _resources(found: bytes) -> list[str]:
    """The first IRI of each row, each once."""
    answer = json.loads(found)
    names = answer["head"]["vars"]
    firsts = (
        next((row[name]["value"] for name in names if row.get(name, {}).get("type") == "uri"), None)
        for row in answer["results"]["bindings"]
    )
    return list(dict.fromkeys(iri for iri in firsts if iri))[:ENTRIES]


def atom(view: View, query: SavedQuery, items: Sequence[Item], created: datetime) -> bytes:
    """The feed of ``items``; ``created`` is the moment at which the data was published."""
    site = view.text(view.site.dataset.title)
    title = view.text(query.summary)
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": view.language})
    _text(feed, "title", f"{site}: {title}" if title else site)
    _text(feed, "subtitle", view.text(query.description) or view.text(view.site.dataset.description))
    # The feed stays the same one where the server moves.
    _text(feed, "id", view.site.dataset.base + PATH.removeprefix("/"))
    _text(feed, "updated", _moment(created))
    _link(feed, "self", view.base + PATH, "application/atom+xml")
    _link(feed, "alternate", f"{view.base}/", "text/html")
    # An entry without an author has that of the feed (section 4.2.1).
    _text(ElementTree.SubElement(feed, "author"), "name", site)
    for item in items:
        _entry(feed, item, view, created)
    ElementTree.indent(feed)
    written: bytes = ElementTree.tostring(feed, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _entry(feed: ElementTree.Element, item: Item, view: View, created: datetime) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _text(entry, "title", item.title)
    _text(entry, "id", item.iri)
    published = _begin(item.date)
    _text(entry, "updated", _moment(published or created))
    if published:
        _text(entry, "published", _moment(published))
    _link(entry, "alternate", view.base + path_of(item.iri, view.site.dataset.base), "text/html")
    if is_web_address(item.url) and item.url != item.iri:
        _link(entry, "related", item.url)
    for name in item.authors:
        _text(ElementTree.SubElement(entry, "author"), "name", f"{name.given} {name.family}".strip())
    for term in filter(None, map(_plain, (item.series, *item.keywords))):
        ElementTree.SubElement(entry, "category", {"term": term})
    if item.abstract:
        _text(entry, "summary", shorten(item.abstract, SUMMARY))


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _plain(text)


def _plain(text: str) -> str:
    """``text`` without what no XML document may hold."""
    return _NOT_XML.sub("", text).strip()


def _link(parent: ElementTree.Element, relation: str, address: str, media_type: str = "") -> None:
    attributes = {"rel": relation, "type": media_type, "href": _plain(address)}
    ElementTree.SubElement(parent, "link", {name: value for name, value in attributes.items() if value})


def _begin(told: tuple[int, ...]) -> datetime | None:
    """When a day, a month or a year begins; None for no date, and for one that no calendar has."""
    year, month, day = (*told, 1, 1)[:3] if told else (0, 0, 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _moment(moment: datetime) -> str:
    """A date and time as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
