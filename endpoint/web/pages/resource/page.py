"""The page of a resource: its answers put into rows and sections, and rendered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from pyoxigraph import BlankNode, Literal

from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS
from endpoint.results.bibliography.citation import STYLES, citations
from endpoint.vocabulary import RDF_TYPE, XSD
from endpoint.web.http.html import render
from endpoint.web.http.view import View
from endpoint.web.machine.metadata import metadata_of
from endpoint.web.pages.resource.cells import Cell, Cells, address, outside_of, prefixed
from endpoint.web.pages.resource.inverse import PAGE
from endpoint.web.pages.resource.labels import Text, told_to
from endpoint.web.pages.resource.layout import InverseRow, Listing, PageRow, Record, TermEntry
from endpoint.web.pages.resource.material import Asked, Material
from endpoint.web.pages.resource.statements import SHOWN, Statement
from endpoint.web.pages.resource.terms import COUNTED
from endpoint.web.pages.resource.variants import Addresses, plain
from endpoint.web.store import Term, iri

_ANY_URI: Final = f"{XSD}anyURI"
# The place of a property without one.
_LAST: Final = 1e9
_TEMPLATES: Final = {"class": "term.html", "property": "term.html", "ontology": "ontology.html"}


class PageMaker:
    """Makes one page of its material."""

    def __init__(self, material: Material, view: View, asked: Asked) -> None:
        self._material = material
        self._extent = material.extent
        self._view = view
        self._asked = asked
        self._iri = self._extent.found.iri
        self._places = Addresses(self._iri, view, self._extent.found.taken)
        self._cells = Cells(view, material.labels, self._extent.statements, asked.whole)
        source = view.site.dataset.derived
        self._derived = "" if source is None else source.iri
        self._classes = [*self._extent.types, *self._extent.classes]

    def render(self) -> bytes:
        """The page as HTML."""
        return render(_TEMPLATES.get(self._extent.kind, "resource.html"), self._view, **self._context())

    def _context(self) -> dict[str, object]:
        extent, dataset = self._extent, self._view.site.dataset
        own = [row for row in extent.statements.rows if row.graphs != {self._derived}]
        rules = [row for row in extent.statements.rows if row.graphs == {self._derived}]
        # The order counts: a long text stands whole where it stands first.
        rows = self._rows(own)
        self._cells.referring = True
        return {
            "iri": self._iri,
            "heading": self._heading(),
            "explanation": self._material.labels.explanation(self._iri, self._view),
            "types": self._chips(_types(own) or _types(rules)),
            "records": list(self._records(own)),
            "rows": rows,
            "derived": self._rows(rules),
            "derived_graph": dataset.derived,
            "sources": self._sources(own),
            "parts": [self._cells.iri(name) for name in extent.found.parts],
            "inverse": self._inverse(),
            "values": self._values(),
            "related": self._related(),
            "questions": self._material.questions,
            "query": f"SELECT ?property ?value\nWHERE {{\n  <{self._iri}> ?property ?value .\n}}\n",
            "graph": next((graph for graph in dataset.graphs if graph.iri == self._iri), None),
            "whole": self._address(whole="1"),
            **self._publication(),
            **self._formats(),
            **self._term(),
        }

    def _heading(self) -> Text:
        found = self._material.labels.name(self._iri, self._view)
        if found is not None:
            return found
        dataset = self._view.site.dataset
        graph = next((graph for graph in dataset.graphs if graph.iri == self._iri), None)
        if graph is not None:
            return told_to(self._view, graph.title)
        name = prefixed(self._iri, dataset.prefixes)
        return Text(name if name != self._iri else unquote(re.split(r"[/#]", self._iri.rstrip("/#"))[-1]))

    def _chips(self, names: Sequence[str]) -> list[Cell]:
        """The classes, each name once: of two that are called alike the first."""
        by_name: dict[str, Cell] = {}
        for cell in map(self._cells.iri, names):
            by_name.setdefault(cell.name.text if cell.name else cell.text, cell)
        return list(by_name.values())

    def _rows(self, statements: Iterable[Statement]) -> list[PageRow]:
        """The rows in the order of the shapes, then by name; in a row resources first, then texts."""
        by_property: defaultdict[str, list[Term]] = defaultdict(list)
        for statement in statements:
            by_property[statement.property].append(statement.value)
        return [self._row(name, by_property[name]) for name in sorted(by_property, key=self._place)]

    def _place(self, name: str) -> tuple[float, str]:
        shape = self._extent.shapes.of(self._classes, name)
        return (_LAST if shape is None else shape.order, prefixed(name, self._view.site.dataset.prefixes))

    def _row(self, name: str, values: Sequence[Term]) -> PageRow:
        shape, view = self._extent.shapes.of(self._classes, name), self._view
        total = self._extent.statements.totals.get(name, len(values))
        label = told_to(view, shape.name) if shape and shape.name else self._material.labels.name(name, view)
        if shape and shape.description:
            help_text: Text | None = told_to(view, shape.description)
        else:
            help_text = self._material.labels.explanation(name, view)
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
        """Resources, then texts in the reader's language, then others, blank nodes last."""
        if isinstance(term, Literal):
            return 1, (term.language or "") != self._view.language, term.value
        return (2 if isinstance(term, BlankNode) else 0), False, str(term)

    def _records(self, statements: Iterable[Statement]) -> Iterator[Record]:
        """Addresses that the statements give as such: a literal of type xsd:anyURI."""
        seen: set[str] = set()
        for row in statements:
            if isinstance(row.value, Literal) and row.value.datatype.value == _ANY_URI:
                url = outside_of(row.value.value)
                if url.startswith(("http://", "https://")) and url not in seen:
                    seen.add(url)
                    shape = self._extent.shapes.of(self._classes, row.property)
                    named = shape and shape.name and told_to(self._view, shape.name)
                    name = named or self._material.labels.name(row.property, self._view)
                    yield Record(name or None, url, urlsplit(url).hostname or url)

    def _sources(self, statements: Iterable[Statement]) -> list[tuple[Cell, Text]]:
        """The graphs that the statements stand in, with their titles."""
        names = {graph for row in statements for graph in row.graphs} - {self._derived, ""}
        titles = {graph.iri: graph.title for graph in self._view.site.dataset.graphs}
        return [
            (self._cells.iri(name), told_to(self._view, titles[name]) if name in titles else Text(name))
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
            for row in sorted(self._extent.pointing, key=lambda row: self._place(row.property))
        ]
        return sorted(rows, key=lambda row: row.derived)

    def _subjects(self, name: str) -> Listing | None:
        found = self._extent.subjects
        if found is None or found.predicate != name:
            return None
        cells = tuple(self._cells.value(term) for term in found.subjects)
        return self._listing("inverse", name, cells, found.more)

    def _values(self) -> Listing | None:
        if not self._asked.property:
            return None
        cells = tuple(self._cells.value(term, self._asked.property) for term in self._extent.values)
        return self._listing("property", self._asked.property, cells, len(cells) == PAGE)

    def _listing(self, kind: str, name: str, cells: tuple[Cell, ...], more: bool) -> Listing:
        def at(page: int) -> str:
            return self._address(**{kind: name, "page": str(page)}) + "#listing"

        page = self._asked.page
        return Listing(
            self._cells.iri(name), cells, page, at(page - 1) if page > 1 else "", at(page + 1) if more else ""
        )

    def _related(self) -> dict[str, object] | None:
        related = self._material.related
        if related is None or not (related.rows or related.failed):
            return None
        rows = [
            (address(self._view, name), [row for row in map(_plain, values) if row])
            for name, values in related.rows
        ]
        return {"rows": rows, "failed": related.failed, "question": related.question}

    def _publication(self) -> dict[str, object]:
        item, places = self._extent.item, self._places
        if item is None:
            return {"metadata": None, "citations": [], "bibliographies": []}
        name = self._view.text(self._view.site.dataset.title)
        url = places.absolute(places.path)
        return {
            "metadata": metadata_of(item, url, self._view.language, name),
            "citations": [(STYLES[style], cited) for style, cited in citations(item).items()],
            "bibliographies": [(fmt, self._view.root + places.of(plain(fmt))) for fmt in BIBLIOGRAPHIES],
        }

    def _formats(self) -> dict[str, object]:
        places = self._places
        return {
            "canonical": places.absolute(places.path),
            "formats": [(fmt, self._view.root + places.of(plain(fmt))) for fmt in GRAPH_FORMATS],
        }

    def _term(self) -> dict[str, object]:
        term, ontology = self._material.term, self._material.ontology
        found: dict[str, object] = {}
        if term is not None:
            found = {
                "is_class": term.is_class,
                "place": {key: [*map(self._cells.iri, names)] for key, names in term.related.items()},
                "uses": term.uses,
                "many": COUNTED,
                "examples": [
                    (self._cells.value(use.subject), use.value and self._cells.value(use.value))
                    for use in term.examples
                ],
            }
        if self._extent.kind == "ontology":
            found["groups"] = {key: [*map(self._entry, names)] for key, names in ontology.items()}
        return found

    def _entry(self, name: str) -> TermEntry:
        return TermEntry(self._cells.iri(name), self._material.labels.explanation(name, self._view))

    def _address(self, **parameters: str) -> str:
        return address(self._view, self._iri, **parameters)


def _types(statements: Iterable[Statement]) -> list[str]:
    return sorted({iri(row.value) for row in statements if row.property == RDF_TYPE} - {""})


def _plain(term: Term) -> str:
    return " ".join(term.value.split()) if isinstance(term, Literal) else ""
