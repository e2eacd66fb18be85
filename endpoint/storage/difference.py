"""The difference of two generations: the statements that one has and the other has not.

It is read from their columns; from their stores where one has none. Both stores yield their statements in
the same order, which the engine derives from the statements alone, so they are read beside each other. Memory
does not grow with the number of statements. Blank nodes are compared by their labels, which a store keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from pyoxigraph import Store

from endpoint.columns import difference as columns
from endpoint.storage.dump import intact_columns, open_store
from endpoint.storage.generations import Generation


class Sign(Enum):
    """An addition or a removal of a statement, as RDF Patch writes it."""

    ADDED = "A"
    REMOVED = "D"


class Changed(NamedTuple):
    """A statement that came or went, in N-Quads without the end of the line."""

    sign: Sign
    statement: str

    def __str__(self) -> str:
        """Return a line of RDF Patch (https://afs.github.io/rdf-patch/) without its end."""
        return f"{self.sign.value} {self.statement} ."


def difference(old: Generation, new: Generation) -> Iterator[Changed]:
    """Yield what was removed from ``old`` and added to it to become ``new``.

    :raises StoreError: a generation cannot be read.
    """
    before, after = intact_columns(old), intact_columns(new)
    if before is None or after is None:
        yield from between(open_store(old), open_store(new))
        return
    for added, text in columns.difference(before, after):
        yield Changed(Sign.ADDED if added else Sign.REMOVED, text.decode())


def between(old: Store, new: Store) -> Iterator[Changed]:
    """Yield the difference of two stores, in their order.

    Where that were not the same, each statement would be looked up, with the same result.
    """
    olds, news = iter(old), iter(new)
    was, now = next(olds, None), next(news, None)
    while was is not None or now is not None:
        gone = was is not None and was != now and was not in new
        came = now is not None and was != now and now not in old
        if gone:
            yield Changed(Sign.REMOVED, str(was))
        if came:
            yield Changed(Sign.ADDED, str(now))
        # Where neither is so, both stores have both of them.
        if gone or not came:
            was = next(olds, None)
        if came or not gone:
            now = next(news, None)
