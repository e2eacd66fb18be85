"""SHACL shapes, read from a file and made ready for validation in batches; terms of rdflib and back.

Two changes are made, which affect no result. Targets are removed, since focus nodes are looked up in the
store (:mod:`endpoint.ingest.shacl.targets`) and named batch by batch. And a targeted node shape hands its
property shapes over, so that pySHACL checks each of them once for a whole batch, not once for each focus
node, which takes half as long again.
"""

from __future__ import annotations

import io
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store, Triple, parse
from rdflib import OWL, RDF, RDFS, SH, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from endpoint.errors import DataError
from endpoint.formats.nesting import limited
from endpoint.ingest.shacl.report import Severity
from endpoint.ingest.shacl.targets import (
    DataGraph,
    InstancesOf,
    ObjectsOf,
    Selected,
    SubjectsOf,
    Target,
    ThisNode,
)
from endpoint.vocabulary import XSD

Term = NamedNode | BlankNode | Literal
RdflibTerm = URIRef | BNode | rdflib.Literal

_STRING = NamedNode(f"{XSD}string")

_TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode, SH.target)
_VALUE_SHAPES = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_VALUE_SHAPE_LISTS = (SH["and"], SH["or"], SH.xone)
_PAIRS = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)


@dataclass(frozen=True, slots=True)
class TargetedShape:
    """A shape with targets, and ``entries``, itself and its rows, against which focus nodes are validated."""

    node: Node
    entries: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of one file.

    ``graph`` has no targets left, they are in ``declared``. ``linked`` are the properties that are used
    of the resources that a focus node links to: ``linked[1]`` of those one link away, ``linked[2]`` two, ….
    """

    path: Path
    graph: Graph
    declared: tuple[tuple[TargetedShape, tuple[Target, ...]], ...]
    linked: Mapping[int, frozenset[NamedNode]]
    _messages: dict[Node, Mapping[str, str]] = field(default_factory=dict)

    def messages(self, shape: Node) -> Mapping[str, str]:
        """Return the sh:message of a shape or of a SPARQL constraint, by language tag; "" without one."""
        if shape not in self._messages:
            texts = (
                text for text in self.graph.objects(shape, SH.message) if isinstance(text, rdflib.Literal)
            )
            self._messages[shape] = {text.language or "": str(text) for text in texts}
        return self._messages[shape]


def read_shapes(path: Path) -> Shapes:
    """Read the shapes in the Turtle file ``path``.

    :raises DataError: the file cannot be read, is not Turtle, or has a shape that cannot be validated in
        batches: with a path other than a property or a choice of properties, or one that refers to itself.
    """
    graph = _parse(path)
    try:
        _check(graph)
        declared = tuple(
            (_targeted(graph, shape), targets)
            for shape in _with_targets(graph)
            if (targets := tuple(_targets(graph, shape))) and not _is_true(graph, shape, SH.deactivated)
        )
        linked = _linked(graph, declared)
    except DataError as error:
        raise DataError(error.detail, path) from error
    for predicate in _TARGETS:
        graph.remove((None, predicate, None))
    return Shapes(path, graph, declared, linked)


def _parse(path: Path) -> Graph:
    graph = Graph()
    try:
        stream = limited(io.BytesIO(path.read_bytes()), RdfFormat.TURTLE, path)
        for quad in parse(stream, format=RdfFormat.TURTLE):
            graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    except OSError as error:
        raise DataError(f"the shapes cannot be read: {error.strerror}", path) from error
    except SyntaxError as error:
        raise DataError(
            f"the shapes are not Turtle: {error.msg}", path, error.lineno, error.offset
        ) from error
    return graph


def _check(graph: Graph) -> None:
    known = {URIRef(severity.iri.value) for severity in Severity}
    for shape, severity in graph.subject_objects(SH.severity):
        if severity not in known:
            raise DataError(
                f"the sh:severity of {shape.n3()} is {severity.n3()}; use sh:Violation, sh:Warning or sh:Info"
            )


def _with_targets(graph: Graph) -> list[Node]:
    stated = {shape for predicate in _TARGETS for shape in graph.subjects(predicate)}
    return sorted(stated | _implicit(graph), key=str)


def _objects(graph: Graph, node: Node, predicate: Node) -> list[Node]:
    return sorted(graph.objects(node, predicate), key=str)


def _implicit(graph: Graph) -> set[Node]:
    """Return shapes that are classes as well (SHACL section 2.1.3.3): their instances are their targets."""
    classes = {c for name in (RDFS.Class, OWL.Class) for c in graph.subjects(RDF.type, name)}
    return {shape for shape in graph.subjects(RDF.type, SH.NodeShape) if shape in classes}


def _targets(graph: Graph, shape: Node) -> Iterator[Target]:
    if shape in _implicit(graph):
        yield InstancesOf(_named(shape))
        graph.remove((shape, RDF.type, RDFS.Class))
        graph.remove((shape, RDF.type, OWL.Class))
    yield from (InstancesOf(_named(o)) for o in _objects(graph, shape, SH.targetClass))
    yield from (SubjectsOf(_named(o)) for o in _objects(graph, shape, SH.targetSubjectsOf))
    yield from (ObjectsOf(_named(o)) for o in _objects(graph, shape, SH.targetObjectsOf))
    yield from (ThisNode(from_rdflib(o)) for o in _objects(graph, shape, SH.targetNode))
    for target in graph.objects(shape, SH.target):
        select = graph.value(target, SH.select)
        if select is None:
            raise DataError(f"a sh:target of {shape.n3()} has no sh:select; only SPARQL targets are known")
        selected = Selected(str(select), tuple(sorted(_prefixes(graph, target))))
        # A query that does not parse raises its error here, where the file is known.
        any(selected.nodes(DataGraph(Store(), ())))
        yield selected


def _prefixes(graph: Graph, node: Node) -> Iterator[tuple[str, str]]:
    for ontology in graph.objects(node, SH.prefixes):
        for declaration in graph.objects(ontology, SH.declare):
            yield str(graph.value(declaration, SH.prefix)), str(graph.value(declaration, SH.namespace))


def _named(node: Node) -> NamedNode:
    if not isinstance(node, URIRef):
        raise DataError(f"{node.n3()} stands where an IRI is needed")
    return NamedNode(str(node))


def _is_true(graph: Graph, shape: Node, predicate: URIRef) -> bool:
    return any(str(value) in ("true", "1") for value in graph.objects(shape, predicate))


def _targeted(graph: Graph, shape: Node) -> TargetedShape:
    """Take the property shapes of a node shape out of it, unless another shape refers to it as a whole."""
    rows = _objects(graph, shape, SH.property)
    if (shape, SH.path, None) in graph or any(graph.subjects(None, shape)):
        return TargetedShape(shape, (shape,))
    if _is_true(graph, shape, SH.closed):
        _close_by_list(graph, shape, rows)
    graph.remove((shape, SH.property, None))
    return TargetedShape(shape, (shape, *rows))


def _close_by_list(graph: Graph, shape: Node, rows: list[Node]) -> None:
    """Name the properties that a closed shape allows: those of its property shapes (section 4.8.1)."""
    allowed = {path for row in rows for path in graph.objects(row, SH.path) if isinstance(path, URIRef)}
    for ignored in list(graph.objects(shape, SH.ignoredProperties)):
        allowed.update(item for item in graph.items(ignored) if isinstance(item, URIRef))
        graph.remove((shape, SH.ignoredProperties, ignored))
    head = BNode()
    Collection(graph, head, list[Node](sorted(allowed)))
    graph.add((shape, SH.ignoredProperties, head))


def path_of(graph: Graph, path: Node | None) -> tuple[NamedNode, ...]:
    """Return the properties of a path: one, several for sh:alternativePath, none where there is no path.

    :raises DataError: it is another kind of path.
    """
    if path is None:
        return ()
    if isinstance(path, URIRef):
        return (_named(path),)
    choices = graph.value(path, SH.alternativePath)
    if choices is not None and all(isinstance(item, URIRef) for item in graph.items(choices)):
        return tuple(_named(item) for item in graph.items(choices))
    raise DataError(
        "a sh:path is neither a property nor a sh:alternativePath of properties; validation in batches sees "
        "a node's own statements and cannot follow it"
    )


def _linked(
    graph: Graph, declared: tuple[tuple[TargetedShape, tuple[Target, ...]], ...]
) -> dict[int, frozenset[NamedNode]]:
    """Return the properties of :attr:`Shapes.linked`."""
    levels: defaultdict[int, set[NamedNode]] = defaultdict(set)
    levels[1].add(_named(RDF.type))
    seen: set[tuple[Node, int]] = set()

    def visit(shape: Node, level: int, above: tuple[Node, ...]) -> None:
        """Add the properties that ``shape`` uses, applied to a node that is ``level`` links away."""
        if shape in above:
            raise DataError(f"{shape.n3()} refers to itself; recursive shapes cannot be validated")
        if (shape, level) in seen:
            return
        seen.add((shape, level))
        paths = {name for path in graph.objects(shape, SH.path) for name in path_of(graph, path)}
        levels[level].update(paths)
        values = level + bool(paths)
        for predicate in _PAIRS:
            levels[level].update(_named(other) for other in graph.objects(shape, predicate))
        if (shape, SH["class"], None) in graph:
            levels[values].add(_named(RDF.type))
        if values and _is_true(graph, shape, SH.closed):
            raise DataError(
                f"{shape.n3()} is closed and applied to values; only shapes with targets can be closed"
            )
        for inner in _inner(graph, shape):
            visit(inner, values, (*above, shape))

    for shape, _ in declared:
        for entry in shape.entries:
            visit(entry, 0, ())
    return {level: frozenset(names) for level, names in levels.items()}


def _inner(graph: Graph, shape: Node) -> Iterator[Node]:
    for predicate in _VALUE_SHAPES:
        yield from graph.objects(shape, predicate)
    for predicate in _VALUE_SHAPE_LISTS:
        for members in graph.objects(shape, predicate):
            yield from graph.items(members)


def to_rdflib(term: Term | Triple) -> RdflibTerm:
    """Return the same term for rdflib; a blank node keeps its label.

    A string without a language is one thing in RDF 1.1 and two in rdflib, with and without xsd:string; here
    it is always the one without, so that equal terms are equal. Lexical forms are kept as they are.

    :raises DataError: RDF 1.2: a triple term or a base direction, which rdflib cannot represent.
    """
    match term:
        case NamedNode():
            return URIRef(term.value)
        case BlankNode():
            return BNode(term.value)
        case Literal() if term.direction is None:
            if term.language:
                return rdflib.Literal(term.value, lang=term.language)
            datatype = None if term.datatype == _STRING else URIRef(term.datatype.value)
            return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    raise DataError(f"{term} is a term of RDF 1.2, which SHACL cannot validate; leave the statement out.")


def from_rdflib(term: rdflib.term.Node) -> Term:
    """Return the same term for pyoxigraph; ``term`` is an IRI, a blank node or a literal."""
    match term:
        case URIRef():
            return NamedNode(str(term))
        case BNode():
            return BlankNode(str(term))
    literal = cast(rdflib.Literal, term)
    if literal.language:
        return Literal(str(literal), language=literal.language)
    return Literal(str(literal), datatype=NamedNode(str(literal.datatype)) if literal.datatype else None)


@contextmanager
def without_remarks() -> Iterator[None]:
    """Keep rdflib from logging invalid literals and IRIs with a traceback: reports list them."""
    logger = logging.getLogger("rdflib.term")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
