"""Joins of tables (SPARQL 1.1 Query Language, section 18.5): solutions that are compatible.

Where a variable may be unbound, the solutions are parted by which of the common variables they bind: within
two parts it is certain which variables have to be equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.evaluation.ranges import unfolded
from endpoint.columns.evaluation.tables import Key, Limits, Table, codes_of, concatenated
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.sets import Indices
from endpoint.sparql.syntax.parser import Unsupported

# Common variables, of whose subsets each may be a part.
_MOST_COMMON = 20

_Part = tuple[frozenset[Key], Indices]


def joined(left: Table, right: Table, limits: Limits, terms: Terms) -> Table:
    """Return Join(left, right)."""
    common = [key for key in left.columns if key in right.columns]
    left, right = _settled(left, right, common, terms)
    found = [
        _merged(left, right, common, *rows)
        for both, ours, theirs in _compatible_parts(left, right, common)
        if (rows := _matches(left, right, both, ours, theirs, limits))
    ]
    keys = dict.fromkeys([*left.columns, *right.columns])
    return concatenated(found) if found else Table(0, {key: np.zeros(0, np.int64) for key in keys})


def without_compatible(left: Table, right: Table, terms: Terms) -> Table:
    """Return Minus(left, right): the solutions that no compatible one has a variable in common with."""
    common = [key for key in left.columns if key in right.columns]
    left, right = _settled(left, right, common, terms)
    removed = np.zeros(left.size, bool)
    for both, ours, theirs in _compatible_parts(left, right, common):
        if both:
            codes, others = _codes(left, right, both, ours, theirs)
            removed[ours[np.isin(codes, others)]] = True
    return left.take(~removed)


def _settled(left: Table, right: Table, common: Sequence[Key], terms: Terms) -> tuple[Table, Table]:
    """Return both tables with columns that can be compared."""
    for key in common:
        ours, theirs = terms.settled(left.columns[key], right.columns[key])
        left, right = left.adding(key, ours), right.adding(key, theirs)
    return left, right


def _compatible_parts(
    left: Table, right: Table, common: Sequence[Key]
) -> Iterator[tuple[list[Key], Indices, Indices]]:
    """Yield the rows of each two parts, and the variables that both bind."""
    if len(common) > _MOST_COMMON:
        raise Unsupported("two groups have many variables in common")
    theirs = list(_parts(right, common))
    for bound, ours in _parts(left, common):
        for other, rows in theirs:
            yield [key for key in common if key in bound and key in other], ours, rows


def _parts(table: Table, keys: Sequence[Key]) -> Iterator[_Part]:
    """Yield which of ``keys`` are bound, and the rows where it is these."""
    if all(map(table.bound, keys)):
        yield frozenset(keys), np.arange(table.size)
        return
    masks = np.zeros(table.size, np.int64)
    for place, key in enumerate(keys):
        masks |= (table.columns[key] >= 0).astype(np.int64) << place
    for mask in np.unique(masks).tolist():
        bound = frozenset(key for place, key in enumerate(keys) if mask >> place & 1)
        yield bound, np.flatnonzero(masks == mask)


def _codes(
    left: Table, right: Table, keys: Sequence[Key], ours: Indices, theirs: Indices
) -> tuple[Indices, Indices]:
    """Return for the rows of both small numbers that are the same where all ``keys`` are."""
    columns = [np.concatenate([left.columns[key][ours], right.columns[key][theirs]]) for key in keys]
    codes, _ = codes_of(columns, len(ours) + len(theirs))
    return codes[: len(ours)], codes[len(ours) :]


def _matches(
    left: Table, right: Table, keys: Sequence[Key], ours: Indices, theirs: Indices, limits: Limits
) -> tuple[Indices, Indices] | None:
    """Return the rows of both that are joined."""
    codes, others = _codes(left, right, keys, ours, theirs)
    order: NDArray[np.integer] = np.argsort(others, kind="stable")
    counts = np.bincount(others, minlength=int(codes.max()) + 1 if len(codes) else 0)
    starts = np.cumsum(counts) - counts
    begins = starts[codes]
    ends = begins + counts[codes]
    limits.check(int((ends - begins).sum()), len(left.columns) + len(right.columns))
    places, rows = unfolded(begins, ends)
    return (ours[places], theirs[order[rows]]) if len(places) else None


def _merged(left: Table, right: Table, common: Sequence[Key], ours: Indices, theirs: Indices) -> Table:
    columns = {key: column[ours] for key, column in left.columns.items()}
    for key, column in right.columns.items():
        if key not in columns:
            columns[key] = column[theirs]
    for key in common:
        unbound = columns[key] < 0
        if unbound.any():
            columns[key] = np.where(unbound, right.columns[key][theirs], columns[key])
    return Table(len(ours), columns)
