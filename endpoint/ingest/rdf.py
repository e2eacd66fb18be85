"""RDF files into a store: Turtle, N-Triples, N-Quads, TriG, RDF/XML, JSON-LD and N3.

Every file is read, so that one run reports what is wrong with all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO, cast
from xml.parsers import expat

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.errors import DataError, DataErrors

EXTENSIONS = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
    ".n3": RdfFormat.N3,
}

# After an error the parsers of these find the next statement again.
_RECOVERING = (RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.N_QUADS, RdfFormat.TRIG, RdfFormat.N3)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ERRORS_READ = 1000  # per file
_ERRORS_SHOWN = 10  # per file
_ERRORS_PER_CAUSE = 3
_EXCERPT = 60  # characters

_POSITION = re.compile(r"^Parser error (at|between) [^:]*: ")
_NOT_UTF_8 = "The text is not UTF-8; save the file as UTF-8."

# What the parsers say, as a pattern, and what we say instead.
_SENTENCES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"The prefix (\S*:) has not been declared",
            'The prefix "{0}" is not declared; add "@prefix {0} <IRI> ." above this line.',
        ),
        (
            r"Unknown prefix (\S+):",
            'The prefix "{0}" is not declared; add xmlns:{0}="IRI" to the root element.',
        ),
        (r"(?i)utf-8", _NOT_UTF_8),
        (r"No scheme found in an absolute IRI", "The IRI is relative; write it in full, with its scheme."),
        (r"Invalid IRI code point '(.)'", 'The IRI holds "{0}", which no IRI may hold; percent-encode it.'),
        (r"followed by a dot|A dot is expected", "The statement before this place does not end with a dot."),
        (
            r"Unexpected end(?: of file.*)?$",
            "The file ends in the middle of a statement; it may have been cut off.",
        ),
        (
            r"is not a valid subject",
            "This cannot be a subject; write an IRI, a prefixed name or a blank node.",
        ),
        (r"is not a valid predicate", "This cannot be a predicate; write an IRI or a prefixed name."),
        (
            r"LoadDocumentCallback",
            "Remote JSON-LD contexts are not fetched; write the context into the file.",
        ),
        (r"XML namespaces are required", "The element has no namespace, so this is not RDF/XML."),
    )
)


@dataclass(frozen=True, slots=True)
class RdfSource:
    """A file and the graph that its triples go to; ``None`` is the default graph.

    In N-Quads, TriG and JSON-LD ``graph`` takes the statements of the default graph only.
    """

    path: Path
    graph: NamedNode | None = None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many files were read and how many quads the store gained by them."""

    files: int
    quads: int


def load_files(
    store: Store, sources: Sequence[RdfSource], base_iri: str | None = None, lenient: bool = False
) -> LoadReport:
    """Load files by their extension (``EXTENSIONS``); blank nodes stay apart, file from file.

    Relative IRIs are resolved against ``base_iri``, else against the file's own IRI. ``lenient``
    skips the checks of IRIs and language tags and is faster. After an error the store holds
    some of the data: load inside a transaction.

    :raises DataErrors: all that is wrong with any of the files.
    :raises OSError: the store could not be written.
    """
    before = len(store)
    errors = [error for source in sources for error in _load(store, source, base_iri, lenient)]
    if errors:
        raise DataErrors(errors)
    return LoadReport(files=len(sources), quads=len(store) - before)


def _load(store: Store, source: RdfSource, base_iri: str | None, lenient: bool) -> list[DataError]:
    path = source.path
    syntax = EXTENSIONS.get(path.suffix.lower())
    if syntax is None:
        return [DataError(f"The extension names no RDF format; use one of {' '.join(EXTENSIONS)}.", path)]
    base = base_iri or path.resolve().as_uri()
    try:
        with _open(path) as stream:
            if not stream.peek(1):
                return []
            if syntax == RdfFormat.RDF_XML:
                _check_xml(path)
            elif syntax == RdfFormat.N3:
                _check_n3(path, base, lenient)
            store.bulk_load(stream, syntax, base_iri=base, to_graph=source.graph, lenient=lenient)
    except DataError as error:
        return [error]
    except SyntaxError as error:
        return _diagnose(path, syntax, base, lenient) or [_explain(error, path, 1)]
    return []


@contextmanager
def _open(path: Path) -> Iterator[BufferedReader]:
    """The file as bytes, without the byte order mark, which the parsers of Turtle do not know."""
    try:
        stream = path.open("rb")
    except IsADirectoryError:
        raise DataError("This is a folder; name the files in it.", path) from None
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.", path) from error
    with stream:
        if stream.peek(3)[:3] == _BYTE_ORDER_MARK:
            stream.read(3)
        yield stream


class _Lines:
    """A file handed out one line at a time, so that ``number`` tells how far a parser has come."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._at_start = True
        self.number = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.readline(size)
        self.number += self._at_start and piece != b""
        self._at_start = piece.endswith(b"\n")
        return piece


def _check_xml(path: Path) -> None:
    """The RDF/XML parser takes a file that was cut off for a whole one; an XML parser does not."""
    with _open(path) as stream:
        try:
            expat.ParserCreate().ParseFile(stream)
        except expat.ExpatError as error:
            line = _line(path, error.lineno)
            reason = f"The XML is not well-formed: {expat.ErrorString(error.code)}."
            if "\N{REPLACEMENT CHARACTER}" in line:
                reason = _NOT_UTF_8
            raise DataError(
                _with_excerpt(reason, line, error.offset), path, error.lineno, error.offset + 1
            ) from None
        except ValueError:  # an encoding that the XML parser does not know
            raise DataError(_NOT_UTF_8, path, 1) from None


def _check_n3(path: Path, base: str, lenient: bool) -> None:
    """N3 formulas would become graphs that nobody can name, and part of every union."""
    with _open(path) as stream:
        lines = _Lines(stream)
        for quad in parse(cast(IO[bytes], lines), RdfFormat.N3, base_iri=base, lenient=lenient):
            if isinstance(quad.graph_name, BlankNode):
                reason = "N3 formulas and rules are not RDF; take them out."
                raise DataError(_with_excerpt(reason, _line(path, lines.number)), path, lines.number)


def _diagnose(path: Path, syntax: RdfFormat, base: str, lenient: bool) -> list[DataError]:
    """Read a file known to be wrong again, past its first error."""
    found: list[DataError] = []
    causes: Counter[str] = Counter()
    omitted = False
    with _open(path) as stream:
        lines = _Lines(stream)
        quads = parse(cast(IO[bytes], lines), syntax, base_iri=base, lenient=lenient)
        for error in islice(_syntax_errors(quads), _ERRORS_READ if syntax in _RECOVERING else 1):
            explained = _explain(error, path, lines.number)
            if found and found[-1].line == explained.line:
                continue  # what follows an error on its line is mostly a consequence
            cause = _POSITION.sub("", error.msg)
            causes[cause] += 1
            if len(found) < _ERRORS_SHOWN and causes[cause] <= _ERRORS_PER_CAUSE:
                found.append(explained)
            else:
                omitted = True
    if omitted:
        found.append(DataError("The file has more errors; the first ones are shown.", path))
    return found


def _syntax_errors(quads: Iterator[Quad]) -> Iterator[SyntaxError]:
    while True:
        try:
            next(quads)
        except StopIteration:
            return
        except SyntaxError as error:
            yield error
            if "UTF-8" in error.msg:
                return  # in another encoding all else is wrong, too


def _explain(error: SyntaxError, path: Path, reached: int) -> DataError:
    """``error`` in our words; ``reached`` is the line for parsers that give none."""
    message = _POSITION.sub("", error.msg)
    number = error.lineno or reached
    line = _line(path, number)
    reason = _sentence(message)
    if error.lineno is None or error.offset is None:
        return DataError(_with_excerpt(reason, line), path, number)
    start = error.offset - 1
    one_line = error.end_lineno == error.lineno and error.end_offset is not None
    end = error.end_offset - 1 if one_line and error.end_offset else len(line)
    return DataError(_with_excerpt(reason, line, start, end), path, number, error.offset)


def _sentence(message: str) -> str:
    for pattern, sentence in _SENTENCES:
        match = pattern.search(message)
        if match:
            return sentence.format(*match.groups())
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def _with_excerpt(reason: str, line: str, start: int = 0, end: int | None = None) -> str:
    """``reason`` and the text it speaks of; a single character is shown with what follows it."""
    wide = end is not None and end - start > 1
    excerpt = (line[start:end] if wide else line[start:]).strip() or line.strip()
    excerpt = "".join(character if character.isprintable() else " " for character in excerpt)
    if len(excerpt) > _EXCERPT:
        excerpt = excerpt[: _EXCERPT - 1] + "…"
    return f"{reason} Found: {excerpt}" if excerpt else reason


def _line(path: Path, number: int) -> str:
    with _open(path) as stream:
        return b"".join(islice(stream, number - 1, number)).decode("utf-8", "replace").rstrip("\r\n")
