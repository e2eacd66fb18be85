"""Descriptions of subjects for the text index, read from a store that has no columns.

Those of columns (:class:`~endpoint.columns.descriptions.ColumnsDescriptions`) are the same, whatever the
order of loading, and take a fourth of the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, cast

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.columns import Value, Values
from endpoint.vocabulary import RDF_TYPE


class Descriptions(Protocol):
    """The values of the subjects of a dataset, over all of its graphs."""

    def with_any(self, properties: Collection[str], classes: Collection[str]) -> Iterator[tuple[str, Values]]:
        """Yield each IRI that is of one of the ``classes``, or has one of the ``properties`` where there are
        none, with its values, in the order of the IRIs."""
        ...

    def of(self, iri: str, properties: Collection[str]) -> Values:
        """Return the values of these properties of one subject."""
        ...


class StoreDescriptions:
    """Those of a store. The IRIs of all subjects are in memory, not their texts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def with_any(self, properties: Collection[str], classes: Collection[str]) -> Iterator[tuple[str, Values]]:
        """Implement :meth:`Descriptions.with_any`."""
        for iri in sorted(self._subjects(properties, classes)):
            yield iri, _values(self._store.quads_for_pattern(NamedNode(iri), None, None, None))

    def of(self, iri: str, properties: Collection[str]) -> Values:
        """Implement :meth:`Descriptions.of`."""
        node = NamedNode(iri)
        by_property = (
            self._store.quads_for_pattern(node, NamedNode(name), None, None) for name in properties
        )
        return _values(quad for quads in by_property for quad in quads)

    def has_any(self, iri: str, properties: Collection[str], classes: Collection[str]) -> bool:
        """Return whether :meth:`with_any` yields this IRI."""
        node = NamedNode(iri)
        type_ = NamedNode(RDF_TYPE)
        found = (
            (self._store.quads_for_pattern(node, type_, NamedNode(name), None) for name in classes)
            if classes
            else (self._store.quads_for_pattern(node, NamedNode(name), None, None) for name in properties)
        )
        return any(next(quads, None) is not None for quads in found)

    def linking(self, iri: str, properties: Collection[str]) -> set[str]:
        """Return the subjects that have this IRI as a value of one of the properties."""
        node = NamedNode(iri)
        return {
            quad.subject.value
            for name in properties
            for quad in self._store.quads_for_pattern(None, NamedNode(name), node, None)
            if isinstance(quad.subject, NamedNode)
        }

    def _subjects(self, properties: Collection[str], classes: Collection[str]) -> set[str]:
        """Return the subjects, by a query: that does not decode the titles, which quads_for_pattern would."""
        if classes:
            pattern = f"VALUES ?class {{ {_iris(classes)} }} ?subject <{RDF_TYPE}> ?class"
        else:
            pattern = f"VALUES ?property {{ {_iris(properties)} }} ?subject ?property ?text"
        query = f"SELECT DISTINCT ?subject WHERE {{ {pattern} }}"
        solutions = cast(QuerySolutions, self._store.query(query, use_default_graph_as_union=True))
        return {solution[0].value for solution in solutions if isinstance(solution[0], NamedNode)}


def _iris(iris: Iterable[str]) -> str:
    return " ".join(f"<{iri}>" for iri in iris)


def _values(quads: Iterable[Quad]) -> Values:
    values: dict[str, set[NamedNode | Literal]] = {}
    for quad in quads:
        term = quad.object
        if isinstance(term, NamedNode | Literal):
            values.setdefault(quad.predicate.value, set()).add(term)
    return {
        name: [Value(term.value, isinstance(term, Literal)) for term in sorted(terms, key=str)]
        for name, terms in values.items()
    }
