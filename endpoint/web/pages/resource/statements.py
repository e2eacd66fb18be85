"""The statements of a resource in both directions, with their graphs and the blank nodes below them.

If there are too many statements for a page, each property has its first values and their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, NamedNode, RdfFormat, parse

from endpoint.web.cache import Region
from endpoint.web.own_queries import Row, Snapshot, Term, iri, number, together

# Statements that are read at once, values of a property that are shown, and properties that are read
# one by one, at most.
READ: Final = 1000
SHOWN: Final = 50
_PROPERTIES: Final = 100
# Subjects of an inverse property on a page, and how many are sorted by their IRI at most: a longer list is
# paged in the order of the engine.
PAGE: Final = 50
_SORTED: Final = 10_000
_MOST_PREDICATES: Final = 20_000

# Statements in the default graph have no graph.
_ALL: Final = """SELECT ?g ?p ?o WHERE {{ {{ GRAPH ?g {{ {iri} ?p ?o }} }} UNION
  {{ {iri} ?p ?o FILTER NOT EXISTS {{ GRAPH ?named {{ {iri} ?p ?o }} }} }} }} LIMIT {most}"""
_COUNTS: Final = """SELECT ?p (COUNT(*) AS ?n) WHERE {{
  {{ SELECT ?p ?o WHERE {{ GRAPH ?any {{ {iri} ?p ?o }} }} LIMIT {most} }} }} GROUP BY ?p"""
_SOME: Final = """{{ SELECT ?g ({property} AS ?p) ?o WHERE {{
  {{ GRAPH ?g {{ {iri} {property} ?o }} }} UNION
  {{ {iri} {property} ?o FILTER NOT EXISTS {{ GRAPH ?named {{ {iri} {property} ?o }} }} }}
  }} LIMIT {most} }}"""
_PAGE: Final = """SELECT DISTINCT ?o WHERE {{ GRAPH ?any {{ {iri} {property} ?o }} }}
ORDER BY ?o OFFSET {offset} LIMIT {most}"""
_INVERSE_COUNTS: Final = """SELECT ?p (COUNT(*) AS ?n) WHERE {{
  {{ SELECT DISTINCT ?s ?p WHERE {{ GRAPH ?any {{ ?s ?p {iri} }} }} LIMIT {most} }} }} GROUP BY ?p"""
# Statements that rules have derived are in no other graph.
_INVERSE_DERIVED: Final = """SELECT ?p (COUNT(*) AS ?n) WHERE {{
  {{ SELECT ?p WHERE {{ GRAPH {derived} {{ ?s ?p {iri} }} }} LIMIT {most} }} }} GROUP BY ?p"""
_INVERSE_EXISTS: Final = """SELECT ?p WHERE {{ VALUES ?p {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?s ?p {iri} }} }} }}"""
_SUBJECTS: Final = """SELECT DISTINCT ?s WHERE {{ GRAPH ?any {{ ?s {property} {iri} }} }}
{order}OFFSET {offset} LIMIT {most}"""
_SUBJECT_COUNT: Final = """SELECT (COUNT(*) AS ?n) WHERE {{
  {{ SELECT DISTINCT ?s WHERE {{ GRAPH ?any {{ ?s {property} {iri} }} }} LIMIT {most} }} }}"""
_PREDICATES: Final = f"SELECT DISTINCT ?p WHERE {{ GRAPH ?any {{ ?s ?p ?o }} }} LIMIT {_MOST_PREDICATES}"
_ALL_PREDICATES: Final[Region[tuple[str, ...]]] = Region("predicates")


@dataclass(slots=True)
class Statement:
    """One statement about the resource, and its graphs; the default graph has an empty name."""

    property: str
    value: Term
    graphs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements about a resource; ``totals`` are numbers of values where some are left out.

    ``nodes`` are the properties and values of blank nodes, by their identifiers. ``whole``: these are all
    statements.
    """

    rows: Sequence[Statement]
    totals: Mapping[str, int] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[tuple[str, Term]]] = field(default_factory=dict)
    whole: bool = True

    def objects(self, property_iri: str) -> list[str]:
        """Return the IRIs that are values of a property, sorted."""
        names = {iri(row.value) for row in self.rows if row.property == property_iri}
        return sorted(names - {""})


@dataclass(frozen=True, slots=True)
class InverseProperty:
    """A property whose value is the resource, with the number of its subjects.

    With ``more`` there may be more than ``count``, where counting stopped. ``derived`` is true where only the
    graph that rules fill has such statements.
    """

    property: str
    count: int
    more: bool = False
    derived: bool = False


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """One page of the subjects of an inverse property, of ``total`` (None for more than are counted)."""

    predicate: str
    page: int
    subjects: Sequence[Term]
    total: int | None

    @property
    def more(self) -> bool:
        """Return whether there is another page."""
        return self.total is None or self.page * PAGE < self.total


async def read_statements(snapshot: Snapshot, resource: str) -> Statements:
    """Return the statements with the subject ``resource``. Raises designed errors."""
    node = str(NamedNode(resource))
    rows = await snapshot.rows(_ALL.format(iri=node, most=READ + 1))
    if len(rows) > READ:
        return await _read_some(snapshot, node)
    statements = _gathered(rows)
    if not any(isinstance(row.value, BlankNode) for row in statements):
        return Statements(statements)
    return _with_nodes(statements, NamedNode(resource), await snapshot.graph(f"DESCRIBE {node}"))


async def read_values(
    snapshot: Snapshot, resource: str, property_iri: str, offset: int, most: int
) -> list[Term]:
    """Return some values of one property, in the engine's order of terms. Raises designed errors."""
    text = _PAGE.format(iri=NamedNode(resource), property=NamedNode(property_iri), offset=offset, most=most)
    return [row["o"] for row in await snapshot.rows(text)]


async def _read_some(snapshot: Snapshot, node: str) -> Statements:
    counts = await snapshot.rows(_COUNTS.format(iri=node, most=snapshot.countable))
    totals = {iri(row["p"]): number(row["n"]) for row in counts}
    chosen = sorted(totals)[:_PROPERTIES]
    parts = (_SOME.format(iri=node, property=NamedNode(name), most=SHOWN) for name in chosen)
    rows = await snapshot.rows(f"SELECT ?g ?p ?o WHERE {{ {' UNION '.join(parts)} }}")
    shown = _gathered(row for row in rows if not isinstance(row["o"], BlankNode))
    left = {name: total for name, total in totals.items() if total > SHOWN}
    return Statements(shown, left, whole=False)


def _gathered(rows: Iterable[Row]) -> list[Statement]:
    """Return each statement once, with all of its graphs."""
    statements: dict[tuple[str, Term], Statement] = {}
    for row in rows:
        key = (iri(row["p"]), row["o"])
        statements.setdefault(key, Statement(*key)).graphs.add(iri(row.get("g")))
    return list(statements.values())


def _with_nodes(rows: list[Statement], resource: NamedNode, description: bytes) -> Statements:
    """Return the statements; those with blank nodes come from one result, which labels nodes consistently."""
    nodes: defaultdict[str, list[tuple[str, Term]]] = defaultdict(list)
    leading: dict[tuple[str, Term], Statement] = {}
    graphs = {row.property: row.graphs for row in rows if isinstance(row.value, BlankNode)}
    for triple in parse(description, format=RdfFormat.N_TRIPLES):
        name, value = triple.predicate.value, triple.object
        if isinstance(triple.subject, BlankNode):
            nodes[triple.subject.value].append((name, value))
        elif triple.subject == resource and isinstance(value, BlankNode):
            leading.setdefault((name, value), Statement(name, value, graphs.get(name, set())))
    kept = [row for row in rows if not isinstance(row.value, BlankNode)]
    return Statements([*kept, *leading.values()], nodes=nodes)


async def read_inverse_properties(snapshot: Snapshot, resource: str) -> list[InverseProperty]:
    """Return the properties whose value is ``resource``. Raises designed errors."""
    node, most = NamedNode(resource), snapshot.countable
    async with together() as group:
        counting = group.create_task(snapshot.rows(_INVERSE_COUNTS.format(iri=node, most=most + 1)))
        deriving = group.create_task(_count_derived(snapshot, node, most))
    counts, derived = counting.result(), deriving.result()
    more = sum(number(row["n"]) for row in counts) > most
    counted = {
        name: InverseProperty(name, number(row["n"]), more, derived.get(name, 0) >= number(row["n"]))
        for row in counts
        if (name := iri(row["p"]))
    }
    if not more:
        return list(counted.values())
    # Properties of the statements beyond those that were counted are looked up one by one.
    predicates = await snapshot.cached(_ALL_PREDICATES, _read_predicates)
    values = " ".join(str(NamedNode(name)) for name in predicates)
    existing = await snapshot.rows(_INVERSE_EXISTS.format(values=values, iri=node))
    return [counted.get(iri(row["p"]), InverseProperty(iri(row["p"]), 0, True)) for row in existing]


async def _count_derived(snapshot: Snapshot, node: NamedNode, most: int) -> Mapping[str, int]:
    source = snapshot.site.dataset.derived
    if source is None:
        return {}
    text = _INVERSE_DERIVED.format(derived=NamedNode(source.iri), iri=node, most=most + 1)
    return {iri(row["p"]): number(row["n"]) for row in await snapshot.rows(text)}


async def _read_predicates(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(sorted(iri(row.get("p")) for row in await snapshot.rows(_PREDICATES)))


async def read_subjects(snapshot: Snapshot, resource: str, property_iri: str, page: int) -> SubjectPage:
    """Return a page of subjects; the first page is 1. Raises designed errors."""
    names = {"property": str(NamedNode(property_iri)), "iri": str(NamedNode(resource))}
    most = snapshot.countable
    (counted,) = await snapshot.rows(_SUBJECT_COUNT.format(**names, most=most + 1))
    total = number(counted["n"])
    order = "ORDER BY ?s\n" if total <= _SORTED else ""
    text = _SUBJECTS.format(**names, order=order, offset=(page - 1) * PAGE, most=PAGE)
    subjects = [row["s"] for row in await snapshot.rows(text)]
    named = [term for term in subjects if not isinstance(term, BlankNode)]
    return SubjectPage(property_iri, page, named, None if total > most else total)
