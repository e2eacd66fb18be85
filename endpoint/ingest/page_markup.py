"""HTML as a tree: the few things that reading a page needs of lxml, with types.

lxml, because its parser closes what HTML leaves open (``<li>``, ``<td>``) as browsers do, keeps the line of
every element for messages, and needs no second library. It fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from lxml import etree, html  # type: ignore[import-untyped]

from endpoint.errors import DataError

# What white space in a template puts around a value; a no-break space belongs to the value.
LAYOUT = " \t\r\n\f"

_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_UNSEEN = ("script", "style", "template", "head")


class Element(Protocol):
    """An element of lxml. ``tail`` is the text that follows it."""

    tag: str
    text: str | None
    tail: str | None
    sourceline: int | None

    def get(self, key: str) -> str | None: ...

    def getparent(self) -> Element | None: ...

    def iter(self, *tags: str) -> Iterator[Element]: ...

    def iterancestors(self, *tags: str) -> Iterator[Element]: ...

    def __iter__(self) -> Iterator[Element]: ...


def parse_html(text: str, file: Path) -> Element:
    """The root element of a page, however broken its HTML is.

    :raises DataError: nothing in it is HTML.
    """
    # HTML section 13.2.3.5: line ends are one line feed, before anything else.
    plain = _XML_DECLARATION.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"), count=1
    )
    # The usual limits are a depth of 256 elements and 10 million characters of text.
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        root = cast(Element, html.document_fromstring(plain, parser=parser))
    except (etree.LxmlError, ValueError, AssertionError):
        raise DataError("The file holds no HTML that could be read.", file) from None
    if any(entry.level_name == "FATAL" for entry in parser.error_log):
        raise DataError("The HTML is nested too deeply or too large to be read as a whole.", file)
    return root


def text_of(element: Element, without: tuple[Element, ...] = ()) -> str:
    """The text in ``element`` as a reader sees it, ``<br>`` as a line feed, ``without`` some parts."""
    return "".join(_pieces(element, without))


def _pieces(element: Element, without: tuple[Element, ...]) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if event == "start":
            if part in without or part.tag in _UNSEEN:
                walk.skip_subtree()
            else:
                yield "\n" if part.tag == "br" else part.text or ""
        elif part is not element:
            tail = part.tail or ""
            yield tail.removeprefix("\n") if part.tag == "br" else tail


def line_of_text(element: Element) -> str:
    """The text in ``element`` on one line, white space collapsed."""
    return " ".join(text_of(element).split())


def classes(element: Element) -> set[str]:
    """The names in an element's ``class`` and ``id``."""
    return {*(element.get("class") or "").split(), *(element.get("id") or "").split()}


def inside(element: Element, ancestor: Element) -> bool:
    """Whether ``element`` is somewhere within ``ancestor``."""
    return any(found is ancestor for found in element.iterancestors())
