"""The dataset's own files into a new generation; all of them or nothing."""

from __future__ import annotations

from collections.abc import Callable

from pyoxigraph import NamedNode, Store

from endpoint.dataset import Dataset
from endpoint.ingest.completion import Completion
from endpoint.ingest.expansion import expand
from endpoint.ingest.loader import load_sources
from endpoint.settings import Settings
from endpoint.storage.generations import Generation
from endpoint.storage.writer import Writer
from endpoint.telemetry import log


def writer_of(
    settings: Settings, dataset: Dataset, report: Callable[[str], None] = log.info
) -> tuple[Writer, Completion]:
    """The writer of the data directory, and how the data of ``dataset`` is completed before publication.

    ``report`` takes a line for each part of the completion.

    :raises DataError: a rule or a field of the text index is wrong.
    """
    completion = Completion.of(dataset, settings.derive, settings.data, report)
    return Writer(settings.data, furnish=completion.furnish), completion


def build(dataset: Dataset, writer: Writer, completion: Completion) -> Generation:
    """Replace everything by the files of ``dataset``, one named graph for each of its graphs.

    :raises DataErrors: files are wrong; nothing was published.
    :raises StoreError: the data directory cannot be written; nothing was published.
    """
    with writer.transaction(digest=dataset.digest(), replace_all=True) as transaction:
        fill(transaction.store, dataset)
        completion.derive(transaction.store)
    return transaction.generation


def fill(store: Store, dataset: Dataset) -> None:
    """Load the files of ``dataset`` into ``store``. Raises :class:`DataErrors`."""
    for graph in dataset.graphs:
        # A graph exists, and is described, even when its files hold no statement.
        store.add_graph(NamedNode(graph.iri))
    sources = [source for graph in dataset.graphs for source in expand(graph.files, NamedNode(graph.iri))[0]]
    load_sources(store, sources, {}, base_iri=dataset.base)


def complete_anew(generation: Generation, writer: Writer, completion: Completion) -> Generation:
    """Publish the data of the current ``generation`` again, completed by the rules and fields of today.

    :raises StoreError: the data directory cannot be written; nothing was published.
    """
    with writer.transaction(digest=generation.digest) as transaction:
        completion.derive(transaction.store)
    return transaction.generation
