"""Results written in the formats of :mod:`endpoint.formats`, in the worker.

The engine writes its own formats. Tables for people and programs, which no engine has, are written row
by row by the modules beside this one, in memory that does not grow with the result; framed graphs and
objects merged from rows are made whole first. The publications of a result are written by
:mod:`endpoint.results.bibliography`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
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

from endpoint.formats import (
    BIBLIOGRAPHIES,
    CSV,
    EXCEL_CSV,
    FLAT_JSON,
    GEO_JSON,
    HTML,
    JSON_LD,
    MARKDOWN,
    N_QUADS,
    N_TRIPLES,
    ND_JSON,
    RDF_XML,
    SPARQL_JSON,
    SPARQL_XML,
    TRIG,
    TSV,
    TURTLE,
    XLSX,
    Facts,
    Format,
    Page,
    Plain,
    Representation,
)
from endpoint.results.bibliography import Describe, bibliography
from endpoint.results.counting import CountedOutput, Output, SolutionCounter, counted
from endpoint.results.framing import framed
from endpoint.results.geojson import geo_json
from endpoint.results.json_ld import compacted
from endpoint.results.prototype import read_prototype, transformed, transformed_json
from endpoint.results.rows import Inexpressible, Results, Rows, Term, rows_of, take_page
from endpoint.results.spreadsheets import excel_csv, write_xlsx
from endpoint.results.tabular import HTML_ROWS, flat_json, html_table, markdown, nd_json
from endpoint.results.written import Written, WrittenSolutions, WrittenTriples

# Characters that no XML 1.0 document may hold (section 2.2), and the element name that the engine
# makes up for a predicate whose IRI ends in no XML name.
_NOT_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|<oxprefix:[ >]")

_RESULT_FORMATS: Final = {
    SPARQL_JSON: QueryResultsFormat.JSON,
    SPARQL_XML: QueryResultsFormat.XML,
    CSV: QueryResultsFormat.CSV,
    TSV: QueryResultsFormat.TSV,
}
_GRAPH_FORMATS: Final = {
    TURTLE: RdfFormat.TURTLE,
    N_TRIPLES: RdfFormat.N_TRIPLES,
    N_QUADS: RdfFormat.N_QUADS,
    TRIG: RdfFormat.TRIG,
    RDF_XML: RdfFormat.RDF_XML,
}
_GRAPHS: Final = (QueryTriples, WrittenTriples)
# Pieces of text, about a row each, that are written at once.
_GATHERED: Final = 50
_PREFIXED: Final = frozenset({TURTLE, TRIG, RDF_XML})
_COMMENTED: Final = frozenset({TURTLE, TRIG, N_TRIPLES, N_QUADS})

# Tables for people and programs: a function of the rows and of how they are represented.
_TABLES: Final[dict[Format, Callable[[Rows, Representation], Iterator[str]]]] = {
    FLAT_JSON: lambda rows, how: flat_json(rows, how.language_tags, how.envelope),
    ND_JSON: lambda rows, how: nd_json(rows, how.language_tags),
    GEO_JSON: lambda rows, how: geo_json(rows, how.language_tags),
    MARKDOWN: lambda rows, _: markdown(rows),
    EXCEL_CSV: lambda rows, _: excel_csv(rows),
}


class ResultOutput(CountedOutput, Protocol):
    """An output that takes the facts of a page too, before its bytes."""

    def write_facts(self, facts: Facts) -> None: ...


class XmlGuard:
    """An output that lets only characters of XML 1.0 through."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._tail = b""
        self.written = 0

    def write(self, data: bytes, /) -> int:
        # A made-up element name may cross two pieces, so the seam is checked as well.
        if match := _NOT_XML.search(self._tail + data):
            raise Inexpressible(_inexpressible_in_xml(match[0]))
        self._tail = data[-10:]
        self.written += len(data)
        # A parser would read a bare carriage return as a line feed (XML 1.0 section 2.11).
        self._output.write(data.replace(b"\r", b"&#xD;"))
        return len(data)

    def flush(self) -> None:
        self._output.flush()


def write_results(
    results: Results | Written,
    representation: Representation,
    output: ResultOutput,
    prefixes: dict[str, str],
    store: Store,
) -> None:
    """Serialize ``results`` in ``representation`` into ``output``, after the facts of a page.

    The statements of a bibliography about the publications of the result come from ``store``. Raises
    :class:`Inexpressible`, and whatever evaluation raises.
    """
    if not isinstance(results, WrittenSolutions):
        _write_values(results, representation, output, prefixes, store)
    elif representation.page is not None and representation.prototype is None:
        rows = replace(rows_of(results.solutions()), size=results.size)
        _write_page(rows, representation.page, representation, output, prefixes, store)
    elif representation.format is SPARQL_JSON and representation.prototype is None:
        results.write_json(output)
    else:
        _write_values(results.solutions(), representation, output, prefixes, store)


def _write_values(
    results: Results | WrittenTriples,
    representation: Representation,
    output: ResultOutput,
    prefixes: dict[str, str],
    store: Store,
) -> None:
    fmt, frame = representation.format, representation.frame
    if isinstance(results, QueryBoolean):
        _write_boolean(results, representation, output)
    elif isinstance(results, QuerySolutions) and representation.prototype is not None:
        rows = rows_of(results)
        merged = Rows(rows.names, counted(rows.rows, output))
        _write_transformed(merged, representation.prototype, representation, output)
    elif isinstance(results, QuerySolutions) and representation.page is not None:
        _write_page(rows_of(results), representation.page, representation, output, prefixes, store)
    elif fmt in _RESULT_FORMATS and isinstance(results, QuerySolutions):
        _write_solutions(results, fmt, output)
    elif frame is not None and isinstance(results, _GRAPHS):
        output.write(framed(counted(results, output), frame).encode())
    elif (fmt is JSON_LD or fmt in _GRAPH_FORMATS) and isinstance(results, _GRAPHS):
        _write_graph(results, fmt, output, prefixes)
    elif fmt in BIBLIOGRAPHIES and isinstance(results, _GRAPHS):
        subjects = (triple.subject for triple in counted(results, output))
        _write_all(bibliography(subjects, statements_of(store), fmt), output)
    else:
        _write_rows(rows_of(results), representation, output, prefixes, store)


def _write_page(
    rows: Rows,
    page: Page,
    representation: Representation,
    output: ResultOutput,
    prefixes: dict[str, str],
    store: Store,
) -> None:
    shown = _page(rows, page, output)
    if shown is not None:
        _write_rows(shown, representation, output, prefixes, store)


def _page(rows: Rows, page: Page, output: ResultOutput) -> Rows | None:
    """Write the facts of the page and return its rows; None where other rows than expected precede it."""
    taken, facts = take_page(rows.rows, page, rows.size)
    output.write_facts(facts)
    return None if facts.moved else Rows(rows.names, iter(taken))


def _write_transformed(
    rows: Rows, prototype: Mapping[str, Plain], representation: Representation, output: ResultOutput
) -> None:
    shape = read_prototype(prototype, rows.names)
    objects = transformed(rows, shape)
    if representation.page is not None:
        page = _page(objects, representation.page, output)
        if page is None:
            return
        objects = page
    _write_all(transformed_json(objects, shape.context, representation.envelope), output)


def _write_boolean(boolean: QueryBoolean, representation: Representation, output: Output) -> None:
    word, fmt = "true" if boolean else "false", representation.format
    if fmt is HTML:
        output.write(f'<p class="boolean">{word}</p>\n'.encode())
    elif fmt is FLAT_JSON:
        brace = "" if representation.envelope else "{"
        output.write(f'{brace}"boolean": {word}}}\n'.encode())
    elif fmt in BIBLIOGRAPHIES:
        _write_all(bibliography((), lambda *_: (), fmt), output)
    else:
        boolean.serialize(_file(output), _RESULT_FORMATS[fmt])


def _write_rows(
    rows: Rows, representation: Representation, output: CountedOutput, prefixes: dict[str, str], store: Store
) -> None:
    fmt, page = representation.format, representation.page
    if fmt is HTML:
        most = HTML_ROWS if page is None else page.size
        shown = Rows(rows.names, chain(counted(islice(rows.rows, most), output), rows.rows))
        _write_all(html_table(shown, prefixes, most, representation.links), output)
    elif fmt in _RESULT_FORMATS:
        # Solutions taken from the engine are given back to it in the one format that expresses them all.
        again = parse_query_results(solutions_json(rows), format=QueryResultsFormat.JSON)
        _write_solutions(cast(QuerySolutions, again), fmt, output)
    else:
        _write_table(Rows(rows.names, counted(rows.rows, output)), representation, output, store)


def _write_table(rows: Rows, representation: Representation, output: CountedOutput, store: Store) -> None:
    fmt = representation.format
    if fmt is XLSX:
        write_xlsx(rows, output)
    elif fmt in BIBLIOGRAPHIES:
        terms = chain.from_iterable(rows.rows)
        _write_all(bibliography(terms, statements_of(store), fmt), output)
    else:
        _write_all(_TABLES[fmt](rows, representation), output)


def _write_solutions(solutions: QuerySolutions, fmt: Format, output: CountedOutput) -> None:
    counter = SolutionCounter(output, fmt)
    target = XmlGuard(counter) if fmt is SPARQL_XML else counter
    solutions.serialize(_file(target), _RESULT_FORMATS[fmt])


def solutions_json(rows: Rows) -> bytes:
    """Return the rows as SPARQL 1.1 Query Results JSON, with the triple terms and directions of RDF 1.2."""
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
        written: dict[str, object] = {"type": "literal", "value": term.value, "xml:lang": term.language}
        return {**written, "its:dir": str(term.direction)} if term.direction else written
    parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
    return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}


def _write_graph(
    triples: QueryTriples | WrittenTriples, fmt: Format, output: CountedOutput, prefixes: dict[str, str]
) -> None:
    if fmt is JSON_LD:
        _write_all(compacted(counted(triples, output), prefixes), output)
        return
    target = XmlGuard(output) if fmt is RDF_XML else output
    shortened = prefixes if fmt in _PREFIXED else None
    source = triples.counted(output) if isinstance(triples, WrittenTriples) else counted(triples, output)
    serialize(source, _file(target), _GRAPH_FORMATS[fmt], prefixes=shortened)
    if fmt in _COMMENTED and not target.written:
        # YASGUI 4.6 shows an empty body as its own response object; a comment is still no triple.
        output.write(b"# The graph is empty.\n")


def _file(output: Output) -> IO[bytes]:
    # Of a binary file the engine uses write and flush only.
    return cast("IO[bytes]", output)


def _write_all(pieces: Iterable[str], output: Output) -> None:
    left = iter(pieces)
    while some := list(islice(left, _GATHERED)):
        # A string computed in a query may contain anything that UTF-8 can encode.
        output.write("".join(some).encode())


def _inexpressible_in_xml(text: bytes) -> str:
    if text.startswith(b"<"):
        return (
            "The result has a predicate whose IRI does not end in an XML name, so RDF/XML cannot "
            "write it. Ask for another format, such as Turtle (format=turtle)."
        )
    return (
        f"The result holds the character U+{ord(text.decode()):04X}, which no XML document may hold. "
        "Ask for another format, such as JSON (format=json)."
    )


def statements_of(store: Store) -> Describe:
    """Return a look-up of statements in all graphs, since derived statements are in another graph."""

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad]:
        return store.quads_for_pattern(subject, predicate, None, None)

    return describe
