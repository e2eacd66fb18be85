"""Sources: each is one file of data in a known format, wherever its bytes come from.

A format is recognised by the extension of the name, or else by the beginning of the file.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode, RdfFormat

from endpoint.errors import DataError
from endpoint.ingest.sources.byte_streams import Opener, Stream, open_stream, shown, split_extension

# Bytes from the beginning of a source that ``sniff`` needs.
SNIFFED = 65_536


class SourceKind(StrEnum):
    """The reader of a format: the engine's RDF parsers, that of saved pages, or that of tables."""

    RDF = "rdf"
    PAGE = "page"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A row of ``FILE_FORMATS``. ``extensions`` have their dot; ``rdf`` is the engine's own format."""

    name: str
    kind: SourceKind
    extensions: tuple[str, ...]
    rdf: RdfFormat | None = None


TURTLE = FileFormat("turtle", SourceKind.RDF, (".ttl",), RdfFormat.TURTLE)
N_TRIPLES = FileFormat("n-triples", SourceKind.RDF, (".nt",), RdfFormat.N_TRIPLES)
N_QUADS = FileFormat("n-quads", SourceKind.RDF, (".nq",), RdfFormat.N_QUADS)
TRIG = FileFormat("trig", SourceKind.RDF, (".trig",), RdfFormat.TRIG)
RDF_XML = FileFormat("rdf-xml", SourceKind.RDF, (".rdf", ".owl", ".xml"), RdfFormat.RDF_XML)
JSON_LD = FileFormat("json-ld", SourceKind.RDF, (".jsonld",), RdfFormat.JSON_LD)
N3 = FileFormat("n3", SourceKind.RDF, (".n3",), RdfFormat.N3)
TEXT = FileFormat("text", SourceKind.PAGE, (".txt",))
HTML = FileFormat("html", SourceKind.PAGE, (".html", ".htm", ".xhtml"))
CSV = FileFormat("csv", SourceKind.TABLE, (".csv",))
TSV = FileFormat("tsv", SourceKind.TABLE, (".tsv",))
JSON = FileFormat("json", SourceKind.TABLE, (".json",))
JSON_LINES = FileFormat("jsonl", SourceKind.TABLE, (".jsonl", ".ndjson"))
XLSX = FileFormat("xlsx", SourceKind.TABLE, (".xlsx",))

FILE_FORMATS = (
    *(TURTLE, N_TRIPLES, N_QUADS, TRIG, RDF_XML, JSON_LD, N3),
    *(TEXT, HTML),
    *(CSV, TSV, JSON, JSON_LINES, XLSX),
)
BY_EXTENSION = {extension: known for known in FILE_FORMATS for extension in known.extensions}

_JSON_LD_KEYWORD = re.compile(rb'"@(?:context|graph|id|type|value|list|set|reverse|language)"\s*:')
_IRI = rb"<[^<>\s]*>"
_NODE = rb"(?:" + _IRI + rb"|_:\S+)"
# A first statement that ends on its line, as N-Triples and N-Quads have it.
_STATEMENT = re.compile(_NODE + rb"\s*" + _IRI + rb"\s*(?:" + _NODE + rb'|"(?:[^"\\\n]|\\.)*")')
_DIRECTIVE = re.compile(rb"(?i)@(?:prefix|base|version)\s|(?:prefix|base|graph|version)\s")
_MAYBE_TURTLE = re.compile(rb"[<(\[{]|_:")
_BLANK_OR_COMMENT = re.compile(rb"(?:\s+|#[^\n]*(?:\n|$))*")
_JSON_START = re.compile(rb"\{\s*[\"}]|\[\s*(?:[{\"\d]|\[\s*[\"{\d]|\]\s*$)")
_PAGE_TABLE = re.compile(rb"(?m)^[ \t]*Property\s+Value\s*$")
_PAGE_HEADING = re.compile(rb"[^\n]*\( [^\s:]+:\S+ \)")
# <urn:a> is an IRI; the root element of RDF/XML declares a namespace.
_MARKUP = re.compile(rb"(?i)<(?:\?xml|!--|!doctype|html[\s>]|[a-z][\w.-]*(?::[\w.-]+)?\s[^>]*xmlns)")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of data. Several readers may :meth:`open` it, one after the other.

    ``name`` is as a person would recognise it: ``folder/a.ttl.gz``, ``b.zip!c.ttl``, ``standard input``.
    ``iri`` is what relative IRIs in it are relative to, where it has one. ``graph`` takes the triples;
    None is the default graph. ``size`` is in bytes, as it is stored, so of the compressed file; None
    where it is not known. ``container`` is to be entered around the reading of all its sources.
    """

    name: str
    format: FileFormat
    opener: Opener
    iri: str | None = None
    graph: NamedNode | None = None
    size: int | None = None
    compression: str | None = None
    container: AbstractContextManager[object] | None = None

    @property
    def kind(self) -> SourceKind:
        """The reader that it needs."""
        return self.format.kind

    def open(self) -> Stream:
        """Open its bytes, decompressed, at the beginning.

        :raises DataError: it cannot be read or is damaged; also later, from a read.
        """
        return open_stream(self.opener, self.name, self.compression)


def file_source(path: Path, graph: NamedNode | None = None, format: FileFormat | None = None) -> Source:
    """Return the regular file ``path`` as a source; it is not opened.

    :raises DataError: the extension names no format, and none was given.
    """
    extension, compression = split_extension(path.name)
    format = format or BY_EXTENSION.get(extension)
    if format is None:
        known = " ".join(BY_EXTENSION)
        reason = f"The extension names no format to load; name the format with --format, or use {known}."
        raise DataError(reason, path)
    size = path.stat().st_size if path.is_file() else None
    return Source(
        shown(str(path)),
        format,
        partial(open_file, path),
        path.resolve().as_uri(),
        graph,
        size,
        compression,
    )


def open_file(path: Path, resources: ExitStack) -> IO[bytes]:
    """Open a regular file; with its path it is an :data:`~endpoint.ingest.sources.byte_streams.Opener`."""
    return resources.enter_context(path.open("rb", buffering=0))


def format_of_name(name: str) -> FileFormat | None:
    """Return the format that ``--format`` names, by its own name or by an extension with or without dot."""
    wanted = name.strip().lower()
    named = (known for known in FILE_FORMATS if wanted == known.name)
    return next(named, None) or BY_EXTENSION.get(f".{wanted.removeprefix('.')}")


def refine(format: FileFormat, head: bytes) -> FileFormat:
    """Return JSON-LD for JSON that begins as JSON-LD does, and any other format as it is."""
    return JSON_LD if format is JSON and _JSON_LD_KEYWORD.search(head) else format


def sniff(head: bytes) -> FileFormat | None:
    """Return the format of a source that begins with ``head`` (up to ``SNIFFED`` bytes), or None.

    Where two formats begin alike the one that contains the other is chosen: N-Quads for N-Triples,
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


def is_page_text(head: bytes) -> bool:
    """Return whether a text that begins with ``head`` is a saved page, maybe a damaged one, and no readme."""
    text = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").replace(b"\r", b"").lstrip()
    return bool(_MARKUP.match(text) or _PAGE_HEADING.match(text) or _PAGE_TABLE.search(text))


def _markup(text: bytes) -> FileFormat:
    lowered = text[:4096].lower()
    return HTML if b"<!doctype html" in lowered or b"<html" in lowered else RDF_XML


def _json(text: bytes) -> FileFormat:
    first, _, second = text.partition(b"\n")
    if first.rstrip().endswith(b"}") and second.lstrip().startswith(b"{"):
        return JSON_LINES
    return refine(JSON, text)


def _statements(text: bytes) -> FileFormat | None:
    rest = text[match.end() :] if (match := _BLANK_OR_COMMENT.match(text)) else text
    if _STATEMENT.match(rest):
        line = rest.partition(b"\n")[0].rstrip()
        return N_QUADS if line.endswith(b".") and b" ; " not in line else TRIG
    return TRIG if _DIRECTIVE.match(rest) or _MAYBE_TURTLE.match(rest) else None


def _lines(text: bytes) -> FileFormat | None:
    if _PAGE_TABLE.search(text):
        return TEXT
    first = text.partition(b"\n")[0]
    if b"\t" in first:
        return TSV
    return CSV if b"," in first else None
