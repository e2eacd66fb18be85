"""The partitions of a dataset by class and by property: the model of VoID section 4.6, made from counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import NamedNode


@dataclass(frozen=True, slots=True)
class PropertyPartition:
    """The statements with one property whose subjects are of one class.

    ``classes`` and ``datatypes`` are IRIs of those of the values; without columns, of those in the sample.
    """

    iri: str
    triples: int | None
    classes: tuple[str, ...] = ()
    datatypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassPartition:
    """The instances of one class and their properties, the most used one first."""

    iri: str
    entities: int
    properties: tuple[PropertyPartition, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One graph, or all of them as the default graph shows them.

    ``properties`` are numbers of statements by IRI; ``classes`` come with the largest first.
    """

    triples: int | None = None
    subjects: int | None = None
    objects: int | None = None
    properties: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[ClassPartition, ...] = ()


def outlined(
    properties: Counter[str] | None,
    subjects: Counter[str] | None,
    objects: Counter[str] | None,
    classes: Counter[str] | None,
) -> Part:
    """Return a part without the details of its classes; None is a number that could not be counted."""
    return Part(
        triples=None if properties is None else properties.total(),
        subjects=None if subjects is None else subjects.total(),
        objects=None if objects is None else objects.total(),
        properties=dict(_largest(properties or Counter())),
        classes=tuple(ClassPartition(iri, number) for iri, number in _largest(classes or Counter())),
    )


def whole_part(part: Mapping[str, Any]) -> Part:
    """Return a part as :meth:`endpoint.columns.counting.Counting.parts` has counted it."""

    def details(iri: str) -> tuple[PropertyPartition, ...]:
        rows = part["details"].get(iri, {}).items()
        return by_use(
            PropertyPartition(name, number, *(tuple(filter(is_nameable, seen)) for seen in values))
            for name, (number, *values) in rows
            if is_nameable(name)
        )

    classes, properties = (
        _largest(Counter({iri: number for iri, number in part[kind].items() if is_nameable(iri)}))
        for kind in ("classes", "properties")
    )
    return Part(
        triples=part["triples"],
        subjects=part["subjects"],
        objects=part["objects"],
        properties=dict(properties),
        classes=tuple(ClassPartition(iri, number, details(iri)) for iri, number in classes),
    )


def _largest(counted: Counter[str]) -> Iterator[tuple[str, int]]:
    """Yield the pairs that have a name, the largest number first."""
    for iri, number in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        if iri:
            yield iri, number


def by_use(rows: Iterable[PropertyPartition]) -> tuple[PropertyPartition, ...]:
    """Return the rows with the most used property first."""
    return tuple(sorted(rows, key=lambda row: (-(row.triples or 0), row.iri)))


def is_nameable(iri: str) -> bool:
    """Return whether a query can name the IRI: lenient loading accepts some that are not valid."""
    try:
        NamedNode(iri)
    except ValueError:
        return False
    return True
