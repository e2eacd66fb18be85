"""Validation of what a store holds against SHACL shapes, with pySHACL, in batches.

pySHACL works on graphs of rdflib, in Python objects: too large and too slow for a whole catalogue at once.
Focus nodes are therefore taken a few hundred at a time. A batch holds their statements, and of the resources
that they link to what the shapes look at, which is their class. A SPARQL constraint sees the same: the
statements of its own focus node and the classes of what it links to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store, Triple
from pyshacl import validate as validate_graph
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH, Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as QueryResult
from rdflib.term import Node as RdflibNode

from endpoint.errors import DataError
from endpoint.ingest.focus import SUBCLASS_OF, GraphName, Node, View, focus_nodes
from endpoint.ingest.rdflib_terms import RdflibTerm, from_rdflib, to_rdflib, without_remarks
from endpoint.ingest.shapes import Shapes, TargetedShape, path_of, read_shapes
from endpoint.ingest.validation_report import Kind, Result, Severity, ValidationReport

RdflibTriple = tuple[RdflibTerm, RdflibTerm, RdflibTerm]
_Focus = tuple[Node, tuple[TargetedShape, ...]]

_NODES = 500  # in a batch
_STATEMENTS = 50_000  # in a batch, after which it takes no further node


def validate(
    store: Store,
    graphs: Sequence[GraphName],
    shapes: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    nodes: int = _NODES,
    keep: int = 100,
) -> ValidationReport:
    """Validate the graphs ``graphs`` of ``store``, read as one, against the SHACL file ``shapes``.

    The store is only read: it may be that of a transaction that has not been committed. The class hierarchy
    (rdfs:subClassOf) is taken from all its graphs. ``progress`` is called with the number of focus nodes done
    and of all; ``nodes`` is the size of a batch; ``keep`` results are kept of each kind, and all are counted.

    :raises DataError: the shapes cannot be read or are not well-formed.
    """
    read = read_shapes(shapes)
    view = View(store, graphs)
    run = _Run(read, view, keep)
    total = sum(1 for _ in focus_nodes(view, read.declared)) if progress else 0
    with without_remarks():
        for batch in _batches(view, read, nodes):
            run.check(batch)
            if progress:
                progress(run.done, total)
    return run.report()


class _Run:
    """One validation under way."""

    def __init__(self, shapes: Shapes, view: View, keep: int) -> None:
        self._shapes = shapes
        self._view = view
        self._keep = keep
        self._kinds: dict[tuple[object, ...], Kind] = {}
        self._hierarchy = [
            (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object))
            for quad in view.store.quads_for_pattern(None, SUBCLASS_OF, None)
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
        ]
        self.done = 0

    def check(self, batch: Sequence[_Focus]) -> None:
        """Validate one batch and count what is found."""
        data = _BatchGraph()
        for triple in chain(
            self._hierarchy, _statements(self._view, self._shapes, [node for node, _ in batch])
        ):
            data.add(triple)
        graph = self._shapes.graph
        for node, shapes in batch:
            for shape in shapes:
                for entry in shape.entries:
                    graph.add((entry, SH.targetNode, to_rdflib(node)))
        try:
            _, found, text = validate_graph(data, shacl_graph=graph)
        except ReportableRuntimeError as error:
            raise DataError(f"the shapes are not well-formed: {error}", self._shapes.path) from error
        finally:
            graph.remove((None, SH.targetNode, None))
        if not isinstance(found, Graph):
            raise DataError(f"the data could not be validated: {text}", self._shapes.path)
        self._count(found)
        self.done += len(batch)

    def _count(self, found: Graph) -> None:
        results = [(self._kind(found, node), _result(found, node)) for node in found.objects(None, SH.result)]
        for kind, result in sorted(results, key=lambda pair: (str(pair[1].focus), str(pair[1].value))):
            kind.count += 1
            if len(kind.results) < self._keep:
                kind.results.append(result)

    def _kind(self, found: Graph, node: RdflibNode) -> Kind:
        shape, component, severity = (
            _value(found, node, name)
            for name in (SH.sourceShape, SH.sourceConstraintComponent, SH.resultSeverity)
        )
        path = path_of(found, found.value(node, SH.resultPath))
        if (shape, path, component) not in self._kinds:
            source = found.value(node, SH.sourceConstraint)
            messages = (source and self._shapes.messages(source)) or self._shapes.messages(shape)
            self._kinds[shape, path, component] = Kind(
                shape=from_rdflib(shape),
                path=path,
                component=NamedNode(str(component)),
                severity=Severity(str(severity).removeprefix(str(SH))),
                messages=messages or {"": str(found.value(node, SH.resultMessage))},
            )
        return self._kinds[shape, path, component]

    def report(self) -> ValidationReport:
        """What was found until now."""
        severities = list(Severity)
        ordered = sorted(
            self._kinds.values(),
            key=lambda kind: (severities.index(kind.severity), -kind.count, str(kind.shape)),
        )
        return ValidationReport(tuple(ordered), self.done)


def _value(found: Graph, node: RdflibNode, name: RdflibNode) -> RdflibNode:
    return cast(RdflibNode, found.value(node, name))


def _result(found: Graph, node: RdflibNode) -> Result:
    value = found.value(node, SH.value)
    return Result(
        from_rdflib(_value(found, node, SH.focusNode)), None if value is None else from_rdflib(value)
    )


def _batches(view: View, shapes: Shapes, nodes: int) -> Iterator[list[_Focus]]:
    batch: list[_Focus] = []
    statements = 0
    for node, targeted in focus_nodes(view, shapes.declared):
        batch.append((node, targeted))
        # One country may have the links of ten thousand documents.
        statements += sum(1 for _ in _own(view, node))
        if len(batch) >= nodes or statements >= _STATEMENTS:
            yield batch
            batch, statements = [], 0
    if batch:
        yield batch


def _own(view: View, node: Node) -> Iterator[Quad]:
    """The statements about ``node``; a literal has none."""
    return iter(()) if isinstance(node, Literal) else view.quads(node)


def _statements(view: View, shapes: Shapes, nodes: Iterable[Node]) -> Iterator[RdflibTriple]:
    """The statements about ``nodes``, and what the shapes look at of the resources that they link to."""
    near = dict.fromkeys(nodes)
    seen = set(near)
    linked: dict[Node, None] = {}
    for level in range(max(shapes.linked) + 1):
        linked = {}
        for node in near:
            for quad in _described(view, node, None if level == 0 else shapes.linked.get(level, ())):
                yield to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)
                if quad.object not in seen and not isinstance(quad.object, Literal | Triple):
                    linked[quad.object] = None
        seen.update(linked)
        near = linked


def _described(view: View, node: Node, properties: Iterable[NamedNode] | None) -> Iterator[Quad]:
    """Statements about ``node`` with these properties, or all; blank nodes are described in full."""
    if properties is not None and not isinstance(node, BlankNode | Literal):
        for name in properties:
            yield from view.quads(node, name)
        return
    waiting, seen = [node], {node}
    while waiting:
        for quad in _own(view, waiting.pop()):
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
