"""The statements that items are made from, asked from an engine that is elsewhere.

Where the store is at hand, :func:`endpoint.results.bibliography.read_items` looks things up one by one. A
process without a store asks one query for a few resources and reads their items from its answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse

from endpoint.results.bibliography import vocabulary as v
from endpoint.results.bibliography.items import Item, read_items
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF

# Resources of one query: its text must stay below the limits of any engine.
MOST: Final = 500

_OF_PUBLICATION: Final = (
    *(RDF_TYPE, *v.TITLE, *v.CREATOR, *v.DATE, *v.NUMBER, *v.SERIES, *v.PUBLISHER),
    *(*v.ADDRESS, *v.LANGUAGE, *v.ABSTRACT, *v.KEYWORD, *v.IDENTIFIER),
)
_LINKS: Final = (*v.CREATOR, *v.SERIES, *v.PUBLISHER, *v.KEYWORD)
_OF_LINKED: Final = (RDF_TYPE, *v.NAME, *v.FAMILY, *v.GIVEN)


def lookup_query(iris: Sequence[str]) -> str:
    """A CONSTRUCT query for all that the items of the resources ``iris`` need.

    Raises ValueError for more than :data:`MOST` of them, and for what is no absolute IRI.
    """
    if len(iris) > MOST:
        raise ValueError(f"{len(iris)} resources are more than one query takes, {MOST}")
    items = _values("item", iris)
    return f"""CONSTRUCT {{ ?subject ?predicate ?object }} WHERE {{
  {{ {items} {_values("predicate", _OF_PUBLICATION)}
    ?item ?predicate ?object BIND(?item AS ?subject) }}
  UNION
  {{ {{ SELECT DISTINCT ?subject {{ {items} {_values("link", _LINKS)}
      ?item ?link ?subject FILTER(isIRI(?subject)) }} }}
    {_values("predicate", _OF_LINKED)}
    ?subject ?predicate ?object }}
  UNION
  {{ {{ SELECT DISTINCT ?subject {{ {items} ?item <{RDF_TYPE}>/<{RDFS_SUBCLASS_OF}>* ?subject }} }}
    ?subject <{RDFS_SUBCLASS_OF}> ?object BIND(<{RDFS_SUBCLASS_OF}> AS ?predicate) }}
}}"""


def items_of(iris: Iterable[str], answer: bytes) -> list[Item]:
    """The items of the publications among ``iris``, in their order, from the answer as N-Triples."""
    statements: dict[str, list[Quad]] = defaultdict(list)
    for statement in parse(answer, format=RdfFormat.N_TRIPLES):
        if isinstance(statement.subject, NamedNode):
            statements[statement.subject.value].append(statement)

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad | Triple]:
        found = statements.get(subject.value, [])
        return found if predicate is None else [row for row in found if row.predicate == predicate]

    return list(read_items(map(NamedNode, iris), describe))


def _values(name: str, iris: Iterable[str]) -> str:
    # NamedNode refuses what is no IRI, so nothing but terms enters the text.
    terms = " ".join(str(NamedNode(iri)) for iri in dict.fromkeys(iris))
    return f"VALUES ?{name} {{ {terms} }}"
