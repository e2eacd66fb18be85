"""The difference of two generations: the statements that one has and the other has not.

Both stores yield their statements in the same order, which the engine derives from the statements alone, so
they are read beside each other; memory does not grow with their number. Blank nodes are compared by their
labels, which a store keeps. Where the order differs, each statement is looked up, and the result is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from pyoxigraph import Quad, Store

from endpoint.storage.dump import open_store
from endpoint.storage.generations import Generation


class Sign(Enum):
    """An addition or a removal of a statement, as RDF Patch writes it."""

    ADDED = "A"
    REMOVED = "D"


class Changed(NamedTuple):
    """A statement that came or went."""

    sign: Sign
    quad: Quad

    def __str__(self) -> str:
        """Return a line of RDF Patch (https://afs.github.io/rdf-patch/) without its end."""
        return f"{self.sign.value} {self.quad} ."


def difference(old: Generation, new: Generation) -> Iterator[Changed]:
    """Yield what was removed from ``old`` and added to it to become ``new``.

    :raises StoreError: a generation cannot be read.
    """
    return between(open_store(old), open_store(new))


def between(old: Store, new: Store) -> Iterator[Changed]:
    """Yield the difference of two stores, in their order."""
    olds, news = iter(old), iter(new)
    was, now = next(olds, None), next(news, None)
    while was is not None or now is not None:
        gone = was is not None and was != now and was not in new
        came = now is not None and was != now and now not in old
        if was is not None and gone:
            yield Changed(Sign.REMOVED, was)
        if now is not None and came:
            yield Changed(Sign.ADDED, now)
        # Where neither is so, both stores have both of them.
        if gone or not came:
            was = next(olds, None)
        if came or not gone:
            now = next(news, None)
