"""The facts of a class, a property or an ontology: its place among others, its uses, examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import NamedNode

from endpoint.vocabulary import OWL, RDF, RDFS, RDFS_SUBCLASS_OF, RDFS_SUBPROPERTY_OF
from endpoint.web.store import Snapshot, Term, iri, number, together

CLASSES: Final = frozenset({f"{RDFS}Class", f"{OWL}Class", f"{RDFS}Datatype"})
PROPERTIES: Final = frozenset(
    {
        f"{RDF}Property",
        *(f"{OWL}{kind}Property" for kind in ("Object", "Datatype", "Annotation", "Ontology")),
        *(f"{OWL}{kind}Property" for kind in ("Functional", "Transitive", "Symmetric")),
    }
)
ONTOLOGIES: Final = frozenset({f"{OWL}Ontology"})

# Uses that are counted, examples, terms above and below, and terms of an ontology, at most.
COUNTED: Final = 100_000
EXAMPLES: Final = 10
_HIERARCHY: Final = 300
_TERMS: Final = 1500

_PLACE: Final = """SELECT DISTINCT ?relation ?term WHERE {{
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


@dataclass(frozen=True, slots=True)
class Use:
    """One example of a term: a subject, and the value where the term is a property."""

    subject: Term
    value: Term | None


@dataclass(frozen=True, slots=True)
class TermFacts:
    """The facts of a class or property.

    ``related`` are IRIs by relation: "above" and "below" it, "domain" and "range". ``uses`` is the
    number of instances or statements, :data:`COUNTED` meaning that or more.
    """

    is_class: bool
    related: Mapping[str, Sequence[str]] = field(default_factory=dict)
    uses: int = 0
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
    around = _ABOUT if is_class else _OWN
    async with together() as group:
        place = group.create_task(
            snapshot.rows(_PLACE.format(iri=node, step=step, most=_HIERARCHY), whole=True)
        )
        about = group.create_task(
            snapshot.rows(around.format(iri=node, rdfs=RDFS, most=_HIERARCHY), whole=True)
        )
        uses = group.create_task(snapshot.rows(_USES.format(pattern=pattern, most=COUNTED)))
        examples = group.create_task(snapshot.rows(_EXAMPLES.format(pattern=pattern, most=EXAMPLES)))
    related: defaultdict[str, set[str]] = defaultdict(set)
    for row in (*place.result(), *about.result()):
        related[getattr(row["relation"], "value", "")].add(iri(row["term"]))
    return TermFacts(
        is_class,
        {relation: sorted(names) for relation, names in related.items()},
        number(uses.result()[0]["n"]),
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
