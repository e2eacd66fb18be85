"""The latest publications as an Atom feed (RFC 4287) at ``/feed``: those of one saved query."""

from __future__ import annotations

import asyncio
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
from endpoint.web.machine.atom import CONTENT_TYPE, add_link, add_text, begin, moment, plain, written
from endpoint.web.machine.publications import shorten
from endpoint.web.own_queries import OwnQueries, Snapshot

PATH: Final = "/feed"
# Entries of a feed, and characters of a summary, at most.
ENTRIES: Final = 50
SUMMARY: Final = 500

_ITEMS: Final[Region[list[Item]]] = Region("publications of the feed")


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
    """Return the feed of ``items``; ``created`` is the time at which the data was published."""
    site = view.text(view.site.dataset.title)
    title = view.text(query.summary)
    whole = f"{site}: {title}" if title else site
    subtitle = view.text(query.description) or view.text(view.site.dataset.description)
    feed = begin(view, PATH, whole, subtitle, created)
    for item in items:
        _entry(feed, item, view, created)
    return written(feed)


def _entry(feed: ElementTree.Element, item: Item, view: View, created: datetime) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    add_text(entry, "title", item.title)
    add_text(entry, "id", item.iri)
    published = _begin(item.date)
    add_text(entry, "updated", moment(published or created))
    if published:
        add_text(entry, "published", moment(published))
    add_link(entry, "alternate", view.base + resource_path(item.iri, view.site.dataset.base), "text/html")
    if is_web_address(item.url) and item.url != item.iri:
        add_link(entry, "related", item.url)
    for name in item.authors:
        add_text(ElementTree.SubElement(entry, "author"), "name", f"{name.given} {name.family}".strip())
    for term in filter(None, map(plain, (item.series, *item.keywords))):
        ElementTree.SubElement(entry, "category", {"term": term})
    if item.abstract:
        add_text(entry, "summary", shorten(item.abstract, SUMMARY))


def _begin(parts: tuple[int, ...]) -> datetime | None:
    """Return the beginning of a day, month or year; None for no date, and for one that no calendar has."""
    year, month, day = (*parts, 1, 1)[:3] if parts else (0, 0, 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
