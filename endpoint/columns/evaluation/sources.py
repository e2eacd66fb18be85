"""The graphs that a query asks (SPARQL 1.1 Query Language, section 13), as pairs of their triples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import NamedNode

from endpoint.columns.reader import Columns, Pairs
from endpoint.columns.sets import Indices, Numbers
from endpoint.sparql.syntax.parser import Unsupported

# How many pairs of a predicate a subject, or else an object, has on average.
FanOuts = dict[tuple[int, bool], float]

# Sets of graphs whose pairs are kept.
_KEPT: Final = 16
# Triples among which those of some graphs are sorted in less time than the engine takes for a query.
_SORTED: Final = 500_000


class Source:
    """The triples of some graphs as one graph, which has a triple once though several of them hold it.

    ``graphs`` are places among those of the columns; None is all of them. Pairs are sorted out when they are
    first asked for.
    """

    def __init__(self, columns: Columns, graphs: frozenset[int] | None) -> None:
        self.terms = columns.terms
        self.predicates = columns.predicates
        self.fan_outs: FanOuts = {}
        self._columns = columns
        self._by_subject: dict[int, Pairs] = {}
        self._by_object: dict[int, Pairs] = {}
        held = [graphs is None or not graphs.isdisjoint(members) for members in columns.sets]
        self._held = None if all(held) else np.array(held, bool)

    def by_subject(self, predicate: int) -> Pairs:
        """Return the subjects and objects of a predicate, sorted by subject."""
        if self._held is None:
            return self._columns.by_subject(predicate)
        if predicate not in self._by_subject:
            kept = self._held[self._columns.graph_sets[self._columns.rows(predicate)]]
            pairs = self._columns.by_subject(predicate)
            self._by_subject[predicate] = Pairs(pairs.first[kept], pairs.second[kept])
        return self._by_subject[predicate]

    def by_object(self, predicate: int) -> Pairs:
        """Return the objects and subjects of a predicate, sorted by object."""
        if self._held is None:
            return self._columns.by_object(predicate)
        if predicate not in self._by_object:
            subjects, objects = self.by_subject(predicate)
            order = np.lexsort((subjects, objects))
            self._by_object[predicate] = Pairs(objects[order], subjects[order])
        return self._by_object[predicate]

    @cached_property
    def triples(self) -> Numbers | NDArray[Any]:
        """Subjects, predicates and objects, sorted."""
        columns = self._columns
        if self._held is None:
            return columns.triples
        self.ensure_sorted()
        kept = self._held[columns.graph_sets]
        predicates = np.repeat(columns.predicates, np.diff(columns.starts))[kept]
        subjects, objects = columns.pairs.first[kept], columns.pairs.second[kept]
        order = np.lexsort((objects, predicates, subjects))
        return np.stack([subjects[order], predicates[order], objects[order]])

    def ensure_sorted(self) -> None:
        """Raise :class:`Unsupported` where the triples of all predicates would take long to be sorted."""
        if self._held is not None and len(self._columns) > _SORTED:
            raise Unsupported("all triples of a large graph are asked")

    def about(self, subject: int) -> Pairs:
        """Return the predicates and objects of a subject."""
        subjects, predicates, objects = self.triples
        # Keys of another type would have the whole array converted.
        begin, end = np.searchsorted(subjects, np.array([subject, subject + 1], subjects.dtype))
        return Pairs(predicates[begin:end], objects[begin:end])

    @cached_property
    def counts(self) -> Indices:
        """The number of triples of each of ``predicates``."""
        starts = self._columns.starts
        if self._held is None:
            return np.diff(starts)
        # The rows of a predicate end where those of the next begin.
        before = np.concatenate([[0], np.cumsum(self._held[self._columns.graph_sets])])
        return np.diff(before[starts])

    def __len__(self) -> int:
        """Return the number of triples."""
        if self._held is None:
            return len(self._columns)
        return int(self._columns.set_sizes[self._held].sum())


@dataclass(frozen=True, slots=True)
class Asked:
    """The dataset of a query: names of the graphs that its default graph is the merge of, and of its named
    graphs, as N-Triples writes them; None is all."""

    default: frozenset[bytes] | None = None
    named: frozenset[bytes] | None = None

    @classmethod
    def of(cls, default: Iterable[NamedNode], named: Iterable[NamedNode]) -> Asked:
        """Return the dataset of these graphs."""
        return cls(*(frozenset(str(name).encode() for name in names) for names in (default, named)))


class Sources:
    """The graphs of columns by their names."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._places = {name: place for place, name in enumerate(columns.graphs)}
        held = {place for members in columns.sets for place in members}
        # A graph of the store that holds nothing is none here.
        self.named = [name for place, name in enumerate(columns.graphs) if name and place in held]
        self._of = lru_cache(_KEPT)(self._made)

    def of(self, names: frozenset[bytes] | None) -> Source:
        """Return the merge of graphs with these names, those that there are; of all for None."""
        return self._of(names)

    def _made(self, names: frozenset[bytes] | None) -> Source:
        if names is None:
            return Source(self._columns, None)
        return Source(self._columns, frozenset(self._places[name] for name in names if name in self._places))
