"""The numbers of a VoID description (section 4.6), counted from columns: of all graphs, and of each.

One pass over the statements of a part counts all of its classes and properties at once: each instance has a
number for the set of its classes, so properties are counted by set, and sets are few. Memory beyond the
columns is about twenty bytes for each statement, and what the statements of one property take.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.reader import Columns
from endpoint.columns.sets import Indices, Numbers, sets_of, starts_of
from endpoint.columns.terms import TermClass, datatype_of
from endpoint.vocabulary import RDF_TYPE

# Each property of each graph takes a tenth of a millisecond, however few statements it has.
MOST_GRAPHS: Final = 1000

# Classes, by number; classes or datatypes, by IRI.
_Classes = tuple[int, ...]
_Names = frozenset[str]
_Sets = NDArray[np.signedinteger]


class Counting:
    """The counting of the statements in ``columns``.

    The classes of a value are those that it has in any named graph, with ``union`` in the default graph too.
    Of each part ``most_classes`` classes, the largest, are counted in detail.
    """

    def __init__(self, columns: Columns, union: bool, most_classes: int) -> None:
        self._columns = columns
        self._most_classes = most_classes
        self._subjects, self._objects = columns.pairs
        self._properties = [self._iri(predicate) for predicate in columns.predicates.tolist()]
        type_ = columns.terms.find(f"<{RDF_TYPE}>".encode())
        self._type = columns.rows(-1 if type_ is None else type_)
        # For each term the number of the set of its classes: in the part that is counted, and of a value.
        self._own_sets = np.zeros(len(columns.terms), np.int32)
        self._value_sets = np.zeros(len(columns.terms), np.int32)
        instances, codes, sets = self._class_sets(self._rows() if union else self._named_rows())
        self._value_sets[instances] = codes
        self._value_names = [self._iris(members) for members in sets]
        kinds = [datatype_of(kind).decode() for kind in columns.terms.kind_names]
        names = sorted(set(kinds))
        # What is no literal has the first one, which is none.
        self._datatype_names = [frozenset[str](), *(frozenset([name]) for name in names)]
        self._datatype_of_kind = np.array([1 + names.index(kind) for kind in kinds], np.int64)

    def parts(self) -> list[dict[str, Any]]:
        """Return the numbers of all statements, then those of each ``graph`` that an IRI names.

        A part has the numbers of ``triples``, ``subjects`` and ``objects``, the numbers of statements with
        each of its ``properties``, those of instances of its ``classes``, and ``details``: for a class, by
        property, the number of statements and the classes and datatypes of the values. Properties, classes
        and datatypes are IRIs; what else stands in their place is left out.
        """
        graphs = ((name[1:-1], rows) for name, rows in self._graphs() if name[:1] == "<")
        return [
            {"graph": None, **self._part(self._rows())},
            *({"graph": name, **self._part(rows)} for name, rows in graphs),
        ]

    def _rows(self) -> Indices:
        return np.arange(len(self._columns))

    def _named_rows(self) -> Indices:
        named = [rows for name, rows in self._graphs() if name]
        return np.unique(np.concatenate([self._rows()[:0], *named]))

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

    def _part(self, rows: Indices) -> dict[str, Any]:
        instances, codes, sets = self._class_sets(rows)
        classes: Counter[str] = Counter()
        for number, members in zip(np.bincount(codes, minlength=len(sets)).tolist(), sets, strict=True):
            classes.update(dict.fromkeys(self._iris(members), number))
        largest = sorted(classes, key=lambda iri: (-classes[iri], iri))[: self._most_classes]
        details = _Details([self._iris(members).intersection(largest) for members in sets])
        self._own_sets[instances] = codes
        properties = {}
        bounds = np.searchsorted(rows, self._columns.starts).tolist()
        for name, (begin, end) in zip(self._properties, pairwise(bounds), strict=True):
            if name and begin < end:
                properties[name] = end - begin
                self._count(name, rows[begin:end], details)
        self._own_sets[instances] = 0
        return {
            "triples": len(rows),
            "subjects": self._distinct(self._subjects[rows]),
            "objects": self._distinct(self._objects[rows]),
            "properties": properties,
            "classes": classes,
            "details": details.found,
        }

    def _count(self, name: str, rows: Indices, details: _Details) -> None:
        """Add the statements with one property to the details."""
        own = self._own_sets[self._subjects[rows]]
        typed = np.flatnonzero(own)
        own, objects = own[typed].astype(np.int64), self._objects[rows[typed]]
        dictionary = self._columns.terms
        first, last = dictionary.classes[TermClass.TEXT], dictionary.classes[TermClass.OTHER]
        literal = (first.start <= objects) & (objects < last.stop)
        datatypes = np.where(literal, self._datatype_of_kind[dictionary.kinds[objects]], 0)
        details.count(name, own)
        details.tell(name, 1, own, self._value_sets[objects], self._value_names)
        details.tell(name, 2, own, datatypes, self._datatype_names)

    def _distinct(self, terms: Numbers) -> int:
        """Return the number of different terms."""
        seen = np.zeros(len(self._columns.terms), bool)
        seen[terms] = True
        return int(np.count_nonzero(seen))

    def _iri(self, number: int) -> str:
        """Return the IRI of a term, empty for any other."""
        terms = self._columns.terms
        return terms.term(number)[1:-1].decode() if number in terms.classes[TermClass.IRI] else ""

    def _iris(self, classes: _Classes) -> _Names:
        return frozenset(filter(None, map(self._iri, classes)))


class _Details:
    """The statements about instances: ``found`` has, by class and property, their number, and the classes and
    the datatypes of their values. ``names`` are the classes in each set of classes.
    """

    def __init__(self, names: Sequence[_Names]) -> None:
        self.found: dict[str, dict[str, list[Any]]] = {}
        self._names = names

    def count(self, name: str, own: _Sets) -> None:
        """Add the statements with a property, by the sets of their subjects' classes."""
        for code, number in enumerate(np.bincount(own).tolist()):
            for of in self._names[code] if number else ():
                self.found.setdefault(of, {}).setdefault(name, [0, [], []])[0] += number

    def tell(self, name: str, member: int, own: _Sets, values: _Sets, names: Sequence[_Names]) -> None:
        """Add the ``names`` of the sets that the values are of to a member of what was found."""
        known: defaultdict[str, set[str]] = defaultdict(set)
        for both in np.unique(own * len(names) + values).tolist():
            for of in self._names[both // len(names)]:
                known[of].update(names[both % len(names)])
        for of, found in known.items():
            self.found[of][name][member] = sorted(found)
