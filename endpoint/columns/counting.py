"""The numbers of a VoID description (section 4.6), counted from columns: of all graphs, and of each.

One pass over the statements of a part counts all of its classes and properties at once: each instance has a
number for the set of its classes, so properties are counted by set, and sets are few.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from endpoint.columns.reader import Columns
from endpoint.columns.sets import Indices, Numbers, sets_of, starts_of
from endpoint.columns.terms import TermClass, datatype_of
from endpoint.vocabulary import RDF_TYPE

# Each graph takes some milliseconds, whatever its size.
MOST_GRAPHS: Final = 1000

# Classes, by number; datatypes, by IRI.
_Classes = tuple[int, ...]
_Names = frozenset[str]


class Counting:
    """The counting of the statements in ``columns``.

    The classes of a value are those that it has in any named graph, with ``union`` in the default graph too.
    Of each part ``most_classes`` classes, the largest, are counted in detail.
    """

    def __init__(self, columns: Columns, union: bool, most_classes: int) -> None:
        self._columns = columns
        self._union = union
        self._most_classes = most_classes
        self._subjects, self._objects = columns.pairs
        # For each row the place of its predicate, whose IRI is in the same place.
        self._places = np.repeat(np.arange(len(columns.predicates)), np.diff(columns.starts))
        self._properties = [self._iri(predicate) for predicate in columns.predicates.tolist()]
        type_ = columns.terms.find(f"<{RDF_TYPE}>".encode())
        self._type = columns.rows(-1 if type_ is None else type_)
        # What is kept of terms for a while, by their numbers.
        self._scratch = np.zeros(len(columns.terms), np.int64)

    def parts(self) -> list[dict[str, Any]]:
        """Return the numbers of all statements, then those of each ``graph`` that an IRI names.

        A part has the numbers of ``triples``, ``subjects`` and ``objects``, the numbers of statements with
        each of its ``properties``, those of instances of its ``classes``, and ``details``: for a class, by
        property, the number of statements and the classes and datatypes of the values. Properties, classes
        and datatypes are IRIs; what else stands in their place is left out.
        """
        graphs = dict(self._graphs())
        whole = np.arange(len(self._columns))
        named = [rows for name, rows in graphs.items() if name]
        among = whole if self._union else np.unique(np.concatenate([whole[:0], *named]))
        instances, codes, sets = self._class_sets(among)
        value_sets = np.zeros(len(self._scratch), np.int64)
        value_sets[instances] = codes
        names = [self._iris(members) for members in sets]
        parts = [(None, whole), *((name[1:-1], rows) for name, rows in graphs.items() if name[:1] == "<")]
        return [{"graph": name, **self._part(rows, value_sets, names)} for name, rows in parts]

    def _graphs(self) -> Iterator[tuple[str, Indices]]:
        """Yield the name of each graph, as N-Triples writes it, and its rows."""
        columns = self._columns
        by_set = np.argsort(columns.graph_sets, kind="stable")
        bounds = np.searchsorted(columns.graph_sets, np.arange(len(columns.sets) + 1), sorter=by_set)
        holding: defaultdict[int, list[Indices]] = defaultdict(list)
        for number, graphs in enumerate(columns.sets):
            for graph in graphs:
                holding[graph].append(by_set[bounds[number] : bounds[number + 1]])
        for graph, found in holding.items():
            yield columns.graphs[graph].decode(), np.sort(np.concatenate(found))

    def _class_sets(self, rows: Indices) -> tuple[Numbers, Indices, list[_Classes]]:
        """Return the instances among ``rows``, for each the number of its set of classes, and the sets."""
        begin, end = np.searchsorted(rows, [self._type.start, self._type.stop])
        instances, classes = self._subjects[rows[begin:end]], self._objects[rows[begin:end]]
        starts = starts_of(instances)
        codes, sets = sets_of(starts, classes)
        return instances[starts], codes + 1, [(), *sets]

    def _part(self, rows: Indices, value_sets: Indices, value_names: Sequence[_Names]) -> dict[str, Any]:
        subjects, objects, places = self._subjects[rows], self._objects[rows], self._places[rows]
        instances, codes, sets = self._class_sets(rows)
        classes: Counter[str] = Counter()
        for number, members in zip(np.bincount(codes, minlength=len(sets)).tolist(), sets, strict=True):
            classes.update(dict.fromkeys(self._iris(members), number))
        largest = sorted(classes, key=lambda iri: (-classes[iri], iri))[: self._most_classes]
        self._scratch[instances] = codes
        own_sets = self._scratch[subjects]
        self._scratch[instances] = 0
        typed = np.flatnonzero(own_sets)
        own_names = [self._iris(members).intersection(largest) for members in sets]
        details = _Details(self._properties, own_names, places[typed] * len(sets) + own_sets[typed])
        details.add(1, value_sets[objects[typed]], value_names)
        details.add(2, *self._datatypes(objects[typed]))
        numbers = np.bincount(places, minlength=len(self._properties)).tolist()
        pairs = zip(self._properties, numbers, strict=True)
        return {
            "triples": len(rows),
            "subjects": self._distinct(subjects),
            "objects": self._distinct(objects),
            "properties": {iri: number for iri, number in pairs if iri and number},
            "classes": classes,
            "details": details.found,
        }

    def _distinct(self, terms: Numbers) -> int:
        """Return the number of different terms."""
        places = np.arange(len(terms))
        # Of equal terms the last one stays.
        self._scratch[terms] = places
        number = np.count_nonzero(self._scratch[terms] == places)
        self._scratch[terms] = 0
        return int(number)

    def _datatypes(self, terms: Numbers) -> tuple[Indices, list[_Names]]:
        """Return for each term the number of its datatype, 0 where it has none, and their names."""
        dictionary = self._columns.terms
        kinds = [datatype_of(kind).decode() for kind in dictionary.kind_names]
        names = sorted(set(kinds))
        numbers = np.array([1 + names.index(kind) for kind in kinds], np.int64)[dictionary.kinds[terms]]
        first, last = dictionary.classes[TermClass.TEXT], dictionary.classes[TermClass.OTHER]
        numbers[(terms < first.start) | (terms >= last.stop)] = 0
        return numbers, [frozenset(), *(frozenset([name]) for name in names)]

    def _iri(self, number: int) -> str:
        """Return the IRI of a term, empty for any other."""
        terms = self._columns.terms
        return terms.term(number)[1:-1].decode() if number in terms.classes[TermClass.IRI] else ""

    def _iris(self, classes: _Classes) -> _Names:
        return frozenset(filter(None, map(self._iri, classes)))


class _Details:
    """The statements about instances: ``found`` has their numbers and what their values are, by class and
    property.

    ``codes`` are, for each statement, the place of its property times the number of sets, plus the set of its
    subject's classes, a place in ``names``.
    """

    def __init__(self, properties: Sequence[str], names: Sequence[_Names], codes: Indices) -> None:
        self.found: dict[str, dict[str, list[Any]]] = {}
        self._properties, self._names, self._codes = properties, names, codes
        numbers: Counter[tuple[str, str]] = Counter()
        for code, number in zip(*map(np.ndarray.tolist, np.unique(codes, return_counts=True)), strict=True):
            for pair in self._pairs(code):
                numbers[pair] += number
        for (name, iri), number in numbers.items():
            self.found.setdefault(name, {})[iri] = [number, [], []]

    def add(self, member: int, values: Indices, names: Sequence[_Names]) -> None:
        """Tell of each value, by the set of ``names`` that it has, in this member of what was found."""
        known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for both in np.unique(self._codes * len(names) + values).tolist():
            for pair in self._pairs(both // len(names)):
                known[pair].update(names[both % len(names)])
        for (name, iri), found in known.items():
            self.found[name][iri][member] = sorted(found)

    def _pairs(self, code: int) -> Iterator[tuple[str, str]]:
        iri = self._properties[code // len(self._names)]
        return ((name, iri) for name in self._names[code % len(self._names)] if iri)
