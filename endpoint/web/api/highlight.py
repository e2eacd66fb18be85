"""SPARQL text as HTML: keywords, variables, terms and comments told apart, and bound values marked.

Every character of the text stands in the HTML once, escaped, whatever the lexer makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from endpoint.sparql.lexer import Kind, lex
from endpoint.sparql.parameters import Value, edits

# The classes of the style sheet.
_CLASSES: Final = {
    Kind.IRIREF: "iri",
    Kind.VAR: "variable",
    Kind.PNAME: "name",
    Kind.WORD: "keyword",
    Kind.STRING: "string",
    Kind.NUMBER: "number",
    Kind.LANGTAG: "string",
    Kind.BLANK: "name",
}
_COMMENT: Final = re.compile(r"#[^\r\n]*")


class Span(NamedTuple):
    """A part of a text, from ``start`` to ``end``."""

    start: int
    end: int


class _Part(NamedTuple):
    start: int
    end: int
    name: str


def bound_spans(text: str, values: Mapping[str, Value]) -> tuple[str, list[Span]]:
    """``text`` with ``values`` in place of its variables, and where these stand in it.

    Raises :class:`ValueError` as :func:`endpoint.sparql.parameters.bind` does.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    position = length = 0
    for start, end, written in edits(text, values):
        pieces += text[position:start], written
        length += start - position
        blanks = len(written) - len(written.lstrip())
        if value := written.strip():
            spans.append(Span(length + blanks, length + blanks + len(value)))
        length += len(written)
        position = end
    pieces.append(text[position:])
    return "".join(pieces), spans


def highlight(text: str, marked: Iterable[Span] = ()) -> Markup:
    """The text as HTML for a ``pre``; the parts ``marked`` are in ``mark`` elements."""
    html: list[str] = []
    parts = list(_parts(text))
    position = 0
    for span in sorted(marked):
        html += _styled(text, parts, position, span.start)
        html += "<mark>", *_styled(text, parts, span.start, span.end), "</mark>"
        position = span.end
    html += _styled(text, parts, position, len(text))
    return Markup("".join(html))  # noqa: S704 - every piece of the text was escaped


def _styled(text: str, parts: list[_Part], start: int, end: int) -> Iterator[str]:
    for part in parts:
        first, last = max(part.start, start), min(part.end, end)
        if first < last:
            piece = escape(text[first:last])
            yield f'<span class="{part.name}">{piece}</span>' if part.name else str(piece)


def _parts(text: str) -> Iterator[_Part]:
    """Everything from the first character to the last."""
    position = 0
    for token in lex(text).tokens:
        yield from _between(text, position, token.start)
        yield _Part(token.start, token.end, _CLASSES.get(token.kind, ""))
        position = token.end
    yield from _between(text, position, len(text))


def _between(text: str, start: int, end: int) -> Iterator[_Part]:
    """White space and comments."""
    for comment in _COMMENT.finditer(text, start, end):
        yield _Part(start, comment.start(), "")
        yield _Part(comment.start(), comment.end(), "comment")
        start = comment.end()
    yield _Part(start, end, "")
