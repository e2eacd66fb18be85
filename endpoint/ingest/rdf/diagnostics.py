"""Diagnostics of RDF files: for each mistake its place, the offending text and the correction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, cast
from xml.parsers import expat

from pyoxigraph import Quad, RdfFormat, parse

from endpoint.errors import DataError
from endpoint.formats.nesting import limited

# Opens the text from its beginning.
Text = Callable[[], AbstractContextManager[IO[bytes]]]

# After an error the parsers of these find the next statement again.
_RECOVERING = (RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.N_QUADS, RdfFormat.TRIG, RdfFormat.N3)

_ERRORS_READ = 1000  # per source
_ERRORS_SHOWN = 10  # per source
_ERRORS_PER_CAUSE = 3
_EXCERPT = 60  # characters
_LINE = 1 << 16  # bytes of a line that are examined

_POSITION = re.compile(r"^Parser error (at|between) [^:]*: ")
_NOT_UTF_8 = "The text is not UTF-8; save the file as UTF-8."
FORMULA = "N3 formulas and rules are not RDF; take them out."

# Messages of the parsers, as patterns, and the sentences that replace them.
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
        (
            r"Invalid IRI code point '#'",
            'The IRI holds "#" twice; the first begins its fragment, so percent-encode the other (%23).',
        ),
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
        (
            r"<!ENTITY values should be enclosed",
            "The entity is in another file, and such files are not read; write its text into this one.",
        ),
        (r"XML namespaces are required", "The element has no namespace, so this is not RDF/XML."),
    )
)


class Mistake(NamedTuple):
    """A mistake and its place; ``line`` and ``column`` count from 1, ``end`` is behind the last column."""

    reason: str
    line: int
    column: int | None = None
    end: int | None = None


class NotWellFormed(Exception):
    """Raised from an XML parser's ExpatError, or its ValueError for an encoding that it does not know."""


class Lines:
    """A stream that is read one line at a time, so that ``number`` is the line a parser has reached."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._at_start = True
        self.number = 0

    def read(self, size: int = -1) -> bytes:
        """Return the rest of the line, or ``size`` bytes of it."""
        piece = self._stream.readline(size)
        self.number += self._at_start and piece != b""
        self._at_start = piece.endswith(b"\n")
        return piece


def diagnose(
    error: SyntaxError, text: Text, path: Path, syntax: RdfFormat, base_iri: str | None, lenient: bool
) -> list[DataError]:
    """Read a text in which a parser raised ``error`` again, past that, and return all errors of ``path``."""
    mistakes: list[Mistake] = []
    more: list[DataError] = []
    causes: Counter[str] = Counter()
    with text() as stream:
        lines = Lines(stream)
        reader = limited(cast(IO[bytes], lines), syntax, path)
        quads = parse(reader, syntax, base_iri=base_iri, lenient=lenient)
        try:
            for each in islice(_syntax_errors(quads), _ERRORS_READ if syntax in _RECOVERING else 1):
                mistake = _mistake(each, lines.number)
                if mistakes and mistakes[-1].line == mistake.line:
                    continue  # what follows an error on its line is mostly a consequence
                cause = _POSITION.sub("", each.msg)
                causes[cause] += 1
                if len(mistakes) < _ERRORS_SHOWN and causes[cause] <= _ERRORS_PER_CAUSE:
                    mistakes.append(mistake)
                elif not more:
                    more.append(DataError("The file has more errors; the first ones are shown.", path))
        except DataError as damage:
            more.append(damage)
    return [*located(mistakes or [_mistake(error, 1)], text, path), *more]


def _syntax_errors(quads: Iterator[Quad]) -> Iterator[SyntaxError]:
    while True:
        try:
            next(quads)
        except StopIteration:
            return
        except SyntaxError as error:
            yield error
            if "UTF-8" in error.msg:
                return  # in another encoding everything else is wrong, too


def _mistake(error: SyntaxError, reached: int) -> Mistake:
    """Return ``error`` as a mistake; ``reached`` is its line for parsers that give none."""
    reason = _sentence(_POSITION.sub("", error.msg))
    if error.lineno is None or error.offset is None:
        return Mistake(reason, error.lineno or reached)
    one_line = error.end_lineno == error.lineno
    return Mistake(reason, error.lineno, error.offset, error.end_offset if one_line else None)


def _sentence(message: str) -> str:
    for pattern, sentence in _SENTENCES:
        match = pattern.search(message)
        if match:
            return sentence.format(*match.groups())
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def not_well_formed(error: NotWellFormed, text: Text, path: Path) -> DataError:
    """Return the error that an XML parser raised, with the text around it."""
    cause = error.__cause__
    if not isinstance(cause, expat.ExpatError):
        return DataError(_NOT_UTF_8, path, 1)
    reason = f"The XML is not well-formed: {expat.ErrorString(cause.code)}."
    line = _lines(text, {cause.lineno}).get(cause.lineno, "")
    if "\N{REPLACEMENT CHARACTER}" in line:
        reason = _NOT_UTF_8
    return _located(Mistake(reason, cause.lineno, cause.offset + 1), line, path)


def located(mistakes: Iterable[Mistake], text: Text, path: Path) -> list[DataError]:
    """Return the errors to report, each with an excerpt of its line."""
    several = list(mistakes)
    lines = _lines(text, {mistake.line for mistake in several})
    return [_located(mistake, lines.get(mistake.line, ""), path) for mistake in several]


def _located(mistake: Mistake, line: str, path: Path) -> DataError:
    start = (mistake.column or 1) - 1
    end = None if mistake.end is None else mistake.end - 1
    return DataError(_with_excerpt(mistake.reason, line, start, end), path, mistake.line, mistake.column)


def _with_excerpt(reason: str, line: str, start: int, end: int | None) -> str:
    """Append the offending text to ``reason``; a single character is shown with what follows it."""
    wide = end is not None and end - start > 1
    excerpt = (line[start:end] if wide else line[start:]).strip() or line.strip()
    excerpt = "".join(character if character.isprintable() else " " for character in excerpt)
    if len(excerpt) > _EXCERPT:
        excerpt = excerpt[: _EXCERPT - 1] + "…"
    return f"{reason} Found: {excerpt}" if excerpt else reason


def _lines(text: Text, numbers: set[int]) -> dict[int, str]:
    """Return the lines with these numbers, as far as they can be read; of a long line the beginning."""
    texts: dict[int, str] = {}
    last = max(numbers, default=0)
    with suppress(DataError), text() as stream:
        lines = Lines(stream)
        while lines.number <= last and (piece := lines.read(_LINE)):
            if lines.number in numbers:
                texts.setdefault(lines.number, piece.decode("utf-8", "replace").rstrip("\r\n"))
    return texts
