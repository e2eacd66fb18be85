"""Whether the data of a dataset conforms to the dataset's shapes: in a transaction, or as it is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.dataset import Dataset
from endpoint.errors import ConfigurationError, StoreError
from endpoint.ingest.load import load_dataset
from endpoint.ingest.validation import validate
from endpoint.ingest.validation_report import ValidationReport
from endpoint.storage import generations

Progress = Callable[[int, int], None]


def conformance(store: Store, dataset: Dataset, progress: Progress | None = None) -> ValidationReport:
    """Validate the data in ``store``: ontologies and derived statements are not validated, only used.

    ``progress`` is called with the number of focus nodes done and of all.

    :raises ConfigurationError: the dataset has no shapes.
    :raises DataError: the shapes are wrong.
    """
    if dataset.shapes is None:
        raise ConfigurationError(f"{dataset.root} has no file ontology/shapes.ttl to validate with.")
    no_data = {
        graph.iri
        for graph in dataset.graphs
        if graph.rules or any(file.is_relative_to(dataset.root / "ontology") for file in graph.files)
    }
    named = [graph for graph in store.named_graphs() if isinstance(graph, NamedNode)]
    graphs: list[NamedNode | DefaultGraph] = [graph for graph in named if graph.value not in no_data]
    graphs.append(DefaultGraph())
    return validate(store, graphs, dataset.shapes, progress=progress)


def published_conformance(data: Path, dataset: Dataset, progress: Progress | None = None) -> ValidationReport:
    """Validate what the data directory publishes, or the dataset's files where there is nothing yet.

    :raises StoreError: the data directory cannot be read.
    """
    generation = generations.current(data)
    if generation is None:
        store = Store()
        load_dataset(store, dataset)
        return conformance(store, dataset, progress)
    with generations.hold(generation):
        try:
            store = Store.read_only(str(generation.path / generations.STORE))
        except OSError as error:
            raise StoreError(f"Generation {generation.number} in {data} cannot be read: {error}.") from error
        return conformance(store, dataset, progress)
