"""What points to a resource: each property with the number of resources, and pages of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, NamedNode

from endpoint.web.cache import Region
from endpoint.web.store import Snapshot, Term, iri, number

# Statements that are counted, resources on a page, and how many are sorted by their IRI at most: a
# longer list is paged in the order of the engine.
COUNTED: Final = 100_000
PAGE: Final = 50
_SORTED: Final = 10_000
_MOST_PREDICATES: Final = 20_000

_COUNTS: Final = """SELECT ?p (COUNT(DISTINCT ?s) AS ?n) (COUNT(*) AS ?all)
  (SUM(COALESCE(IF(?g = {derived}, 0, 1), 1)) AS ?own) WHERE {{
  {{ SELECT ?s ?p ?g WHERE {{ {{ GRAPH ?g {{ ?s ?p {iri} }} }} UNION
    {{ ?s ?p {iri} FILTER NOT EXISTS {{ GRAPH ?named {{ ?s ?p {iri} }} }} }} }} LIMIT {most} }} }}
GROUP BY ?p"""
_THERE: Final = """SELECT ?p WHERE {{ VALUES ?p {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?s ?p {iri} }} }} }}"""
_PAGE: Final = """SELECT DISTINCT ?s WHERE {{ GRAPH ?any {{ ?s {property} {iri} }} }}
{order}OFFSET {offset} LIMIT {most}"""
_COUNT: Final = """SELECT (COUNT(*) AS ?n) WHERE {{
  {{ SELECT DISTINCT ?s WHERE {{ GRAPH ?any {{ ?s {property} {iri} }} }} LIMIT {most} }} }}"""
_PREDICATES: Final = f"SELECT DISTINCT ?p WHERE {{ GRAPH ?any {{ ?s ?p ?o }} }} LIMIT {_MOST_PREDICATES}"
_ALL_PREDICATES: Final[Region[tuple[str, ...]]] = Region("predicates")


@dataclass(frozen=True, slots=True)
class Pointing:
    """A property that points to the resource, with the number of resources that it points from.

    ``more``: there may be more than ``count``, which is as far as was counted. ``derived``: only the graph
    that rules fill has such statements.
    """

    property: str
    count: int
    more: bool = False
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Subjects:
    """One page of the resources that point to another with one property, of ``total`` (None: many)."""

    predicate: str
    page: int
    subjects: Sequence[Term]
    total: int | None

    @property
    def more(self) -> bool:
        """Whether there is another page."""
        return self.total is None or self.page * PAGE < self.total


async def read_pointing(snapshot: Snapshot, resource: str) -> list[Pointing]:
    """The properties that point to ``resource``. Raises designed errors."""
    node = NamedNode(resource)
    source = snapshot.site.dataset.derived
    derived = NamedNode("urn:none" if source is None else source.iri)
    rows = await snapshot.rows(_COUNTS.format(iri=node, derived=derived, most=COUNTED + 1))
    more = sum(number(row["all"]) for row in rows) > COUNTED
    found = {
        iri(row["p"]): Pointing(iri(row["p"]), number(row["n"]), more, number(row["own"]) == 0)
        for row in rows
    }
    if not more:
        return list(found.values())
    # Properties that come after those that were counted are found one by one.
    predicates = await snapshot.cached(_ALL_PREDICATES, _read_predicates)
    values = " ".join(str(NamedNode(name)) for name in predicates)
    there = await snapshot.rows(_THERE.format(values=values, iri=node))
    return [found.get(iri(row["p"]), Pointing(iri(row["p"]), 0, True)) for row in there]


async def _read_predicates(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(sorted(iri(row.get("p")) for row in await snapshot.rows(_PREDICATES)))


async def read_subjects(snapshot: Snapshot, resource: str, property_iri: str, page: int) -> Subjects:
    """A page of resources, which begins with page 1. Raises designed errors."""
    names = {"property": str(NamedNode(property_iri)), "iri": str(NamedNode(resource))}
    (counted,) = await snapshot.rows(_COUNT.format(**names, most=COUNTED + 1))
    total = number(counted["n"])
    order = "ORDER BY ?s\n" if total <= _SORTED else ""
    text = _PAGE.format(**names, order=order, offset=(page - 1) * PAGE, most=PAGE)
    subjects = [row["s"] for row in await snapshot.rows(text)]
    named = [term for term in subjects if not isinstance(term, BlankNode)]
    return Subjects(property_iri, page, named, None if total > COUNTED else total)
