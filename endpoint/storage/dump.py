"""A whole generation, or some of its graphs, as a stream: statements in any RDF format, or publications.

Statements are read from the columns of the generation, by subject, a tenth of the work of reading them from
its store; from the store on the disk where it has none. Either order is the same each time, and so are the
labels of blank nodes: the same order gives the same bytes. Memory does not grow with the number of
statements, but for what the engine keeps of its files.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize

from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.columns.reader import Columns
from endpoint.columns.writing import Lines, read_lines
from endpoint.errors import NotExpressible, StoreError
from endpoint.formats import (
    BIBLIOGRAPHIES,
    JSON_LD,
    N3,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    TRIG,
    TURTLE,
    Format,
)
from endpoint.results.bibliography import Item, read_items, write_items
from endpoint.results.counting import Output
from endpoint.results.rows import Inexpressible
from endpoint.results.serializers import XmlGuard, statements_of
from endpoint.storage import generations
from endpoint.storage.dump_order import Selection
from endpoint.storage.generations import Generation
from endpoint.vocabulary import RDF_TYPE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GraphName = NamedNode | BlankNode | DefaultGraph
# Called now and then with the number of statements, or publications, that were written.
Count = Callable[[int], None]

_STEP: Final = 4096  # statements between two calls of Count
_FORMATS: Final = {
    N_QUADS: RdfFormat.N_QUADS,
    TRIG: RdfFormat.TRIG,
    JSON_LD: RdfFormat.JSON_LD,
    N_TRIPLES: RdfFormat.N_TRIPLES,
    TURTLE: RdfFormat.TURTLE,
    N3: RdfFormat.N3,
    RDF_XML: RdfFormat.RDF_XML,
}
# Formats of datasets: the statements keep the names of their graphs.
DATASET_FORMATS: Final = frozenset(fmt for fmt, syntax in _FORMATS.items() if syntax.supports_datasets)

# Compressions by the extension of their files, which is also their name in --compress.
COMPRESSIONS: Final[Mapping[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    # Without a name and a time, so that the same data gives the same bytes.
    "gz": lambda file: cast("IO[bytes]", gzip.GzipFile("", "wb", 6, file, mtime=0)),
    "bz2": lambda file: bz2.BZ2File(file, "wb"),
    "xz": lambda file: lzma.LZMAFile(file, "wb"),  # noqa: SIM115 - closed by who calls
    "zst": lambda file: cast("IO[bytes]", zstd.ZstdFile(file, "wb")),
}
# Bytes that are passed on at once; compressors are slow with small pieces.
_BUFFER: Final = 2**18


class Dump:
    """One generation, open for reading: its ``store``, and its ``columns`` where it has them.

    Publications, and without columns statements, come from the store, which must be that on the disk for the
    same order each time.
    """

    def __init__(self, generation: Generation, store: Store, columns: Columns | None = None) -> None:
        self.generation = generation
        self._store = store
        self._columns = columns

    def graphs(self) -> list[NamedNode]:
        """Return the names of the graphs that are IRIs, sorted."""
        named = [name for name in self._store.named_graphs() if isinstance(name, NamedNode)]
        return sorted(named, key=lambda name: name.value)

    def write(
        self, fmt: Format, selection: Selection, prefixes: Mapping[str, str], out: Output, count: Count
    ) -> int:
        """Write the selection in one format; return the number of statements or publications.

        :raises NotExpressible: the format cannot express something in the data.
        :raises StoreError: the generation is damaged.
        """
        counted = _Counted(count)
        try:
            if fmt in BIBLIOGRAPHIES:
                for piece in write_items(counted.items(self._publications(selection)), fmt):
                    out.write(piece.encode())
            else:
                self._write_statements(fmt, selection, prefixes, out, counted)
        except Inexpressible as error:
            raise NotExpressible(str(error)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unreadable(self.generation, error) from error
        return counted.number

    def _publications(self, selection: Selection) -> Iterator[Item]:
        graphs: Sequence[GraphName | None] = selection.graphs or [None]
        typed = (self._store.quads_for_pattern(None, NamedNode(RDF_TYPE), None, graph) for graph in graphs)
        candidates = (quad.subject for quads in typed for quad in quads)
        return read_items(candidates, statements_of(self._store))

    def _write_statements(
        self, fmt: Format, selection: Selection, prefixes: Mapping[str, str], out: Output, counted: _Counted
    ) -> None:
        named = fmt in DATASET_FORMATS and not selection.union
        if self._columns is None:
            quads = self._quads(selection, named)
        else:
            lines = counted.lines(read_lines(self._columns, _places(self._columns, selection), named))
            if fmt in (N_QUADS, N_TRIPLES):
                for text in lines:
                    out.write(text)
                return
            quads = _parsed(lines)
        if fmt is JSON_LD:
            quads = map(_without_triple_terms, quads)
        if self._columns is None:
            quads = counted.statements(quads)
        self._serialize(fmt, quads, prefixes, out)

    def _quads(self, selection: Selection, named: bool) -> Iterator[Quad]:
        """Yield the statements from the store."""
        graphs: Sequence[GraphName] = selection.graphs or [DefaultGraph(), *self._store.named_graphs()]
        quads: Iterator[Quad] = (
            quad for graph in graphs for quad in self._store.quads_for_pattern(None, None, None, graph)
        )
        if named:
            return quads
        if len(graphs) == 1:
            return map(_unnamed, quads)
        chosen = frozenset(map(str, graphs))
        return (_unnamed(quad) for quad in quads if self._is_first(quad, chosen))

    def _is_first(self, quad: Quad, chosen: frozenset[str]) -> bool:
        """Return whether this graph is the first of the chosen graphs that contain this statement.

        Costs a look-up, and no memory.
        """
        same = self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return next(other.graph_name for other in same if str(other.graph_name) in chosen) == quad.graph_name

    @staticmethod
    def _serialize(fmt: Format, statements: Iterable[Quad], prefixes: Mapping[str, str], out: Output) -> None:
        syntax = _FORMATS[fmt]
        target = XmlGuard(out) if fmt is RDF_XML else out
        # Of a binary file the engine uses write and flush only.
        file = cast("IO[bytes]", target)
        if syntax.supports_datasets:
            serialize(statements, file, syntax, prefixes=dict(prefixes))
        else:
            serialize((quad.triple for quad in statements), file, syntax, prefixes=dict(prefixes))


def _places(columns: Columns, selection: Selection) -> frozenset[int] | None:
    """Return the places of the graphs in the columns, which do not have those without statements."""
    if not selection.graphs:
        return None
    names = {b"" if isinstance(graph, DefaultGraph) else str(graph).encode() for graph in selection.graphs}
    return frozenset(place for place, name in enumerate(columns.graphs) if name in names)


def _parsed(lines: Iterable[bytes]) -> Iterator[Quad]:
    """Yield the statements in pieces of N-Quads."""
    try:
        for text in lines:
            yield from parse(text, RdfFormat.N_QUADS, lenient=True)
    except SyntaxError as error:
        raise Inexpressible(
            f"The data has a name that this format cannot write ({error}). Ask for N-Quads (format=n-quads) "
            "or, of one graph, N-Triples (format=n-triples)."
        ) from None


class _Counted:
    """A counter of the statements that pass through it."""

    def __init__(self, count: Count) -> None:
        self.number = 0
        self._count = count

    def statements(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        for quad in quads:
            yield quad
            self.number += 1
            if self.number % _STEP == 0:
                self._count(self.number)

    def lines(self, pieces: Iterable[Lines]) -> Iterator[bytes]:
        told = 0
        for piece in pieces:
            yield piece.text
            self.number += piece.statements
            if self.number - told >= _STEP:
                told = self.number
                self._count(told)

    def items(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            yield item
            self.number += 1
            self._count(self.number)


def _without_triple_terms(quad: Quad) -> Quad:
    if isinstance(quad.object, Triple):
        raise Inexpressible(
            f"The statement {quad.triple} has a triple as its object, which JSON-LD cannot write. "
            "Ask for another format, such as N-Quads (format=n-quads)."
        )
    return quad


def _unnamed(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object)


class _Sink:
    """A binary file that takes nothing any more once it is ``shut``."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.shut = False

    def write(self, data: bytes, /) -> int:
        return len(data) if self.shut else self._file.write(data)

    def flush(self) -> None:
        """Do nothing: the file is flushed by whoever opened it."""


@contextmanager
def compressed(file: IO[bytes], compression: str) -> Iterator[IO[bytes]]:
    """Compress what is written; only where the block ends well, the file gets its end."""
    sink = _Sink(file)
    packed = COMPRESSIONS[compression](cast("IO[bytes]", sink))
    target = io.BufferedWriter(cast("io.RawIOBase", packed), _BUFFER)
    try:
        yield target
        target.close()
    except BaseException:
        # Compressors write the end of a file when they are closed, at the latest as garbage.
        sink.shut = True
        with suppress(Exception):
            target.close()
        raise


@contextmanager
def open_current(data: Path) -> Iterator[Dump]:
    """Open the current generation of the data directory, which stays on the disk while the block lasts.

    :raises StoreError: there is none, or it cannot be read.
    """
    with generations.held_current(data) as generation:
        yield Dump(generation, open_store(generation), intact_columns(generation))


def intact_columns(generation: Generation) -> Columns | None:
    """Return the columns; None where there are none, or they are damaged or of another version."""
    folder = generation.path / FOLDER
    if not folder.is_dir():
        return None
    try:
        columns = open_columns(folder)
        columns.ensure_intact()
    except StoreError:
        return None
    return columns


def open_store(generation: Generation) -> Store:
    """Open the store of a generation on the disk. Raises :class:`StoreError`."""
    try:
        return Store.read_only(str(generation.path / generations.STORE))
    except (OSError, RuntimeError) as error:
        raise _unreadable(generation, error) from error


def _unreadable(generation: Generation, error: Exception) -> StoreError:
    return StoreError(f"The generation in {generation.path} cannot be read: {error}.")
