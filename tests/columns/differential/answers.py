"""Answers as plain values, and the plain engine over the union of all graphs that they are compared with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from pyoxigraph import BlankNode, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples, Store, Triple

from tests.columns.differential.data import Data
from tests.columns.differential.tree import Dataset, Query
from tests.columns.every_kind import Term

# Terms as N-Triples writes them; None is unbound.
Row: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True)
class Rows:
    """The answer of SELECT."""

    variables: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Truth:
    """The answer of ASK."""

    value: bool


@dataclass(frozen=True)
class Graph:
    """The answer of CONSTRUCT or DESCRIBE."""

    triples: frozenset[tuple[str, str, str]]

    def coloured(self, known: frozenset[str]) -> Counter[tuple[str, str, str]]:
        """Return the triples as a bag where blank nodes that are not ``known`` have no labels.

        What stands around one takes the place of its label. Templates of a few triples tell no more apart.
        """
        colours = {
            term: ""
            for triple in self.triples
            for term in triple
            if term.startswith("_:") and term not in known
        }
        for _ in range(3):
            around: dict[str, list[str]] = {label: [] for label in colours}
            for s, p, o in self.triples:
                for place, term in enumerate((s, p, o)):
                    if term in colours:
                        shown = (colours.get(each, each) for each in (s, p, o))
                        around[term].append(f"{place} {' '.join(shown)}")
            colours = {label: f"[{hash(tuple(sorted(found)))}]" for label, found in around.items()}
        return Counter((colours.get(s, s), p, colours.get(o, o)) for s, p, o in self.triples)


@dataclass(frozen=True)
class Failure:
    """The query has no answer; why in words."""

    words: str


Answer: TypeAlias = Rows | Truth | Graph | Failure


class Evaluator(Protocol):
    """Whatever answers queries over one catalogue."""

    def answer(self, query: Query) -> Answer | None:
        """Answer a query; None where it is left to the engine."""


def written(term: Term | None) -> str | None:
    """Write a term as N-Triples does."""
    if isinstance(term, Triple):
        return f"<<( {written(term.subject)} {term.predicate} {written(term.object)} )>>"
    return None if term is None else str(term)


def read(found: QuerySolutions | QueryBoolean | QueryTriples | list[Triple]) -> Answer:
    """Read an answer of the engine."""
    if isinstance(found, QuerySolutions):
        variables = tuple(variable.value for variable in found.variables)
        places = range(len(variables))
        rows = [tuple(written(row[at]) for at in places) for row in found]
        return Rows(variables, rows)
    if isinstance(found, QueryBoolean):
        return Truth(bool(found))
    triples = ((written(each.subject), str(each.predicate), written(each.object)) for each in found)
    return Graph(frozenset((s or "", p, o or "") for s, p, o in triples))


class Engine:
    """The plain engine over a catalogue, each triple of the union once; ``order`` is that of its loading."""

    def __init__(self, data: Data, order: int | None = None) -> None:
        self._data = data
        self._stores: dict[Dataset | None, Store] = {None: data.union(order)}
        ends = {term for quad in data.quads for term in (quad.subject, quad.object, quad.graph_name)}
        self.labels = frozenset(str(term) for term in ends if isinstance(term, BlankNode))

    def answer(self, query: Query) -> Answer:
        """Answer a query as it stands."""
        store = self._store(query.dataset)
        try:
            return read(store.query(replace(query, dataset=None).text()))
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            return Failure(f"{type(error).__name__}: {error}")

    def _store(self, dataset: Dataset | None) -> Store:
        """Return a store that has the dataset of a query: its default graphs merged, and its named ones."""
        if dataset not in self._stores:
            assert dataset is not None
            self._stores[dataset] = store = Store()
            for quad in self._data.quads:
                if isinstance(quad.graph_name, NamedNode) and quad.graph_name in dataset.default:
                    store.add(Quad(quad.subject, quad.predicate, quad.object))
                if isinstance(quad.graph_name, NamedNode) and quad.graph_name in dataset.named:
                    store.add(quad)
        return self._stores[dataset]
