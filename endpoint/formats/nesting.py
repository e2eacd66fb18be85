"""The limits on how deeply RDF may nest.

What the engine does with depth differs by format, and none of it ends well: JSON-LD takes gigabytes at some
thousand levels, RDF/XML time by the square of them, triple terms the whole stack, the rest memory. So levels
are counted in the bytes on their way to it, by the rules of its parsers for strings, IRIs and comments.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Final, NamedTuple, cast
from xml.parsers import expat

from pyoxigraph import RdfFormat

from endpoint.errors import DataError

# Lists of some hundred members nest two levels for each in what ontology editors write.
MOST: Final = 2000
MOST_JSON: Final = 200


class _Grammar(NamedTuple):
    """The places where brackets are none.

    ``step`` matches whole strings and the like, then an opening bracket, a closing one, or the mark that
    begins a string and the like that does not end here. ``rests`` matches the rest of one, by its mark, and
    its end where that is here. Both leave what only the next piece can tell.
    """

    step: re.Pattern[bytes]
    rests: dict[bytes, re.Pattern[bytes]]


_STRING: Final = rb'(?:[^"\\]++|\\.)*+'
_LONG_STRING: Final = rb'(?:[^"\\]++|\\.|"{1,2}+(?!"|\Z))*+'


def _compile(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


def _turtle(after_angle: bytes) -> _Grammar:
    """Return the grammar of the formats like Turtle; ``after_angle`` cannot begin an IRI, as patterns."""
    angle = rb"<(?!" + after_angle + rb"|\Z)"
    quotes = rb'"(?!")%(s)s"|""(?!"|\Z)|"""%(l)s"""' % {b"s": _STRING, b"l": _LONG_STRING}
    skipped = (
        rb"""[^"'<>#\\\[\](){}]++""",
        quotes,
        quotes.replace(b'"', b"'"),
        angle + rb"[^>]*+>",
        rb"<(?=[=-])" if b"=" in after_angle else rb"(?!)",
        rb"#[^\r\n]*+[\r\n]",
        rb"\\.|>(?!>|\Z)",
    )
    marks = rb'"""|"(?!"|\Z)|\'\'\'|\'(?!\'|\Z)|#|' + angle
    rests = {b'"': _STRING + rb'("?)', b'"""': _LONG_STRING + rb'("""|)'}
    rests |= {mark.replace(b'"', b"'"): rest.replace(b'"', b"'") for mark, rest in rests.items()}
    rests |= {b"<": rb"[^>]*+(>?)", b"#": rb"[^\r\n]*+([\r\n]?)"}
    return _Grammar(
        _compile(rb"(?:" + rb"|".join(skipped) + rb")*+(?:([\[({]|<<)|([\])}]|>>)|(" + marks + rb"))?+"),
        {mark: _compile(rest) for mark, rest in rests.items()},
    )


_JSON: Final = _Grammar(
    _compile(rb'(?:[^"\[\]{}]++|"' + _STRING + rb'")*+(?:([\[{])|([\]}])|("))?+'),
    {b'"': _compile(_STRING + rb'("?)')},
)
_TURTLE: Final = _turtle(rb"<")
_N3: Final = _turtle(rb"[<=-]")  # arrows


def limited(stream: IO[bytes], syntax: RdfFormat, file: Path | None) -> IO[bytes]:
    """Return a stream of the same bytes, whose reads raise DataError where the text nests too deeply.

    RDF/XML is counted where it is checked, by :func:`limit_elements`.
    """
    if syntax == RdfFormat.RDF_XML:
        return stream
    if syntax == RdfFormat.JSON_LD:
        return cast(IO[bytes], _Limited(stream, _JSON, MOST_JSON, file))
    return cast(IO[bytes], _Limited(stream, _N3 if syntax == RdfFormat.N3 else _TURTLE, MOST, file))


def limit_elements(parser: expat.XMLParserType, file: Path | None) -> None:
    """Have an XML parser of this file raise DataError where its elements nest too deeply."""
    depth = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST:
            raise _too_deep(MOST, file, parser.CurrentLineNumber)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end


def _too_deep(most: int, file: Path | None, line: int) -> DataError:
    return DataError(f"The text nests more than {most:,} levels deep.", file, line)


class _Limited:
    def __init__(self, stream: IO[bytes], grammar: _Grammar, most: int, file: Path | None) -> None:
        self._stream = stream
        self._grammar = grammar
        self._most = most
        self._file = file
        self._depth = 0
        self._line = 1
        # The mark of the string and the like that the last piece ended in, and what it left.
        self._within: bytes | None = None
        self._left = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; none at the end. Raises DataError."""
        piece = self._stream.read(size)
        self._count(self._left + piece)
        self._line += piece.count(b"\n")
        return piece

    def _count(self, text: bytes) -> None:
        at, step = self._finish(text), self._grammar.step
        while self._within is None:
            # It matches anything, if only nothing.
            found = cast(re.Match[bytes], step.match(text, at))
            at = found.end()
            if found[1]:
                self._depth += 1
                if self._depth > self._most:
                    raise _too_deep(self._most, self._file, self._line + text.count(b"\n", 0, at))
            elif found[2]:
                self._depth = max(self._depth - 1, 0)
            elif found[3]:
                self._within = found[3]
                at = self._finish(text, at)
            else:
                break
        self._left = text[at:]

    def _finish(self, text: bytes, at: int = 0) -> int:
        """Pass what the text is within, which may not end in it; return where."""
        if self._within is None:
            return at
        found = cast(re.Match[bytes], self._grammar.rests[self._within].match(text, at))
        if found[1]:
            self._within = None
        return found.end()
