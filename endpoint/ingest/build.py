"""A dataset, or further files, into a new generation; all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.dataset import Dataset
from endpoint.engines import Generation, generations
from endpoint.engines.writer import Writer
from endpoint.errors import ConfigurationError
from endpoint.ingest.rdf import RdfSource, load_files


def build(dataset: Dataset, writer: Writer) -> Generation:
    """Replace everything by the files of ``dataset``, one named graph for each of its graphs.

    :raises DataErrors: files are wrong; nothing was published.
    :raises StoreError: the data directory cannot be written; nothing was published.
    """
    sources = [RdfSource(file, NamedNode(graph.iri)) for graph in dataset.graphs for file in graph.files]
    with writer.transaction(digest=dataset.digest(), replace_all=True) as transaction:
        for graph in dataset.graphs:
            # A graph exists, and is described, even when its files hold no statement.
            transaction.store.add_graph(NamedNode(graph.iri))
        load_files(transaction.store, sources, base_iri=dataset.base)
    return transaction.generation


def add(
    sources: Sequence[RdfSource], writer: Writer, graph: NamedNode | None, replace: bool = False
) -> Generation:
    """Load files beside the data that is there; with ``replace`` the named graph ``graph`` is emptied first.

    The digest of the new generation is empty: it is no longer what one dataset's files say.

    :raises ConfigurationError: ``replace`` came without a graph.
    :raises DataErrors: files are wrong; nothing was published.
    :raises StoreError: the data directory cannot be written; nothing was published.
    """
    if replace and graph is None:
        raise ConfigurationError("Replacing needs the graph to replace; name it with --graph IRI.")
    base = generations.current(writer.data) if replace else None
    copied = base if base is not None and graph is not None and _is_large(graph, base) else None
    with writer.transaction(replace_all=copied is not None) as transaction:
        if graph is not None and copied is not None:
            _copy_without(graph, copied, transaction.store)
        elif graph is not None and replace:
            transaction.store.remove_graph(graph)
        load_files(transaction.store, sources)
    return transaction.generation


def _is_large(graph: NamedNode, base: Generation) -> bool:
    """Whether copying all other graphs takes less time than removing this one.

    Removing takes about twice as long as copying, quad for quad (53 and 29 µs).
    """
    limit = base.quads // 3
    quads = _open(base).quads_for_pattern(None, None, None, graph)
    return sum(1 for _ in islice(quads, limit + 1)) > limit


def _copy_without(graph: NamedNode, base: Generation, store: Store) -> None:
    source = _open(base)
    store.bulk_extend(source.quads_for_pattern(None, None, None, DefaultGraph()))
    for name in source.named_graphs():
        if name != graph:
            store.add_graph(name)
            store.bulk_extend(source.quads_for_pattern(None, None, None, name))


def _open(generation: Generation) -> Store:
    return Store.read_only(str(generation.path / generations.STORE))
