"""Texts of saved queries as HTML: SPARQL with its tokens in colours, and descriptions in CommonMark.

Every character of a SPARQL text occurs in the HTML once, escaped, whatever tokens the lexer returns. Pages
show descriptions without what could do harm: no markup of their own, no images and no headings, which belong
to the page. The library allows no link with a scheme that runs something, such as ``javascript:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from endpoint.sparql.lexer import Kind, lex
from endpoint.sparql.parameters import Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

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
# Elements that descriptions may not contain.
_LEFT_OUT: Final = ("html_block", "html_inline", "image", "heading", "lheading", "reference")
_COMMENT: Final = re.compile(r"#[^\r\n]*")
# Most pieces have none of the characters that HTML writes in other ways.
_SPECIAL: Final = re.compile("[&<>\"']")


class _Part(NamedTuple):
    start: int
    end: int
    name: str


def highlight(text: str, marked: Iterable[Span] = ()) -> Markup:
    """Return the text as HTML for a ``pre``; the parts ``marked`` are in ``mark`` elements."""
    html: list[str] = []
    edges = [edge for span in sorted(marked) for edge in ((span.start, "<mark>"), (span.end, "</mark>"))]
    edges.reverse()
    for start, end, name in _parts(text):
        while edges and edges[-1][0] < end:
            place, tag = edges.pop()
            html += _styled(text[start:place], name), tag
            start = max(start, place)
        html.append(_styled(text[start:end], name))
    html += [tag for _, tag in reversed(edges)]
    return Markup("".join(html))  # noqa: S704 - every piece of the text was escaped


def _styled(piece: str, name: str) -> str:
    if _SPECIAL.search(piece):
        piece = str(escape(piece))
    return f'<span class="{name}">{piece}</span>' if name and piece else piece


def _parts(text: str) -> Iterator[_Part]:
    """Yield the parts of the text from the first character to the last."""
    position = 0
    for token in lex(text).tokens:
        if position < token.start:
            yield from _between(text, position, token.start)
        yield _Part(token.start, token.end, _CLASSES.get(token.kind, ""))
        position = token.end
    yield from _between(text, position, len(text))


def _between(text: str, start: int, end: int) -> Iterator[_Part]:
    """Yield the white space and comments between tokens."""
    for comment in _COMMENT.finditer(text, start, end) if text.find("#", start, end) >= 0 else ():
        yield _Part(start, comment.start(), "")
        yield _Part(comment.start(), comment.end(), "comment")
        start = comment.end()
    yield _Part(start, end, "")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    made: MarkdownIt = import_module("markdown_it").MarkdownIt("commonmark", {"html": False})
    return made.disable([*_LEFT_OUT])


@lru_cache(maxsize=512)
def prose(text: str) -> Markup:
    """Return a description as HTML."""
    return Markup(_markdown().render(text))  # noqa: S704 - the library escapes what is no CommonMark


def leads_somewhere(address: str | None) -> bool:
    """Return whether an address in a file may be a link: a page or a mailbox, and no script."""
    return address is not None and urlsplit(address).scheme.lower() in ("http", "https", "mailto")
