"""The reader of Linked Data pages: pages of the Pubby family, saved as HTML or as text.

:mod:`~endpoint.ingest.pages.html` reads HTML. The text looks like this::

    Some title ( http://example.org/resource/1 ) at Linked Data

    Property Value
    rdf:type
    rdfs:label
      • Some title
    ex:year
      • "2023"^^xsd:integer

    A closing sentence.

A value begins with a bullet after two spaces, and its further lines are indented by four spaces. This layout
is removed, and everything else is kept: double spaces, no-break spaces, bullets within the value. A property
without a value has links that the text has lost; it makes no statement.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePath
from typing import BinaryIO

from pyoxigraph import NamedNode, Triple

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.pages.terms import is_iri, is_name, named, shown_literal
from endpoint.ingest.sources.text_encoding import fits, open_text, rewindable
from endpoint.ingest.tables.records import excerpt

_HTML_EXTENSIONS = (".html", ".htm", ".xhtml")
_HtmlReader = Callable[[str, str, Mapping[str, str], str, list[str]], list[Triple]]
_HEAD = 4096
# A heading in a text may begin with <요약>.
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!--|(?:!doctype|\?xml|html|head|body|div|table)\b)", re.IGNORECASE
)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE
)

# The Korean labels that browsers read as CP949, and those that they read as Windows-1252.
_LABELS = {
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
}

_HEADING = re.compile(r"(?:.* )?\( (?P<iri>\S+) \)(?: at .*)?")
_COLUMNS = re.compile(r"\s*Property\s+Value\s*")
_INVERSE = re.compile(r"is (?P<property>\S+) of", re.IGNORECASE)
_BULLET = "  •"
_INDENT = "    "


def read_page(
    stream: BinaryIO,
    name: str,
    prefixes: Mapping[str, str],
    base: str,
    notices: list[str],
    encoding: str | None = None,
) -> list[Triple]:
    """Return the statements of a page. ``base`` resolves relative links; omissions go to ``notices``.

    ``encoding`` is a Python codec, in place of the one that the page declares and of any that is detected.

    :raises DataError: the page cannot be decoded, or is none; :class:`DataErrors` with all mistakes.
    """
    stream = rewindable(stream)
    stream.seek(0)
    head = stream.read(_HEAD)
    if _MARKUP.match(head) or set(PurePath(name.lower()).suffixes) & set(_HTML_EXTENSIONS):
        text = open_text(stream, name, notices, encoding or _encoding(stream, head)).read()
        # lxml takes 8 MB: only a page in HTML loads it, not every server.
        read_page_html: _HtmlReader = import_module("endpoint.ingest.pages.html").read_page_html
        return read_page_html(text, name, prefixes, base, notices)
    return _read_text(open_text(stream, name, notices, encoding).read(), name, prefixes, notices)


def _encoding(stream: BinaryIO, head: bytes) -> str | None:
    """Return UTF-8 where the page is valid in it, else the declared encoding, which is often outdated."""
    return "utf-8" if fits(stream, "utf-8") else _declared(head)


def _declared(head: bytes) -> str | None:
    """Return the encoding that a page declares, as browsers take it (WHATWG Encoding, section 4.2)."""
    declaration = _DECLARED.search(head)
    if declaration is None:
        return None
    label = declaration[1].decode("ascii").lower()
    label = _LABELS.get(label, label)
    try:
        return codecs.lookup(label).name
    except LookupError:
        return None


def _read_text(text: str, name: str, prefixes: Mapping[str, str], notices: list[str]) -> list[Triple]:
    """Return the statements of a page. A notice names the properties whose values the text lost.

    :raises DataErrors: all mistakes, with line and column.
    """
    return _TextPage(_lines(text), Path(name), prefixes).triples(notices)


def _lines(text: str) -> list[str]:
    """Split into lines, which end as the first one does; line ends of another kind belong to a value."""
    text = text.removeprefix("\ufeff")
    first = text.find("\n")
    if text[:first].endswith("\r"):
        text = text.replace("\r\n", "\n")
    return text.split("\n")


class _TextPage:
    def __init__(self, lines: list[str], file: Path, prefixes: Mapping[str, str]) -> None:
        self._lines = lines
        self._file = file
        self._prefixes = prefixes
        self._errors: list[DataError] = []

    def triples(self, notices: list[str]) -> list[Triple]:
        subject, start = self._heading()
        triples: list[Triple] = []
        lost: list[str] = []
        for line, property_name, values in self._rows(start):
            inverse = _INVERSE.fullmatch(property_name)
            if inverse or not values:
                lost.append(property_name)
            predicate = self._named(inverse["property"] if inverse else property_name, line)
            for at, value in values if not inverse else ():
                self._add(triples, subject, predicate, value, at)
        if self._errors:
            raise DataErrors(self._errors)
        if not triples and not lost:
            raise DataErrors([DataError("The page has no properties.", self._file, start)])
        if lost:
            notices.append(
                f"{self._file}: the text shows no links for these properties, so they make no statement: "
                f"{', '.join(lost)}."
            )
        return triples

    def _add(
        self, triples: list[Triple], subject: NamedNode, predicate: NamedNode | None, value: str, line: int
    ) -> None:
        try:
            literal = shown_literal(value, self._prefixes)
        except ValueError as error:
            self._errors.append(DataError(str(error), self._file, line, len(_INDENT) + 1))
            return
        if predicate is not None:
            triples.append(Triple(subject, predicate, literal))

    def _named(self, text: str, line: int) -> NamedNode | None:
        try:
            return named(text, self._prefixes)
        except ValueError as error:
            column = self._lines[line - 1].index(text) + 1
            self._errors.append(DataError(str(error), self._file, line, column))
            return None

    def _heading(self) -> tuple[NamedNode, int]:
        """Return the subject, and the line after the names of the columns."""
        filled = [number for number, line in enumerate(self._lines, 1) if line.strip()]
        if len(filled) < 2 or not _COLUMNS.fullmatch(self._lines[filled[1] - 1]):
            raise DataErrors([self._no_page(filled[1] if len(filled) > 1 else 1)])
        line = self._lines[filled[0] - 1]
        heading = _HEADING.fullmatch(line.rstrip())
        if heading is None:
            raise DataErrors([self._no_page(filled[0])])
        if not is_iri(heading["iri"]):
            detail = f"The heading names no absolute IRI. Found: {heading['iri']}"
            raise DataErrors([DataError(detail, self._file, filled[0], heading.start("iri") + 1)])
        return NamedNode(heading["iri"]), filled[1] + 1

    def _no_page(self, line: int) -> DataError:
        shown = excerpt(self._lines[line - 1])
        return DataError(
            "This is not the text of a Linked Data page; expected are the heading "
            f"“title ( IRI ) at …” and then the line “Property Value”. Found: {shown}",
            self._file,
            line,
        )

    def _rows(self, start: int) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
        """Yield line and name of each property, and its values with their lines."""
        row: tuple[int, str, list[tuple[int, str]]] | None = None
        blank = 0
        for number in range(start, len(self._lines) + 1):
            line = self._lines[number - 1]
            if not line:
                blank += 1
                continue
            if row and row[2] and line.startswith(_INDENT):
                at, value = row[2][-1]
                # Editors strip the indentation of lines that have nothing else.
                row[2][-1] = at, value + "\n" * (blank + 1) + line[len(_INDENT) :]
            elif row and (line.startswith(f"{_BULLET} ") or line == _BULLET):
                row[2].append((number, line[len(_BULLET) + 1 :]))
            elif self._is_property(line):
                if row:
                    yield row
                row = number, line.strip(), []
            elif blank and row:
                self._check_closing(number)
                break
            else:
                self._errors.append(self._stray(line, number))
            blank = 0
        if row:
            yield row

    def _check_closing(self, number: int) -> None:
        """Add an error where a value follows the closing sentence."""
        if any(line.startswith(_BULLET) for line in self._lines[number:]):
            self._errors.append(self._stray(self._lines[number - 1], number))

    def _is_property(self, line: str) -> bool:
        inverse = _INVERSE.fullmatch(line.rstrip())
        return not line.startswith(" ") and is_name(inverse["property"] if inverse else line.rstrip())

    def _stray(self, line: str, number: int) -> DataError:
        return DataError(
            "This line is neither a property, nor a value (two spaces and a bullet), nor the next line of a "
            f"value (four spaces). Found: {excerpt(line)}",
            self._file,
            number,
            1,
        )
