"""The terms above classes and properties, as the hierarchy in the data has them.

They are read for all terms of a page at once, and kept: most pages name the same classes and properties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from endpoint.web.own_queries import Snapshot, iri

_ABOVE: Final = """{{ VALUES ?term {{ {terms} }} ?term <{relation}>+ ?above
  FILTER(isIRI(?above)) BIND(<{relation}> AS ?relation) }}"""
# Bytes of what is kept of one term besides the names above it, which many terms share.
_OBJECTS: Final = 600


class Place(NamedTuple):
    """A term in the hierarchy of ``relation``, which is rdfs:subClassOf or rdfs:subPropertyOf."""

    relation: str
    term: str


# All terms above each one.
Above: TypeAlias = Mapping[Place, frozenset[str]]


async def read_above(snapshot: Snapshot, wanted: Iterable[Place]) -> Above:
    """Return the terms above those that are ``wanted``. Raises designed errors."""
    return await snapshot.each(wanted, partial(_read, snapshot), _size)


async def _read(snapshot: Snapshot, wanted: Sequence[Place]) -> Above:
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for relation, term in wanted:
        terms[relation].append(str(NamedNode(term)))
    parts = [_ABOVE.format(relation=relation, terms=" ".join(names)) for relation, names in terms.items()]
    text = f"SELECT DISTINCT ?relation ?term ?above WHERE {{ {' UNION '.join(parts)} }}"
    above: dict[Place, set[str]] = {place: set() for place in wanted}
    for row in await snapshot.rows(text, whole=True):
        above[Place(iri(row["relation"]), iri(row["term"]))].add(iri(row["above"]))
    return {place: frozenset(names) for place, names in above.items()}


def _size(place: Place, above: frozenset[str]) -> int:
    return sum(map(len, (*place, *above))) + _OBJECTS
