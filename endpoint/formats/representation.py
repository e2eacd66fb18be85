"""Representations: a format, and all else that decides the bytes of an answer.

Negotiation chooses one, the API and the pages add to it, the wire carries it to the worker, and entity
tags are made of it: another page, frame or prototype makes another tag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Self, TypeAlias, cast

from endpoint.formats.table import FORMATS, Format

# What JSON holds.
Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


class Page(NamedTuple):
    """``size`` rows after the first ``offset``.

    ``mark`` is the digest of the rows before the page, from the :class:`Facts` of the page before it; a
    page that would follow other rows is not written. ``counting``: seconds that may be spent on counting the
    rows after the page.
    """

    size: int
    offset: int = 0
    mark: str = ""
    counting: float = 0.0


class Facts(NamedTuple):
    """What is known of a page once its rows are taken.

    ``rows``: how many it has. ``more``: there is at least one row after it. ``total``: the number of rows
    of all pages, where it is known. ``mark``: the digest of the last rows up to its end. ``moved``: other
    rows stand before it than the client has seen; there is no page.
    """

    rows: int
    more: bool
    total: int | None
    mark: str
    moved: bool = False


class Links(NamedTuple):
    """For HTML: IRIs that begin with ``base`` have their page below ``root`` of the server.

    ``language`` is the one in which notes are written.
    """

    base: str
    root: str
    language: str


@dataclass(frozen=True, slots=True)
class Representation:
    """How an answer is written: the format, the Content-Type that is sent, and what else shapes the bytes.

    ``page``: only these rows of a SELECT; None for all. With ``language_tags`` JSON keeps the language of a
    text; with ``envelope`` flat JSON leaves its opening brace to the server, which writes more members.
    ``links``: where HTML finds the pages of resources. ``frame`` is the JSON-LD frame of a graph,
    ``prototype`` the one of SPARQL Transformer for the rows of flat JSON; a page is then one of its objects.
    """

    format: Format
    content_type: str
    page: Page | None = None
    language_tags: bool = False
    envelope: bool = False
    links: Links | None = None
    frame: Mapping[str, Plain] | None = None
    prototype: Mapping[str, Plain] | None = None

    @classmethod
    def of(cls, fmt: Format, page: Page | None = None, language_tags: bool = False) -> Self:
        """Return the representation in ``fmt`` under its own media type."""
        return cls(fmt, fmt.content_type(), page, language_tags)

    def encode(self) -> dict[str, object]:
        """Return what a worker needs of it, as JSON has it; what is not there is left out."""
        encoded: dict[str, object] = {"format": self.format.name}
        for name in _SHAPING:
            value = getattr(self, name)
            if value is not None and value is not False:
                encoded[name] = value
        return encoded

    @classmethod
    def decode(cls, encoded: Mapping[str, object]) -> Self:
        """Return what was given to :meth:`encode`, under the media type of the format itself."""
        members = cast("dict[str, Any]", dict(encoded))
        fmt = FORMATS[members.pop("format")]
        if "page" in members:
            members["page"] = Page(*members["page"])
        if "links" in members:
            members["links"] = Links(*members["links"])
        return cls(fmt, fmt.content_type(), **members)

    @property
    def digest(self) -> str:
        """Tells this representation from every other one."""
        text = f"{self.content_type}\0{json.dumps(self.encode())}"
        return blake2b(text.encode(), digest_size=16).hexdigest()


_SHAPING = ("page", "language_tags", "envelope", "links", "frame", "prototype")
