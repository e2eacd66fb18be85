"""The meaning of IRIs: rows from shapes, facts of terms.

SHACL shapes name properties and order the rows of a page. The facts of a class, a property or an ontology
are its place among others, its uses, and examples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode

from endpoint.vocabulary import (
    OWL,
    RDF,
    RDFS,
    RDFS_SUBCLASS_OF,
    RDFS_SUBPROPERTY_OF,
    SH,
)
from endpoint.web.cache import Region
from endpoint.web.own_queries import Row, Snapshot, Term, iri, number, together

_SHAPE_ROWS: Final = 20_000

_SHAPES: Final = f"""SELECT DISTINCT ?class ?path ?order ?property ?text WHERE {{
  GRAPH ?any {{ ?shape <{SH}order> ?order ; <{SH}path> ?path
    OPTIONAL {{ ?node <{SH}property> ?shape ; <{SH}targetClass> ?class }}
    OPTIONAL {{ ?shape ?property ?text
      FILTER(?property IN (<{SH}name>, <{SH}description>)) }} }}
  FILTER(isIRI(?path)) }} LIMIT {_SHAPE_ROWS}"""
_ROW_SHAPES: Final[Region[RowShapes]] = Region("order of the rows")

CLASSES: Final = frozenset({f"{RDFS}Class", f"{OWL}Class", f"{RDFS}Datatype"})
PROPERTIES: Final = frozenset(
    {
        f"{RDF}Property",
        *(f"{OWL}{kind}Property" for kind in ("Object", "Datatype", "Annotation", "Ontology")),
        *(f"{OWL}{kind}Property" for kind in ("Functional", "Transitive", "Symmetric")),
    }
)
ONTOLOGIES: Final = frozenset({f"{OWL}Ontology"})

# Examples, terms above and below, and terms of an ontology, at most.
EXAMPLES: Final = 10
_HIERARCHY: Final = 300
_TERMS: Final = 1500

_HIERARCHY_QUERY: Final = """SELECT DISTINCT ?relation ?term WHERE {{
  {{ {iri} <{step}>+ ?term BIND("above" AS ?relation) }} UNION
  {{ ?term <{step}> {iri} BIND("below" AS ?relation) }}
  FILTER(isIRI(?term) && ?term != {iri}) }} LIMIT {most}"""
_ABOUT: Final = """SELECT DISTINCT ?relation ?term WHERE {{
  {{ ?term <{rdfs}domain> {iri} BIND("domain" AS ?relation) }} UNION
  {{ ?term <{rdfs}range> {iri} BIND("range" AS ?relation) }}
  FILTER(isIRI(?term)) }} LIMIT {most}"""
_OWN: Final = """SELECT DISTINCT ?relation ?term WHERE {{
  {{ {iri} <{rdfs}domain> ?term BIND("domain" AS ?relation) }} UNION
  {{ {iri} <{rdfs}range> ?term BIND("range" AS ?relation) }}
  FILTER(isIRI(?term)) }} LIMIT {most}"""
_USES: Final = """SELECT (COUNT(*) AS ?n) WHERE {{
  {{ SELECT DISTINCT ?s ?o WHERE {{ GRAPH ?any {{ {pattern} }} }} LIMIT {most} }} }}"""
_EXAMPLES: Final = "SELECT DISTINCT ?s ?o WHERE {{ GRAPH ?any {{ {pattern} }} }} LIMIT {most}"
_OF_ONTOLOGY: Final = """SELECT DISTINCT ?term ?type WHERE {{
  {{ GRAPH ?any {{ ?term <{rdfs}isDefinedBy> {iri} ; a ?type }} }} UNION
  {{ GRAPH {iri} {{ ?term a ?type }} }}
  FILTER(isIRI(?term) && isIRI(?type) && ?term != {iri}) }} LIMIT {most}"""


@dataclass(slots=True)
class RowShape:
    """The place of a property among rows, its names and descriptions by language (SHACL, section 2.3.2)."""

    order: float
    name: dict[str, str] = field(default_factory=dict)
    description: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowShapes:
    """The rows that the shapes of the dataset describe, by class, and for any class under the empty text."""

    by_class: Mapping[str, Mapping[str, RowShape]]

    def of(self, classes: list[str], property_iri: str) -> RowShape | None:
        """Return the shape of a property in the first of the classes that has one, else in any class."""
        for name in (*classes, ""):
            if (shape := self.by_class.get(name, {}).get(property_iri)) is not None:
                return shape
        return None


async def row_shapes(snapshot: Snapshot) -> RowShapes:
    """Return the rows that shapes describe, read once for each generation. Raises designed errors."""
    return await snapshot.cached(_ROW_SHAPES, _read_shapes)


async def _read_shapes(snapshot: Snapshot) -> RowShapes:
    by_class: defaultdict[str, dict[str, RowShape]] = defaultdict(dict)
    disputed: set[str] = set()
    # Sorted, so that the same one of two shapes for any class counts every time.
    for row in sorted(await snapshot.rows(_SHAPES), key=_place):
        path, naming, text = iri(row["path"]), iri(row.get("property")), row.get("text")
        for name in {iri(row.get("class")), ""}:
            shape = by_class[name].setdefault(path, RowShape(_order(row)))
            if isinstance(text, Literal):
                texts = shape.name if naming.endswith("name") else shape.description
                if texts.setdefault(text.language or "", text.value) != text.value and not name:
                    disputed.add(path)
    # A property that is named differently in two classes has no name in a class without a shape.
    anywhere = {
        path: RowShape(shape.order) if path in disputed else shape for path, shape in by_class[""].items()
    }
    return RowShapes({**by_class, "": anywhere})


def _place(row: Row) -> tuple[float, str, str, str]:
    return _order(row), iri(row["path"]), iri(row.get("class")), str(row.get("text"))


def _order(row: Row) -> float:
    order = row["order"]
    try:
        return float(order.value) if isinstance(order, Literal) else float(number(order))
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Use:
    """One example of a term: a subject, and the value where the term is a property."""

    subject: Term
    value: Term | None


@dataclass(frozen=True, slots=True)
class TermFacts:
    """The facts of a class or property.

    ``related`` are IRIs by relation: "above" and "below" it, "domain" and "range". ``uses`` is the
    number of instances or statements; with ``more`` there may be more of them.
    """

    is_class: bool
    related: Mapping[str, Sequence[str]] = field(default_factory=dict)
    uses: int = 0
    more: bool = False
    examples: Sequence[Use] = ()

    def names(self) -> list[str]:
        """Return every IRI in it."""
        used = [iri(term) for use in self.examples for term in (use.subject, use.value)]
        around = [name for names in self.related.values() for name in names]
        return [name for name in (*around, *used) if name]


def kind_of(types: Collection[str], is_predicate: bool, has_instances: bool) -> str:
    """Return the kind of page: "ontology", "class", "property", or "" for any other resource."""
    if not ONTOLOGIES.isdisjoint(types):
        return "ontology"
    if not CLASSES.isdisjoint(types) or (has_instances and PROPERTIES.isdisjoint(types)):
        return "class"
    return "property" if is_predicate or not PROPERTIES.isdisjoint(types) else ""


async def read_term(snapshot: Snapshot, term: str, is_class: bool) -> TermFacts:
    """Return the facts of a class or a property. Raises designed errors."""
    node = str(NamedNode(term))
    pattern = f"?s a {node}" if is_class else f"?s {node} ?o"
    step = RDFS_SUBCLASS_OF if is_class else RDFS_SUBPROPERTY_OF
    around, most = _ABOUT if is_class else _OWN, snapshot.countable
    async with together() as group:
        place = group.create_task(
            snapshot.rows(_HIERARCHY_QUERY.format(iri=node, step=step, most=_HIERARCHY), whole=True)
        )
        about = group.create_task(
            snapshot.rows(around.format(iri=node, rdfs=RDFS, most=_HIERARCHY), whole=True)
        )
        uses = group.create_task(snapshot.rows(_USES.format(pattern=pattern, most=most + 1)))
        examples = group.create_task(snapshot.rows(_EXAMPLES.format(pattern=pattern, most=EXAMPLES)))
    related: defaultdict[str, set[str]] = defaultdict(set)
    for row in (*place.result(), *about.result()):
        related[getattr(row["relation"], "value", "")].add(iri(row["term"]))
    counted = number(uses.result()[0]["n"])
    return TermFacts(
        is_class,
        {relation: sorted(names) for relation, names in related.items()},
        min(counted, most),
        counted > most,
        [Use(row["s"], row.get("o")) for row in examples.result()],
    )


async def read_ontology(snapshot: Snapshot, ontology: str) -> Mapping[str, Sequence[str]]:
    """Return the terms of an ontology by kind: class, property, other. Raises designed errors."""
    text = _OF_ONTOLOGY.format(iri=NamedNode(ontology), rdfs=RDFS, most=_TERMS)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for row in await snapshot.rows(text):
        types[iri(row["term"])].add(iri(row["type"]))
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for term in sorted(types):
        kind = kind_of(types[term] - ONTOLOGIES, False, False)
        by_kind[kind or "other"].append(term)
    return by_kind
