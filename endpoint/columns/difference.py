"""The difference of two columns: the statements that one has and the other has not.

Terms are numbered in the same order everywhere, so the numbers of the terms that both have rise together, and
triples sorted by one numbering are sorted by the other. They are read beside each other. Memory is four bytes
for each term of the old columns, besides a piece of triples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.reader import Columns, Dictionary
from endpoint.columns.sets import Indices, Numbers
from endpoint.columns.terms import read_term
from endpoint.columns.writing import places_of

# Terms that are compared at once, at most, and triples.
_TERMS: Final = 2**14
_TRIPLES: Final = 2**16
# The number of a term that the other columns have not.
_NONE: Final = np.uint32(2**32 - 1)
# A key before all others.
_FIRST: Final = (-1, -1, -1)


class Statement(NamedTuple):
    """A statement that was ``added``, or else removed: a line of N-Quads without its end."""

    added: bool
    text: bytes


def difference(old: Columns, new: Columns) -> Iterator[Statement]:
    """Yield what was removed from ``old`` and added to it to become ``new``, by subject.

    Blank nodes are the same where their labels are. Both columns must be intact.
    """
    numbers = _translated(old.terms, new.terms)
    one, other = _Side(old, numbers), _Side(new, None)
    same = _same_sets(old, new)
    while one.more or other.more:
        bound = min((last for last in (one.last(), other.last()) if last is not None), default=None)
        yield from _compared(one.take(bound), other.take(bound), same, old, new)


def _translated(old: Dictionary, new: Dictionary) -> Numbers:
    """Return the number in ``new`` of each term of ``old``."""
    numbers = np.full(len(old), _NONE, np.uint32)
    at = to = 0
    step = _TERMS
    while at < len(old) and to < len(new):
        size = min(step, len(old) - at, len(new) - to)
        if old.texts(at, at + size) == new.texts(to, to + size) and _as_long(old, at, new, to, size):
            numbers[at : at + size] = np.arange(to, to + size, dtype=np.uint32)
            at, to, step = at + size, to + size, min(2 * step, _TERMS)
        elif size > 1:
            step = size // 2
        elif _rank(old.term(at)) < _rank(new.term(to)):
            at += 1
        else:
            to += 1
    return numbers


def _as_long(old: Dictionary, at: int, new: Dictionary, to: int, size: int) -> bool:
    sizes = np.arange(size)
    return bool(np.array_equal(old.lengths(at + sizes), new.lengths(to + sizes)))


def _rank(text: bytes) -> tuple[object, ...]:
    term = read_term(text)
    return (term.of, *term.rank())


def _same_sets(old: Columns, new: Columns) -> NDArray[np.bool_]:
    """Return for each set of graphs of ``old``, and each of ``new``, whether they are the same."""
    names = [[{columns.graphs[place] for place in of} for of in columns.sets] for columns in (old, new)]
    return np.array([[one == other for other in names[1]] for one in names[0]], bool).reshape(
        len(names[0]), len(names[1])
    )


class _Taken(NamedTuple):
    """Triples in the order of subjects: as they are numbered by both, and their sets of graphs."""

    keys: Numbers  # by the new columns; _NONE for a term that these have not
    triples: Numbers
    sets: Indices


class _Side:
    """The triples of one of the columns, taken piece by piece."""

    def __init__(self, columns: Columns, numbers: Numbers | None) -> None:
        self._columns = columns
        self._numbers = numbers
        self._at = 0
        self._following = columns.starts[:-1].astype(np.int64)

    @property
    def more(self) -> bool:
        """True while there are triples that were not taken."""
        return self._at < len(self._columns)

    def _piece(self) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
        """Return the next triples, their keys, and which of these are whole."""
        triples = self._columns.triples[:, self._at : self._at + _TRIPLES]
        keys = triples if self._numbers is None else self._numbers[triples]
        return triples, keys, (keys != _NONE).all(axis=0)

    def last(self) -> tuple[int, ...] | None:
        """Return the key up to which the next piece goes; None where it goes to the end."""
        _, keys, whole = self._piece()
        if self._at + keys.shape[1] >= len(self._columns):
            return None
        if not whole.any():
            return _FIRST  # the other side waits for keys
        subject, predicate, value = keys[:, np.flatnonzero(whole)[-1]].tolist()
        return subject, predicate, value

    def take(self, bound: tuple[int, ...] | None) -> _Taken:
        """Take the triples of the next piece whose keys are not behind ``bound``."""
        triples, keys, whole = self._piece()
        size = keys.shape[1]
        if bound is not None:
            subject, predicate, value = bound
            behind = (keys[0] > subject) | (
                (keys[0] == subject) & ((keys[1] > predicate) | ((keys[1] == predicate) & (keys[2] > value)))
            )
            behind &= whole
            size = int(behind.argmax()) if behind.any() else size
        triples, keys = triples[:, :size], keys[:, :size]
        places = places_of(self._columns, triples[1], self._following)
        self._at += size
        return _Taken(keys, triples, self._columns.graph_sets[places].astype(np.int64))


def _compared(
    one: _Taken, other: _Taken, same: NDArray[np.bool_], old: Columns, new: Columns
) -> Iterator[Statement]:
    """Yield the difference of triples up to the same bound."""
    keys = np.concatenate([one.keys, other.keys], axis=1)
    # Stable, so that of two that are the same the old one comes first.
    order = np.lexsort(keys[::-1])
    ordered = keys[:, order]
    equal = (ordered[:, 1:] == ordered[:, :-1]).all(axis=0) & (ordered[:, 1:] != _NONE).all(axis=0)
    pairs = np.flatnonzero(equal)
    before, after = order[pairs], order[pairs + 1] - one.keys.shape[1]
    differs = ~same[one.sets[before], other.sets[after]]
    alone = np.ones(len(order), bool)
    alone[pairs] = alone[pairs + 1] = False
    pair_at = np.zeros(len(order), np.int64) - 1
    pair_at[pairs[differs]] = np.flatnonzero(differs)
    for place in np.flatnonzero(alone | (pair_at >= 0)).tolist():
        row = int(order[place])
        if not alone[place]:
            pair = pair_at[place]
            gone = _names(old, int(one.sets[before[pair]]))
            come = _names(new, int(other.sets[after[pair]]))
            triple = one.triples[:, before[pair]].tolist()
            yield from _statements(old, triple, False, gone - come)
            yield from _statements(old, triple, True, come - gone)
        elif row < one.keys.shape[1]:
            triple, names = one.triples[:, row].tolist(), _names(old, int(one.sets[row]))
            yield from _statements(old, triple, False, names)
        else:
            row -= one.keys.shape[1]
            triple, names = other.triples[:, row].tolist(), _names(new, int(other.sets[row]))
            yield from _statements(new, triple, True, names)


def _names(columns: Columns, number: int) -> set[bytes]:
    return {columns.graphs[place] for place in columns.sets[number]}


def _statements(columns: Columns, triple: list[int], added: bool, graphs: set[bytes]) -> Iterator[Statement]:
    text = b" ".join(columns.terms.term(number) for number in triple)
    for graph in sorted(graphs):
        yield Statement(added, text + b" " + graph if graph else text)
