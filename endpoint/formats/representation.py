"""Representations, and their negotiation (RFC 9110 sections 3.2 and 12.5.1).

A representation is a format and everything else that determines the bytes of an answer. Negotiation chooses
one, the API and the pages add to it, the wire carries it to the worker, and entity tags depend on it: another
page, frame or prototype has another tag. Negotiation consists of pure functions of a header and the formats
offered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias, cast

from endpoint.formats.table import FORMATS, Format

# Headers longer than this are negotiated every time, so that a client cannot fill the cache with them.
_CACHED_LENGTH = 512
# No real Accept header is longer; reading it would keep other requests waiting.
_READ_LENGTH = 8192

# The values of JSON.
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
    """The facts of a page, known once its rows are taken.

    ``rows``: how many it has. ``more``: there is at least one row after it. ``total``: the number of rows
    of all pages, where it is known. ``mark``: the digest of the last rows up to its end. ``moved``: other
    rows precede it than the client has seen; there is no page.
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
    """A format, the Content-Type that is sent, and all else that shapes the bytes of an answer.

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
        """Return the members that a worker needs, as JSON values, without absent ones."""
        encoded: dict[str, object] = {"format": self.format.name}
        shaping = _SHAPING(self)
        # Most representations are plain, and on the path of a small query each microsecond counts.
        if shaping != _PLAIN:
            present = zip(_SHAPING_NAMES, shaping, strict=True)
            encoded |= {name: value for name, value in present if value is not None and value is not False}
        return encoded

    @classmethod
    def decode(cls, encoded: Mapping[str, object]) -> Representation:
        """Return the representation that was encoded, under the media type of the format itself."""
        members = cast("dict[str, Any]", encoded)
        if len(members) == 1:
            return _plain(members["format"])
        shaping = {**members}
        fmt = FORMATS[shaping.pop("format")]
        if "page" in shaping:
            shaping["page"] = Page(*shaping["page"])
        if "links" in shaping:
            shaping["links"] = Links(*shaping["links"])
        return cls(fmt, fmt.content_type(), **shaping)

    @property
    def digest(self) -> str:
        """A text that distinguishes this representation from every other one."""
        name = f"{self.format.name} {self.content_type}"
        if _SHAPING(self) == _PLAIN:
            return name
        return f"{name} {blake2b(json.dumps(self.encode()).encode(), digest_size=16).hexdigest()}"


_SHAPING_NAMES = ("page", "language_tags", "envelope", "links", "frame", "prototype")
_SHAPING = attrgetter(*_SHAPING_NAMES)
_PLAIN = (None, False, False, None, None, None)


@cache
def _plain(name: str) -> Representation:
    return Representation.of(FORMATS[name])


def by_name(name: str, offered: tuple[Format, ...]) -> Format | None:
    """Return the offered format that ``format=`` or ``output=`` names, or None.

    ``name`` is a short name or a media type in any case, parameters ignored, also with the ``+``
    that decoding a form turned into a blank.
    """
    wanted = name.partition(";")[0].strip().lower()
    media_type = wanted.replace(" ", "+")
    for candidate in offered:
        if wanted == candidate.name or wanted in candidate.short_names:
            return candidate
        if media_type == candidate.media_type or media_type in candidate.aliases:
            return candidate
    return None


def by_extension(extension: str, offered: tuple[Format, ...]) -> Format | None:
    """Return the offered format with the extension of ``/api/name.extension``, or None; in any case."""
    wanted = extension.lower()
    for candidate in offered:
        if wanted == candidate.extension or wanted in candidate.short_names:
            return candidate
    return None


def negotiate(accept: str | None, offered: tuple[Format, ...]) -> Representation | None:
    """Choose among ``offered`` by an Accept header (several joined with ", "), or None for a 406.

    The highest quality wins; at equal quality a type that the client named wins over one that a
    wildcard covers, then the order of ``offered`` decides. What cannot be parsed is passed over, a
    range with a malformed quality included; a header with nothing left counts as absent. HTML and
    bibliographies are never chosen by a wildcard, unless nothing else is offered: clients that read
    them name them.
    """
    if accept is not None and len(accept) > _READ_LENGTH:
        return None
    if accept is not None and len(accept) > _CACHED_LENGTH:
        return _negotiate(accept, offered)
    return _negotiate_cached(accept or "", offered)


class _Range(NamedTuple):
    """A media range: ``named`` without wildcard, made more specific by ``parameters`` in number."""

    media_type: str
    named: bool
    parameters: int
    quality: float


_ELEMENT = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # noqa: S105 - a token of RFC 9110 section 5.6.2, no secret
_RANGE = re.compile(rf"[ \t]*+({_TOKEN})(?:/({_TOKEN}))?+[ \t]*+")
_PARAMETER = re.compile(
    rf';[ \t]*+(?:({_TOKEN})[ \t]*+=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|({_TOKEN})))?+[ \t]*+', re.DOTALL
)
_QUALITY = re.compile(r"0|0?\.[0-9]*|1(?:\.0*)?", re.ASCII)
_HINTS = frozenset({"escaping", "profile", "version"})
_VALUES = {"charset": frozenset({"utf-8", "utf8"}), "header": frozenset({"present"})}


def _negotiate(accept: str, offered: tuple[Format, ...]) -> Representation | None:
    ranges = _most_specific(accept)
    best = (0.0, False)
    chosen: Representation | None = None
    for candidate in offered:
        own = ranges.get(candidate.media_type)
        if own is None and (candidate.by_wildcard or len(offered) == 1):
            own = ranges.get(candidate.media_type.partition("/")[0] + "/*") or ranges.get("*/*")
        names = [(candidate.media_type, own)]
        if candidate.echo or own is None or own.quality > 0:
            names += [(alias, ranges.get(alias)) for alias in candidate.aliases]
        for media_type, entry in names:
            if entry is not None and entry.quality > 0 and (entry.quality, entry.named) > best:
                best = (entry.quality, entry.named)
                chosen = Representation(candidate, candidate.content_type(media_type))
    return chosen


_negotiate_cached = lru_cache(maxsize=1024)(_negotiate)


def _most_specific(accept: str) -> dict[str, _Range]:
    ranges: dict[str, _Range] = {}
    for element in _ELEMENT.finditer(accept):
        media_range = _range(element[0])
        if media_range is not None:
            known = ranges.get(media_range.media_type)
            if known is None or media_range.parameters > known.parameters:
                ranges[media_range.media_type] = media_range
    return ranges or {"*/*": _Range("*/*", False, 0, 1.0)}


def _range(element: str) -> _Range | None:
    """Return one media range, or None where it is malformed."""
    head = _RANGE.match(element)
    if head is None:
        return None
    main, sub = head[1].lower(), (head[2] or "").lower()
    if main == "*" and sub in ("", "*"):
        main, sub = "*", "*"  # Java's URLConnection sends a lone "*"
    elif main == "*" or not sub:
        return None
    named = sub != "*"
    parameters = 0
    position = head.end()
    while position < len(element):
        parameter = _PARAMETER.match(element, position)
        if parameter is None:
            return None
        position = parameter.end()
        name = (parameter[1] or "").lower()
        value = parameter[2] if parameter[2] is not None else parameter[3] or ""
        if name == "q":
            # Parameters after the quality were extensions in RFC 7231; nothing depends on them.
            return _Range(f"{main}/{sub}", named, parameters, float(value)) if _is_quality(value) else None
        if name and not _fits(name, value):
            return _Range(element, named, parameters, 0.0)  # well-formed, and matches nothing
        parameters += bool(name)
    return _Range(f"{main}/{sub}", named, parameters, 1.0)


def _is_quality(value: str) -> bool:
    return value != "." and _QUALITY.fullmatch(value) is not None


def _fits(name: str, value: str) -> bool:
    return name in _HINTS or value.lower() in _VALUES.get(name, ())
