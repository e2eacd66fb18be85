"""The description of a resource: its statements, its classes, and the publication where it is one.

What publications have in common is read once and kept: the terms above their classes and properties, and the
names of the resources that they name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from endpoint.results.bibliography import (
    Item,
    is_publication,
    item_of,
    items_of,
    linked_of,
    lookup_query,
    names_query,
)
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF, RDFS_SUBPROPERTY_OF
from endpoint.web.own_queries import Snapshot, Term, iri
from endpoint.web.pages.resource.hierarchy import Place, read_above
from endpoint.web.pages.resource.statements import Statements, read_statements

_CLASSES: Final = "SELECT DISTINCT ?class WHERE {{ <{iri}> a ?class FILTER(isIRI(?class)) }} LIMIT 200"
# Bytes of a statement, or a resource, that is kept, besides its texts.
_OBJECTS: Final = 600


@dataclass(frozen=True, slots=True)
class Described:
    """The statements of a resource; its classes with all above them; the publication, where it is one."""

    statements: Statements
    classes: Sequence[str]
    item: Item | None


async def describe_item(snapshot: Snapshot, resource: str) -> Described:
    """Read the statements of a resource, its classes, and its item. Raises designed errors."""
    statements = await read_statements(snapshot, resource)
    pairs = _pairs(snapshot, statements)
    types = [iri(value) for name, value in pairs if name == RDF_TYPE and iri(value)]
    if not statements.whole:
        rows = await snapshot.rows(_CLASSES.format(iri=resource), whole=True)
        types = [iri(row["class"]) for row in rows]
    places = [Place(RDFS_SUBCLASS_OF, name) for name in types]
    above = await read_above(snapshot, [*places, *(Place(RDFS_SUBPROPERTY_OF, name) for name, _ in pairs)])

    def wider(relation: str, term: str) -> Collection[str]:
        return above.get(Place(relation, term), ())

    classes = sorted({*types}.union(*(wider(RDFS_SUBCLASS_OF, name) for name in types)))
    if not is_publication(classes):
        return Described(statements, classes, None)
    if not statements.whole:
        answer = await snapshot.graph(lookup_query([resource]))
        return Described(statements, classes, next(iter(items_of([resource], answer)), None))
    linked = map(_Named, linked_of(pairs, wider))
    named = await snapshot.each(linked, partial(_read_named, snapshot), _size)
    by_iri = {key.iri: found for key, found in named.items()}
    return Described(statements, classes, item_of(resource, pairs, wider, by_iri))


@dataclass(frozen=True, slots=True)
class _Named:
    """A resource that publications name."""

    iri: str


async def _read_named(snapshot: Snapshot, wanted: Sequence[_Named]) -> Mapping[_Named, Sequence[Quad]]:
    found: dict[_Named, list[Quad]] = {each: [] for each in wanted}
    answer = await snapshot.graph(names_query([each.iri for each in wanted]))
    for statement in parse(answer, format=RdfFormat.N_TRIPLES):
        if isinstance(statement.subject, NamedNode):
            found[_Named(statement.subject.value)].append(statement)
    return found


def _size(named: _Named, statements: Sequence[Quad]) -> int:
    return len(named.iri) + sum(len(str(each)) for each in statements) + _OBJECTS * (1 + len(statements))


def _pairs(snapshot: Snapshot, statements: Statements) -> list[tuple[str, Term]]:
    """Return properties and values, of the graphs that are the default graph of all."""
    strict = snapshot.site.settings.default_graph == "strict"
    graphs = {*snapshot.all_graphs} or {""}
    return [(row.property, row.value) for row in statements.rows if not strict or row.graphs & graphs]
