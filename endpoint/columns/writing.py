"""Columns written by subject, as TriG or in lines: neighbours there are neighbours in what is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import IO, Final, NamedTuple

import numpy as np

from endpoint.columns.reader import Columns
from endpoint.columns.sets import Indices, Numbers, members_of, starts_of

# Statements that are written at once.
_CHUNK: Final = 4096
# Triples that are looked at at once, and bytes of a piece of lines.
_LOOK: Final = 2**16
_PIECE: Final = 2**16


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
    subjects, objects = (column[rows].tolist() for column in columns.pairs)
    yield from _lines(columns, subjects, predicates, objects, [b" .\n"] * len(rows))


def _lines(
    columns: Columns,
    subjects: Sequence[int],
    predicates: Sequence[int],
    objects: Sequence[int],
    ends: Sequence[bytes],
) -> Iterator[bytes]:
    term = columns.terms.term
    names = {number: b" " + term(number) + b" " for number in set(predicates)}
    before, subject = -1, b""
    for number, predicate, value, end in zip(subjects, predicates, objects, ends, strict=True):
        if number != before:
            before, subject = number, term(number)
        yield subject + names[predicate] + term(value) + end


class Lines(NamedTuple):
    """Whole lines of N-Quads, of so many ``statements``."""

    text: bytes
    statements: int


def read_lines(
    columns: Columns, graphs: Collection[int] | None = None, named: bool = True
) -> Iterator[Lines]:
    """Yield the statements of all graphs, or of those at these places in ``columns.graphs``, as N-Quads.

    With ``named`` each line has the name of its graph; without, each triple comes once, as N-Triples. They
    come by subject, in an order that is the same each time, and memory does not grow with their number.
    """
    sets = [[graph for graph in members if graphs is None or graph in graphs] for members in columns.sets]
    chosen = np.array([bool(members) for members in sets], bool)
    ends = [b" " + name + b" .\n" if name else b" .\n" for name in columns.graphs]
    following = columns.starts[:-1].astype(np.int64)
    for begin in range(0, len(columns), _LOOK):
        triples = columns.triples[:, begin : begin + _LOOK]
        of_sets = columns.graph_sets[places_of(columns, triples[1], following)]
        if named:
            rows, names = members_of(of_sets, sets)
            order = np.lexsort((rows, names, triples[0, rows]))
            of_names = [ends[name] for name in names[order].tolist()]
            yield from _pieces(columns, triples[:, rows[order]], of_names)
        else:
            shown = triples[:, chosen[of_sets]]
            yield from _pieces(columns, shown, [b" .\n"] * shown.shape[1])


def places_of(columns: Columns, predicates: Numbers, following: Indices) -> Indices:
    """Return where triples that follow each other by subject stand among the pairs of their ``predicates``.

    ``following`` has the place of the next pair of each predicate, and is moved on: pairs are sorted by
    subject and object too, so those of one predicate come in their own order.
    """
    which = np.searchsorted(columns.predicates, predicates)
    order = np.argsort(which, kind="stable")
    ordered = which[order]
    begins = starts_of(ordered)
    sizes = np.diff(begins, append=len(ordered))
    present = ordered[begins]
    places = np.empty(len(order), np.int64)
    places[order] = np.repeat(following[present] - begins, sizes) + np.arange(len(order))
    following[present] += sizes
    return places


def _pieces(columns: Columns, triples: Numbers, ends: list[bytes]) -> Iterator[Lines]:
    """Yield triples in pieces of about the same size: a single text may have megabytes."""
    sizes = np.sum([columns.terms.lengths(numbers) for numbers in triples], axis=0)
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // _PIECE)) + 1
    begin = 0
    for end in (*cuts.tolist(), len(ends)):
        if end > begin:
            subjects, predicates, objects = triples[:, begin:end].tolist()
            lines = _lines(columns, subjects, predicates, objects, ends[begin:end])
            yield Lines(b"".join(lines), end - begin)
        begin = end
