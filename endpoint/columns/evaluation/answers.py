"""Answers: the solutions or triples of a query, written piece by piece; only here numbers become terms."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Final

import numpy as np
from pyoxigraph import Variable

from endpoint.columns.evaluation.tables import Table
from endpoint.columns.evaluation.terms import OTHER, TRIPLE, Terms
from endpoint.columns.sets import Indices
from endpoint.formats import QueryForm
from endpoint.results.written import Piece
from endpoint.sparql.syntax.parser import Unsupported

# About the length of a piece in bytes, and what is written around a term.
_PIECE: Final = 2**16
_AROUND: Final = 50
# Terms of an answer that is mostly one piece.
_FEW: Final = 1000

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
# Columns of some rows, how many there are, and their terms as they are written, by their numbers.
_Rows = tuple[list[list[int]], int, dict[int, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query: the solutions of SELECT, the triples of CONSTRUCT and DESCRIBE (of subject,
    predicate and object); for ASK the size of ``table`` tells whether there are any solutions."""

    form: QueryForm
    variables: tuple[Variable, ...]
    table: Table
    terms: Terms

    def showing(self, names: list[str]) -> Answer:
        """Return the answer with its variables in the order of ``names``."""
        return replace(self, variables=tuple(map(Variable, names)))

    def rows(self) -> Iterator[tuple[bytes | None, ...]]:
        """Yield the rows, their terms as N-Triples writes them, None where a variable is unbound."""
        if not self.variables:
            yield from [()] * self.table.size
            return
        text = self.terms.text
        for row in zip(*(column.tolist() for column in self._columns()), strict=True):
            yield tuple([None if number < 0 else text(number) for number in row])

    def solutions(self) -> Iterator[Piece]:
        """Yield the solutions in pieces of SPARQL 1.1 Query Results JSON: objects with commas between them.

        Raises :class:`Unsupported` before the first where a term has no form that is certain.
        """
        self._ensure_expressible()
        keys = [f"{_encode(variable.value)}:".encode() for variable in self.variables]
        for columns, size, texts in self._pieces(self.terms.json):
            cells = [_members(*pair, texts) for pair in zip(keys, columns, strict=True)]
            if not cells:
                bodies = [b""] * size
            elif min(texts) < 0:
                rows = zip(*cells, strict=True)
                bodies = [b",".join([cell for cell in row if cell is not None]) for row in rows]
            else:
                bodies = list(map(b",".join, zip(*cells, strict=True)))
            yield size, b"{" + b"},{".join(bodies) + b"}"

    def statements(self) -> Iterator[Piece]:
        """Yield the triples in pieces, as lines of N-Triples."""
        for columns, size, texts in self._pieces(self.terms.text):
            rows = zip(*(map(texts.__getitem__, column) for column in columns), strict=True)
            yield size, b"".join([b"%s %s %s .\n" % row for row in rows])

    def _columns(self) -> list[Indices]:
        return [self.table.column(variable) for variable in self.variables]

    def _pieces(self, write: Callable[[int], bytes]) -> Iterator[_Rows]:
        """Yield some rows after another, with their terms as ``write`` returns them, empty where unbound."""
        columns, size = self._columns(), self.table.size
        if size * len(columns) <= _FEW:
            numbers = [column.tolist() for column in columns]
            distinct = set().union(*numbers)
            texts = _written(distinct, write, _PIECE)
            if len(texts) == len(distinct):
                written = map(texts.__getitem__, chain.from_iterable(numbers))
                if sum(map(len, written)) <= _PIECE:
                    # To look where a piece ends takes longer than to write one.
                    yield from [(numbers, size, texts)] * bool(size)
                    return
        lengths = np.full(size, 2, np.int64)
        for column in columns:
            lengths += self.terms.lengths(column) + _AROUND
        ends = np.flatnonzero(np.diff(np.cumsum(lengths) // _PIECE)) + 1
        for begin, end in pairwise([0, *ends.tolist(), size]):
            numbers = [column[begin:end].tolist() for column in columns]
            yield numbers, end - begin, _written(set().union(*numbers), write)

    def _ensure_expressible(self) -> None:
        for column in self._columns():
            if self.terms.plain(column):
                continue
            groups = self.terms.groups(column)
            if (groups == TRIPLE).any():
                raise Unsupported("an answer has a triple term")
            others = column[groups == OTHER]
            if len(others) and self.terms.directed(others):
                raise Unsupported("an answer has a direction")


def _written(numbers: Set[int], write: Callable[[int], bytes], most: float = math.inf) -> dict[int, bytes]:
    """Return terms as ``write`` returns them, nothing for no term; of more than ``most`` bytes not all."""
    texts: dict[int, bytes] = {}
    for number in numbers:
        text = texts[number] = write(number) if number >= 0 else b""
        most -= len(text)
        if most < 0:
            break
    return texts


def _members(key: bytes, numbers: list[int], texts: dict[int, bytes]) -> list[bytes | None]:
    """Return the members of a variable in JSON, None where it is unbound."""
    made = {number: key + texts[number] if number >= 0 else None for number in set(numbers)}
    return list(map(made.__getitem__, numbers))
