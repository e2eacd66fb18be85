"""The graphs of a query: their names, a merge of several, and what the default graph has."""

from __future__ import annotations

from typing import NamedTuple

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from endpoint.sparql.algebra import Dataset, path_ends
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.operation import Operation
from endpoint.sparql.syntax.parser import Unsupported, parse


class Merged(NamedTuple):
    """A copy of the graphs of a query, whose default graph is theirs as one."""

    store: Store
    named: list[NamedNode | BlankNode]


class QueryGraphs:
    """The graphs of an operation on a store.

    ``union``: its default graph is the engine's union of all; ``overlap``: a triple is in two graphs of the
    store, None where that is not known.
    """

    def __init__(
        self, store: Store, operation: Operation, prefixes: dict[str, str], union: bool, overlap: bool | None
    ) -> None:
        self._store = store
        self._operation = operation
        self._prefixes = prefixes
        self._union = union
        self._overlap = overlap

    def names(self) -> list[str]:
        """Return the IRIs of the named graphs."""
        operation = self._operation
        if operation.default_graphs or operation.named_graphs:
            return list(operation.named_graphs)
        if operation.dataset_clause:
            return [graph.value for graph in self._clause().named]
        return [graph.value for graph in self._store.named_graphs() if isinstance(graph, NamedNode)]

    def has_ends(self) -> bool:
        """Return whether the default graph surely has the terms at which the paths of the query end."""
        operation = self._operation
        if operation.default_graphs or operation.named_graphs or operation.dataset_clause:
            return False
        try:
            query = translate(parse(operation.text), self._prefixes, operation.base_iri)
        except (Unsupported, SyntaxError, ValueError):
            return False
        return all(map(self._has, path_ends(query)))

    def _has(self, term: NamedNode | Literal) -> bool:
        graph = None if self._union else DefaultGraph()
        if isinstance(term, NamedNode) and any(self._store.quads_for_pattern(term, None, None, graph)):
            return True
        return any(self._store.quads_for_pattern(None, None, term, graph))

    def merged(self) -> Merged | None:
        """Return the dataset where its default graph is merged of several; None where it need not be.

        The engine would find a triple once for each of them that has it, but a merge is a set (SPARQL 1.1
        Query Language, section 13.2.1).
        """
        operation = self._operation
        if self._overlap is False:
            return None
        default = {*map(NamedNode, operation.default_graphs)}
        named = {*map(NamedNode, operation.named_graphs)}
        if operation.dataset_clause and not default and not named:
            clause = self._clause()
            default, named = {*clause.default}, {*clause.named}
        if len(default) < 2:
            return None
        store = Store()
        for graph in named:
            store.extend(self._store.quads_for_pattern(None, None, None, graph))
        for graph in default:
            quads = self._store.quads_for_pattern(None, None, None, graph)
            store.extend(Quad(each.subject, each.predicate, each.object) for each in quads)
        return Merged(store, [*named])

    def _clause(self) -> Dataset:
        """Return the graphs of the dataset clause; none where only the engine can read the query."""
        try:
            found = translate(parse(self._operation.text), self._prefixes, self._operation.base_iri).dataset
        except (Unsupported, SyntaxError, ValueError):
            found = None
        return found or Dataset((), ())
