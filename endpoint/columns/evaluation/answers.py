"""Answers: the solutions or triples of a query, written piece by piece; only here numbers become terms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from pyoxigraph import Variable

from endpoint.columns.evaluation.tables import Table
from endpoint.columns.evaluation.terms import OTHER, TRIPLE, Terms
from endpoint.columns.sets import Indices
from endpoint.columns.terms import unescaped
from endpoint.formats import QueryForm
from endpoint.results.written import Piece
from endpoint.sparql.syntax.parser import Unsupported

T = TypeVar("T")

# About the length of a piece in bytes, and what is written around a term.
_PIECE: Final = 2**16
_AROUND: Final = 50

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


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
        for columns, size in self._pieces():
            cells = [self._cells(*pair) for pair in zip(keys, columns, strict=True)]
            if not cells:
                bodies = [b""] * size
            elif any(None in column for column in cells):
                rows = zip(*cells, strict=True)
                bodies = [b",".join([cell for cell in row if cell is not None]) for row in rows]
            else:
                bodies = list(map(b",".join, zip(*cells, strict=True)))
            yield size, b"{" + b"},{".join(bodies) + b"}"

    def statements(self) -> Iterator[Piece]:
        """Yield the triples in pieces, as lines of N-Triples."""
        for columns, size in self._pieces():
            cells = [_spread(column, self.terms.text) for column in columns]
            yield size, b"".join([b"%s %s %s .\n" % row for row in zip(*cells, strict=True)])

    def _columns(self) -> list[Indices]:
        return [self.table.column(variable) for variable in self.variables]

    def _pieces(self) -> Iterator[tuple[list[Indices], int]]:
        """Yield the columns of some rows after another, and how many there are."""
        columns, size = self._columns(), self.table.size
        if not size:
            return
        lengths = np.full(size, 2, np.int64)
        for column in columns:
            lengths += self.terms.lengths(column) + _AROUND
        ends = np.flatnonzero(np.diff(np.cumsum(lengths) // _PIECE)) + 1
        for begin, end in pairwise([0, *ends.tolist(), size]):
            yield [column[begin:end] for column in columns], end - begin

    def _cells(self, key: bytes, column: Indices) -> list[bytes | None]:
        """Return the members of a variable in JSON, None where it is unbound."""
        text = self.terms.text
        return _spread(column, lambda number: None if number < 0 else key + _json(text(number)))

    def _ensure_expressible(self) -> None:
        for column in self._columns():
            groups = self.terms.groups(column)
            if (groups == TRIPLE).any():
                raise Unsupported("an answer has a triple term")
            others = column[groups == OTHER]
            if len(others) and self.terms.directed(others):
                raise Unsupported("an answer has a direction")


def _spread(column: Indices, make: Callable[[int], T]) -> list[T]:
    """Return what is made of each number, once for all that are the same."""
    numbers, places = np.unique(column, return_inverse=True)
    made = [make(number) for number in numbers.tolist()]
    return [made[place] for place in places.tolist()]


def _json(text: bytes) -> bytes:
    """Return a term in JSON, whose strings have the escapes of N-Triples, but for a few of them."""
    if text.startswith(b'"'):
        end = text.rindex(b'"')
        value, kind = _string(text[1:end]), text[end + 1 :]
        if not kind:
            return b'{"type":"literal","value":%s}' % value
        if kind.startswith(b"^"):
            return b'{"type":"literal","value":%s,"datatype":%s}' % (value, _string(kind[3:-1]))
        return b'{"type":"literal","value":%s,"xml:lang":%s}' % (value, _string(kind[1:]))
    if text.startswith(b"<"):
        return b'{"type":"uri","value":%s}' % _string(text[1:-1])
    return b'{"type":"bnode","value":%s}' % _string(text[2:])


def _string(text: bytes) -> bytes:
    if b"\\u" in text or b"\\U" in text or b"\\'" in text:
        return _encode(unescaped(text).decode()).encode()
    return b'"%s"' % text
