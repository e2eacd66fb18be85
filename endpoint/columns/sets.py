"""Sets of numbers as numbers: which graphs hold a triple, which classes an instance has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint32]
Indices = NDArray[np.int64]


def starts_of(*columns: NDArray[np.generic]) -> Indices:
    """Return where in sorted ``columns`` of the same length a row differs from the one before; first is 0."""
    if not len(columns[0]):
        return np.empty(0, np.int64)
    different = np.zeros(len(columns[0]), bool)
    different[0] = True
    for column in columns:
        different[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(different)


def sets_of(starts: Indices, members: NDArray[np.generic]) -> tuple[Indices, list[tuple[int, ...]]]:
    """Return for each group the number of the set of its ``members``, and all sets by their numbers.

    A group goes from one of ``starts`` to the next; its members are sorted and differ.
    """
    sizes = np.diff(starts, append=len(members))
    known = np.zeros(len(starts), np.int64)
    sets: list[tuple[int, ...]] = [()]
    for place in range(int(sizes.max(initial=0))):
        longer = np.flatnonzero(sizes > place)
        added = members[starts[longer] + place].astype(np.int64)
        width = int(added.max()) + 1
        extended, which = np.unique(known[longer] * width + added, return_inverse=True)
        known[longer] = len(sets) + which
        sets += [(*sets[code // width], code % width) for code in extended.tolist()]
    # Those that were only on the way to a larger set go.
    used, known = np.unique(known, return_inverse=True)
    return known, [sets[number] for number in used.tolist()]


def members_of(numbers: NDArray[Any], sets: Sequence[Sequence[int]]) -> tuple[Indices, Indices]:
    """Return the members of the sets that ``numbers`` stand for, after the place of each in ``numbers``."""
    sizes = np.array([len(members) for members in sets], np.int64)
    flat = np.array([member for members in sets for member in members], np.int64)
    begins = (np.cumsum(sizes) - sizes)[numbers]
    places = np.repeat(np.arange(len(numbers)), sizes[numbers])
    within = np.arange(len(places)) - np.repeat(np.cumsum(sizes[numbers]) - sizes[numbers], sizes[numbers])
    return places, flat[begins[places] + within]


def greatest(column: Indices) -> int:
    """Return the greatest of some numbers, -1 where there is none."""
    return int(column.max()) if len(column) else -1


def present(columns: Sequence[Indices], begin: int, end: int) -> Indices:
    """Return the numbers from ``begin`` to ``end`` that are in the columns, each once, in order."""
    found = np.zeros(end - begin, bool)
    for column in columns:
        found[column[(column >= begin) & (column < end)] - begin] = True
    return np.flatnonzero(found) + begin


_Any = TypeVar("_Any", bound=np.generic)


def spliced(rows: NDArray[_Any], gone: Indices, places: Indices, come: NDArray[np.generic]) -> NDArray[_Any]:
    """Return ``rows`` without those at ``gone``, which rise, and with each of ``come`` before the row that is
    at the same of ``places``, which do not fall."""
    if not len(gone) and not len(places):
        return rows
    cuts = np.unique(np.concatenate([gone, gone + 1, places, [0, len(rows)]])).tolist()
    skipped = set(gone.tolist())
    begins = np.searchsorted(places, cuts, "left").tolist()
    ends = np.searchsorted(places, cuts, "right").tolist()
    pieces: list[NDArray[np.generic]] = []
    for at, begin, end, to in zip(cuts, begins, ends, [*cuts[1:], len(rows)], strict=True):
        pieces.append(come[begin:end].astype(rows.dtype, copy=False))
        if at not in skipped:
            pieces.append(rows[at:to])
    return np.concatenate(pieces)
