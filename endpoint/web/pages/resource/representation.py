"""The representations of a resource: which one is selected, its headers, and the query of its RDF.

RFC 9110: a representation has an address of its own (Content-Location, section 8.7) that needs no
negotiation, an entity tag of the generation, and the same Vary as every other. RFC 8288: links lead to
the others.

The RDF is the concise bounded description (W3C member submission CBD): the statements about the resource with
the blank nodes below them. A document is described with its hash IRIs, an ontology by its whole graph, and a
resource that is no subject by the statements that mention it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from endpoint.dataset import Dataset, resource_path
from endpoint.errors import NotAcceptable
from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS, HTML, TURTLE, QueryForm, Representation
from endpoint.storage.generations import Generation
from endpoint.vocabulary import DCTERMS, SD
from endpoint.web.http.answer import Headers, document_tag
from endpoint.web.http.request import Pairs, choose, read_formats
from endpoint.web.http.view import PARAMETER, View
from endpoint.web.pages.resource.address import EXTENSIONS
from endpoint.web.pages.resource.lookup import KnownResource

# All formats of a resource; the bibliographies only where it is a publication.
FORMATS: Final = (*GRAPH_FORMATS, HTML, *BIBLIOGRAPHIES)

# Links of more bytes than this are left out but for the first: proxies commonly take 4 to 8 kB of headers.
_LINKS: Final = 3000
_IN_URI: Final = "/:@!$&'()*+,;=~%?#[]"
# Statements that mention a resource of which nothing is said.
MENTIONS: Final = 1000

_WHOLE_GRAPH: Final = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {iri} {{ ?s ?p ?o }} }}"
_MENTIONS: Final = """CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ SELECT ?s ?p ?o WHERE {{ ?s ?p {iri} BIND({iri} AS ?o) }} LIMIT {most} }} UNION
  {{ SELECT ?s ?p ?o WHERE {{ ?s {iri} ?o BIND({iri} AS ?p) }} LIMIT {most} }} }}"""
_GRAPH: Final = "CONSTRUCT {{ {iri} a <{sd}Graph> {title} }} WHERE {{}}"


def select(extension: str, pairs: Pairs, accept: str | None, people: bool, cited: bool) -> Representation:
    """Select a representation by extension, else by ``format=``, else by Accept.

    Without a preference it is Turtle, or with ``people`` the page. ``cited`` is true where the resource is a
    publication. Raises :class:`~endpoint.errors.NotAcceptable`, which lists what is offered.
    """
    formats = FORMATS if cited else (*GRAPH_FORMATS, HTML)
    if extension:
        named = EXTENSIONS[extension]
        if named.format not in formats:
            types = [fmt.media_type for fmt in formats]
            raise NotAcceptable(f"This is no publication: there is no .{extension} of it.", types)
        return named
    names = read_formats(pairs)
    if people and not names and (accept or "*/*").strip() in ("", "*/*"):
        return Representation(HTML, HTML.content_type())
    return choose(names, accept, formats)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the resource ``iri`` and its representations, below the server's own.

    ``taken`` are extensions that lead to other resources.
    """

    iri: str
    view: View
    taken: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The resource's address below the server's own."""
        return resource_path(self.iri, self.view.site.dataset.base)

    def of(self, chosen: Representation, language: str | None = None) -> str:
        """Return the path of one representation, which needs no negotiation."""
        fmt = chosen.format
        extension = "json" if chosen.content_type == "application/json" else fmt.extension
        locale = f"{PARAMETER}={language}" if language else ""
        if "?" in self.path or self.path.endswith("/") or extension in self.taken:
            named = "&".join(filter(None, (f"format={fmt.name}", locale)))
            return f"{self.path}{'&' if '?' in self.path else '?'}{named}"
        return f"{self.path}.{extension}" + (f"?{locale}" if locale else "")

    def absolute(self, path: str) -> str:
        """Return a path of this server as a whole address."""
        return self.view.base + path

    def links(self, cited: bool) -> Iterator[tuple[str, str, str]]:
        """Yield address, relation and media type of each link, the canonical one first."""
        yield self.absolute(self.path), "canonical", ""
        yield quote(self.iri, safe=_IN_URI), "describes", ""
        yield self.absolute(self.of(Representation.of(TURTLE))), "describedby", TURTLE.media_type
        for fmt in FORMATS if cited else (*GRAPH_FORMATS, HTML):
            yield self.absolute(self.of(Representation.of(fmt))), "alternate", fmt.media_type


@dataclass(frozen=True, slots=True)
class SelectedRepresentation:
    """The representation of a resource on one generation; ``shown`` are the parameters of the page."""

    addresses: Addresses
    representation: Representation
    generation: Generation
    cited: bool
    shown: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """A text that differs for every other representation of the same generation."""
        view = self.addresses.view
        parts: tuple[str, ...] = (
            view.site.reading,
            self.addresses.iri,
            self.representation.digest,
            view.base,
        )
        if self.representation.format is HTML:
            parts += (view.language, str(view.chosen), *(f"{name}={value}" for name, value in self.shown))
        return "\0".join(parts)

    @property
    def tag(self) -> str:
        """The entity tag; weak, because the order of statements may differ (RFC 9110 section 8.8.1)."""
        return document_tag(self.generation, self.digest)

    @property
    def modified(self) -> datetime:
        """The moment of publication; HTTP dates have whole seconds."""
        return self.generation.created.astimezone(UTC).replace(microsecond=0)

    @property
    def headers(self) -> Headers:
        """The headers that every answer with this representation has, 304 included."""
        view, page = self.addresses.view, self.representation.format is HTML
        location = self.addresses.of(self.representation, view.language if page else None)
        headers = [
            ("content-location", view.root + location),
            ("link", _link_header(self.addresses.links(self.cited))),
        ]
        if page:
            headers.append(("content-language", view.language))
        return tuple((name.encode(), value.encode("latin-1")) for name, value in headers)


def _link_header(links: Iterator[tuple[str, str, str]]) -> str:
    written = [
        f'<{url}>; rel="{relation}"' + (f'; type="{media_type}"' if media_type else "")
        for url, relation, media_type in links
    ]
    whole = ", ".join(written)
    return whole if len(whole) <= _LINKS else written[0]


def parameters_shown(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the parameters that decide what a page shows."""
    return tuple(sorted(pair for pair in pairs if pair[0] in names))


class DescriptionQuery(NamedTuple):
    """The query of a description; with ``whole`` its default graph must have all graphs."""

    text: str
    form: QueryForm
    whole: bool = False


def describe(known: KnownResource, dataset: Dataset) -> DescriptionQuery:
    """Return the query for the RDF of a resource."""
    node = str(NamedNode(known.iri))
    if known.ontology:
        return DescriptionQuery(_WHOLE_GRAPH.format(iri=node), QueryForm.CONSTRUCT)
    if known.subject or known.parts:
        parts = " ".join(str(NamedNode(part)) for part in known.parts)
        return DescriptionQuery(f"DESCRIBE {node} {parts}".rstrip(), QueryForm.DESCRIBE, whole=True)
    if known.mentioned or known.predicate:
        return DescriptionQuery(_MENTIONS.format(iri=node, most=MENTIONS), QueryForm.CONSTRUCT, whole=True)
    graph = next((graph for graph in dataset.graphs if graph.iri == known.iri), None)
    titles = {} if graph is None else graph.title
    title = "".join(f" ; <{DCTERMS}title> {Literal(text, language=tag)}" for tag, text in titles.items())
    return DescriptionQuery(_GRAPH.format(iri=node, sd=SD, title=title), QueryForm.CONSTRUCT)
