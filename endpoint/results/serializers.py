"""Worker side: results written in the formats of :mod:`endpoint.formats`.

The engine writes its own formats. Tables for people and programs, which no engine has, are written row
by row by the modules beside this one, in memory that does not grow with the result; framed graphs and
objects merged from rows are made whole first. The publications of a result are written by
:mod:`endpoint.results.bibliography`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import IO, Final, Protocol, cast

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse_query_results,
    serialize,
)

from endpoint.formats import Facts, Page, Plain, Representation
from endpoint.results.bibliography import BIBLIOGRAPHIES, Describe, bibliography
from endpoint.results.framing import framed
from endpoint.results.geojson import geo_json
from endpoint.results.prototype import read_prototype
from endpoint.results.spreadsheets import excel_csv, write_xlsx
from endpoint.results.tables import HTML_ROWS, flat_json, html_table, markdown, nd_json
from endpoint.results.terms import Inexpressible, Results, Rows, Term, native, rows_of
from endpoint.results.transforming import transformed, transformed_json
from endpoint.results.window import take_page

__all__ = [
    "Inexpressible",
    "ResultWriter",
    "Results",
    "Writer",
    "XmlGuard",
    "native",
    "resources",
    "solutions_json",
    "statements_of",
    "write_results",
]

# Characters that no XML 1.0 document may hold (section 2.2), and the element name that the engine
# makes up for a predicate whose IRI ends in no XML name.
_NOT_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|<oxprefix:[ >]")

_RESULT_FORMATS: Final = {
    "sparql-json": QueryResultsFormat.JSON,
    "sparql-xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_GRAPH_FORMATS: Final = {
    "turtle": RdfFormat.TURTLE,
    "n-triples": RdfFormat.N_TRIPLES,
    "n-quads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdf-xml": RdfFormat.RDF_XML,
    "json-ld": RdfFormat.JSON_LD,
}
# Pieces of text, about a row each, that are written at once.
_GATHERED: Final = 50
_PREFIXED: Final = frozenset({"turtle", "trig", "rdf-xml"})
_COMMENTED: Final = frozenset({"turtle", "trig", "n-triples", "n-quads"})

# Tables for people and programs: a function of the rows and of how they are represented.
_TABLES: Final[dict[str, Callable[[Rows, Representation], Iterator[str]]]] = {
    "flat-json": lambda rows, how: flat_json(rows, how.language_tags, how.envelope),
    "ndjson": lambda rows, how: nd_json(rows, how.language_tags),
    "geojson": lambda rows, how: geo_json(rows, how.language_tags),
    "markdown": lambda rows, _: markdown(rows),
    "excel-csv": lambda rows, _: excel_csv(rows),
}


class Writer(Protocol):
    """Where an answer goes; also a binary file object as the engine expects one."""

    written: int

    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class ResultWriter(Writer, Protocol):
    """A writer that takes the facts of a page too, before its bytes."""

    def write_facts(self, facts: Facts) -> None: ...


class XmlGuard:
    """A writer that lets only characters of XML 1.0 through."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._tail = b""
        self.written = 0

    def write(self, data: bytes, /) -> int:
        # A made-up element name may stand across two pieces: look at the seam as well.
        if match := _NOT_XML.search(self._tail + data):
            raise Inexpressible(_inexpressible_in_xml(match[0]))
        self._tail = data[-10:]
        self.written += len(data)
        # A parser would read a bare carriage return as a line feed (XML 1.0 section 2.11).
        self._writer.write(data.replace(b"\r", b"&#xD;"))
        return len(data)

    def flush(self) -> None:
        self._writer.flush()


def write_results(
    results: Results,
    representation: Representation,
    writer: ResultWriter,
    prefixes: dict[str, str],
    store: Store,
) -> None:
    """Serialize ``results`` in ``representation`` into ``writer``, after the facts of a page.

    What a bibliography says of the publications among the results is looked up in ``store``. Raises
    :class:`Inexpressible`, and whatever evaluation raises.
    """
    name, frame = representation.format.name, representation.frame
    if isinstance(results, QueryBoolean):
        _write_boolean(results, representation, writer)
    elif isinstance(results, QuerySolutions) and representation.prototype is not None:
        _write_transformed(rows_of(results), representation.prototype, representation, writer)
    elif isinstance(results, QuerySolutions) and representation.page is not None:
        rows = _page(rows_of(results), representation.page, writer)
        if rows is not None:
            _write_rows(rows, representation, writer, prefixes, store)
    elif name in _RESULT_FORMATS and isinstance(results, QuerySolutions):
        _write_solutions(results, name, writer)
    elif frame is not None and isinstance(results, QueryTriples):
        writer.write(framed(results, frame).encode())
    elif name in _GRAPH_FORMATS and isinstance(results, QueryTriples):
        _write_graph(results, name, writer, prefixes)
    elif name in BIBLIOGRAPHIES:
        _write_all(bibliography(resources(results), statements_of(store), name), writer)
    else:
        _write_rows(rows_of(results), representation, writer, prefixes, store)


def _page(rows: Rows, page: Page, writer: ResultWriter) -> Rows | None:
    """Write the facts of the page and return its rows; None where it would follow other rows."""
    taken, facts = take_page(rows.rows, page)
    writer.write_facts(facts)
    return None if facts.moved else Rows(rows.names, iter(taken))


def _write_transformed(
    rows: Rows, prototype: Mapping[str, Plain], representation: Representation, writer: ResultWriter
) -> None:
    shape = read_prototype(prototype, rows.names)
    objects = transformed(rows, shape)
    if representation.page is not None:
        page = _page(objects, representation.page, writer)
        if page is None:
            return
        objects = page
    _write_all(transformed_json(objects, shape.context, representation.envelope), writer)


def _write_boolean(boolean: QueryBoolean, representation: Representation, writer: Writer) -> None:
    word, name = "true" if boolean else "false", representation.format.name
    if name == "html":
        writer.write(f'<p class="boolean">{word}</p>\n'.encode())
    elif name == "flat-json":
        brace = "" if representation.envelope else "{"
        writer.write(f'{brace}"boolean": {word}}}\n'.encode())
    elif name in BIBLIOGRAPHIES:
        _write_all(bibliography((), lambda *_: (), name), writer)
    else:
        boolean.serialize(_file(writer), _RESULT_FORMATS[name])


def _write_rows(
    rows: Rows, representation: Representation, writer: Writer, prefixes: dict[str, str], store: Store
) -> None:
    name, page = representation.format.name, representation.page
    if name == "html":
        most = HTML_ROWS if page is None else page.size
        _write_all(html_table(rows, prefixes, most, representation.links), writer)
    elif name == "xlsx":
        write_xlsx(rows, writer)
    elif name in BIBLIOGRAPHIES:
        terms = chain.from_iterable(rows.rows)
        _write_all(bibliography(terms, statements_of(store), name), writer)
    elif name in _RESULT_FORMATS:
        # Solutions that were taken from the engine go back to it as the one format that says them all.
        again = parse_query_results(solutions_json(rows), format=QueryResultsFormat.JSON)
        _write_solutions(cast(QuerySolutions, again), name, writer)
    else:
        _write_all(_TABLES[name](rows, representation), writer)


def _write_solutions(solutions: QuerySolutions, name: str, writer: Writer) -> None:
    target = XmlGuard(writer) if name == "sparql-xml" else writer
    solutions.serialize(_file(target), _RESULT_FORMATS[name])


def solutions_json(rows: Rows) -> bytes:
    """The rows as SPARQL 1.1 Query Results JSON, with the triple terms and directions of RDF 1.2."""
    bindings = [
        {name: _json_term(term) for name, term in zip(rows.names, row, strict=True) if term is not None}
        for row in rows.rows
    ]
    document = {"head": {"vars": rows.names}, "results": {"bindings": bindings}}
    return json.dumps(document, ensure_ascii=False).encode()


def _json_term(term: Term) -> dict[str, object]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, Literal):
        if term.language is None:
            return {"type": "literal", "value": term.value, "datatype": term.datatype.value}
        told = {"type": "literal", "value": term.value, "xml:lang": term.language}
        return {**told, "its:dir": str(term.direction)} if term.direction else {**told}
    parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
    return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}


def _write_graph(triples: QueryTriples, format_name: str, writer: Writer, prefixes: dict[str, str]) -> None:
    target = XmlGuard(writer) if format_name == "rdf-xml" else writer
    if format_name in _PREFIXED:
        serialize(triples, _file(target), _GRAPH_FORMATS[format_name], prefixes=prefixes)
    else:
        triples.serialize(_file(target), _GRAPH_FORMATS[format_name])
    if format_name in _COMMENTED and not target.written:
        # YASGUI 4.6 shows an empty body as its own response object; a comment is still no triple.
        writer.write(b"# The graph is empty.\n")


def _file(writer: Writer) -> IO[bytes]:
    # Of a binary file the engine uses write and flush only.
    return cast("IO[bytes]", writer)


def _write_all(pieces: Iterable[str], writer: Writer) -> None:
    left = iter(pieces)
    while some := list(islice(left, _GATHERED)):
        # A string made in a query can hold anything that UTF-8 can carry.
        writer.write("".join(some).encode())


def _inexpressible_in_xml(found: bytes) -> str:
    if found.startswith(b"<"):
        return (
            "The result has a predicate whose IRI does not end in an XML name, so RDF/XML cannot "
            "write it. Ask for another format, such as Turtle (format=turtle)."
        )
    return (
        f"The result holds the character U+{ord(found.decode()):04X}, which no XML document may hold. "
        "Ask for another format, such as JSON (format=json)."
    )


def resources(results: QuerySolutions | QueryTriples) -> Iterator[Term | None]:
    """The terms of the solutions in their order; of a graph, the subjects."""
    if isinstance(results, QueryTriples):
        yield from (triple.subject for triple in results)
    else:
        for solution in results:
            yield from solution


def statements_of(store: Store) -> Describe:
    """Looks up statements in all graphs: a query of one graph would not see what is derived from it."""

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad]:
        return store.quads_for_pattern(subject, predicate, None, None)

    return describe
