"""A segment of the text index: some of its documents, in files that are never changed."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.search import schema
from endpoint.search.inverted.files import Indices, Numbers
from endpoint.search.inverted.reader import Postings

# Documents of which all are read at once instead of each.
_MANY = 5_000


class Key(NamedTuple):
    """The part of a document by which it is sorted."""

    iri: str
    title: str
    date: str


class Stored(NamedTuple):
    """A document as it is shown: its values by facet, in the order of the facets, and its texts by field."""

    iri: str
    values: Sequence[list[str]]
    texts: Mapping[str, Sequence[str]]


class Counts:
    """The numbers of documents with each of the values with sorted ``names``."""

    def __init__(self, names: Sequence[str], numbers: Indices) -> None:
        self._names, self._numbers = names, numbers

    def of(self, name: str) -> int:
        """Return the number of documents with a value."""
        place = bisect_left(self._names, name)
        return int(self._numbers[place]) if self._names[place : place + 1] == [name] else 0

    def most(self, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values, then by name, without those that no document has."""
        some = np.flatnonzero(self._numbers)
        if limit < len(some):
            least = np.partition(self._numbers[some], len(some) - limit)[len(some) - limit]
            some = some[self._numbers[some] >= least]
        order = some[np.argsort(-self._numbers[some], kind="stable")][:limit].tolist()
        return [(self._names[at], int(self._numbers[at])) for at in order]

    def __len__(self) -> int:
        """Return the number of values that a document has."""
        return int(np.count_nonzero(self._numbers))


def most_frequent(parts: Sequence[Counts], limit: int) -> tuple[tuple[str, int], ...]:
    """Return the most frequent values of several segments together."""
    if len(parts) == 1:
        return tuple(parts[0].most(limit))
    large = max(parts, key=len)
    small = [part for part in parts if part is not large]
    names = {name for part in small for name, _ in part.most(len(part))}
    # Whatever the small ones add, no other value of the large one can get before all of these.
    names.update(name for name, _ in large.most(limit + len(names)))
    counts = {name: sum(part.of(name) for part in parts) for name in names}
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


class FacetValues:
    """The values of one facet: for each document a combination, for each combination its values."""

    def __init__(self, numbers: Numbers, combinations: Sequence[Sequence[str]]) -> None:
        self._numbers = numbers.astype(np.int64)
        self._names = sorted({value for values in combinations for value in values})
        places = {name: place for place, name in enumerate(self._names)}
        sizes = np.array([len(values) for values in combinations], np.int64)
        self._sizes = sizes
        self._values = np.array([places[value] for values in combinations for value in values], np.int64)

    def count(self, documents: NDArray[np.integer]) -> Counts:
        """Return how many of the ``documents`` have each value."""
        combinations = np.bincount(self._numbers[documents], minlength=len(self._sizes))
        values = np.bincount(self._values, np.repeat(combinations, self._sizes), len(self._names))
        return Counts(self._names, values.astype(np.int64))

    def having(self, documents: NDArray[np.integer], values: Iterable[str]) -> NDArray[np.bool_]:
        """Return for each of the ``documents`` whether it has one of the ``values``."""
        wanted = set(values)
        named = np.array([name in wanted for name in self._names], bool)
        fitting = np.zeros(len(self._sizes), bool)
        fitting[np.repeat(np.arange(len(self._sizes)), self._sizes)[named[self._values]]] = True
        having: NDArray[np.bool_] = fitting[self._numbers[documents]]
        return having


class Segment:
    """A segment in ``folder``, of which the documents with the numbers ``gone`` are no longer there.

    ``alive`` has for each number whether a document has it; the segment is ``complete`` where all are alive.

    :raises StoreError: it is not there, or of another version.
    :raises OSError: a file cannot be opened.
    :raises ValueError: a file is damaged.
    """

    def __init__(self, folder: Path, gone: Indices) -> None:
        self.folder, self.gone = folder, gone
        with ExitStack() as opened:
            self.connection = opened.enter_context(closing(schema.open_for_reading(folder)))
            self.postings = opened.enter_context(closing(Postings(folder)))
            self.complete = not len(gone)
            self.alive = np.ones(len(self.postings.lengths), bool)
            self.alive[0] = False
            self.alive[gone] = False
            self._opened = opened.pop_all()
        self._arrays: dict[str, Numbers] = {}
        self._facets: dict[str, FacetValues] = {}

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of documents, and of those that are alive."""
        return len(self.alive) - 1, int(np.count_nonzero(self.alive))

    def remove(self, number: int) -> None:
        """Let a document be no longer there, for whoever has this segment open."""
        self.alive[number] = False
        self.gone = np.append(self.gone, number)
        self.complete = False

    def digest(self, number: int) -> bytes:
        """Return the digest of a document."""
        query = "SELECT digest FROM document WHERE id = ?"
        digest: bytes = self.connection.execute(query, (number,)).fetchone()[0]
        return digest

    def number(self, iri: str) -> int:
        """Return the number of the living document with an IRI; 0 where there is none."""
        row = self.connection.execute("SELECT id FROM document WHERE iri = ?", (iri,)).fetchone()
        return row[0] if row is not None and self.alive[row[0]] else 0

    def document(self, number: int) -> Stored:
        """Return a document."""
        query = "SELECT iri, facets, fields FROM document WHERE id = ?"
        iri, facets, fields = self.connection.execute(query, (number,)).fetchone()
        return Stored(iri, json.loads(facets), schema.unpack(fields))

    def keys(self, numbers: Sequence[int]) -> Iterator[Key]:
        """Yield what documents are sorted by."""
        if len(numbers) > _MANY:
            # Reading them all is faster than looking up each.
            every = self.connection.execute("SELECT id, iri, title, date FROM document")
            rows = {number: Key(*key) for number, *key in every}
            yield from map(rows.__getitem__, numbers)
            return
        query = "SELECT iri, title, date FROM document WHERE id = ?"
        for number in numbers:
            yield Key(*self.connection.execute(query, (number,)).fetchone())

    def places(self, name: str) -> Numbers:
        """Return the places of documents by ``iri``, ``title`` or ``date``, from 1; 0 without one."""
        if name not in self._arrays:
            self._arrays[name] = self._array(name)[0]
        return self._arrays[name]

    def facet(self, name: str) -> FacetValues:
        """Return the values of a facet."""
        if name not in self._facets:
            numbers, combinations = self._array(f"facet {name}")
            self._facets[name] = FacetValues(numbers, combinations)
        return self._facets[name]

    def _array(self, name: str) -> tuple[Numbers, list[list[str]]]:
        query = "SELECT numbers, texts FROM arrays WHERE name = ?"
        data, texts = self.connection.execute(query, (name,)).fetchone()
        return np.frombuffer(data, np.dtype("<u4")), json.loads(texts)
