"""Focus nodes: the nodes of a store that targets of shapes find (SHACL section 2.1.3, SHACL-AF section 3).

Nodes are streamed: whatever the number of records, no set of them is held. What would need one, that a node
is found once although it has two classes or stands in two graphs, is decided by looking it up in the store.
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


class View:
    """Some graphs of a store, read as one."""

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
        """The statements that fit, graph by graph; one that two graphs hold comes twice."""
        for graph in self.graphs:
            yield from self.store.quads_for_pattern(subject, predicate, value, graph)

    def types(self, node: Node) -> frozenset[object]:
        """The classes that ``node`` states; those of the last node are remembered."""
        if isinstance(node, Literal):
            return frozenset()
        if self._last is None or self._last[0] != node:
            self._last = node, frozenset(quad.object for quad in self.quads(node, TYPE))
        return self._last[1]

    def subclasses(self, iri: NamedNode) -> frozenset[NamedNode]:
        """``iri`` and the classes below it; the hierarchy is read from every graph of the store."""
        if iri not in self._subclasses:
            self._subclasses[iri] = self._below(iri)
        return self._subclasses[iri]

    def _below(self, iri: NamedNode) -> frozenset[NamedNode]:
        found, waiting = {iri}, [iri]
        while waiting:
            for quad in self.store.quads_for_pattern(None, SUBCLASS_OF, waiting.pop()):
                if isinstance(quad.subject, NamedNode) and quad.subject not in found:
                    found.add(quad.subject)
                    waiting.append(quad.subject)
        return frozenset(found)


class Target(Protocol):
    """Where a shape finds its focus nodes."""

    def nodes(self, view: View) -> Iterator[Node]:
        """Each of its nodes once."""

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` is one of them."""


@dataclass(frozen=True, slots=True)
class InstancesOf:
    """sh:targetClass: what states the class or one below it."""

    iri: NamedNode

    def nodes(self, view: View) -> Iterator[Node]:
        """Each instance once, however many of the classes it states."""
        classes = view.subclasses(self.iri)
        for name in sorted(classes, key=str):
            for quad in view.quads(None, TYPE, name):
                stated = (q for q in view.quads(quad.subject, TYPE) if q.object in classes)
                if next(stated) == quad:
                    yield cast(Node, quad.subject)

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` states one of the classes."""
        types = view.types(node)
        return bool(types) and not types.isdisjoint(view.subclasses(self.iri))


@dataclass(frozen=True, slots=True)
class SubjectsOf:
    """sh:targetSubjectsOf: what has the property."""

    predicate: NamedNode

    def nodes(self, view: View) -> Iterator[Node]:
        """Each subject once, however many values it has."""
        for quad in view.quads(None, self.predicate):
            if next(view.quads(quad.subject, self.predicate)) == quad:
                yield cast(Node, quad.subject)

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` has the property."""
        return not isinstance(node, Literal) and any(view.quads(node, self.predicate))


@dataclass(frozen=True, slots=True)
class ObjectsOf:
    """sh:targetObjectsOf: what is a value of the property."""

    predicate: NamedNode

    def nodes(self, view: View) -> Iterator[Node]:
        """Each value once, however many subjects have it."""
        for quad in view.quads(None, self.predicate):
            if next(view.quads(None, self.predicate, quad.object)) == quad:
                yield cast(Node, quad.object)

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` is a value of the property."""
        return any(view.quads(None, self.predicate, node))


@dataclass(frozen=True, slots=True)
class ThisNode:
    """sh:targetNode: one node, whether the data speaks of it or not."""

    node: Node

    def nodes(self, view: View) -> Iterator[Node]:
        """The node."""
        yield self.node

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` is the one."""
        return node == self.node


@dataclass(frozen=True, slots=True)
class Selected:
    """sh:SPARQLTarget: what a SELECT query binds to ?this."""

    select: str
    prefixes: tuple[tuple[str, str], ...]

    def nodes(self, view: View) -> Iterator[Node]:
        """Each solution once."""
        return self._solutions(view, {})

    def holds(self, view: View, node: Node) -> bool:
        """Whether ``node`` is among the solutions."""
        return any(self._solutions(view, {Variable("this"): node}))

    def _solutions(self, view: View, bound: Mapping[Variable, Node]) -> Iterator[Node]:
        try:
            solutions = view.store.query(
                f"SELECT DISTINCT ?this WHERE {{ {{ {self.select} }} }}",
                prefixes=dict(self.prefixes),
                default_graph=list(view.graphs),
                substitutions=dict(bound),
            )
        except SyntaxError as error:
            raise DataError(f"the sh:select of a target is not a SELECT query: {error}") from error
        for solution in cast(QuerySolutions, solutions):
            yield bound.get(Variable("this")) or cast(Node, solution["this"])


def focus_nodes(
    view: View, declared: Sequence[tuple[Shape, Sequence[Target]]]
) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
    """Each focus node with shapes it is to be validated against; each pair of node and shape comes once.

    ``declared`` has each shape with its targets. A node comes again where further targets find it for further
    shapes, as one of two classes does.
    """
    # Queries last: asking whether one finds a node costs more than any other look-up.
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
        for node in target.nodes(view):
            shapes = tuple(s for s, before in users if not any(t.holds(view, node) for t in before))
            if shapes:
                yield node, shapes
