"""Writes of graphs (SPARQL 1.1 Graph Store HTTP Protocol, sections 5.3 to 5.5), and files that are loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.engine.writes import Upload, Write
from endpoint.errors import DataError, DataErrors, MalformedData, NotFound, PreconditionFailed
from endpoint.ingest.load import load_sources
from endpoint.ingest.sources import Source, format_of_name, open_file
from endpoint.ingest.writes.ledger import Graph, Ledger

# Bytes of files that are read into memory; those of a compressed file are as many times more.
_SMALL: Final = 2**24
_INFLATION: Final = 20
# Mistakes of a file that are told.
_TOLD: Final = 20


def write_graph(write: Write, ledger: Ledger, folder: Path) -> bool:
    """Do a PUT, POST or DELETE; return whether it made a new graph. ``folder`` takes temporary files.

    Raises NotFound, PreconditionFailed, Forbidden and MalformedData; the store may have some of the changes
    after Forbidden.
    """
    graph = graph_of(write)
    there = _is_there(ledger.store, graph)
    check(write.expects, there)
    if write.kind == "delete":
        if not there:
            raise NotFound(f"There is no graph {graph}.")
        ledger.remove_graph(graph or DefaultGraph())
        return False
    ledger.permit(graph) if graph is not None else None
    with coming(write.files, graph, write.base, folder) as store:
        _ensure_one_graph(store, graph)
        if write.kind == "put":
            _remove_others(ledger, store, graph)
        ledger.add(store)
        for name in [graph] if graph is not None else store.named_graphs():
            ledger.add_graph(name)
    return not there


def graph_of(write: Write) -> NamedNode | DefaultGraph | None:
    """Return the graph that a write is about; None for the whole dataset."""
    if write.target == "dataset":
        return None
    return NamedNode(write.graph) if write.target == "graph" else DefaultGraph()


def check(expects: str, there: bool) -> None:
    """Raise PreconditionFailed where a graph must be there and is not, or the other way about."""
    if expects == "present" and not there:
        raise PreconditionFailed("The graph is not there (If-Match).")
    if expects == "absent" and there:
        raise PreconditionFailed("The graph is there already (If-None-Match).")


def _is_there(store: Store, graph: Graph | None) -> bool:
    """Return whether a graph exists; the default graph and the dataset always do."""
    return not isinstance(graph, NamedNode) or store.contains_named_graph(graph)


@contextmanager
def coming(files: Sequence[Upload], graph: Graph | None, base: str, folder: Path) -> Iterator[Store]:
    """Read files into a store of their own, in memory or where they are large in ``folder``.

    Raises MalformedData.
    """
    sizes = (Path(file.path).stat().st_size * (_INFLATION if file.compression else 1) for file in files)
    named = graph if isinstance(graph, NamedNode) else None
    with tempfile.TemporaryDirectory(prefix="upload-", dir=folder) as scratch:
        store = Store() if sum(sizes) <= _SMALL else Store(scratch)
        try:
            load_sources(store, [_source(file, named) for file in files], {}, base_iri=base)
        except DataErrors as error:
            raise _malformed(error.errors) from None
        yield store
        del store


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


def _ensure_one_graph(store: Store, graph: Graph | None) -> None:
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
