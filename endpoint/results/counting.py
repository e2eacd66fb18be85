"""Rows counted on their way out: one by one where Python sees them, else in the bytes that the engine writes.

The engine serializes solutions itself and does not tell how many there were. In each of its formats
something that no value can hold stands once for each solution.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, TypeVar

from endpoint.formats import CSV, SPARQL_JSON, SPARQL_XML, TSV, Format

T = TypeVar("T")

_BINDINGS: Final = b'"bindings":['
_FIRST: Final = _BINDINGS + b'{"'
# In a string a quotation mark is escaped, so this is the beginning of a solution; or else the end of a
# string, which a brace or a comma follows.
_FURTHER: Final = re.compile(rb',\{"[^},]')
_ELEMENT: Final = b"<result>"
_SLICE: Final = 64 * 2**10  # bytes


class Output(Protocol):
    """A destination of bytes; also a binary file object as the engine expects one."""

    written: int

    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class CountedOutput(Output, Protocol):
    """An output that is told of rows before they are written. Like writing, this may raise."""

    def count(self, rows: int) -> None: ...


def counted(rows: Iterable[T], output: CountedOutput) -> Iterator[T]:
    """Yield the rows; tell ``output`` of each before."""
    for row in rows:
        output.count(1)
        yield row


class SolutionCounter:
    """An output that counts the solutions in what the engine writes in one of its four formats.

    In JSON it misses solutions in which every variable is unbound.
    """

    def __init__(self, output: CountedOutput, fmt: Format) -> None:
        self._output = output
        self._found = _COUNTERS[fmt]()
        self.written = 0

    def write(self, data: bytes, /) -> int:
        # A value of a hundred megabytes comes whole; counting it in slices takes no memory.
        for start in range(0, len(data), _SLICE):
            part = data[start : start + _SLICE]
            if rows := self._found(part):
                self._output.count(rows)
            self._output.write(part)
        self.written += len(data)
        return len(data)

    def flush(self) -> None:
        self._output.flush()


class _Objects:
    """Counts the members of the array of bindings in JSON."""

    def __init__(self) -> None:
        self._tail = b""
        self._begun = False

    def __call__(self, data: bytes) -> int:
        window = self._tail + data
        first = 0
        if not self._begun:
            start = window.find(_BINDINGS)
            if start < 0 or start + len(_FIRST) > len(window):
                self._tail = window[-len(_FIRST) :]
                return 0
            self._begun = True
            first = int(window.startswith(_FIRST, start))
        # Three bytes are too few to have been counted now.
        self._tail = window[-3:]
        return first + len(_FURTHER.findall(window))


class _Elements:
    """Counts the elements of solutions in XML."""

    def __init__(self) -> None:
        self._tail = b""

    def __call__(self, data: bytes) -> int:
        window = self._tail + data
        self._tail = window[1 - len(_ELEMENT) :]
        return window.count(_ELEMENT)


class _Lines:
    """Counts lines after the first. In CSV those inside of quotation marks are part of a value (RFC 4180)."""

    def __init__(self, quotes: bool) -> None:
        self._quotes = quotes
        self._inside = 0
        self._header = True

    def __call__(self, data: bytes) -> int:
        if self._quotes and (self._inside or b'"' in data):
            parts = data.split(b'"')
            lines = sum(part.count(b"\n") for part in parts[self._inside :: 2])
            self._inside = (self._inside + len(parts) - 1) % 2
        else:
            lines = data.count(b"\n")
        if self._header and lines:
            lines, self._header = lines - 1, False
        return lines


_COUNTERS: Final[dict[Format, Callable[[], Callable[[bytes], int]]]] = {
    SPARQL_JSON: _Objects,
    SPARQL_XML: _Elements,
    CSV: lambda: _Lines(quotes=True),
    TSV: lambda: _Lines(quotes=False),
}
