"""The page of a resource: its data in rows and sections, rendered as HTML."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from pyoxigraph import BlankNode, Literal

from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS, Format, Representation
from endpoint.results.bibliography.citation import STYLES, citations
from endpoint.vocabulary import RDF_TYPE, XSD
from endpoint.web.http.html import NOINDEX, render
from endpoint.web.http.view import View
from endpoint.web.machine.publications import metadata_of
from endpoint.web.own_queries import Term, iri
from endpoint.web.pages.resource.labels import Text, text_for
from endpoint.web.pages.resource.linkset import publication_links
from endpoint.web.pages.resource.page_data import PageData, PageParameters
from endpoint.web.pages.resource.rendering import (
    Addresses,
    Cell,
    CellRenderer,
    InverseRow,
    Listing,
    PageRow,
    TermEntry,
    WebRecord,
    outside_of,
    page_address,
    prefixed,
)
from endpoint.web.pages.resource.statements import PAGE, SHOWN, Statement

_ANY_URI: Final = f"{XSD}anyURI"
# The place of a property without one.
_LAST: Final = 1e9
_TEMPLATES: Final = {"class": "term.html", "property": "term.html", "ontology": "ontology.html"}


class ResourcePage:
    """The page of one resource in the view of one reader."""

    def __init__(self, data: PageData, view: View, parameters: PageParameters) -> None:
        self._data = data
        self._resource = data.resource
        self._view = view
        self._parameters = parameters
        self._iri = data.resource.known.iri
        self._addresses = Addresses(self._iri, view, data.resource.known.taken)
        self._cells = CellRenderer(view, data.labels, data.resource.statements, parameters.whole)
        source = view.site.dataset.derived
        self._derived = "" if source is None else source.iri
        self._classes = [*self._resource.types, *self._resource.classes]

    async def render(self) -> bytes:
        """Return the page as HTML."""
        return await render(
            _TEMPLATES.get(self._resource.kind, "resource.html"), self._view, **self._context()
        )

    def _context(self) -> dict[str, object]:
        resource, dataset = self._resource, self._view.site.dataset
        own = [row for row in resource.statements.rows if row.graphs != {self._derived}]
        rules = [row for row in resource.statements.rows if row.graphs == {self._derived}]
        # The order counts: a long text is shown in full where it occurs first.
        rows = self._rows(own)
        self._cells.referring = True
        return {
            "iri": self._iri,
            "heading": self._heading(),
            "explanation": self._data.labels.explanation(self._iri, self._view),
            "types": self._chips(_types(own) or _types(rules)),
            "records": list(self._web_records(own)),
            "rows": rows,
            "derived": self._rows(rules),
            "derived_graph": dataset.derived,
            "sources": self._sources(own),
            "parts": [self._cells.iri(name) for name in resource.known.parts],
            "inverse": self._inverse(),
            "values": self._values(),
            "related": self._related(),
            "queries": self._data.queries,
            "query": f"SELECT ?property ?value\nWHERE {{\n  <{self._iri}> ?property ?value .\n}}\n",
            "graph": next((graph for graph in dataset.graphs if graph.iri == self._iri), None),
            "whole": self._address(whole="1"),
            **self._publication(),
            **self._formats(),
            **self._term(),
        }

    def _heading(self) -> Text:
        name = self._data.labels.name(self._iri, self._view)
        if name is not None:
            return name
        dataset = self._view.site.dataset
        graph = next((graph for graph in dataset.graphs if graph.iri == self._iri), None)
        if graph is not None:
            return text_for(self._view, graph.title)
        short = prefixed(self._iri, dataset.prefixes)
        return Text(short if short != self._iri else unquote(re.split(r"[/#]", self._iri.rstrip("/#"))[-1]))

    def _chips(self, names: Sequence[str]) -> list[Cell]:
        """Return the classes, each name once: of two with the same name the first."""
        by_name: dict[str, Cell] = {}
        for cell in map(self._cells.iri, names):
            by_name.setdefault(cell.name.text if cell.name else cell.text, cell)
        return list(by_name.values())

    def _rows(self, statements: Iterable[Statement]) -> list[PageRow]:
        """Return the rows in the order of the shapes, then by name; in a row resources first, then texts."""
        by_property: defaultdict[str, list[Term]] = defaultdict(list)
        for statement in statements:
            by_property[statement.property].append(statement.value)
        return [self._row(name, by_property[name]) for name in sorted(by_property, key=self._place)]

    def _place(self, name: str) -> tuple[float, str]:
        shape = self._resource.shapes.of(self._classes, name)
        return (_LAST if shape is None else shape.order, prefixed(name, self._view.site.dataset.prefixes))

    def _row(self, name: str, values: Sequence[Term]) -> PageRow:
        shape, view = self._resource.shapes.of(self._classes, name), self._view
        total = self._resource.statements.totals.get(name, len(values))
        label = text_for(view, shape.name) if shape and shape.name else self._data.labels.name(name, view)
        if shape and shape.description:
            help_text: Text | None = text_for(view, shape.description)
        else:
            help_text = self._data.labels.explanation(name, view)
        ordered = sorted(values, key=self._order)[:SHOWN]
        return PageRow(
            property=self._cells.iri(name),
            name=label,
            help=help_text,
            cells=tuple(self._cells.value(term, name) for term in ordered),
            total=total if total > SHOWN else None,
            more=self._address(property=name),
        )

    def _order(self, term: Term) -> tuple[int, bool, str]:
        """Sort resources first, then texts in the reader's language, then others, blank nodes last."""
        if isinstance(term, Literal):
            return 1, (term.language or "") != self._view.language, term.value
        return (2 if isinstance(term, BlankNode) else 0), False, str(term)

    def _web_records(self, statements: Iterable[Statement]) -> Iterator[WebRecord]:
        """Yield the addresses among the statements: literals of type xsd:anyURI."""
        seen: set[str] = set()
        for row in statements:
            if isinstance(row.value, Literal) and row.value.datatype.value == _ANY_URI:
                url = outside_of(row.value.value)
                if url.startswith(("http://", "https://")) and url not in seen:
                    seen.add(url)
                    shape = self._resource.shapes.of(self._classes, row.property)
                    named = shape and shape.name and text_for(self._view, shape.name)
                    name = named or self._data.labels.name(row.property, self._view)
                    yield WebRecord(name or None, url, urlsplit(url).hostname or url)

    def _sources(self, statements: Iterable[Statement]) -> list[tuple[Cell, Text]]:
        """Return the graphs of the statements with their titles."""
        names = {graph for row in statements for graph in row.graphs} - {self._derived, ""}
        titles = {graph.iri: graph.title for graph in self._view.site.dataset.graphs}
        return [
            (self._cells.iri(name), text_for(self._view, titles[name]) if name in titles else Text(name))
            for name in sorted(names)
        ]

    def _inverse(self) -> list[InverseRow]:
        rows = [
            InverseRow(
                property=self._cells.iri(row.property),
                count=row.count,
                more=row.more,
                href=self._address(inverse=row.property) + "#listing",
                derived=row.derived,
                listing=self._subjects(row.property),
            )
            for row in sorted(self._resource.inverse, key=lambda row: self._place(row.property))
        ]
        return sorted(rows, key=lambda row: row.derived)

    def _subjects(self, name: str) -> Listing | None:
        page = self._resource.subjects
        if page is None or page.predicate != name:
            return None
        cells = tuple(self._cells.value(term) for term in page.subjects)
        return self._listing("inverse", name, cells, page.more)

    def _values(self) -> Listing | None:
        if not self._parameters.property:
            return None
        cells = tuple(self._cells.value(term, self._parameters.property) for term in self._resource.values)
        return self._listing("property", self._parameters.property, cells, len(cells) == PAGE)

    def _listing(self, kind: str, name: str, cells: tuple[Cell, ...], more: bool) -> Listing:
        def at(page: int) -> str:
            return self._address(**{kind: name, "page": str(page)}) + "#listing"

        page = self._parameters.page
        return Listing(
            self._cells.iri(name), cells, page, at(page - 1) if page > 1 else "", at(page + 1) if more else ""
        )

    def _related(self) -> dict[str, object] | None:
        related = self._data.related
        if related is None or not (related.rows or related.failed):
            return None
        rows = [
            (page_address(self._view, name), [row for row in map(_plain, values) if row])
            for name, values in related.rows
        ]
        return {"rows": rows, "failed": related.failed, "query": related.query}

    def _publication(self) -> dict[str, object]:
        item, addresses = self._resource.item, self._addresses
        if item is None:
            return {"metadata": None, "typed_links": (), "citations": [], "bibliographies": []}
        name = self._view.text(self._view.site.dataset.title)
        url = addresses.absolute(addresses.path)
        return {
            "metadata": metadata_of(item, url, self._view.language, name),
            "typed_links": publication_links(item),
            "citations": [(STYLES[style], cited) for style, cited in citations(item).items()],
            "bibliographies": self._links(BIBLIOGRAPHIES),
        }

    def _links(self, formats: Iterable[Format]) -> list[tuple[Format, str]]:
        """Return the addresses of the resource in other formats."""
        root, addresses = self._view.root, self._addresses
        return [(fmt, root + addresses.of(Representation.of(fmt))) for fmt in formats]

    def _formats(self) -> dict[str, object]:
        addresses = self._addresses
        return {
            "canonical": addresses.absolute(addresses.path),
            "formats": self._links(GRAPH_FORMATS),
            "robots": NOINDEX if self._parameters != PageParameters() else "",
        }

    def _term(self) -> dict[str, object]:
        term, ontology = self._data.term, self._data.ontology
        context: dict[str, object] = {}
        if term is not None:
            context = {
                "is_class": term.is_class,
                "place": {key: [*map(self._cells.iri, names)] for key, names in term.related.items()},
                "uses": term.uses,
                "more": term.more,
                "examples": [
                    (self._cells.value(use.subject), use.value and self._cells.value(use.value))
                    for use in term.examples
                ],
            }
        if self._resource.kind == "ontology":
            context["groups"] = {key: [*map(self._entry, names)] for key, names in ontology.items()}
        return context

    def _entry(self, name: str) -> TermEntry:
        return TermEntry(self._cells.iri(name), self._data.labels.explanation(name, self._view))

    def _address(self, **parameters: str) -> str:
        return page_address(self._view, self._iri, **parameters)


def _types(statements: Iterable[Statement]) -> list[str]:
    return sorted({iri(row.value) for row in statements if row.property == RDF_TYPE} - {""})


def _plain(term: Term) -> str:
    return " ".join(term.value.split()) if isinstance(term, Literal) else ""
