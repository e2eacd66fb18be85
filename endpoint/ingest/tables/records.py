"""Tables as rows and records with their lines, and the readers of CSV, TSV (RFC 4180) and JSON (RFC 8259).

JSON is an array of objects in any envelope, or JSON Lines. Open-data services wrap their records:
``{"response": {"body": {"items": {"item": [...]}}}}``, ``{"data": [...]}``. Every array of objects is a table
of its own, named by its path; where there is none, an object of plain values is one record, since data.go.kr
sends a single item without its array. Numbers keep the digits they are written with.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from endpoint.errors import DataError, DataErrors

SHOWN_PER_CAUSE = 10
_EXCERPT = 80

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 10_000_000
_SAMPLE = 1 << 16

_QUOTING = {
    "unexpected end of data": "A quoted cell begins in this row and never ends; close the quotation mark.",
    "field larger than": "A cell is longer than 10 million characters; is a quotation mark missing?",
    "expected after": "A quoted cell is followed by text; write a quotation mark within a cell twice.",
}

LARGEST_RECORD = 64 << 20
_PIECE = 1 << 16
_DEEPEST = 20
_SPACE = " \t\r\n"
# Members in which services send a refusal instead of records.
_REFUSALS = ("resultMsg", "returnAuthMsg", "errMsg", "message", "msg")

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell or row that has no value; ``detail`` is the reason."""

    detail: str


Cell = str | tuple[str, ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Row:
    """Cells by their place. ``line`` is the line of the file, or the row of the sheet, that it begins on."""

    line: int
    cells: Sequence[Cell] | Unreadable


@dataclass(frozen=True, slots=True)
class Record:
    """Cells by the name of their column; ``line`` as in :class:`Row`. A column that is absent is empty."""

    line: int
    cells: Mapping[str, Cell] | Unreadable


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows whose header is not known yet: a CSV file or one sheet of a workbook (``name``)."""

    name: str | None
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Objects:
    """Records that name their columns themselves: an array of JSON objects at ``name``."""

    name: str | None
    records: Iterator[Record]


class Problems:
    """The errors of a file: the first ten of each cause, and the number of the others."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._errors: list[DataError] = []
        self._causes: Counter[str] = Counter()

    def add(self, cause: str, detail: str, line: int | None = None, column: int | None = None) -> None:
        """Add an error; ``cause`` is a plural noun, such as "empty cells of title"."""
        self._causes[cause] += 1
        if self._causes[cause] <= SHOWN_PER_CAUSE:
            self._errors.append(DataError(detail, self.file, line, column))

    def raise_if_any(self) -> None:
        """Raise :class:`DataErrors` with all errors that were added."""
        if not self._errors:
            return
        more = [
            DataError(f"There are {count - SHOWN_PER_CAUSE:,} more of these: {cause}.", self.file)
            for cause, count in self._causes.items()
            if count > SHOWN_PER_CAUSE
        ]
        raise DataErrors([*self._errors, *more])


def excerpt(text: str) -> str:
    """Return ``text`` in quotes on one line, cut where it is long."""
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return f"“{line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + '…'}”"


def read_rows(text: TextIO, delimiter: str, quoting: bool = True) -> Iterator[Row]:
    """Yield the rows of CSV or TSV without blank lines. ``text`` must not translate line ends.

    With ``quoting`` cells may stand in quotation marks. A row that breaks it has an :class:`Unreadable` for
    its cells; reading goes on after it.
    """
    # A setting of the whole process, which its other readers share; none here needs less.
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(
        text, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            sentences = (sentence for part, sentence in _QUOTING.items() if part in str(error))
            yield Row(line, Unreadable(next(sentences, f"The row cannot be read: {error}.")))
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)


def first_rows(text: TextIO, delimiter: str, count: int, quoting: bool = True) -> list[Row]:
    """Return the first rows as they are with ``delimiter``; leave ``text`` at its beginning."""
    sample = io.StringIO(text.read(_SAMPLE), newline="")
    text.seek(0)
    rows: list[Row] = []
    for row in read_rows(sample, delimiter, quoting):
        if isinstance(row.cells, Unreadable) or len(rows) == count:
            break
        rows.append(row)
    return rows


def read_objects(text: TextIO, name: str, lines: bool) -> Iterator[Objects]:
    """Yield the tables of a JSON file, to be read one after the other; ``lines`` where it is JSON Lines.

    :raises DataError: not JSON, or no records in it; with line and column.
    """
    if lines or _is_lines(text):
        yield Objects(None, _lines(text))
    else:
        yield from _JsonDocument(text, Path(name)).tables()


def _is_lines(text: TextIO) -> bool:
    """Return whether the first line is a whole object and another begins after it."""
    head = text.read(_PIECE)
    text.seek(0)
    first, _, rest = head.strip().partition("\n")
    if not rest.strip().startswith("{"):
        return False
    try:
        return isinstance(_DECODER.decode(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(text: TextIO) -> Iterator[Record]:
    number = 0
    while line := text.readline(LARGEST_RECORD):
        number += 1
        if not line.strip():
            continue
        try:
            value = _DECODER.decode(line)
        except json.JSONDecodeError as error:
            yield Record(number, Unreadable(f"The line is not JSON from character {error.colno} on."))
        except RecursionError:
            yield Record(number, Unreadable("The line is nested too deeply."))
        else:
            yield _record(value, number)


def _record(value: object, line: int) -> Record:
    if not isinstance(value, dict):
        return Record(line, Unreadable("This is no JSON object; a record is written {…}."))
    return Record(line, {str(key): _cell(item) for key, item in value.items()})


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return tuple(str(_cell(item)) for item in value)
    return Unreadable("holds a nested object; a cell is a text, a number or a list of them")


class _JsonDocument:
    """A JSON text, of which one value at a time is in memory."""

    def __init__(self, text: TextIO, file: Path) -> None:
        self._text = text
        self._file = file
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._line = 1
        self._column = 1

    def tables(self) -> Iterator[Objects]:
        """Yield every array of objects, else every object of plain values; all of it must be consumed."""
        loose: list[Objects] = []
        refusals: list[str] = []
        has_tables = False
        for table in self._tables((), loose, refusals):
            has_tables = True
            yield table
        if self._next():
            raise self._error(
                "The file goes on after its JSON value; JSON Lines is read from a file named .jsonl"
            )
        if has_tables:
            return
        if refusals:
            raise DataError(
                f"The file holds a service's answer without records: {'; '.join(refusals)}.", self._file
            )
        if not loose:
            raise DataError("The file holds no records; an array of objects is expected.", self._file)
        yield from loose

    def _tables(self, path: tuple[str, ...], loose: list[Objects], refusals: list[str]) -> Iterator[Objects]:
        if len(path) > _DEEPEST:
            raise self._error("The envelope around the records is nested too deeply")
        start = self._next()
        if start == "[":
            self._skip(1)
            if self._next() == "{":
                yield Objects(".".join(path) or None, self._items())
            else:
                self._rest_of_array()
        elif start == "{":
            yield from self._members(path, loose, refusals)
        else:
            self._value()

    def _members(self, path: tuple[str, ...], loose: list[Objects], refusals: list[str]) -> Iterator[Objects]:
        self._next()
        line = self._line
        self._skip(1)
        plain: dict[str, object] = {}
        while self._next() != "}":
            key = self._value()
            if not isinstance(key, str) or self._next() != ":":
                raise self._error("A key and a colon are expected")
            self._skip(1)
            if self._next() in "[{":
                yield from self._tables((*path, key), loose, refusals)
            else:
                plain[key] = self._value()
            self._separator("}")
        self._skip(1)
        refusals.extend(f"{key} {plain[key]!r}" for key in _REFUSALS if plain.get(key))
        if len(plain) > 1:
            loose.append(Objects(".".join(path) or None, iter([_record(plain, line)])))

    def _items(self) -> Iterator[Record]:
        while self._next() != "]":
            line = self._line
            yield _record(self._value(), line)
            self._separator("]")
        self._skip(1)

    def _rest_of_array(self) -> None:
        while self._next() != "]":
            self._value()
            self._separator("]")
        self._skip(1)

    def _separator(self, closing: str) -> None:
        following = self._next()
        if following == ",":
            self._skip(1)
            if self._next() == closing:
                raise self._error("A comma stands before the closing bracket")
        elif following != closing:
            raise self._error(f"A comma or {closing} is expected")

    def _next(self) -> str:
        """Return the next character that is not white space; empty at the end."""
        while True:
            end = self._at
            while end < len(self._buffer) and self._buffer[end] in _SPACE:
                end += 1
            self._skip(end - self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _value(self) -> object:
        """Return the value that begins here, as a whole."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise self._error("A value is nested too deeply") from None
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                self._skip(min(error.pos, len(self._buffer)) - self._at)
                raise self._error("This is not JSON") from None
            # A number that reaches the end of the buffer may go on in the next piece.
            if end == len(self._buffer) and self._more():
                continue
            self._skip(end - self._at)
            return value

    def _more(self) -> bool:
        """Double the buffer of the value being read; return false at the end of the file."""
        held = self._buffer[self._at :]
        if len(held) > LARGEST_RECORD:
            raise self._error("A record is longer than 64 million characters")
        piece = "" if self._ended else self._text.read(max(_PIECE, len(held)))
        self._ended = not piece
        if piece:
            self._buffer, self._at = held + piece, 0
        return bool(piece)

    def _skip(self, count: int) -> None:
        passed = self._buffer[self._at : self._at + count]
        lines = passed.count("\n")
        self._line += lines
        self._column = len(passed) - passed.rfind("\n") if lines else self._column + count
        self._at += count

    def _error(self, sentence: str) -> DataError:
        rest = self._buffer[self._at : self._at + 40].split("\n")[0]
        shown = f"Found: {excerpt(rest)}" if rest else "The file ends here."
        return DataError(f"{sentence}. {shown}", self._file, self._line, self._column)
