"""Targets of shapes, and their focus nodes in a store (SHACL section 2.1.3, SHACL-AF section 3).

Nodes are streamed: whatever the number of records, no set of them is in memory. A node with two
classes or in two graphs is yielded once, which is decided by looking it up in the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    Store,
    Triple,
    Variable,
)

from endpoint.errors import DataError
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF

GraphName = NamedNode | DefaultGraph
Node = NamedNode | BlankNode | Literal
Subject = NamedNode | BlankNode | Triple
Shape = TypeVar("Shape")

TYPE = NamedNode(RDF_TYPE)
SUBCLASS_OF = NamedNode(RDFS_SUBCLASS_OF)


class DataGraph:
    """The data graph (SHACL section 3.2): some graphs of a store, read as one."""

    def __init__(self, store: Store, graphs: Sequence[GraphName]) -> None:
        self.store = store
        self.graphs = tuple(graphs)
        self._last: tuple[Node, frozenset[object]] | None = None
        self._subclasses: dict[NamedNode, frozenset[NamedNode]] = {}

    def quads(
        self,
        subject: Subject | None,
        predicate: NamedNode | None = None,
        value: Node | Triple | None = None,
    ) -> Iterator[Quad]:
        """Return the statements that match, graph by graph; one that is in two graphs is returned twice."""
        for graph in self.graphs:
            yield from self.store.quads_for_pattern(subject, predicate, value, graph)

    def types(self, node: Node) -> frozenset[object]:
        """Return the classes that ``node`` states; those of the last node are cached."""
        if isinstance(node, Literal):
            return frozenset()
        if self._last is None or self._last[0] != node:
            self._last = node, frozenset(quad.object for quad in self.quads(node, TYPE))
        return self._last[1]

    def subclasses(self, iri: NamedNode) -> frozenset[NamedNode]:
        """Return ``iri`` and its subclasses; the hierarchy is read from every graph of the store."""
        if iri not in self._subclasses:
            self._subclasses[iri] = self._below(iri)
        return self._subclasses[iri]

    def _below(self, iri: NamedNode) -> frozenset[NamedNode]:
        classes, waiting = {iri}, [iri]
        while waiting:
            for quad in self.store.quads_for_pattern(None, SUBCLASS_OF, waiting.pop()):
                if isinstance(quad.subject, NamedNode) and quad.subject not in classes:
                    classes.add(quad.subject)
                    waiting.append(quad.subject)
        return frozenset(classes)


class Target(Protocol):
    """A target of a shape: the focus nodes that it selects."""

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield each of its nodes once."""

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` is one of them."""


@dataclass(frozen=True, slots=True)
class InstancesOf:
    """sh:targetClass: nodes that state the class or a subclass."""

    iri: NamedNode

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield each instance once, however many of the classes it states."""
        classes = data.subclasses(self.iri)
        for name in sorted(classes, key=str):
            for quad in data.quads(None, TYPE, name):
                stated = (q for q in data.quads(quad.subject, TYPE) if q.object in classes)
                if next(stated) == quad:
                    yield cast(Node, quad.subject)

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` states one of the classes."""
        types = data.types(node)
        return bool(types) and not types.isdisjoint(data.subclasses(self.iri))


@dataclass(frozen=True, slots=True)
class SubjectsOf:
    """sh:targetSubjectsOf: nodes that have the property."""

    predicate: NamedNode

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield each subject once, however many values it has."""
        for quad in data.quads(None, self.predicate):
            if next(data.quads(quad.subject, self.predicate)) == quad:
                yield cast(Node, quad.subject)

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` has the property."""
        return not isinstance(node, Literal) and any(data.quads(node, self.predicate))


@dataclass(frozen=True, slots=True)
class ObjectsOf:
    """sh:targetObjectsOf: values of the property."""

    predicate: NamedNode

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield each value once, however many subjects have it."""
        for quad in data.quads(None, self.predicate):
            if next(data.quads(None, self.predicate, quad.object)) == quad:
                yield cast(Node, quad.object)

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` is a value of the property."""
        return any(data.quads(None, self.predicate, node))


@dataclass(frozen=True, slots=True)
class ThisNode:
    """sh:targetNode: one node, in the data or not."""

    node: Node

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield the node."""
        yield self.node

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` is the one."""
        return node == self.node


@dataclass(frozen=True, slots=True)
class Selected:
    """sh:SPARQLTarget: nodes that a SELECT query binds to ?this."""

    select: str
    prefixes: tuple[tuple[str, str], ...]

    def nodes(self, data: DataGraph) -> Iterator[Node]:
        """Yield each solution once."""
        return self._solutions(data, {})

    def contains(self, data: DataGraph, node: Node) -> bool:
        """Return whether ``node`` is among the solutions."""
        return any(self._solutions(data, {Variable("this"): node}))

    def _solutions(self, data: DataGraph, bound: Mapping[Variable, Node]) -> Iterator[Node]:
        try:
            solutions = data.store.query(
                f"SELECT DISTINCT ?this WHERE {{ {{ {self.select} }} }}",
                prefixes=dict(self.prefixes),
                default_graph=list(data.graphs),
                substitutions=dict(bound),
            )
        except SyntaxError as error:
            raise DataError(f"the sh:select of a target is not a SELECT query: {error}") from error
        for solution in cast(QuerySolutions, solutions):
            yield bound.get(Variable("this")) or cast(Node, solution["this"])


def focus_nodes(
    data: DataGraph, declared: Sequence[tuple[Shape, Sequence[Target]]]
) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
    """Yield each focus node with shapes it is to be validated against; a pair of node and shape comes once.

    ``declared`` has each shape with its targets. A node comes again where further targets select it for
    further shapes, as one of two classes does.
    """
    # Queries last: looking a node up in one costs more than in any other target.
    order = sorted(
        {t: None for _, targets in declared for t in targets}, key=lambda t: isinstance(t, Selected)
    )
    for place, target in enumerate(order):
        earlier = set(order[:place])
        users = [
            (shape, [other for other in targets if other in earlier])
            for shape, targets in declared
            if target in targets
        ]
        for node in target.nodes(data):
            shapes = tuple(s for s, before in users if not any(t.contains(data, node) for t in before))
            if shapes:
                yield node, shapes
