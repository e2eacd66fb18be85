"""What is said of a resource: its statements with their graphs, and the blank nodes below them.

Where there are too many statements for a page, each property has its first values and their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, NamedNode, RdfFormat, parse

from endpoint.web.store import Row, Snapshot, Term, iri, number

# Statements that are read at once, values of a property that are shown, properties that are read
# one by one, and statements that are counted, at most.
READ: Final = 1000
SHOWN: Final = 50
_PROPERTIES: Final = 100
COUNTED: Final = 100_000

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


@dataclass(slots=True)
class Statement:
    """One statement about the resource, and the graphs that hold it; the default graph has an empty name."""

    property: str
    value: Term
    graphs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements about a resource; ``totals`` are numbers of values where not all are there.

    ``nodes`` are the properties and values of blank nodes, by their identifiers.
    """

    rows: Sequence[Statement]
    totals: Mapping[str, int] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[tuple[str, Term]]] = field(default_factory=dict)

    def objects(self, property_iri: str) -> list[str]:
        """The IRIs that are values of a property, sorted."""
        found = {iri(row.value) for row in self.rows if row.property == property_iri}
        return sorted(found - {""})

    def graphs(self) -> set[str]:
        """The graphs that say something of the resource."""
        return {graph for row in self.rows for graph in row.graphs}


async def read_statements(snapshot: Snapshot, resource: str) -> Statements:
    """The statements with the subject ``resource``. Raises designed errors."""
    node = str(NamedNode(resource))
    rows = await snapshot.rows(_ALL.format(iri=node, most=READ + 1))
    if len(rows) > READ:
        return await _read_some(snapshot, node)
    found = _gathered(rows)
    if not any(isinstance(row.value, BlankNode) for row in found):
        return Statements(found)
    return _with_nodes(found, NamedNode(resource), await snapshot.graph(f"DESCRIBE {node}"))


async def read_values(
    snapshot: Snapshot, resource: str, property_iri: str, offset: int, most: int
) -> list[Term]:
    """Some of the values of one property, in the engine's order of terms. Raises designed errors."""
    text = _PAGE.format(iri=NamedNode(resource), property=NamedNode(property_iri), offset=offset, most=most)
    return [row["o"] for row in await snapshot.rows(text)]


async def _read_some(snapshot: Snapshot, node: str) -> Statements:
    counts = await snapshot.rows(_COUNTS.format(iri=node, most=COUNTED))
    totals = {iri(row["p"]): number(row["n"]) for row in counts}
    chosen = sorted(totals)[:_PROPERTIES]
    parts = (_SOME.format(iri=node, property=NamedNode(name), most=SHOWN) for name in chosen)
    rows = await snapshot.rows(f"SELECT ?g ?p ?o WHERE {{ {' UNION '.join(parts)} }}")
    shown = _gathered(row for row in rows if not isinstance(row["o"], BlankNode))
    return Statements(shown, {name: total for name, total in totals.items() if total > SHOWN})


def _gathered(rows: Iterable[Row]) -> list[Statement]:
    """Each statement once, with all of its graphs."""
    found: dict[tuple[str, Term], Statement] = {}
    for row in rows:
        key = (iri(row["p"]), row["o"])
        found.setdefault(key, Statement(*key)).graphs.add(iri(row.get("g")))
    return list(found.values())


def _with_nodes(rows: list[Statement], resource: NamedNode, description: bytes) -> Statements:
    """The statements with those that lead to blank nodes taken from one answer, which names nodes alike."""
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
