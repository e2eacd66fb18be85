"""Ranges of rows in sorted columns: found for one term, or for many at once, and unfolded."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.sets import Indices, Numbers

# Terms that are looked for twice in less time than it takes to see which of them stand once.
_FEW: Final = 200


def range_of(column: Numbers, wanted: int, terms: int) -> tuple[int, int]:
    """Return where one term begins and ends in a sorted column, as :func:`ranges_of` does, sooner."""
    if wanted >= terms:
        return 0, 0
    # A number of another type would let numpy copy the whole column.
    needle = column.dtype.type(wanted)
    return int(column.searchsorted(needle)), int(column.searchsorted(needle, "right"))


def ranges_of(column: Numbers, wanted: Indices, terms: int) -> tuple[Indices, Indices]:
    """Return where each of the ``wanted`` terms begins and ends in a sorted column.

    A number from ``terms`` on stands in no column.
    """
    # Numbers of another type would let numpy copy the whole column.
    needles = np.minimum(wanted, terms).astype(column.dtype)
    begins = column.searchsorted(needles)
    if len(needles) <= _FEW or (len(needles) > 1000 and len(needles) * 4 > len(column)):
        return begins, column.searchsorted(needles, "right")
    # Where a term stands once, which is the rule, it need not be looked for again.
    ends = begins.copy()
    inside = np.flatnonzero(begins < len(column))
    found = inside[column[begins[inside]] == needles[inside]]
    ends[found] += 1
    next_ = found[ends[found] < len(column)]
    more = next_[column[ends[next_]] == needles[next_]]
    if len(more):
        ends[more] = column.searchsorted(needles[more], "right")
    return begins, ends


def unfolded(begins: Indices, ends: Indices) -> tuple[Indices, Indices]:
    """Return for each row of all ranges the place of its range, and the row."""
    sizes = ends - begins
    places = np.repeat(np.arange(len(sizes)), sizes)
    offsets = begins - (sizes.cumsum() - sizes)
    return places, np.arange(len(places)) + offsets[places]


def contains(column: Numbers, begins: Indices, ends: Indices, wanted: Indices) -> NDArray[np.bool_]:
    """Return whether each of the ``wanted`` terms stands in its range of the column, which is sorted."""
    low, high = begins.copy(), ends.copy()
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) >> 1
        less = column[middle] < wanted[open_]
        low[open_[less]] = middle[less] + 1
        high[open_[~less]] = middle[~less]
        open_ = open_[low[open_] < high[open_]]
    found = np.zeros(len(wanted), bool)
    inside = np.flatnonzero(low < ends)
    found[inside] = column[low[inside]] == wanted[inside]
    return found
