"""Publications as BibTeX, RIS and CSL-JSON, read from standard vocabularies only.

The publications are the resources whose class is ``bibo:Document`` or below it. Their statements count with
wider properties too, as the hierarchy in the data has it. Where the store is at hand, :func:`read_items`
looks up their statements one by one through ``describe``, so this package knows no store and no dataset. A
process without a store evaluates :func:`lookup_query` for a few resources, and reads their items from its
answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse

from endpoint.formats import BIBTEX, CSL_JSON, RIS, Format
from endpoint.results.bibliography.items import (
    ABSTRACT,
    ADDRESS,
    CREATOR,
    DATE,
    FAMILY,
    GIVEN,
    IDENTIFIER,
    KEYWORD,
    KINDS,
    LANGUAGE,
    NAME,
    NUMBER,
    PUBLISHER,
    SERIES,
    TITLE,
    Describe,
    Item,
    Term,
    read_items,
)
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF, RDFS_SUBPROPERTY_OF

__all__ = [
    "MOST",
    "Describe",
    "Item",
    "Term",
    "Wider",
    "bibliography",
    "is_publication",
    "item_of",
    "items_of",
    "linked_of",
    "lookup_query",
    "names_query",
    "read_items",
    "write_items",
]

_WRITERS: Final = {BIBTEX: "write_bibtex", RIS: "write_ris", CSL_JSON: "write_csl_json"}

# Resources of one query: its text must stay below the limits of any engine.
MOST: Final = 500

_OF_PUBLICATION: Final = (
    *(
        RDF_TYPE,
        *TITLE,
        *CREATOR,
        *DATE,
        *NUMBER,
        *SERIES,
        *PUBLISHER,
    ),
    *(
        *ADDRESS,
        *LANGUAGE,
        *ABSTRACT,
        *KEYWORD,
        *IDENTIFIER,
    ),
)
_LINKS: Final = (*CREATOR, *SERIES, *PUBLISHER, *KEYWORD)
_OF_LINKED: Final = (RDF_TYPE, *NAME, *FAMILY, *GIVEN)

# All terms above one, by rdfs:subClassOf or rdfs:subPropertyOf.
Wider = Callable[[str, str], Collection[str]]
_HIERARCHY: Final = (RDFS_SUBCLASS_OF, RDFS_SUBPROPERTY_OF)


def bibliography(candidates: Iterable[Term | None], describe: Describe, fmt: Format) -> Iterator[str]:
    """Yield the file of the publications among ``candidates``, each once, in the order of their appearance.

    It comes piece by piece, one entry at a time; without publications it is empty and valid.
    """
    return write_items(read_items(candidates, describe), fmt)


def write_items(items: Iterable[Item], fmt: Format) -> Iterator[str]:
    """Yield the file of ``items`` in one of the formats of bibliographies, piece by piece."""
    # Whoever only reads items does without the libraries of the writers.
    writers = import_module("endpoint.results.bibliography.writers")
    write: Callable[[Iterable[Item]], Iterator[str]] = getattr(writers, _WRITERS[fmt])
    return write(items)


def lookup_query(iris: Sequence[str]) -> str:
    """Return a CONSTRUCT query for all statements that the items of the resources ``iris`` need.

    Raises ValueError for more than :data:`MOST` of them, and for what is no absolute IRI.
    """
    if len(iris) > MOST:
        raise ValueError(f"{len(iris)} resources are more than one query takes, {MOST}")
    items = _values("item", iris)
    # Filters, not VALUES: the engine would read all statements with these properties, and join them then.
    return f"""CONSTRUCT {{ ?subject ?predicate ?object }} WHERE {{
  {{ {items} ?item ?predicate ?object {_among("predicate", _OF_PUBLICATION)} BIND(?item AS ?subject) }}
  UNION
  {{ {items} ?item ?link ?subject . ?subject ?predicate ?object
    {_among("link", _LINKS)} {_among("predicate", _OF_LINKED)} }}
  UNION
  {{ {items} ?item ?predicate ?object {_below("predicate", _OF_PUBLICATION)} BIND(?item AS ?subject) }}
  UNION
  {{ {items} ?item ?link ?subject {_below("link", _LINKS)}
    ?subject ?predicate ?object {_among("predicate", _OF_LINKED)} }}
  UNION
  {{ {{ SELECT DISTINCT ?subject {{ {items} ?item ?subject ?value }} }}
    ?subject <{RDFS_SUBPROPERTY_OF}>+ ?object BIND(<{RDFS_SUBPROPERTY_OF}> AS ?predicate) }}
  UNION
  {{ {items} ?item <{RDF_TYPE}>/<{RDFS_SUBCLASS_OF}>* ?subject .
    ?subject <{RDFS_SUBCLASS_OF}> ?object BIND(<{RDFS_SUBCLASS_OF}> AS ?predicate) }}
}}"""


def items_of(iris: Iterable[str], answer: bytes) -> list[Item]:
    """Return the items of the publications among ``iris``, in their order, from the answer as N-Triples."""
    statements: dict[str, list[Quad]] = defaultdict(list)
    for statement in parse(answer, format=RdfFormat.N_TRIPLES):
        if isinstance(statement.subject, NamedNode):
            statements[statement.subject.value].append(statement)

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad | Triple]:
        described = statements.get(subject.value, [])
        return described if predicate is None else [row for row in described if row.predicate == predicate]

    return list(read_items(map(NamedNode, iris), describe))


def is_publication(classes: Iterable[str]) -> bool:
    """Return whether a resource of these classes, and of those above them, is a publication."""
    return not KINDS.keys().isdisjoint(classes)


def linked_of(statements: Iterable[tuple[str, Term]], wider: Wider) -> list[str]:
    """Return the resources that a publication names, from its properties with their values."""
    return [
        value.value
        for name, value in statements
        if isinstance(value, NamedNode) and not {name, *wider(RDFS_SUBPROPERTY_OF, name)}.isdisjoint(_LINKS)
    ]


def names_query(iris: Iterable[str]) -> str:
    """Return a CONSTRUCT query for what an item needs of the resources that it names."""
    described = f"{_values('subject', iris)} ?subject ?predicate ?object {_among('predicate', _OF_LINKED)}"
    return f"CONSTRUCT {{ ?subject ?predicate ?object }} WHERE {{ {described} }}"


def item_of(
    iri: str,
    statements: Iterable[tuple[str, Term]],
    wider: Wider,
    named: Mapping[str, Sequence[Quad | Triple]],
) -> Item | None:
    """Return a publication, from its properties with their values; None where the resource is none.

    ``named`` are the statements of the resources that it names, as :func:`names_query` finds them.
    """
    own = NamedNode(iri)
    described = {**named, iri: [Triple(own, NamedNode(name), value) for name, value in statements]}

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad | Triple]:
        rows = described.get(subject.value, ())
        if predicate is None:
            return rows
        if predicate.value in _HIERARCHY:
            above = wider(predicate.value, subject.value)
            return [Triple(subject, predicate, NamedNode(name)) for name in above]
        return [row for row in rows if row.predicate == predicate]

    return next(read_items([own], describe), None)


def _values(name: str, iris: Iterable[str]) -> str:
    return f"VALUES ?{name} {{ {_terms(iris, ' ')} }}"


def _among(name: str, iris: Iterable[str]) -> str:
    return f"FILTER(?{name} IN ({_terms(iris, ', ')}))"


def _below(name: str, iris: Iterable[str]) -> str:
    return (
        f"{{ SELECT DISTINCT ?{name} {{ ?{name} <{RDFS_SUBPROPERTY_OF}>+ ?wider {_among('wider', iris)} }} }}"
    )


def _terms(iris: Iterable[str], separator: str) -> str:
    # NamedNode refuses what is no IRI, so nothing but terms enters the text.
    return separator.join(str(NamedNode(iri)) for iri in dict.fromkeys(iris))
