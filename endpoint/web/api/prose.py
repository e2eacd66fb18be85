"""Descriptions of saved queries: CommonMark, of which pages show what cannot do harm.

No markup of the text's own, no images and no headings: those are the page's. The library allows no link
with a scheme that runs something, such as ``javascript:``.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup

_LEFT_OUT = ("html_block", "html_inline", "image", "heading", "lheading", "reference")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable([*_LEFT_OUT])


@lru_cache(maxsize=512)
def prose(text: str) -> Markup:
    """The text as HTML."""
    return Markup(_markdown().render(text))  # noqa: S704 - the library escapes what is no CommonMark


def leads_somewhere(address: str | None) -> bool:
    """Whether an address that a file tells may be a link: a page or a mailbox, and nothing that runs."""
    return address is not None and urlsplit(address).scheme.lower() in ("http", "https", "mailto")
