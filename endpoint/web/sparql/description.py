"""SPARQL 1.1 Service Description: an endpoint and its features, as a graph.

For query editors it also has the prefixes and the saved queries, in the vocabulary of SHACL, and the
statistics of the data, in that of VoID.

The saved queries are SHACL executables, which query editors list as examples (SHACL Advanced Features,
section 5), with the conventions of the SIB Swiss Institute of Bioinformatics: the comment is what an editor
shows, ``schema:target`` the endpoint that the text is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.catalog import SavedQuery
from endpoint.dataset import SourceGraph
from endpoint.engine.functions import EXTENSION_FUNCTIONS
from endpoint.formats import GRAPH_FORMATS, HTML, RESULT_FORMATS, QueryForm, Representation
from endpoint.sparql.parameter_sites import numbers
from endpoint.tokens import UPDATE
from endpoint.vocabulary import (
    DCTERMS,
    ENTAILMENT,
    RDFS,
    RDFS_COMMENT,
    RDFS_LABEL,
    SCHEMA,
    SD,
    SH,
    SPEX,
    TEXT,
    VOID,
    VOID_EXT,
    XSD,
)
from endpoint.web import Site
from endpoint.web.http.answer import Whole
from endpoint.web.http.request import Request
from endpoint.web.http.view import query_string
from endpoint.web.machine.datasets import (
    TYPE,
    graph_node,
    names,
    statistics_triples,
    texts,
    whole_node,
)
from endpoint.web.machine.documents import Document, document_answer
from endpoint.web.machine.statistics import Statistics, latest_statistics
from endpoint.web.own_queries import OwnQueries

DESCRIPTION_FORMATS: Final = (*GRAPH_FORMATS, HTML)
# Seconds that a client waits for the first count of a generation: editors give up after five.
PATIENCE: Final = 3.0
# Classes and properties of the text by query form. SHACL 1.1 has none for DESCRIBE: SHACL 1.2 has the
# one, the examples of SIB the other.
_TERMS: Final = {
    QueryForm.SELECT: ((f"{SH}SPARQLSelectExecutable", f"{SH}select"),),
    QueryForm.ASK: ((f"{SH}SPARQLAskExecutable", f"{SH}ask"),),
    QueryForm.CONSTRUCT: ((f"{SH}SPARQLConstructExecutable", f"{SH}construct"),),
    QueryForm.DESCRIBE: (
        (f"{SPEX}SPARQLDescribeExecutable", f"{SPEX}describe"),
        (f"{SH}SPARQLDescribeExecutable", f"{SH}describe"),
    ),
}


# Extensions of the language that the engine reads: what it has of SPARQL 1.2, and two proposals.
_EXTENSIONS: Final = {
    "https://www.w3.org/TR/sparql12-query/": "Triple terms, reifiers, base direction, VERSION",
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0002/sep-0002.md": "Arithmetic of dates and ADJUST",
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0006/sep-0006.md": "LATERAL",
}
_TEXT_SEARCH: Final = "SERVICE text:search { … }: text search in the data of this endpoint"


class Descriptions:
    """The service descriptions of a site's endpoints."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def describe(self, request: Request, chosen: Representation, graph: str | None) -> Whole:
        """Return the description of the endpoint that the request is for, on ``graph`` where it has one.

        Numbers that are not counted yet are left out until a later request.
        """
        statistics = await latest_statistics(self._own_queries, PATIENCE)
        view = request.view
        language = view.language if view.chosen or "accept-language" in request.headers else None
        base = request.base
        url = base + request.path
        prefixes = {"sd": SD, "sh": SH, "dcterms": DCTERMS, "schema": SCHEMA, "spex": SPEX, "void": VOID}
        prefixes |= {"void-ext": VOID_EXT, "here": names(base)}
        document = Document(
            url,
            prefixes,
            lambda: service_triples(self._site, base, url, graph, statistics, language),
            statistics,
            f"{language} {'update' if self._site.tokens.grant(UPDATE) else ''}",
        )
        return await document_answer(self._own_queries, document, chosen)


def service_triples(
    site: Site,
    base: str,
    endpoint_url: str,
    graph: str | None,
    statistics: Statistics | None,
    language: str | None = None,
) -> Iterator[Triple]:
    """Yield the service description of the endpoint at ``endpoint_url``, on one ``graph`` or on all.

    ``base`` is the server's own URL; saved queries have their comments in one ``language``, or in all.
    """
    service, dataset = NamedNode(f"{endpoint_url}#service"), NamedNode(f"{endpoint_url}#dataset")
    url = NamedNode(endpoint_url)
    yield Triple(service, TYPE, _sd("Service"))
    yield Triple(service, _sd("endpoint"), url)
    yield from _abilities(site, service, graph)
    yield Triple(service, _sd("defaultDataset"), dataset)
    yield Triple(dataset, TYPE, _sd("Dataset"))
    default = _default_graph(site, base, graph)
    yield Triple(dataset, _sd("defaultGraph"), default)
    yield Triple(default, TYPE, _sd("Graph"))
    yield from _graphs(site, base, dataset, graph, statistics)
    yield from _prefixes(site, url)
    if graph is None:
        yield from executable_triples(site, base, endpoint_url, language)
    if statistics is not None:
        yield from statistics_triples(base, statistics, graph)


def _abilities(site: Site, service: NamedNode, graph: str | None) -> Iterator[Triple]:
    """Yield languages, features, functions and formats of a service (sections 3.2 and 3.4)."""
    for name in ("SPARQL10Query", "SPARQL11Query"):
        yield Triple(service, _sd("supportedLanguage"), _sd(name))
    if graph is None and site.tokens.grant(UPDATE):
        yield Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Update"))
    for iri, comment in _EXTENSIONS.items():
        yield Triple(service, _sd("languageExtension"), NamedNode(iri))
        yield Triple(NamedNode(iri), TYPE, _sd("Feature"))
        yield Triple(NamedNode(iri), NamedNode(RDFS_COMMENT), Literal(comment, language="en"))
    if graph is None and site.settings.default_graph == "union":
        yield Triple(service, _sd("feature"), _sd("UnionDefaultGraph"))
    if site.settings.allow_service:
        yield Triple(service, _sd("feature"), _sd("BasicFederatedQuery"))
    if site.search is not None:
        search = NamedNode(f"{TEXT}search")
        yield Triple(service, _sd("feature"), search)
        yield Triple(search, TYPE, _sd("Feature"))
        yield Triple(search, NamedNode(RDFS_COMMENT), Literal(_TEXT_SEARCH, language="en"))
    for iri in EXTENSION_FUNCTIONS:
        yield Triple(service, _sd("extensionFunction"), NamedNode(iri))
        yield Triple(NamedNode(iri), TYPE, _sd("Function"))
    yield Triple(service, _sd("defaultEntailmentRegime"), NamedNode(f"{ENTAILMENT}Simple"))
    for fmt in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if fmt.iri is not None:
            yield Triple(service, _sd("resultFormat"), NamedNode(fmt.iri))


def _default_graph(site: Site, base: str, graph: str | None) -> NamedNode | BlankNode:
    """Return the node with the statistics of the default graph, which is empty in the strict reading."""
    if graph is not None:
        return graph_node(base, graph)
    return whole_node(base) if site.settings.default_graph == "union" else BlankNode("default")


def _graphs(
    site: Site, base: str, dataset: NamedNode, only: str | None, statistics: Statistics | None
) -> Iterator[Triple]:
    """Yield the named graphs: those of the manifest, then others in the data."""
    known = {source.iri: source for source in site.dataset.graphs}
    counted = statistics.graphs if statistics else {}
    for iri in {**known, **counted} if only is None else [only]:
        node = graph_node(base, iri)
        named = NamedNode(f"{node.value}-named")
        yield Triple(dataset, _sd("namedGraph"), named)
        yield Triple(named, TYPE, _sd("NamedGraph"))
        yield Triple(named, _sd("name"), NamedNode(iri))
        yield Triple(named, _sd("graph"), node)
        yield Triple(node, TYPE, _sd("Graph"))
        yield from _titles(named, known.get(iri))


def _titles(named: NamedNode, source: SourceGraph | None) -> Iterator[Triple]:
    for predicate in (f"{DCTERMS}title", RDFS_LABEL):
        yield from texts(named, predicate, source.title if source else {})


def _prefixes(site: Site, url: NamedNode) -> Iterator[Triple]:
    for number, (prefix, namespace) in enumerate(site.dataset.prefixes.items()):
        declaration = BlankNode(f"prefix{number}")
        yield Triple(url, NamedNode(f"{SH}declare"), declaration)
        yield Triple(declaration, NamedNode(f"{SH}prefix"), Literal(prefix))
        written = Literal(namespace, datatype=NamedNode(f"{XSD}anyURI"))
        yield Triple(declaration, NamedNode(f"{SH}namespace"), written)


def _sd(name: str) -> NamedNode:
    return NamedNode(SD + name)


def executable_triples(
    site: Site, base: str, endpoint_url: str, language: str | None = None
) -> Iterator[Triple]:
    """Yield all saved queries that run with their examples, deprecated ones left out.

    Each is named by its address below ``base``; the address of the call with its examples is at
    ``rdfs:seeAlso``. An editor lists one example for each comment: there is that in ``language`` where it
    is named.
    """
    for query in site.catalog.queries.values():
        text = runnable(query)
        if text is not None and not query.options.deprecated:
            yield from _one(query, text, base, endpoint_url, language)


def runnable(query: SavedQuery) -> str | None:
    """Return the text with the examples in place of the parameters.

    A required parameter without an example stays a variable, which matches anything; None where the grammar
    requires a number in its place.
    """
    known = tuple(row for row in query.parameters if row.sample is not None or not row.required)
    unknown = {row.variable for row in query.parameters} - {row.variable for row in known}
    if unknown & numbers(query.text):
        return None
    return replace(query, parameters=known).operation(list(query.example_values().items())).text


def _one(
    query: SavedQuery, text: str, base: str, endpoint_url: str, language: str | None
) -> Iterator[Triple]:
    address = f"{base}/api/{quote(query.name, safe='')}"
    subject = NamedNode(address)
    yield Triple(subject, TYPE, NamedNode(f"{SH}SPARQLExecutable"))
    for class_iri, predicate in _TERMS[query.form]:
        yield Triple(subject, TYPE, NamedNode(class_iri))
        yield Triple(subject, NamedNode(predicate), Literal(text))
    comments = _plain(query.summary) or {"": query.name}
    chosen = {tag: text for tag, text in comments.items() if tag == language}
    yield from texts(subject, RDFS_COMMENT, chosen or comments)
    yield from texts(subject, f"{DCTERMS}description", _plain(query.description))
    for tag in query.tags:
        yield Triple(subject, NamedNode(f"{SCHEMA}keywords"), Literal(tag))
    yield Triple(subject, NamedNode(f"{SCHEMA}target"), NamedNode(endpoint_url))
    yield Triple(subject, NamedNode(f"{SH}prefixes"), NamedNode(endpoint_url))
    values = query_string(query.example_values().items())
    yield Triple(
        subject, NamedNode(f"{RDFS}seeAlso"), NamedNode(f"{address}?{values}" if values else address)
    )


def _plain(by_language: Mapping[str, str]) -> dict[str, str]:
    """Return the texts without line breaks, which editors would show."""
    return {language: " ".join(text.split()) for language, text in by_language.items()}
