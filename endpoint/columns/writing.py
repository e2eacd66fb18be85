"""Columns written as TriG by subject: neighbours in the stream are neighbours in what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

import numpy as np

from endpoint.columns.reader import Columns
from endpoint.columns.sets import Indices, members_of

# Statements that are written at once.
_CHUNK: Final = 4096


def write_trig(columns: Columns, out: IO[bytes]) -> None:
    """Write all statements, one graph after another, by subject, predicate and object.

    :raises ValueError: a graph is named by a blank node, which would be another one when it is read.
    :raises StoreError: a file is damaged.
    """
    columns.ensure_intact()
    if any(name.startswith(b"_:") for name in columns.graphs):
        raise ValueError("a graph is named by a blank node")
    predicates = np.repeat(columns.predicates, np.diff(columns.starts))
    order = np.lexsort((columns.pairs.second, predicates, columns.pairs.first))
    rows, graphs = members_of(columns.graph_sets[order], columns.sets)
    for place, name in enumerate(columns.graphs):
        out.write(b"GRAPH " + name + b" {\n" if name else b"")
        of_graph = order[rows[graphs == place]]
        for begin in range(0, len(of_graph), _CHUNK):
            chunk = of_graph[begin : begin + _CHUNK]
            out.writelines(_statements(columns, chunk, predicates[chunk].tolist()))
        out.write(b"}\n" if name else b"")


def _statements(columns: Columns, rows: Indices, predicates: list[int]) -> Iterator[bytes]:
    term = columns.terms.term
    names = {number: b" " + term(number) + b" " for number in set(predicates)}
    before, subject = -1, b""
    subjects, objects = (column[rows].tolist() for column in columns.pairs)
    for number, predicate, value in zip(subjects, predicates, objects, strict=True):
        if number != before:
            before, subject = number, term(number)
        yield subject + names[predicate] + term(value) + b" .\n"
