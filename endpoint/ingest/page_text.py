"""A Linked Data page that was saved as text.

::

    Some title ( http://example.org/resource/1 ) at Linked Data

    Property Value
    rdf:type
    rdfs:label
      • Some title
    ex:year
      • "2023"^^xsd:integer

    A closing sentence.

A value begins with a bullet after two spaces; its further lines are indented by four. Both are layout, all
else is kept to the character: double spaces, no-break spaces, bullets within the value. A property without
a value is a link property whose links the text lost: it makes no statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.page_terms import is_iri, is_name, named, shown_literal
from endpoint.ingest.tabular.records import excerpt

_HEADING = re.compile(r"(?:.* )?\( (?P<iri>\S+) \)(?: at .*)?")
_COLUMNS = re.compile(r"\s*Property\s+Value\s*")
_INVERSE = re.compile(r"is (?P<property>\S+) of", re.IGNORECASE)
_BULLET = "  •"
_INDENT = "    "


def read_page_text(text: str, name: str, prefixes: Mapping[str, str], notices: list[str]) -> list[Triple]:
    """The statements of a page. A notice names the properties whose values the text lost.

    :raises DataErrors: everything that is wrong, with line and column.
    """
    return _Page(_lines(text), Path(name), prefixes).triples(notices)


def _lines(text: str) -> list[str]:
    """Lines end as the first one does; a carriage return or a separator elsewhere belongs to a value."""
    text = text.removeprefix("\ufeff")
    first = text.find("\n")
    if text[:first].endswith("\r"):
        text = text.replace("\r\n", "\n")
    return text.split("\n")


class _Page:
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
        """The subject, and the line after the names of the columns."""
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
        found = self._lines[line - 1]
        return DataError(
            "This is not the text of a Linked Data page; expected are the heading "
            f"“title ( IRI ) at …” and then the line “Property Value”. Found: {excerpt(found)}",
            self._file,
            line,
        )

    def _rows(self, start: int) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
        """Line and name of each property, and its values with their lines."""
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
        """After the closing sentence no value may follow, else it was no closing sentence."""
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
