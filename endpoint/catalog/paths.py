"""Path templates of saved queries, as in ``path: /publications/by-author/{author}``.

Templates are matched segment by segment with a path that was split before it was decoded, so that a slash
within a value, sent as ``%2F``, stays in the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from endpoint.catalog.parameters import Parameter
from endpoint.catalog.readers import Entry
from endpoint.characters import normalized
from endpoint.formats import QueryForm, saved_formats
from endpoint.wording import did_you_mean

# First segments that are the server's own: its description and the pages about it.
TAKEN = ("openapi", "docs")

# Extensions of formats, which may follow the last dot of a value.
_EXTENSIONS = frozenset(fmt.extension for form in QueryForm for fmt in saved_formats(form))
_LONGEST = max(map(len, _EXTENSIONS)) + 1
_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
_DOT = re.compile(r"\.")
_SEGMENT = re.compile(r"[\w.~-]+")


class Match(NamedTuple):
    """A template that fits: the values in the path, the extension at its end, and the path as it
    is written in a URL, without a slash at its beginning.
    """

    template: str
    given: tuple[tuple[str, str], ...]
    extension: str
    written: str


def read_path(entry: Entry, parameters: Sequence[Parameter]) -> str:
    """Return the template of a query with these ``parameters``. Raises DataError."""
    path = normalized(entry.text().strip())
    if not path.startswith("/") or path == "/":
        raise entry.error('"path" begins with a slash and names something, such as /by-author/{author}.')
    known = {parameter.name: parameter for parameter in parameters}
    seen: set[str] = set()
    for segment in path[1:].split("/"):
        placeholder = _PLACEHOLDER.fullmatch(segment)
        if placeholder is None:
            if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
                raise entry.error(
                    f'The segment "{segment}" of "path" is neither a plain word nor {{parameter}}.'
                )
            continue
        name = placeholder[1]
        if name not in known:
            near = did_you_mean(name, list(known))
            raise entry.error(f'The query has no parameter "{name}"{near}')
        if known[name].multiple or name in seen:
            raise entry.error(f'The parameter "{name}" takes one value at one place of "path".')
        seen.add(name)
    if path.startswith("/{"):
        # Otherwise every misspelt name would be a value of that parameter.
        raise entry.error('"path" begins with a plain word, as in /by-author/{author}.')
    if re.split(r"[/.]", path)[1] in TAKEN:
        raise entry.error(f'No path can begin with "{path.split("/")[1]}": the API uses it.')
    return path


def match_path(templates: Iterable[str], segments: Sequence[str], plain: bool = False) -> Match | None:
    """Return the template that the decoded ``segments`` fit, words before parameters, or None.

    The last segment may end with the extension of a format, unless ``plain``.
    """
    matches: dict[tuple[bool, ...], Match] = {}
    for template in templates:
        parts = template[1:].split("/")
        if len(parts) == len(segments) and (match := _match(template, parts, segments, plain)) is not None:
            matches[tuple(part.startswith("{") for part in parts)] = match
    return matches[min(matches)] if matches else None


def _match(template: str, parts: Sequence[str], segments: Sequence[str], plain: bool) -> Match | None:
    given: list[tuple[str, str]] = []
    written: list[str] = []
    extension = ""
    for number, (part, segment) in enumerate(zip(parts, segments, strict=True), 1):
        text = segment
        name = _PLACEHOLDER.fullmatch(part)
        if number == len(parts) and not plain:
            text, extension = split_extension(segment) if name is not None else _after(part, segment)
        if name is not None:
            given.append((name[1], text))
        elif normalized(text) != part:
            return None
        written.append(quote(text, safe=""))
    ending = f".{quote(extension, safe='')}" if extension else ""
    return Match(template, tuple(given), extension, "/".join(written) + ending)


def split_extension(text: str) -> tuple[str, str]:
    """Split a value and the extension of a format after it, empty where there is none."""
    # An extension may hold dots itself; the longest one counts.
    for dot in _DOT.finditer(text, max(1, len(text) - _LONGEST)):
        if text[dot.end() :].lower() in _EXTENSIONS:
            return text[: dot.start()], text[dot.end() :]
    return text, ""


def _after(word: str, segment: str) -> tuple[str, str]:
    """Split the word that ends a template and whatever extension stands after it."""
    text = normalized(segment)
    return (word, text[len(word) + 1 :]) if text.startswith(f"{word}.") else (segment, "")


def shape(template: str) -> str:
    """Return the template without the names of its parameters: two of one shape fit the same paths."""
    return _PLACEHOLDER.sub("{}", template)


def filled(template: str, segments: Sequence[str]) -> str:
    """Return the template with ``segments`` in the places of its parameters."""
    parts = template[1:].split("/")
    return "/".join(
        segments[number] if part.startswith("{") and number < len(segments) else part
        for number, part in enumerate(parts)
    )
