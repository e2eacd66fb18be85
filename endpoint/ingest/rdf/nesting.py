"""The limit on how deeply JSON-LD may nest.

The engine reads a text nested thousands deep in gigabytes of memory, and overflows its stack after that. So
the brackets are counted in the bytes on their way to it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Final, cast

from pyoxigraph import RdfFormat

from endpoint.errors import DataError

MOST: Final = 200

# A string to its end, which may be missing, or a bracket.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)
_REST_OF_STRING: Final = re.compile(rb'(?:[^"\\]++|\\.)*+("?)', re.DOTALL)


def limited(stream: IO[bytes], syntax: RdfFormat, file: Path) -> IO[bytes]:
    """Return the stream; for JSON-LD one whose reads raise DataError where it nests too deeply."""
    return cast(IO[bytes], _Limited(stream, file)) if syntax == RdfFormat.JSON_LD else stream


class _Limited:
    def __init__(self, stream: IO[bytes], file: Path) -> None:
        self._stream = stream
        self._file = file
        self._depth = 0
        self._line = 1
        self._in_string = False
        # The backslash at the end of a piece belongs to what follows.
        self._backslash = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; none at the end. Raises DataError."""
        piece = self._stream.read(size)
        self._count(self._backslash + piece)
        self._line += piece.count(b"\n")
        return piece

    def _count(self, text: bytes) -> None:
        self._backslash, start = b"", 0
        if self._in_string:
            start = self._string_end(_REST_OF_STRING.match(text), text)
        for token in _TOKEN.finditer(text, start):
            first = text[token.start()]
            if first == 0x22:  # a quotation mark
                self._string_end(token, text)
            elif first in b"[{":
                self._depth += 1
                if self._depth > MOST:
                    line = self._line + text.count(b"\n", 0, token.start())
                    raise DataError(f"The text nests more than {MOST} levels deep.", self._file, line)
            else:
                self._depth -= 1

    def _string_end(self, string: re.Match[bytes] | None, text: bytes) -> int:
        """Note whether the string ends in this piece; return where."""
        end = len(text) if string is None else string.end()
        self._in_string = string is None or not string[1]
        if self._in_string:
            self._backslash = text[end:]
        return end
