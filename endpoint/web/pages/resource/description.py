"""The RDF of a resource: which statements describe it, as one query that the engine streams.

It is the concise bounded description (W3C member submission CBD): the statements about the resource with
the blank nodes below them. A document is described with its hash IRIs, an ontology by all that its graph
says, and what is only mentioned by the statements that mention it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.dataset import Dataset
from endpoint.formats import QueryForm
from endpoint.vocabulary import DCTERMS, SD
from endpoint.web.pages.resource.lookup import KnownResource

# Statements that mention a resource of which nothing is said.
MENTIONS: Final = 1000

_WHOLE_GRAPH: Final = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {iri} {{ ?s ?p ?o }} }}"
_MENTIONS: Final = """CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ SELECT ?s ?p ?o WHERE {{ ?s ?p {iri} BIND({iri} AS ?o) }} LIMIT {most} }} UNION
  {{ SELECT ?s ?p ?o WHERE {{ ?s {iri} ?o BIND({iri} AS ?p) }} LIMIT {most} }} }}"""
_GRAPH: Final = "CONSTRUCT {{ {iri} a <{sd}Graph> {title} }} WHERE {{}}"


class Description(NamedTuple):
    """A query of the server's own; ``whole``: its default graph has to have all graphs."""

    text: str
    form: QueryForm
    whole: bool = False


def describe(known: KnownResource, dataset: Dataset) -> Description:
    """The query for the description of what was known."""
    node = str(NamedNode(known.iri))
    if known.ontology:
        return Description(_WHOLE_GRAPH.format(iri=node), QueryForm.CONSTRUCT)
    if known.subject or known.parts:
        parts = " ".join(str(NamedNode(part)) for part in known.parts)
        return Description(f"DESCRIBE {node} {parts}".rstrip(), QueryForm.DESCRIBE, whole=True)
    if known.mentioned or known.predicate:
        return Description(_MENTIONS.format(iri=node, most=MENTIONS), QueryForm.CONSTRUCT, whole=True)
    graph = next((graph for graph in dataset.graphs if graph.iri == known.iri), None)
    titles = {} if graph is None else graph.title
    title = "".join(f" ; <{DCTERMS}title> {Literal(text, language=tag)}" for tag, text in titles.items())
    return Description(_GRAPH.format(iri=node, sd=SD, title=title), QueryForm.CONSTRUCT)
