"""The dataset described for programs: VoID at ``/void``.

Describing Linked Datasets with the VoID Vocabulary, W3C Interest Group Note; the datatypes of values are
described with its extension http://ldf.fi/void-ext#, as query editors read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.formats import GRAPH_FORMATS
from endpoint.vocabulary import DCTERMS, FOAF, RDF_TYPE, VOID, VOID_EXT, XSD
from endpoint.web import Site
from endpoint.web.http.view import percent_encoded
from endpoint.web.machine.partitions import ClassPartition, Part, PropertyPartition
from endpoint.web.machine.statistics import Statistics

VOID_PATH: Final = "/void"
CATALOG_PATH: Final = "/catalog"
STORE_PATH: Final = "/store"
# The dump of the whole dataset, and that of a graph, which its IRI follows.
DUMP_PATH: Final = f"{STORE_PATH}.nq.gz"
GRAPH_DUMP: Final = f"{STORE_PATH}.ttl.gz?graph="
TYPE: Final = NamedNode(RDF_TYPE)


def names(base: str) -> str:
    """Return the namespace of the resources that the document at ``base`` + ``/void`` names."""
    return f"{base}{VOID_PATH}#"


def whole_node(base: str) -> NamedNode:
    """Return the node of the dataset: all graphs together."""
    return NamedNode(f"{names(base)}dataset")


def graph_node(base: str, iri: str) -> NamedNode:
    """Return the node of one named graph as a dataset."""
    return NamedNode(f"{names(base)}graph-{_digest(iri)}")


def texts(subject: NamedNode | BlankNode, predicate: str, by_language: Mapping[str, str]) -> Iterator[Triple]:
    """Yield one statement for each language; the language ``""`` is none."""
    for language, text in by_language.items():
        literal = Literal(text, language=language) if language else Literal(text)
        yield Triple(subject, NamedNode(predicate), literal)


def integer(number: int) -> Literal:
    """Return a number as a literal of VoID."""
    return Literal(str(number), datatype=NamedNode(f"{XSD}integer"))


def document_triples(site: Site, base: str, statistics: Statistics) -> Iterator[Triple]:
    """Yield the whole document: its own description, the dataset, its graphs, their partitions."""
    document, dataset = NamedNode(base + VOID_PATH), whole_node(base)
    yield Triple(document, TYPE, _void("DatasetDescription"))
    yield Triple(document, NamedNode(f"{DCTERMS}title"), Literal("VoID description", language="en"))
    yield Triple(document, NamedNode(f"{FOAF}primaryTopic"), dataset)
    yield from _access(site, base, dataset)
    created = Literal(
        statistics.generation.created.isoformat(timespec="seconds"), datatype=NamedNode(f"{XSD}dateTime")
    )
    yield Triple(dataset, NamedNode(f"{DCTERMS}modified"), created)
    for namespace in vocabularies(site, statistics):
        yield Triple(dataset, _void("vocabulary"), NamedNode(namespace))
    yield from statistics_triples(base, statistics)
    titles = {graph.iri: graph for graph in site.dataset.graphs}
    for iri in statistics.graphs:
        node = graph_node(base, iri)
        yield Triple(dataset, _void("subset"), node)
        yield Triple(node, _void("dataDump"), NamedNode(dump_address(base, iri)))
        if iri in titles:
            yield from texts(node, f"{DCTERMS}title", titles[iri].title)
            if titles[iri].name:
                yield Triple(node, _void("sparqlEndpoint"), NamedNode(f"{base}/{titles[iri].name}/sparql"))


def _access(site: Site, base: str, dataset: NamedNode) -> Iterator[Triple]:
    """Yield general and access metadata (sections 2 and 3)."""
    yield Triple(dataset, TYPE, _void("Dataset"))
    yield from texts(dataset, f"{DCTERMS}title", site.dataset.title)
    yield from texts(dataset, f"{DCTERMS}description", site.dataset.description)
    if site.dataset.licence:
        yield Triple(dataset, NamedNode(f"{DCTERMS}license"), NamedNode(site.dataset.licence))
    yield Triple(dataset, NamedNode(f"{FOAF}homepage"), NamedNode(f"{base}/"))
    yield Triple(dataset, _void("sparqlEndpoint"), NamedNode(f"{base}/sparql"))
    yield Triple(dataset, _void("dataDump"), NamedNode(dump_address(base)))
    yield Triple(dataset, _void("uriSpace"), Literal(site.dataset.base))
    for fmt in GRAPH_FORMATS:
        if fmt.iri is not None:
            yield Triple(dataset, _void("feature"), NamedNode(fmt.iri))


def vocabularies(site: Site, statistics: Statistics) -> list[str]:
    """Return the namespaces of the dataset's prefixes that have a class or property of the data."""
    terms = statistics.terms()
    return sorted(
        namespace
        for namespace in set(site.dataset.prefixes.values())
        if any(iri.startswith(namespace) and not set("/#") & set(iri[len(namespace) :]) for iri in terms)
    )


def statistics_triples(base: str, statistics: Statistics, only: str | None = None) -> Iterator[Triple]:
    """Yield the numbers and partitions of the whole, where the default graph shows it, and of every graph.

    With ``only``, yield those of this one graph.
    """
    parts = [(iri, part) for iri, part in statistics.graphs.items() if only in (None, iri)]
    if statistics.whole is not None and only is None:
        yield from _part(base, whole_node(base), "", statistics.whole)
        yield from _values(base, [statistics.whole, *(part for _, part in parts)])
    else:
        yield from _values(base, [part for _, part in parts])
    for iri, part in parts:
        yield from _part(base, graph_node(base, iri), iri, part)


def _part(base: str, node: NamedNode, graph: str, part: Part) -> Iterator[Triple]:
    """Yield statistics and partitions (section 4) of ``graph``, or of all graphs where it is empty."""
    yield Triple(node, TYPE, _void("Dataset"))
    numbers = {
        "triples": part.triples,
        "distinctSubjects": part.subjects,
        "distinctObjects": part.objects,
        "properties": len(part.properties) or None,
        "classes": len(part.classes) or None,
    }
    for name, number in numbers.items():
        if number is not None:
            yield Triple(node, _void(name), integer(number))
    for iri, number in part.properties.items():
        yield from _property(base, node, (graph, ""), PropertyPartition(iri, number))
    for row in part.classes:
        yield from _class(base, node, graph, row)


def _class(base: str, node: NamedNode, graph: str, row: ClassPartition) -> Iterator[Triple]:
    partition = NamedNode(f"{names(base)}class-{_digest(graph, row.iri)}")
    yield Triple(node, _void("classPartition"), partition)
    yield Triple(partition, _void("class"), NamedNode(row.iri))
    yield Triple(partition, _void("entities"), integer(row.entities))
    for inner in row.properties:
        yield from _property(base, partition, (graph, row.iri), inner)


def _property(base: str, node: NamedNode, place: tuple[str, str], row: PropertyPartition) -> Iterator[Triple]:
    partition = NamedNode(f"{names(base)}property-{_digest(*place, row.iri)}")
    yield Triple(node, _void("propertyPartition"), partition)
    yield Triple(partition, _void("property"), NamedNode(row.iri))
    if row.triples is not None:
        yield Triple(partition, _void("triples"), integer(row.triples))
    for iri in row.classes:
        yield Triple(partition, _void("classPartition"), _value(base, iri))
    for iri in row.datatypes:
        yield Triple(partition, NamedNode(f"{VOID_EXT}datatypePartition"), _value(base, iri))


def _values(base: str, parts: Sequence[Part]) -> Iterator[Triple]:
    """Yield one node for each class and datatype of values, which all partitions share."""
    inner = [row for part in parts for of_class in part.classes for row in of_class.properties]
    for iri in sorted({iri for row in inner for iri in row.classes}):
        yield Triple(_value(base, iri), _void("class"), NamedNode(iri))
    for iri in sorted({iri for row in inner for iri in row.datatypes}):
        yield Triple(_value(base, iri), NamedNode(f"{VOID_EXT}datatype"), NamedNode(iri))


def _value(base: str, iri: str) -> NamedNode:
    return NamedNode(f"{names(base)}values-{_digest(iri)}")


def _void(name: str) -> NamedNode:
    return NamedNode(VOID + name)


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()


def dump_address(base: str, graph: str | None = None) -> str:
    """Return the address of the dump of a graph, or of the whole dataset."""
    return base + (DUMP_PATH if graph is None else GRAPH_DUMP + percent_encoded(graph))
