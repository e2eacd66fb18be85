"""RDF Patch (https://afs.github.io/rdf-patch/): statements that come and go, one a line, as one transaction.

It is what ``endpoint generations show`` prints, so that a change can be done again elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, parse

from endpoint.engine.writes import Write
from endpoint.errors import MalformedData
from endpoint.ingest.writes.ledger import Ledger
from endpoint.ingest.writes.uploads import check, decompressed, graph_of

# Rows that change no statement: the header, and prefixes, which the dataset's manifest has.
_PASSED_OVER: Final = (b"H", b"PA", b"PD")
_BEGIN, _COMMIT, _ABORT = b"TX", b"TC", b"TA"
_STATEMENTS: Final = (b"A", b"D")

# The number of a line, from 1, and the line without white space around.
_Row = tuple[int, bytes]


def apply_patch(write: Write, ledger: Ledger, folder: Path, limit: int) -> None:
    """Add and remove the statements of a patch, in its order.

    Blank nodes have their labels in the store. Statements without a graph are in the one that the request is
    for. Transactions within it are one; what was aborted (``TA``) is left out. ``folder`` and ``limit`` are
    those of :func:`~endpoint.ingest.writes.uploads.write_graph`. Raises MalformedData, also for a
    transaction without an end, Forbidden, PayloadTooLarge and PreconditionFailed; the store may have some of
    the changes after the first two.
    """
    graph = graph_of(write)
    if isinstance(graph, NamedNode):
        check(write.expects, ledger.store.contains_named_graph(graph))
    (file,) = write.files
    with tempfile.TemporaryDirectory(prefix="upload-", dir=folder) as scratch:
        path = Path(decompressed(file, Path(scratch), limit).path)
        # All of it is looked at before any of it is done: a body that was cut ends within a transaction.
        rows = _without(_aborted(path), _rows(path))
        signed = ((sign, quad) for row in rows for sign, quad in _statement(row, graph))
        for sign, group in groupby(signed, key=itemgetter(0)):
            (ledger.add if sign == b"A" else ledger.remove)(quad for _, quad in group)


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the rows, without comments and empty lines."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            row = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
            if row and not row.startswith(b"#"):
                yield number, row


def _aborted(path: Path) -> list[tuple[int, int]]:
    """Return the first and the last line of each transaction that was aborted. Raises MalformedData."""
    aborted: list[tuple[int, int]] = []
    begun: int | None = None
    for number, row in _rows(path):
        word = _word(row)
        if word == _BEGIN:
            if begun is not None:
                raise MalformedData(
                    f"The transaction of line {begun} goes on here: TC or TA is missing.", number
                )
            begun = number
        elif word in (_COMMIT, _ABORT):
            if begun is None:
                raise MalformedData(f"{word.decode()} ends a transaction that was not begun by TX.", number)
            if word == _ABORT:
                aborted.append((begun, number))
            begun = None
    if begun is not None:
        raise MalformedData(
            "The patch ends within a transaction: TC is missing, so it may have been cut.", begun
        )
    return aborted


def _without(aborted: Sequence[tuple[int, int]], rows: Iterator[_Row]) -> Iterator[_Row]:
    """Yield the rows that are in no transaction that was aborted."""
    left = iter(aborted)
    first, last = next(left, (0, 0))
    for number, row in rows:
        if last and number > last:
            first, last = next(left, (0, 0))
        if not first <= number <= last:
            yield number, row


def _word(row: bytes) -> bytes:
    return row.split(None, 1)[0].rstrip(b".")


def _statement(row: _Row, graph: NamedNode | DefaultGraph | None) -> Iterator[tuple[bytes, Quad]]:
    """Yield the sign and the statement of a row that has one. Raises MalformedData."""
    number, text = row
    word = _word(text)
    if word in (*_PASSED_OVER, _BEGIN, _COMMIT, _ABORT):
        return
    if word not in _STATEMENTS:
        shown = word[:20].decode(errors="replace")
        raise MalformedData(
            f"There is no row {shown}. Rows begin with A, D, H, PA, PD, TX, TC or TA.", number
        )
    try:
        (quad,) = parse(text[1:], RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise MalformedData(f"{error.msg}. A row is a statement of N-Quads after A or D.", number) from None
    except ValueError:
        raise MalformedData("A row has one statement, and a full stop at its end.", number) from None
    yield word, _placed(quad, graph, number)


def _placed(quad: Quad, graph: NamedNode | DefaultGraph | None, number: int) -> Quad:
    """Return the statement in the graph that the request is for. Raises MalformedData for another one."""
    named: NamedNode | BlankNode | DefaultGraph = quad.graph_name
    if graph is None or named == graph:
        return quad
    if isinstance(named, DefaultGraph):
        return Quad(quad.subject, quad.predicate, quad.object, graph)
    raise MalformedData(f"The row names the graph {named}, and the request is for one graph.", number)
