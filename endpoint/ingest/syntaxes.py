"""What can be loaded: RDF syntaxes, saved Linked Data pages and tables, told by name or by how they begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pyoxigraph import RdfFormat

# Bytes from the beginning of a source that ``sniff`` wants to see.
SNIFFED = 65_536


class Kind(StrEnum):
    """Who reads it: the engine's parsers, or a reader of saved pages or of tables."""

    RDF = "rdf"
    PAGE = "page"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Syntax:
    """One row of ``SYNTAXES``. ``extensions`` have their dot; ``format`` is the engine's, for RDF."""

    name: str
    kind: Kind
    extensions: tuple[str, ...]
    format: RdfFormat | None = None


TURTLE = Syntax("turtle", Kind.RDF, (".ttl",), RdfFormat.TURTLE)
N_TRIPLES = Syntax("n-triples", Kind.RDF, (".nt",), RdfFormat.N_TRIPLES)
N_QUADS = Syntax("n-quads", Kind.RDF, (".nq",), RdfFormat.N_QUADS)
TRIG = Syntax("trig", Kind.RDF, (".trig",), RdfFormat.TRIG)
RDF_XML = Syntax("rdf-xml", Kind.RDF, (".rdf", ".owl", ".xml"), RdfFormat.RDF_XML)
JSON_LD = Syntax("json-ld", Kind.RDF, (".jsonld",), RdfFormat.JSON_LD)
N3 = Syntax("n3", Kind.RDF, (".n3",), RdfFormat.N3)
TEXT = Syntax("text", Kind.PAGE, (".txt",))
HTML = Syntax("html", Kind.PAGE, (".html", ".htm", ".xhtml"))
CSV = Syntax("csv", Kind.TABLE, (".csv",))
TSV = Syntax("tsv", Kind.TABLE, (".tsv",))
JSON = Syntax("json", Kind.TABLE, (".json",))
JSON_LINES = Syntax("jsonl", Kind.TABLE, (".jsonl", ".ndjson"))
XLSX = Syntax("xlsx", Kind.TABLE, (".xlsx",))

SYNTAXES = (
    *(TURTLE, N_TRIPLES, N_QUADS, TRIG, RDF_XML, JSON_LD, N3),
    *(TEXT, HTML),
    *(CSV, TSV, JSON, JSON_LINES, XLSX),
)
EXTENSIONS = {extension: syntax for syntax in SYNTAXES for extension in syntax.extensions}

_JSON_LD_KEYWORD = re.compile(rb'"@(?:context|graph|id|type|value|list|set|reverse|language)"\s*:')
_IRI = rb"<[^<>\s]*>"
_NODE = rb"(?:" + _IRI + rb"|_:\S+)"
# A first statement that ends on its line, as N-Triples and N-Quads have it.
_STATEMENT = re.compile(_NODE + rb"\s*" + _IRI + rb"\s*(?:" + _NODE + rb'|"(?:[^"\\\n]|\\.)*")')
_DIRECTIVE = re.compile(rb"(?i)@(?:prefix|base|version)\s|(?:prefix|base|graph|version)\s")
_MAYBE_TURTLE = re.compile(rb"[<(\[{]|_:")
_BLANK_OR_COMMENT = re.compile(rb"(?:\s+|#[^\n]*(?:\n|$))*")
_JSON_START = re.compile(rb"\{\s*[\"}]|\[\s*(?:[{\"\d]|\[\s*[\"{\d]|\]\s*$)")
_PAGE_TABLE = re.compile(rb"(?m)^Property\s+Value\s*$")
# <urn:a> is an IRI; the root element of RDF/XML declares a namespace.
_MARKUP = re.compile(rb"(?i)<(?:\?xml|!--|!doctype|html[\s>]|[a-z][\w.-]*(?::[\w.-]+)?\s[^>]*xmlns)")


def by_name(name: str) -> Syntax | None:
    """The syntax that ``--format`` names: by its own name, or by an extension with or without dot."""
    wanted = name.strip().lower()
    named = (syntax for syntax in SYNTAXES if wanted == syntax.name)
    return next(named, None) or EXTENSIONS.get(f".{wanted.removeprefix('.')}")


def refined(syntax: Syntax, head: bytes) -> Syntax:
    """JSON that begins as JSON-LD does is JSON-LD; everything else is what it is called."""
    return JSON_LD if syntax is JSON and _JSON_LD_KEYWORD.search(head) else syntax


def sniff(head: bytes) -> Syntax | None:
    """The syntax of a source that begins with ``head`` (up to ``SNIFFED`` bytes), or None.

    Where two syntaxes begin alike the one that contains the other is chosen: N-Quads for N-Triples,
    TriG for Turtle.
    """
    if head.startswith(b"PK\x03\x04"):
        return XLSX if b"[Content_Types].xml" in head or b"xl/" in head else None
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MARKUP.match(text):
        return _markup(text)
    if _JSON_START.match(text):
        return _json(text)
    return _statements(text) or _lines(text)


def _markup(text: bytes) -> Syntax:
    lowered = text[:4096].lower()
    return HTML if b"<!doctype html" in lowered or b"<html" in lowered else RDF_XML


def _json(text: bytes) -> Syntax:
    first, _, second = text.partition(b"\n")
    if first.rstrip().endswith(b"}") and second.lstrip().startswith(b"{"):
        return JSON_LINES
    return refined(JSON, text)


def _statements(text: bytes) -> Syntax | None:
    rest = text[match.end() :] if (match := _BLANK_OR_COMMENT.match(text)) else text
    if _STATEMENT.match(rest):
        line = rest.partition(b"\n")[0].rstrip()
        return N_QUADS if line.endswith(b".") and b" ; " not in line else TRIG
    return TRIG if _DIRECTIVE.match(rest) or _MAYBE_TURTLE.match(rest) else None


def _lines(text: bytes) -> Syntax | None:
    if _PAGE_TABLE.search(text):
        return TEXT
    first = text.partition(b"\n")[0]
    if b"\t" in first:
        return TSV
    return CSV if b"," in first else None
