"""SHACL validation of a dataset's data, published or about to be, with pySHACL in batches.

pySHACL works on graphs of rdflib, in Python objects: too large and too slow for a whole catalogue at once.
Focus nodes are therefore validated a few hundred at a time. A batch has their statements and, of the
resources that they link to, the properties that the shapes use, which is their class. A SPARQL constraint
sees the same: the statements of its own focus node and the classes of the resources that it links to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple
from pyshacl import validate as validate_graph
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH, Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
from rdflib.term import Node as RdflibNode

from endpoint.dataset import Dataset
from endpoint.errors import ConfigurationError, DataError, StoreError
from endpoint.ingest.load import load_dataset
from endpoint.ingest.shacl.report import ResultKind, Severity, ValidationReport, ValidationResult
from endpoint.ingest.shacl.shapes import (
    RdflibTerm,
    Shapes,
    TargetedShape,
    from_rdflib,
    path_of,
    read_shapes,
    to_rdflib,
    without_remarks,
)
from endpoint.ingest.shacl.targets import SUBCLASS_OF, DataGraph, GraphName, Node, focus_nodes
from endpoint.storage import generations

Progress = Callable[[int, int], None]
RdflibTriple = tuple[RdflibTerm, RdflibTerm, RdflibTerm]
_Focus = tuple[Node, tuple[TargetedShape, ...]]

_NODES = 500  # in a batch
_STATEMENTS = 50_000  # in a batch, after which no further node is added


def validate_data(store: Store, dataset: Dataset, progress: Progress | None = None) -> ValidationReport:
    """Validate the data in ``store``: ontologies and derived statements are not validated, only used.

    The store is only read: it may be that of a transaction. ``progress`` is called with the number of focus
    nodes done and of all.

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


def validate_published(data: Path, dataset: Dataset, progress: Progress | None = None) -> ValidationReport:
    """Validate the published data in the directory ``data``, or the dataset's files where there is none.

    :raises ConfigurationError: the dataset has no shapes.
    :raises DataError: the shapes are wrong, or files of the dataset that is not published yet.
    :raises StoreError: the data directory cannot be read.
    """
    generation = generations.current(data)
    if generation is None:
        store = Store()
        load_dataset(store, dataset)
        return validate_data(store, dataset, progress)
    with generations.hold(generation):
        try:
            store = Store.read_only(str(generation.path / generations.STORE))
        except OSError as error:
            raise StoreError(f"Generation {generation.number} in {data} cannot be read: {error}.") from error
        return validate_data(store, dataset, progress)


def validate(
    store: Store,
    graphs: Sequence[GraphName],
    shapes: Path,
    *,
    progress: Progress | None = None,
    nodes: int = _NODES,
    keep: int = 100,
) -> ValidationReport:
    """Validate the graphs ``graphs`` of ``store``, read as one, against the SHACL file ``shapes``.

    The store is only read. The class hierarchy (rdfs:subClassOf) is taken from all its graphs. ``progress``
    is called with the number of focus nodes done and of all; ``nodes`` is the size of a batch; ``keep``
    results are kept of each kind, and all are counted.

    :raises DataError: the shapes cannot be read or are not well-formed.
    """
    read = read_shapes(shapes)
    data = DataGraph(store, graphs)
    run = _Run(read, data, keep)
    total = sum(1 for _ in focus_nodes(data, read.declared)) if progress else 0
    with without_remarks():
        for batch in _batches(data, read, nodes):
            run.check(batch)
            if progress:
                progress(run.done, total)
    return run.report()


class _Run:
    """One validation under way."""

    def __init__(self, shapes: Shapes, data: DataGraph, keep: int) -> None:
        self._shapes = shapes
        self._data = data
        self._keep = keep
        self._kinds: dict[tuple[object, ...], ResultKind] = {}
        self._hierarchy = [
            (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object))
            for quad in data.store.quads_for_pattern(None, SUBCLASS_OF, None)
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
        ]
        self.done = 0

    def check(self, batch: Sequence[_Focus]) -> None:
        """Validate one batch and count its results."""
        batch_graph = _BatchGraph()
        for triple in chain(
            self._hierarchy, _statements(self._data, self._shapes, [node for node, _ in batch])
        ):
            batch_graph.add(triple)
        graph = self._shapes.graph
        for node, shapes in batch:
            for shape in shapes:
                for entry in shape.entries:
                    graph.add((entry, SH.targetNode, to_rdflib(node)))
        try:
            _, results, text = validate_graph(batch_graph, shacl_graph=graph)
        except ReportableRuntimeError as error:
            raise DataError(f"the shapes are not well-formed: {error}", self._shapes.path) from error
        finally:
            graph.remove((None, SH.targetNode, None))
        if not isinstance(results, Graph):
            raise DataError(f"the data could not be validated: {text}", self._shapes.path)
        self._count(results)
        self.done += len(batch)

    def _count(self, graph: Graph) -> None:
        pairs = [(self._kind(graph, node), _result(graph, node)) for node in graph.objects(None, SH.result)]
        for kind, result in sorted(pairs, key=lambda pair: (str(pair[1].focus), str(pair[1].value))):
            kind.count += 1
            if len(kind.results) < self._keep:
                kind.results.append(result)

    def _kind(self, graph: Graph, node: RdflibNode) -> ResultKind:
        shape, component, severity = (
            _value(graph, node, name)
            for name in (SH.sourceShape, SH.sourceConstraintComponent, SH.resultSeverity)
        )
        path = path_of(graph, graph.value(node, SH.resultPath))
        if (shape, path, component) not in self._kinds:
            source = graph.value(node, SH.sourceConstraint)
            messages = (source and self._shapes.messages(source)) or self._shapes.messages(shape)
            self._kinds[shape, path, component] = ResultKind(
                shape=from_rdflib(shape),
                path=path,
                component=NamedNode(str(component)),
                severity=Severity(str(severity).removeprefix(str(SH))),
                messages=messages or {"": str(graph.value(node, SH.resultMessage))},
            )
        return self._kinds[shape, path, component]

    def report(self) -> ValidationReport:
        """Return the report of all batches so far."""
        severities = list(Severity)
        ordered = sorted(
            self._kinds.values(),
            key=lambda kind: (severities.index(kind.severity), -kind.count, str(kind.shape)),
        )
        return ValidationReport(tuple(ordered), self.done)


def _value(graph: Graph, node: RdflibNode, name: RdflibNode) -> RdflibNode:
    return cast(RdflibNode, graph.value(node, name))


def _result(graph: Graph, node: RdflibNode) -> ValidationResult:
    value = graph.value(node, SH.value)
    return ValidationResult(
        from_rdflib(_value(graph, node, SH.focusNode)), None if value is None else from_rdflib(value)
    )


def _batches(data: DataGraph, shapes: Shapes, nodes: int) -> Iterator[list[_Focus]]:
    batch: list[_Focus] = []
    statements = 0
    for node, targeted in focus_nodes(data, shapes.declared):
        batch.append((node, targeted))
        # One country may be linked from ten thousand documents.
        statements += sum(1 for _ in _own(data, node))
        if len(batch) >= nodes or statements >= _STATEMENTS:
            yield batch
            batch, statements = [], 0
    if batch:
        yield batch


def _own(data: DataGraph, node: Node) -> Iterator[Quad]:
    """Return the statements about ``node``; a literal has none."""
    return iter(()) if isinstance(node, Literal) else data.quads(node)


def _statements(data: DataGraph, shapes: Shapes, nodes: Iterable[Node]) -> Iterator[RdflibTriple]:
    """Yield the statements about ``nodes``, and the properties that shapes use of linked resources."""
    near = dict.fromkeys(nodes)
    seen = set(near)
    linked: dict[Node, None] = {}
    for level in range(max(shapes.linked) + 1):
        linked = {}
        for node in near:
            for quad in _described(data, node, None if level == 0 else shapes.linked.get(level, ())):
                yield to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)
                if quad.object not in seen and not isinstance(quad.object, Literal | Triple):
                    linked[quad.object] = None
        seen.update(linked)
        near = linked


def _described(data: DataGraph, node: Node, properties: Iterable[NamedNode] | None) -> Iterator[Quad]:
    """Yield statements about ``node`` with these properties, or all; blank nodes are described in full."""
    if properties is not None and not isinstance(node, BlankNode | Literal):
        for name in properties:
            yield from data.quads(node, name)
        return
    waiting, seen = [node], {node}
    while waiting:
        for quad in _own(data, waiting.pop()):
            yield quad
            if isinstance(quad.object, BlankNode) and quad.object not in seen:
                seen.add(quad.object)
                waiting.append(quad.object)


class _BatchGraph(Graph):
    """A graph that parses each query text once; pySHACL hands over the text again for every focus node."""

    def query(self, query_object: str | Query, *args: Any, **kwargs: Any) -> QueryResult:
        query = _prepared(query_object) if isinstance(query_object, str) else query_object
        return super().query(query, *args, **kwargs)


@lru_cache(maxsize=100)
def _prepared(text: str) -> Query:
    return prepareQuery(text)
