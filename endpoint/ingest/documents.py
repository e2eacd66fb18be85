"""What full-text search indexes of a store: its documents, one by one, as ``seed/search.toml`` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import cast

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.search import Document, Facet, Field, SearchConfiguration
from endpoint.vocabulary import OWL, RDF, RDF_TYPE, RDFS, SH

# Types from these namespaces make a subject a term of an ontology or the ontology itself.
_ONTOLOGY = (OWL, RDFS, RDF, SH)
_INDIVIDUAL = f"{OWL}NamedIndividual"
_LINKED_IN_MEMORY = 50_000

Values = Mapping[str, list[NamedNode | Literal]]


def documents(store: Store, configuration: SearchConfiguration) -> Iterator[Document]:
    """The indexed subjects of ``store`` in the order of their IRIs, over all of its graphs.

    Only the IRIs of all subjects are held in memory, not their texts.
    """

    parts: list[Field | Facet] = [*configuration.fields, *configuration.facets]
    names = {name for part in parts if part.through for name in part.properties}

    # Entities have a link to each of their documents: only what is wanted of them is read.
    @lru_cache(maxsize=_LINKED_IN_MEMORY)
    def linked(subject: str) -> Values:
        node = NamedNode(subject)
        found = (store.quads_for_pattern(node, NamedNode(name), None, None) for name in names)
        return _values(quad for quads in found for quad in quads)

    for subject in sorted(_subjects(store, configuration)):
        values = _values(store.quads_for_pattern(NamedNode(subject), None, None, None))
        if _is_indexed(values, configuration):
            yield _document(subject, values, linked, configuration)


def _subjects(store: Store, configuration: SearchConfiguration) -> set[str]:
    """Asked by a query because that does not decode the titles, which quads_for_pattern would."""
    if configuration.classes:
        pattern = f"VALUES ?class {{ {_iris(configuration.classes)} }} ?subject <{RDF_TYPE}> ?class"
    else:
        titles = _iris(configuration.fields[0].properties)
        pattern = f"VALUES ?title {{ {titles} }} ?subject ?title ?text"
    query = f"SELECT DISTINCT ?subject WHERE {{ {pattern} }}"
    found = cast(QuerySolutions, store.query(query, use_default_graph_as_union=True))
    return {solution[0].value for solution in found if isinstance(solution[0], NamedNode)}


def _iris(iris: tuple[str, ...]) -> str:
    return " ".join(f"<{iri}>" for iri in iris)


def _values(quads: Iterable[Quad]) -> Values:
    """The literals and IRIs of a subject by property; the same in whatever order they were loaded."""
    found: dict[str, set[NamedNode | Literal]] = {}
    for quad in quads:
        term = quad.object
        if isinstance(term, NamedNode | Literal):
            found.setdefault(quad.predicate.value, set()).add(term)
    return {name: sorted(terms, key=str) if len(terms) > 1 else list(terms) for name, terms in found.items()}


def _is_indexed(values: Values, configuration: SearchConfiguration) -> bool:
    if configuration.classes:
        return True
    types = [term.value for term in values.get(RDF_TYPE, ())]
    return not any(
        type_ in configuration.excluded or (type_.startswith(_ONTOLOGY) and type_ != _INDIVIDUAL)
        for type_ in types
    )


def _document(
    subject: str, values: Values, linked: Callable[[str], Values], configuration: SearchConfiguration
) -> Document:
    fields = {
        field.name: tuple(_texts(values, field.properties, field.through, linked))
        for field in configuration.fields
    }
    title, *others = (field.name for field in configuration.fields)
    # The title again as an alternative title tells nothing new.
    titles = set(fields[title])
    for name in others:
        fields[name] = tuple(text for text in fields[name] if text not in titles)
    facets = {
        facet.name: tuple(
            dict.fromkeys(
                text[: facet.characters or None]
                for text in _texts(values, facet.properties, facet.through, linked)
            )
        )
        for facet in configuration.facets
    }
    dates = (text for name in configuration.dates for text in _texts(values, (name,), (), linked))
    return Document(subject, fields, facets, next(dates, ""))


def _texts(
    values: Values, properties: tuple[str, ...], through: tuple[str, ...], linked: Callable[[str], Values]
) -> Iterator[str]:
    """The distinct literals of ``properties``, of the subject or of what ``through`` leads to."""
    sources = [values]
    if through:
        links = dict.fromkeys(term for link in through for term in values.get(link, ()))
        sources = [linked(term.value) for term in links if isinstance(term, NamedNode)]
    found = (
        term.value
        for source in sources
        for name in properties
        for term in source.get(name, ())
        if isinstance(term, Literal)
    )
    yield from dict.fromkeys(text for text in found if text.strip())
