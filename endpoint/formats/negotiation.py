"""Content negotiation (RFC 9110 section 12.5.1): pure functions of a header and what is offered."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from endpoint.formats.representation import Representation
from endpoint.formats.table import Format

# Headers longer than this are negotiated every time, so that a client cannot fill the cache with them.
_CACHED_LENGTH = 512
# Nothing that long is an Accept header; reading it would keep other requests waiting.
_READ_LENGTH = 8192


def by_name(name: str, offered: tuple[Format, ...]) -> Format | None:
    """The offered format that ``format=`` or ``output=`` names, or None.

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
    """The offered format that ``/api/name.extension`` asks for, or None; in any case."""
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
    bibliographies are never chosen by a wildcard, unless one is all that is offered: who can read
    them asks for them by name.
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
_HINTS = frozenset({"profile", "version"})
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
        found = _range(element[0])
        if found is not None:
            known = ranges.get(found.media_type)
            if known is None or found.parameters > known.parameters:
                ranges[found.media_type] = found
    return ranges or {"*/*": _Range("*/*", False, 0, 1.0)}


def _range(element: str) -> _Range | None:
    """One media range, or None where it is malformed."""
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
