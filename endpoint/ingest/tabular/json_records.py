"""Records in JSON (RFC 8259), read one at a time: an array of objects, in any envelope, or JSON Lines.

Open-data services wrap their records: ``{"response": {"body": {"items": {"item": [...]}}}}``,
``{"data": [...]}``. Every array of objects is a table of its own, named by its path; where there is none, an
object of plain values is one record, since data.go.kr sends a single item without its array.
Numbers keep the digits they are written with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from endpoint.errors import DataError
from endpoint.ingest.tabular.records import Cell, Objects, Record, Unreadable, excerpt

LARGEST_RECORD = 64 << 20
_PIECE = 1 << 16
_DEEPEST = 20
_SPACE = " \t\r\n"
# What services say instead of sending records.
_REFUSALS = ("resultMsg", "returnAuthMsg", "errMsg", "message", "msg")

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


def read_objects(text: TextIO, name: str, lines: bool) -> Iterator[Objects]:
    """The tables of a JSON file, to be read one after the other; ``lines`` says it is JSON Lines.

    :raises DataError: not JSON, or no records in it; with line and column.
    """
    if lines or _is_lines(text):
        yield Objects(None, _lines(text))
    else:
        yield from _Document(text, Path(name)).tables()


def _is_lines(text: TextIO) -> bool:
    """Whether the first line is a whole object and another begins after it."""
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


class _Document:
    """One JSON text, of which only what is being read is in memory."""

    def __init__(self, text: TextIO, file: Path) -> None:
        self._text = text
        self._file = file
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._line = 1
        self._column = 1

    def tables(self) -> Iterator[Objects]:
        """Every array of objects, else every object of plain values; all of it must be consumed."""
        loose: list[Objects] = []
        said: list[str] = []
        found = False
        for table in self._tables((), loose, said):
            found = True
            yield table
        if self._next():
            raise self._error(
                "The file goes on after its JSON value; JSON Lines is read from a file named .jsonl"
            )
        if not found and said:
            raise DataError(
                f"The file holds a service's answer without records: {'; '.join(said)}.", self._file
            )
        if not found and not loose:
            raise DataError("The file holds no records; an array of objects is expected.", self._file)
        if not found:
            yield from loose

    def _tables(self, path: tuple[str, ...], loose: list[Objects], said: list[str]) -> Iterator[Objects]:
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
            yield from self._members(path, loose, said)
        else:
            self._value()

    def _members(self, path: tuple[str, ...], loose: list[Objects], said: list[str]) -> Iterator[Objects]:
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
                yield from self._tables((*path, key), loose, said)
            else:
                plain[key] = self._value()
            self._separator("}")
        self._skip(1)
        said.extend(f"{key} {plain[key]!r}" for key in _REFUSALS if plain.get(key))
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
        """The next character that is not white space; empty at the end."""
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
        """The value that begins here, as a whole."""
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
        """Double what is held of the value being read; false at the end of the file."""
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
        found = self._buffer[self._at : self._at + 40].split("\n")[0]
        shown = f"Found: {excerpt(found)}" if found else "The file ends here."
        return DataError(f"{sentence}. {shown}", self._file, self._line, self._column)
