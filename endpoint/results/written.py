"""Results whose terms are written already, piece by piece: solutions as SPARQL JSON, triples as N-Triples.

What has them in another form, such as columns, writes them sooner than the engine's values could be made.
Other formats are made of the engine's values, which are read from the pieces while they come.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO, Final, cast

from pyoxigraph import (
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from endpoint.results.counting import CountedOutput

# How many solutions or triples there are in some text, and the text.
Piece = tuple[int, bytes]

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class WrittenSolutions:
    """``size`` solutions of the variables ``names``.

    Each of ``pieces`` has some objects of the member ``bindings`` of SPARQL 1.1 Query Results JSON, with
    commas between them.
    """

    names: list[str]
    size: int
    pieces: Iterable[Piece]

    def write_json(self, output: CountedOutput) -> None:
        """Write them as SPARQL JSON; to the byte as the engine does."""
        for rows, text in self._document():
            if rows:
                output.count(rows)
            output.write(text)

    def solutions(self) -> QuerySolutions:
        """Return them as values of the engine, each read when it is wanted."""
        stream = _stream(text for _, text in self._document())
        return cast(QuerySolutions, parse_query_results(stream, format=QueryResultsFormat.JSON))

    def _document(self) -> Iterator[Piece]:
        # json would write a space after the colon.
        head = f'{{"head":{{"vars":[{",".join(map(_encode, self.names))}]}},"results":{{"bindings":['
        yield 0, head.encode()
        comma = b""
        for rows, text in self.pieces:
            yield rows, comma + text
            comma = b","
        yield 0, b"]}}"


@dataclass(frozen=True, slots=True)
class WrittenTriples:
    """Triples, whose ``pieces`` have lines of N-Triples. Iterated over, it yields values of the engine."""

    pieces: Iterable[Piece]

    def __iter__(self) -> Iterator[Triple]:
        return (quad.triple for quad in self._parsed(text for _, text in self.pieces))

    def counted(self, output: CountedOutput) -> Iterable[Quad]:
        """Return them as quads of the default graph, which the engine writes without a look at each.

        ``output`` is told of all triples of a piece before the first one of it.
        """
        return self._parsed(_told(self.pieces, output))

    @staticmethod
    def _parsed(texts: Iterator[bytes]) -> Iterable[Quad]:
        # Whatever a store holds is read, IRIs that were loaded leniently too.
        return parse(_stream(texts), RdfFormat.N_TRIPLES, lenient=True)


Written = WrittenSolutions | WrittenTriples


def begun(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Return the same pieces, the first of which has been made: whatever it raises is raised now."""
    first = next(pieces, None)
    return iter(()) if first is None else chain((first,), pieces)


def _told(pieces: Iterable[Piece], output: CountedOutput) -> Iterator[bytes]:
    for number, text in pieces:
        output.count(number)
        yield text


def _stream(texts: Iterator[bytes]) -> IO[bytes]:
    # Of a file the engine uses read only.
    return cast("IO[bytes]", _Stream(texts))


class _Stream(io.RawIOBase):
    """The bytes of texts, as a file to read from."""

    def __init__(self, texts: Iterator[bytes]) -> None:
        self._texts = texts
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while not len(self._left):
            text = next(self._texts, None)
            if text is None:
                return b""
            self._left = memoryview(text)
        end = len(self._left) if size < 0 else size
        found, self._left = self._left[:end], self._left[end:]
        return bytes(found)
