"""Saved queries as SHACL executables, which query editors list as examples.

SHACL Advanced Features, section 5, with the conventions of the SIB Swiss Institute of Bioinformatics: the
comment is what an editor shows, ``schema:target`` the endpoint that the text is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from pyoxigraph import Literal, NamedNode, Triple

from endpoint.catalog import SavedQuery
from endpoint.formats import QueryForm
from endpoint.sparql.parameter_sites import numbers
from endpoint.vocabulary import DCTERMS, RDFS, RDFS_COMMENT, SCHEMA, SH, SPEX
from endpoint.web.http.site import Site
from endpoint.web.machine.void import TYPE, texts

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


def executable_triples(site: Site, base: str, endpoint_url: str) -> Iterator[Triple]:
    """All saved queries that run as they stand here, deprecated ones left out.

    Each is named by its address below ``base``; the address of the call with its examples is at
    ``rdfs:seeAlso``.
    """
    for query in site.catalog.queries.values():
        text = runnable(query)
        if text is not None and not query.options.deprecated:
            yield from _one(query, text, base, endpoint_url)


def runnable(query: SavedQuery) -> str | None:
    """The text with the examples in place of the parameters.

    A parameter that must be given and has no example stays a variable, which matches anything; None where
    the grammar wants a number in its place.
    """
    known = tuple(row for row in query.parameters if row.sample is not None or not row.required)
    unknown = {row.variable for row in query.parameters} - {row.variable for row in known}
    if unknown & numbers(query.text):
        return None
    return replace(query, parameters=known).operation(list(query.example_values().items())).text


def _one(query: SavedQuery, text: str, base: str, endpoint_url: str) -> Iterator[Triple]:
    address = f"{base}/api/{quote(query.name, safe='')}"
    subject = NamedNode(address)
    yield Triple(subject, TYPE, NamedNode(f"{SH}SPARQLExecutable"))
    for class_iri, predicate in _TERMS[query.form]:
        yield Triple(subject, TYPE, NamedNode(class_iri))
        yield Triple(subject, NamedNode(predicate), Literal(text))
    yield from texts(subject, RDFS_COMMENT, _plain(query.summary) or {"": query.name})
    yield from texts(subject, f"{DCTERMS}description", _plain(query.description))
    for tag in query.tags:
        yield Triple(subject, NamedNode(f"{SCHEMA}keywords"), Literal(tag))
    yield Triple(subject, NamedNode(f"{SCHEMA}target"), NamedNode(endpoint_url))
    yield Triple(subject, NamedNode(f"{SH}prefixes"), NamedNode(endpoint_url))
    values = urlencode(query.example_values(), quote_via=quote)
    yield Triple(
        subject, NamedNode(f"{RDFS}seeAlso"), NamedNode(f"{address}?{values}" if values else address)
    )


def _plain(by_language: Mapping[str, str]) -> dict[str, str]:
    """The texts without line breaks: editors show a comment as it stands."""
    return {language: " ".join(text.split()) for language, text in by_language.items()}
