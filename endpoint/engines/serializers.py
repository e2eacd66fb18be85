"""Worker side: results written in the formats of :mod:`endpoint.formats`.

The engine writes its own formats; the two that no engine has, a table for people and flat JSON
for programs, are written here, row by row, in memory that does not grow with the result. The
publications of a result are written by :mod:`endpoint.bibliography`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from html import escape
from itertools import islice
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
    Triple,
    serialize,
)

from endpoint.bibliography import BIBLIOGRAPHIES, Describe, bibliography

Results = QuerySolutions | QueryTriples | QueryBoolean
Term = NamedNode | BlankNode | Literal | Triple

HTML_ROWS: Final = 1000

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_WHOLE: Final = frozenset(
    _XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_REAL: Final = frozenset(_XSD + name for name in ("double", "float"))

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
_PREFIXED: Final = frozenset({"turtle", "trig", "rdf-xml"})
_COMMENTED: Final = frozenset({"turtle", "trig", "n-triples", "n-quads"})


class Writer(Protocol):
    """Where an answer goes; also a binary file object as the engine expects one."""

    written: int

    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class Inexpressible(Exception):
    """The result holds something that the chosen format cannot say; the message names it."""


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
    results: Results, format_name: str, writer: Writer, prefixes: dict[str, str], store: Store
) -> None:
    """Serialize ``results`` in the format named, into ``writer``.

    What a bibliography says of the publications among the results is looked up in ``store``.
    Raises :class:`Inexpressible`, and whatever evaluation raises.
    """
    if format_name == "html":
        _write_all(html_table(results, prefixes), writer)
    elif format_name == "flat-json":
        _write_all(flat_json(results), writer)
    elif format_name in BIBLIOGRAPHIES:
        _write_all(bibliography(resources(results), statements_of(store), format_name), writer)
    elif isinstance(results, QueryTriples):
        _write_graph(results, format_name, writer, prefixes)
    else:
        target = XmlGuard(writer) if format_name == "sparql-xml" else writer
        results.serialize(_file(target), _RESULT_FORMATS[format_name])


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
    for piece in pieces:
        # A string made in a query can hold anything that UTF-8 can carry.
        writer.write(piece.encode())


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


def resources(results: Results) -> Iterator[Term | None]:
    """The terms of the solutions in their order; of a graph, the subjects."""
    if isinstance(results, QueryTriples):
        yield from (triple.subject for triple in results)
    elif isinstance(results, QuerySolutions):
        for solution in results:
            yield from solution


def statements_of(store: Store) -> Describe:
    """Looks up statements in all graphs: a query of one graph would not see what is derived from it."""

    def describe(subject: NamedNode, predicate: NamedNode | None = None, /) -> Iterable[Quad]:
        return store.quads_for_pattern(subject, predicate, None, None)

    return describe


def html_table(results: Results, prefixes: Mapping[str, str]) -> Iterator[str]:
    """The rows as an HTML table, at most :data:`HTML_ROWS`; the page around it is the server's."""
    if isinstance(results, QueryBoolean):
        yield f'<p class="boolean">{"true" if results else "false"}</p>\n'
        return
    if isinstance(results, QueryTriples):
        names = ["subject", "predicate", "object"]
        rows: Iterator[list[Term | None]] = ([t.subject, t.predicate, t.object] for t in results)
    else:
        names = [variable.value for variable in results.variables]
        rows = ([solution[index] for index in range(len(names))] for solution in results)
    yield "<table>\n<thead><tr>"
    yield "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    yield "</tr></thead>\n<tbody>\n"
    count = 0
    for row in islice(rows, HTML_ROWS):
        count += 1
        yield f"<tr>{''.join(f'<td>{html_term(term, prefixes)}</td>' for term in row)}</tr>\n"
    yield "</tbody>\n</table>\n"
    more = count == HTML_ROWS and next(rows, None) is not None
    note = f"The first {HTML_ROWS:,} rows; download the whole result below." if more else f"{count:,} rows"
    yield f'<p class="count">{"1 row" if count == 1 else note}</p>\n'


def html_term(term: Term | None, prefixes: Mapping[str, str]) -> str:
    """One RDF term as HTML. Only http and https IRIs become links; ``prefixes`` shorten what is shown."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        iri, text = escape(term.value), escape(_short(term.value, prefixes))
        if term.value.lower().startswith(("http://", "https://")):
            return f'<a href="{iri}" title="{iri}">{text}</a>'
        return text
    if isinstance(term, Literal):
        text = f"<span>{escape(term.value)}</span>"
        if term.language:
            return (
                f'<span lang="{escape(term.language)}">{text}</span> <small>@{escape(term.language)}</small>'
            )
        if term.datatype.value == _XSD + "string":
            return text
        return f"{text} <small>{escape(_short(term.datatype.value, prefixes))}</small>"
    return escape(str(term))


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    """The prefixed name of a vocabulary term; other IRIs, such as those of resources, stay whole."""
    for prefix, namespace in prefixes.items():
        if iri.startswith(namespace) and iri[len(namespace) :].isidentifier():
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def flat_json(results: Results) -> Iterator[str]:
    """``{"columns": […], "rows": [{…}]}`` with native numbers and booleans, null where unbound.

    A boolean is ``{"boolean": true}``; a graph has the columns subject, predicate and object.
    """
    if isinstance(results, QueryBoolean):
        yield json.dumps({"boolean": bool(results)}) + "\n"
        return
    names = (
        ["subject", "predicate", "object"]
        if isinstance(results, QueryTriples)
        else [variable.value for variable in results.variables]
    )
    yield f'{{"columns": {json.dumps(names, ensure_ascii=False)}, "rows": ['
    separator = "\n"
    for row in results:
        terms = [row.subject, row.predicate, row.object] if isinstance(row, Triple) else row
        values = {name: native(term) for name, term in zip(names, terms, strict=True)}
        yield separator + json.dumps(values, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def native(term: Term | None) -> str | int | float | bool | None:
    """The JSON value of a term: numbers and booleans native where JSON can hold them, else text."""
    if isinstance(term, Literal):
        return _native_literal(term)
    if term is None:
        return None
    return term.value if isinstance(term, NamedNode) else str(term)


def _native_literal(term: Literal) -> str | int | float | bool:
    datatype, text = term.datatype.value, term.value
    try:
        # Beyond 53 bits a number loses digits in JavaScript: it stays text.
        if datatype in _WHOLE and abs(whole := int(text)) < 2**53:
            return whole
        if datatype == _XSD + "decimal":
            return real if Decimal(repr(real := float(text))) == Decimal(text) else text
        if datatype in _REAL and abs(real := float(text)) < float("inf"):
            return real
    except (ValueError, ArithmeticError):
        return text
    if datatype == _XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    return text
