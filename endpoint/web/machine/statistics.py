"""What the data of one generation is made of, in numbers: the model of its VoID description.

Describing Linked Datasets with the VoID Vocabulary (W3C Interest Group Note), section 4.6: the partitions
of a dataset by class and by property. A number that could not be counted is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from endpoint.storage.generations import Generation


@dataclass(frozen=True, slots=True)
class PropertyPartition:
    """The statements with one property whose subjects are of one class.

    ``classes`` and ``datatypes`` are IRIs of those of the values, as far as they were seen.
    """

    iri: str
    triples: int | None
    classes: tuple[str, ...] = ()
    datatypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassPartition:
    """The instances of one class and what is said of them, the most used property first."""

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


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of one generation.

    ``whole`` is None where the default graph of a query is empty; ``graphs`` are by IRI. ``labels`` are
    those of classes and properties, by IRI and language tag (``ko``, ``en`` or empty). ``left_out`` tells
    what could not be counted.
    """

    generation: Generation
    whole: Part | None
    graphs: Mapping[str, Part]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """The parts that together show everything once: the whole, or else each graph."""
        return tuple(self.graphs.values()) if self.whole is None else (self.whole,)

    def classes(self) -> Counter[str]:
        """The number of instances of each class."""
        return _summed((row.iri, row.entities) for part in self.parts() for row in part.classes)

    def properties(self, of_class: str | None = None) -> Counter[str]:
        """The number of statements with each property, ``of_class``: of the instances of that class.

        A property that was seen and not counted has 0.
        """
        if of_class is None:
            return _summed(pair for part in self.parts() for pair in part.properties.items())
        return _summed(
            (row.iri, row.triples or 0)
            for part in self.parts()
            for partition in part.classes
            if partition.iri == of_class
            for row in partition.properties
        )

    def terms(self) -> tuple[str, ...]:
        """The IRIs of all classes and properties."""
        return tuple(sorted({*self.classes(), *self.properties()}))


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for iri, number in pairs:
        found[iri] += number
    return found
