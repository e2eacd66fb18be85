"""Tables of solutions: for each variable a column of the numbers of its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import BlankNode, Variable

from endpoint.columns.evaluation.terms import UNBOUND
from endpoint.columns.sets import Indices
from endpoint.sparql.syntax.parser import Unsupported

# The truth of a condition for each solution (section 17.2).
Truth: TypeAlias = NDArray[np.int8]
FALSE: Final = 0
TRUE: Final = 1
ERROR: Final = 2

# A blank node of a pattern is a variable that nothing shows; a name is that of a column of the evaluation.
Key: TypeAlias = Variable | BlankNode | str


@dataclass(frozen=True, slots=True)
class Table:
    """A multiset of ``size`` solutions; a variable without a column is unbound in all of them."""

    size: int
    columns: Mapping[Key, Indices]

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Table:
        """Return the table of some rows, by their places or by which are true."""
        columns = {key: column[rows] for key, column in self.columns.items()}
        if columns:
            return Table(len(next(iter(columns.values()))), columns)
        return Table(len(np.empty(self.size, bool)[rows]), columns)

    def column(self, key: Key) -> Indices:
        """Return the column of a variable."""
        found = self.columns.get(key)
        return np.full(self.size, UNBOUND, np.int64) if found is None else found

    def adding(self, key: Key, column: Indices) -> Table:
        """Return the table with one more column."""
        return Table(self.size, {**self.columns, key: column})

    def without(self, key: Key) -> Table:
        """Return the table without a column."""
        return Table(self.size, {other: column for other, column in self.columns.items() if other != key})

    def bound(self, key: Key) -> bool:
        """Return whether a variable is bound in every solution."""
        column = self.columns.get(key)
        return column is not None and not (column < 0).any()


UNIT = Table(1, {})


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest table: ``cells`` are numbers in it, ``rows`` its solutions."""

    cells: int
    rows: int

    def check(self, rows: int, columns: int) -> None:
        """Raise :class:`Unsupported` where a table would be larger."""
        if rows > self.rows or rows * (columns + 1) > self.cells:
            raise Unsupported("an intermediate result is large")


def concatenated(tables: Sequence[Table]) -> Table:
    """Return the solutions of all tables."""
    if len(tables) == 1:
        return tables[0]
    keys = dict.fromkeys(key for table in tables for key in table.columns)
    size = sum(table.size for table in tables)
    return Table(size, {key: np.concatenate([table.column(key) for table in tables]) for key in keys})


def codes_of(columns: Sequence[Indices], size: int) -> tuple[Indices, int]:
    """Return for each row a number that is the same where all columns are, and how many there are.

    The numbers are dense, and in the order of the columns.
    """
    codes, number = np.zeros(size, np.int64), 1 if size else 0
    for place, column in enumerate(columns):
        further, width = _dense(column)
        if place == 0:
            codes, number = further, width
        else:
            codes, number = _dense(codes * width + further)
    return codes, number


def _dense(column: Indices) -> tuple[Indices, int]:
    if not len(column):
        return np.zeros(0, np.int64), 0
    low, high = int(column.min()), int(column.max())
    if high - low > 8 * len(column) + 1024:
        values, codes = np.unique(column, return_inverse=True)
        return codes.astype(np.int64), len(values)
    present = np.zeros(high - low + 1, bool)
    present[column - low] = True
    places = np.cumsum(present) - 1
    return places[column - low], int(places[-1]) + 1


def first_rows(codes: Indices, number: int) -> Indices:
    """Return the first row of each code."""
    rows = np.empty(number, np.int64)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return rows
