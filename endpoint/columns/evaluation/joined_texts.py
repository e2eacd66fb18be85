"""The texts of many terms as a few long ones, in which a search is one call for most of them.

Searches for words ask the same texts again and again, so those of a column are kept from one query to
another, as they are searched: in small letters, or in their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.sets import Indices
from endpoint.sparql.remembered import Remembered

# What is between two texts; N-Triples writes it as an escape.
_BETWEEN: Final = b"\n"
# Bytes of all that a worker keeps, and of the texts of one column.
_KEPT: Final = 2**24
LARGEST: Final = 2**23


class JoinedTexts(NamedTuple):
    """Some texts, after ``_BETWEEN`` each; ``begins`` is where each begins, and at last the end.

    ``escapes``: there are some in them.
    """

    joined: bytes
    begins: Indices
    escapes: bool

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> JoinedTexts:
        """Return texts, joined."""
        joined = _BETWEEN.join([b"", *texts, b""])
        return cls(joined, np.cumsum([1, *(len(text) + 1 for text in texts)]), b"\\" in joined)

    def text(self, place: int) -> bytes:
        """Return a text by its place."""
        return self.joined[self.begins[place] : self.begins[place + 1] - 1]

    def places(self, function: str, wanted: bytes) -> Indices:
        """Return the places of the texts of which CONTAINS, STRSTARTS or STRENDS is true, once each.

        ``wanted`` has a byte at least, and no ``_BETWEEN``.
        """
        joined, found = self.joined, list[int]()
        before = function == "STRSTARTS"
        sought = _BETWEEN + wanted if before else wanted + _BETWEEN if function == "STRENDS" else wanted
        at = joined.find(sought)
        while at >= 0:
            found.append(at + before)
            end = joined.find(_BETWEEN, at + 1)
            at = joined.find(sought, end)
        return np.searchsorted(self.begins, np.array(found, np.int64), side="right") - 1


class Searchable(NamedTuple):
    """The different texts of the terms of a column, which are ``numbers``; ``rows`` has the place among
    these for each term of the column."""

    numbers: Indices
    rows: NDArray[np.intp]
    texts: Sequence[JoinedTexts]


class KeptTexts:
    """The texts that were searched last."""

    def __init__(self) -> None:
        self._kept: Remembered[Hashable, Searchable] = Remembered(_KEPT)

    def of(
        self, column: Indices, form: Hashable, texts: Callable[[Indices], Iterator[Sequence[bytes]]]
    ) -> Searchable:
        """Return the texts of terms of the dictionary; ``texts`` gives them in the ``form`` in which they are
        searched."""
        key = column.tobytes(), form
        found = self._kept.get(key)
        if found is None:
            numbers, rows = np.unique(column, return_inverse=True)
            found = Searchable(numbers, rows, tuple(map(JoinedTexts.of, texts(numbers))))
            taken = sum(len(each.joined) + each.begins.nbytes for each in found.texts)
            self._kept.put(key, found, taken + 3 * column.nbytes)
        return found
