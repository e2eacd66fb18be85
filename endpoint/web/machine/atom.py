"""Atom feeds (RFC 4287), as XML."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree

from endpoint.web.http.view import PARAMETER, View, query_string

CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"

_ATOM: Final = "http://www.w3.org/2005/Atom"
# Characters that no XML 1.0 document may contain (section 2.2).
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def begin(view: View, path: str, title: str, subtitle: str, updated: datetime) -> ElementTree.Element:
    """Return a feed at a path, without entries, in the reader's language."""
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": view.language})
    add_text(feed, "title", title)
    add_text(feed, "subtitle", subtitle)
    # A feed for each language, which keeps its identity when the server moves.
    own = f"{path}?{query_string([(PARAMETER, view.language)])}"
    add_text(feed, "id", view.site.dataset.base + own.removeprefix("/"))
    add_text(feed, "updated", moment(updated))
    add_link(feed, "self", view.base + own, "application/atom+xml")
    add_link(feed, "alternate", f"{view.base}/", "text/html")
    # An entry without an author has that of the feed (section 4.2.1).
    add_text(ElementTree.SubElement(feed, "author"), "name", view.text(view.site.dataset.title))
    return feed


def written(feed: ElementTree.Element) -> bytes:
    """Return a feed as a document."""
    ElementTree.indent(feed)
    document: bytes = ElementTree.tostring(feed, encoding="UTF-8", xml_declaration=True)
    return document + b"\n"


def add_text(parent: ElementTree.Element, name: str, text: str) -> None:
    """Add an element with a text."""
    ElementTree.SubElement(parent, name).text = plain(text)


def add_link(parent: ElementTree.Element, relation: str, address: str, media_type: str = "") -> None:
    """Add a link of a relation to an address (section 4.2.7)."""
    attributes = {"rel": relation, "type": media_type, "href": plain(address)}
    ElementTree.SubElement(parent, "link", {name: value for name, value in attributes.items() if value})


def plain(text: str) -> str:
    """Return ``text`` without characters that no XML document may contain."""
    return _NOT_XML.sub("", text).strip()


def moment(moment: datetime) -> str:
    """Return a date and time as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
