"""The smallest query and the smallest data that still differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.columns.differential.data import Data
from tests.columns.differential.tree import Node, Nodes, Query

# What is tried at most for one query, and for one catalogue.
MOST_QUERIES = 1500
MOST_CATALOGUES = 300


def _nodes(node: Node) -> Iterator[Node]:
    for part in node.parts:
        if isinstance(part, Node):
            yield part
            yield from _nodes(part)


def _smaller(node: Node) -> Iterator[Node]:
    """Yield the node with one part of it left out, or replaced by what is within that part."""
    for below in _nodes(node):
        if below.sort == node.sort:
            yield below if below.optional == node.optional else replace(below, optional=node.optional)
    for place, part in enumerate(node.parts):
        if isinstance(part, Node):
            before, after = node.parts[:place], node.parts[place + 1 :]
            if part.optional:
                yield replace(node, parts=before + after)
            for made in _smaller(part):
                yield replace(node, parts=(*before, made, *after))


def _shorter(nodes: Nodes) -> Iterator[Nodes]:
    for place, node in enumerate(nodes):
        yield nodes[:place] + nodes[place + 1 :]
        for made in _smaller(node):
            yield (*nodes[:place], made, *nodes[place + 1 :])


def _sliced_less(query: Query) -> Iterator[Query]:
    limit, offset = query.limit or 0, query.offset or 0
    for less in {limit // 2, limit - 1}:
        yield replace(query, limit=max(less, 0))
    for less in {offset // 2, offset - 1}:
        yield replace(query, offset=max(less, 0))


def smaller(query: Query) -> Iterator[Query]:
    """Yield queries with one part less, those with large parts less first."""
    absent = {"dataset": None, "values": None, "limit": None, "offset": None, "modifier": "", "having": ()}
    for name, nothing in {**absent, "order": ()}.items():
        if getattr(query, name) != nothing:
            yield replace(query, **{name: nothing})  # type: ignore[arg-type]
    yield from _sliced_less(query)
    for where in _smaller(query.where):
        yield replace(query, where=where)
    for place, order in enumerate(query.order):
        before, after = query.order[:place], query.order[place + 1 :]
        yield replace(query, order=before + after)
        for made in _smaller(order.expression):
            yield replace(query, order=(*before, replace(order, expression=made), *after))
    for name in ("head", "group", "having"):
        for nodes in _shorter(getattr(query, name) or ()):
            yield replace(query, **{name: nodes})  # type: ignore[arg-type]
    if query.form == "SELECT" and query.head and not query.group:
        yield replace(query, head=None)


def _size(query: Query) -> tuple[int, int, int]:
    return len(query.text()), query.limit or 0, query.offset or 0


def smallest_query(query: Query, differs: Callable[[Query], bool]) -> Query:
    """Return a query that differs and of which no part can be left out."""
    tried = 0
    progress = True
    while progress:
        progress = False
        for candidate in smaller(query):
            tried += 1
            if tried > MOST_QUERIES:
                return query
            if _size(candidate) < _size(query) and differs(candidate):
                query, progress = candidate, True
                break
    return query


def smallest_data(data: Data, differs: Callable[[Data], bool]) -> Data:
    """Return the data with as many statements left out as the difference allows, in halves first."""
    tried, size = 0, (len(data.quads) + 1) // 2
    while size:
        at = 0
        while at < len(data.quads):
            if tried == MOST_CATALOGUES:
                return data
            tried += 1
            candidate = data.without(set(range(at, at + size)))
            if differs(candidate):
                data = candidate
            else:
                at += size
        size //= 2
    return data
