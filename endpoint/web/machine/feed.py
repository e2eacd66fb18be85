"""``/feed``: the publications of one saved query as an Atom feed (RFC 4287)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final
from xml.etree import ElementTree

from endpoint.catalog import SavedQuery
from endpoint.dataset import resource_path
from endpoint.errors import BadParameter, NotFound
from endpoint.formats import QueryForm
from endpoint.results.bibliography import Item, items_of, lookup_query
from endpoint.results.bibliography.citation import is_web_address
from endpoint.sparql.operation import Operation
from endpoint.web.cache import Region
from endpoint.web.http.answer import NO_STORE, Answer, Made, document_tag
from endpoint.web.http.request import Request
from endpoint.web.http.view import View
from endpoint.web.machine.metadata import shorten
from endpoint.web.store import OwnQueries, Snapshot

PATH: Final = "/feed"
CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"
# Entries of a feed, and characters of a summary, at most.
ENTRIES: Final = 50
SUMMARY: Final = 500

_ITEMS: Final[Region[list[Item]]] = Region("publications of the feed")
_ATOM: Final = "http://www.w3.org/2005/Atom"
# What no XML 1.0 document may hold (section 2.2).
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Feed:
    """The feed: the answer of the saved query that the manifest names, with its default values."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def answer(self, request: Request) -> Answer:
        """Answer with the feed. Raises NotFound where the dataset has none."""
        query, operation = self._query()
        view = request.view
        snapshot = self._own_queries.snapshot()
        make = partial(_make, view, query, operation, snapshot)
        if operation.volatile:
            return Made(make, CONTENT_TYPE, cache=NO_STORE, vary="Accept-Language")
        tag = document_tag(snapshot.generation, operation.text, view.base, view.language)
        return Made(make, CONTENT_TYPE, tag=tag, vary="Accept-Language")

    def _query(self) -> tuple[SavedQuery, Operation]:
        """Return the saved query, and its operation with the default values. Raises :class:`NotFound`."""
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
            return query, query.operation((), self._site.dataset.base)
        except BadParameter as error:
            raise NotFound(
                f"There is no feed: the query {name} does not run without values. {error}"
            ) from error


async def _make(view: View, query: SavedQuery, operation: Operation, snapshot: Snapshot) -> bytes:
    read = partial(_read_items, operation)
    if operation.volatile:
        items = await read(snapshot)
    else:
        items = await snapshot.cached(_ITEMS, read, operation)
    return atom(view, query, items, snapshot.generation.created)


async def _read_items(operation: Operation, snapshot: Snapshot) -> list[Item]:
    """Return the publications in the order of the query, by the first IRI of each row."""
    rows = await snapshot.bindings(operation)
    firsts = (next((cell["value"] for cell in row.values() if cell["type"] == "uri"), "") for row in rows)
    iris = list(dict.fromkeys(filter(None, firsts)))[:ENTRIES]
    if not iris:
        return []
    described = await snapshot.graph(lookup_query(iris))
    return await asyncio.to_thread(items_of, iris, described)


def atom(view: View, query: SavedQuery, items: Sequence[Item], created: datetime) -> bytes:
    """Return the feed of ``items``; ``created`` is the moment at which the data was published."""
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
    _link(entry, "alternate", view.base + resource_path(item.iri, view.site.dataset.base), "text/html")
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
    """Return ``text`` without what no XML document may hold."""
    return _NOT_XML.sub("", text).strip()


def _link(parent: ElementTree.Element, relation: str, address: str, media_type: str = "") -> None:
    attributes = {"rel": relation, "type": media_type, "href": _plain(address)}
    ElementTree.SubElement(parent, "link", {name: value for name, value in attributes.items() if value})


def _begin(parts: tuple[int, ...]) -> datetime | None:
    """Return the beginning of a day, month or year; None for no date, and for one that no calendar has."""
    year, month, day = (*parts, 1, 1)[:3] if parts else (0, 0, 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _moment(moment: datetime) -> str:
    """Return a date and time as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
