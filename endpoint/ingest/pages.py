"""Linked Data pages into triples: a page of the Pubby family saved as HTML, or its text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePath
from typing import BinaryIO

from pyoxigraph import Triple

from endpoint.ingest.encodings import fits, open_text, rewindable
from endpoint.ingest.page_text import read_page_text

_HTML_EXTENSIONS = (".html", ".htm", ".xhtml")
_HtmlReader = Callable[[str, str, Mapping[str, str], str, list[str]], list[Triple]]
_HEAD = 4096
# A heading in a text may begin with <요약>.
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!--|(?:!doctype|\?xml|html|head|body|div|table)\b)", re.IGNORECASE
)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE
)

# The Korean labels that browsers read as CP949, and those that they read as Windows-1252.
_LABELS = {
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
}


def read_page(
    stream: BinaryIO, name: str, prefixes: Mapping[str, str], base: str, notices: list[str]
) -> list[Triple]:
    """The statements of a page. ``base`` resolves relative links; ``notices`` gets what was left out.

    :raises DataError: the page cannot be decoded, or is none; :class:`DataErrors` where several are told.
    """
    stream = rewindable(stream)
    stream.seek(0)
    head = stream.read(_HEAD)
    if _MARKUP.match(head) or set(PurePath(name.lower()).suffixes) & set(_HTML_EXTENSIONS):
        text = open_text(stream, name, notices, _encoding(stream, head)).read()
        # lxml takes 8 MB: only a page in HTML loads it, not every server.
        read_page_html: _HtmlReader = import_module("endpoint.ingest.page_html").read_page_html
        return read_page_html(text, name, prefixes, base, notices)
    return read_page_text(open_text(stream, name, notices).read(), name, prefixes, notices)


def _encoding(stream: BinaryIO, head: bytes) -> str | None:
    """UTF-8 where the page is, else what it declares, else to be found: declarations are often left over."""
    return "utf-8" if fits(stream, "utf-8") else _declared(head)


def _declared(head: bytes) -> str | None:
    """The encoding that a page declares, as browsers take it (WHATWG Encoding, section 4.2)."""
    found = _DECLARED.search(head)
    if found is None:
        return None
    label = found[1].decode("ascii").lower()
    label = _LABELS.get(label, label)
    try:
        return codecs.lookup(label).name
    except LookupError:
        return None
