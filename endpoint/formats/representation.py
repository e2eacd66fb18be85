"""How the rows of an answer are written, besides the format: which of them, and with what around them.

A worker is told a format by its name. As a media type may have parameters, so may that name:
``flat-json;{"offset": 20, "size": 10}``. Both sides of the wire read it here. Entity tags are made of
the whole name: another frame makes another tag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, TypeAlias, TypedDict, cast

from endpoint.formats import Format

# What JSON holds.
Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


class Pages(TypedDict):
    """For HTML: IRIs that begin with ``base`` have their page below ``root`` of the server."""

    base: str
    root: str
    language: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """Which rows of a SELECT, and how they are told.

    ``size`` rows after the first ``offset``; None for all of them. ``mark`` is the digest of the rows
    before the page, as the page before it told; a page that would follow other rows is not written.
    ``count`` seconds may be spent on counting what follows the page. With ``language_tags`` JSON
    keeps the language of a text; with ``envelope`` flat JSON leaves its opening brace to the server.
    ``pages`` tells HTML where the pages of resources are and which language its reader reads.
    ``frame`` is the JSON-LD frame of a graph in JSON-LD, ``transform`` the prototype of the rows of flat
    JSON; a page is then one of the objects.
    """

    offset: int = 0
    size: int | None = None
    mark: str = ""
    count: float = 0.0
    language_tags: bool = False
    envelope: bool = False
    pages: Pages | None = None
    frame: Mapping[str, Plain] | None = None
    transform: Mapping[str, Plain] | None = None


PLAIN: Final = Presentation()
_KEYS: Final = tuple(row.name for row in fields(Presentation))


class Facts(TypedDict):
    """What is known of a page once its rows are taken: the first line of a paged answer, as JSON."""

    rows: int  # on the page
    more: bool  # there is at least one row after the page
    total: int | None  # of all pages, where it is known
    mark: str  # digest of the last rows up to the end of the page
    moved: bool  # other rows stand before the page than the client has seen; there is no page


def presented(fmt: Format, presentation: Presentation) -> Format:
    """The format under a name that tells the worker about ``presentation``."""
    if presentation == PLAIN:
        return fmt
    told = {key: value for key in _KEYS if (value := getattr(presentation, key)) != getattr(PLAIN, key)}
    return replace(fmt, name=f"{fmt.name};{json.dumps(told)}")


def read_name(name: str) -> tuple[str, Presentation]:
    """The plain name of a format, and what :func:`presented` added to it."""
    plain, _, told = name.partition(";")
    return plain, Presentation(**json.loads(told)) if told else PLAIN


def split_facts(first: bytes) -> tuple[Facts, bytes]:
    """The facts of a page, and the answer after them, from the first bytes of a paged answer."""
    line, _, rest = first.partition(b"\n")
    return cast(Facts, json.loads(line)), rest
