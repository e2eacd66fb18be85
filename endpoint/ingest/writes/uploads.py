"""Writes of graphs (SPARQL 1.1 Graph Store HTTP Protocol, sections 5.3 to 5.5), and files that are loaded."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.engine.writes import Upload, Write
from endpoint.errors import (
    DataError,
    DataErrors,
    MalformedData,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
)
from endpoint.ingest.load import load_sources
from endpoint.ingest.sources import Source, format_of_name, open_file
from endpoint.ingest.writes.ledger import Graph, Ledger

# Bytes of files that are read into memory, and bytes that are decompressed at once.
_SMALL: Final = 2**24
_PIECE: Final = 2**20
_OF_ONE_GRAPH: Final = {"turtle", "n-triples", "rdf-xml"}
# Mistakes of a file that are told.
_TOLD: Final = 20


def write_graph(write: Write, ledger: Ledger, folder: Path, limit: int) -> bool:
    """Do a PUT, POST or DELETE; return whether it made a new graph.

    ``folder`` takes temporary files, ``limit`` is the most bytes that a file may have, decompressed. Raises
    NotFound, PreconditionFailed, PayloadTooLarge, Forbidden and MalformedData; the store may have some of the
    changes after Forbidden.
    """
    graph = graph_of(write)
    there = not isinstance(graph, NamedNode) or ledger.store.contains_named_graph(graph)
    check(write.expects, there)
    if write.kind == "delete":
        if not there:
            raise NotFound(f"There is no graph {graph}.")
        ledger.remove_graph(graph or DefaultGraph())
        return False
    if graph is not None:
        ledger.permit(graph)
    if isinstance(graph, DefaultGraph):
        # It is always there, and so new where it was empty.
        there = any(True for _ in ledger.store.quads_for_pattern(None, None, None, graph))
    if graph is not None and not there and _are_of_one_graph(write.files):
        _load_new(write, ledger, graph, folder, limit)
        return True
    with coming(write.files, graph, write.base, folder, limit) as store:
        ensure_one_graph(store, graph)
        if write.kind == "put":
            _remove_others(ledger, store, graph)
        ledger.add(store)
        for name in [graph] if graph is not None else store.named_graphs():
            ledger.add_graph(name)
    return not there


def _are_of_one_graph(files: Sequence[Upload]) -> bool:
    """Return whether the formats of all files have no names of graphs."""
    return all(file.format in _OF_ONE_GRAPH for file in files)


def _load_new(write: Write, ledger: Ledger, graph: Graph, folder: Path, limit: int) -> None:
    """Load files into a graph that has nothing: straight, so in a fifth of the time. Raises MalformedData."""
    named = graph if isinstance(graph, NamedNode) else None
    with tempfile.TemporaryDirectory(prefix="upload-", dir=folder) as scratch:
        files = [decompressed(file, Path(scratch), limit) for file in write.files]
        if sum(Path(file.path).stat().st_size for file in files) > _SMALL:
            ledger.load(lambda store: _load(store, files, named, write.base))
            ledger.add_graph(graph)
            return
    with coming(write.files, graph, write.base, folder, limit) as store:
        ledger.add(store, absent=True)
        ledger.add_graph(graph)


def _load(store: Store, files: Sequence[Upload], graph: NamedNode | None, base: str) -> None:
    try:
        load_sources(store, [_source(file, graph) for file in files], {}, base_iri=base)
    except DataErrors as error:
        raise _malformed(error.errors) from None


def graph_of(write: Write) -> NamedNode | DefaultGraph | None:
    """Return the graph that a write is about; None for the whole dataset."""
    if write.target == "dataset":
        return None
    return NamedNode(write.graph) if write.target == "graph" else DefaultGraph()


def check(expects: str, there: bool, what: str = "graph") -> None:
    """Raise PreconditionFailed where a graph must be there and is not, or the other way about."""
    if expects == "present" and not there:
        raise PreconditionFailed(f"The {what} is not there (If-Match).")
    if expects == "absent" and there:
        raise PreconditionFailed(f"The {what} is there already (If-None-Match).")


@contextmanager
def coming(
    files: Sequence[Upload], graph: Graph | None, base: str, folder: Path, limit: int
) -> Iterator[Store]:
    """Read files into a store of their own, in memory or where they are large in ``folder``.

    Raises MalformedData, and PayloadTooLarge for a file of more than ``limit`` bytes, decompressed.
    """
    named = graph if isinstance(graph, NamedNode) else None
    with tempfile.TemporaryDirectory(prefix="upload-", dir=folder) as scratch:
        files = [decompressed(file, Path(scratch), limit) for file in files]
        small = sum(Path(file.path).stat().st_size for file in files) <= _SMALL
        store = Store() if small else Store(str(Path(scratch, "store")))
        _load(store, files, named, base)
        yield store
        del store


def decompressed(file: Upload, folder: Path, limit: int) -> Upload:
    """Return the file, or one in ``folder`` with its bytes decompressed."""
    if not file.compression:
        return file
    path, size = folder / uuid.uuid4().hex, 0
    try:
        with _source(file, None).open() as stream, path.open("wb") as out:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > limit:
                    raise PayloadTooLarge(f"The body has more than {limit:,} bytes, decompressed.", limit)
                out.write(piece)
    except DataError as error:
        raise _malformed([error]) from None
    return replace(file, path=str(path), compression="")


def _source(file: Upload, graph: NamedNode | None) -> Source:
    format = format_of_name(file.format)
    if format is None:
        raise ValueError(f"no format {file.format}")
    path = Path(file.path)
    size = path.stat().st_size
    opener = partial(open_file, path)
    return Source(file.name, format, opener, None, graph, size, file.compression or None)


def _malformed(mistakes: Sequence[DataError]) -> MalformedData:
    told = "\n".join(str(each) for each in mistakes[:_TOLD])
    return MalformedData(told, mistakes[0].line)


def ensure_one_graph(store: Store, graph: Graph | None) -> None:
    """Raise MalformedData where files for one graph name others."""
    if graph is None:
        return
    others = [name for name in store.named_graphs() if name != graph]
    if others:
        raise MalformedData(
            f"The body names the graph {others[0]}, and the request is for one graph. Send triples, or leave "
            "out graph and default."
        )


def _remove_others(ledger: Ledger, store: Store, graph: Graph | None) -> None:
    """Remove what is in the graph, or in any but the derived one, and does not come."""
    graphs: Iterable[Graph] = [graph] if graph is not None else [DefaultGraph(), *ledger.store.named_graphs()]
    for each in graphs:
        if each == ledger.derived:
            continue
        old = ledger.store.quads_for_pattern(None, None, None, each)
        ledger.remove(quad for quad in old if quad not in store)
        if graph is None and isinstance(each, NamedNode) and not store.contains_named_graph(each):
            ledger.remove_graph(each)
