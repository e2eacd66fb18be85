"""Descriptions of subjects: their values by property, of the union of all graphs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from endpoint.columns import Value, Values
from endpoint.columns.reader import Columns
from endpoint.columns.sets import Numbers
from endpoint.columns.terms import TermClass, unescaped
from endpoint.vocabulary import RDF_TYPE


class ColumnsDescriptions:
    """The values of the properties ``names`` of all subjects, each once, sorted."""

    def __init__(self, columns: Columns, names: Collection[str]) -> None:
        self._columns = columns
        self._names = {number: name for name in names if (number := self._number(name)) is not None}
        self._wanted = np.zeros(len(columns.terms), bool)
        self._wanted[list(self._names)] = True

    def with_any(self, properties: Collection[str], classes: Collection[str]) -> Iterator[tuple[str, Values]]:
        """Yield each IRI that is of one of the ``classes``, or has one of the ``properties`` where there are
        none, with its values, in the order of the IRIs."""
        terms = self._columns.terms
        for number in self._subjects(properties, classes).tolist():
            yield terms.term(number)[1:-1].decode(), self._about(number)

    def of(self, iri: str, properties: Collection[str]) -> Values:
        """Return the values of these properties of one subject."""
        number = self._number(iri)
        values = {} if number is None else self._about(number)
        return {name: values[name] for name in properties if name in values}

    def _number(self, iri: str) -> int | None:
        return self._columns.terms.find(b"<" + iri.encode() + b">")

    def _subjects(self, properties: Collection[str], classes: Collection[str]) -> Numbers:
        columns, iris = self._columns, self._columns.terms.classes[TermClass.IRI]
        found = [np.empty(0, np.uint32)]
        if classes:
            type_ = self._number(RDF_TYPE)
            objects, subjects = columns.by_object(-1 if type_ is None else type_)
            for name in classes:
                number = self._number(name)
                if number is not None:
                    begin, end = np.searchsorted(objects, np.array([number, number + 1], np.uint32))
                    found.append(subjects[begin:end])
        else:
            numbers = map(self._number, properties)
            found += [columns.by_subject(number).first for number in numbers if number is not None]
        every = np.unique(np.concatenate(found))
        return every[(every >= iris.start) & (every < iris.stop)]

    def _about(self, subject: int) -> Values:
        terms = self._columns.terms
        predicates, objects = self._columns.about(subject)
        kept = self._wanted[predicates]
        values: dict[str, list[bytes]] = {}
        for predicate, number in zip(predicates[kept].tolist(), objects[kept].tolist(), strict=True):
            term = terms.term(number)
            if not term.startswith((b"_:", b"<<")):
                values.setdefault(self._names[predicate], []).append(term)
        return {name: [_value(term) for term in sorted(found)] for name, found in values.items()}


def _value(term: bytes) -> Value:
    if term.startswith(b"<"):
        return Value(term[1:-1].decode(), is_literal=False)
    return Value(unescaped(term[1 : term.rindex(b'"')]).decode(), is_literal=True)
