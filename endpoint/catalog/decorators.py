"""The keys of a saved query's header, besides its parameters: those of grlc and our own.

What grlc knows never keeps a query from loading: a value that cannot be used is a notice. Our own keys
decide how a query is served, so a wrong one is an error.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePath
from typing import TypeVar

from endpoint.catalog.deprecation import read_deprecation
from endpoint.catalog.frame_syntax import check_frame, check_length
from endpoint.catalog.header import Entry, Plain
from endpoint.catalog.parameters import Parameter
from endpoint.catalog.paths import TAKEN
from endpoint.errors import DataError
from endpoint.formats import Format, QueryForm, by_name, saved_formats
from endpoint.results.prototype import read_prototype
from endpoint.wording import did_you_mean

GRLC = (
    "summary", "description", "tags", "endpoint", "endpoint_in_url", "enumerate", "defaults", "method",
    "pagination", "mime", "transform", "licence", "license", "endpoint-method",
)  # fmt: skip
OWN = ("params", "path", "formats", "cache", "frame", "deprecated")
_OTHER_SERVERS = ("endpoint", "endpoint_in_url", "endpoint-method")
_METHODS = ("GET", "POST")
_SEGMENT = re.compile(r"[\w.~-]+")
_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Options:
    """How a saved query is to be served.

    ``method`` is that which its author prefers, ``page_size`` the rows of a page, ``format`` what a
    client gets that asks for nothing, ``formats`` what may be asked for (empty: all), ``cache`` seconds.
    ``path`` is a template below ``/api`` with ``{parameter}`` for whole segments. ``frame`` is a JSON-LD
    frame, ``transform`` a prototype of SPARQL Transformer. ``deprecation`` are sentences by language tag,
    as ``deprecated`` told them, ``since`` and ``sunset`` the days on which the query becomes deprecated
    and may go away, ``successor`` the name of the query to use instead, ``deprecation_link`` the URL of a
    page about it. ``extra`` are the keys that mean nothing here.
    """

    method: str | None = None
    page_size: int | None = None
    format: Format | None = None
    formats: tuple[Format, ...] = ()
    cache: int | None = None
    path: str | None = None
    frame: Mapping[str, Plain] | None = None
    transform: Mapping[str, Plain] | None = None
    licence: str | None = None
    deprecated: bool = False
    deprecation: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    sunset: date | None = None
    successor: str | None = None
    deprecation_link: str | None = None
    extra: Mapping[str, Plain] = field(default_factory=dict)


class Decorators:
    """Reads the entries of one header; ``notices`` collects what is odd about them."""

    def __init__(self, entries: Mapping[str, Entry], file: Path) -> None:
        self.notices: list[DataError] = []
        self._file = file
        self._entries: dict[str, Entry] = {}
        for key, entry in entries.items():
            if key not in (*GRLC, *OWN):
                told = (
                    f'Unknown key "{key}"{did_you_mean(key, (*GRLC, *OWN))} It is kept and changes nothing.'
                )
                self.notices.append(entry.error(told))
            elif key in GRLC and entry.content in ("", (), {}):
                self.notices.append(entry.error(f'"{key}" has no value.'))
                continue
            self._entries[key] = entry
        others = [key for key in _OTHER_SERVERS if key in self._entries]
        if others:
            told = f"{', '.join(others)}: this server answers from its own data, and calls no other."
            self.notices.append(self._entries[others[0]].error(told))

    def get(self, key: str) -> Entry | None:
        """The entry of a key, if it has a value."""
        return self._entries.get(key)

    def by_language(self, key: str) -> dict[str, str]:
        """The texts at ``key`` by language tag. Raises DataError."""
        entry = self.get(key)
        return {} if entry is None else entry.by_language()

    def strings(self, key: str) -> tuple[str, ...]:
        """The texts at ``key``. Raises DataError."""
        entry = self.get(key)
        return () if entry is None else entry.strings()

    def options(self, form: QueryForm, parameters: Sequence[Parameter], names: Sequence[str]) -> Options:
        """Everything else, for a query with the variables ``names``.

        Raises DataError for a wrong value of our own keys.
        """
        cache, formats, path, frame = (self.get(key) for key in ("cache", "formats", "path", "frame"))
        deprecation = read_deprecation(self.get("deprecated"))
        return Options(
            method=self._tolerant("method", _method),
            page_size=self._tolerant("pagination", lambda entry: entry.number(1)),
            format=self._tolerant("mime", lambda entry: _format(entry, entry.text(), form)),
            formats=() if formats is None else _formats(formats, form),
            cache=None if cache is None else cache.number(),
            path=None if path is None else _path(path, parameters),
            frame=None if frame is None else self._frame(frame, form),
            transform=self._tolerant("transform", lambda entry: self._transform(entry, form, names)),
            licence=self._tolerant("licence", Entry.text) or self._tolerant("license", Entry.text),
            deprecated=deprecation is not None,
            deprecation={} if deprecation is None else deprecation.sentences,
            since=None if deprecation is None else deprecation.since,
            sunset=None if deprecation is None else deprecation.sunset,
            successor=None if deprecation is None else deprecation.successor,
            deprecation_link=None if deprecation is None else deprecation.link,
            extra={key: row.plain() for key, row in self._entries.items() if key not in (*GRLC, *OWN)},
        )

    def _tolerant(self, key: str, read: Callable[[Entry], _Read]) -> _Read | None:
        entry = self.get(key)
        try:
            return None if entry is None else read(entry)
        except DataError as error:
            self.notices.append(DataError(f"{error.detail} It is left out.", None, error.line, error.column))
            return None

    def _frame(self, entry: Entry, form: QueryForm) -> Mapping[str, Plain]:
        if form not in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE):
            raise entry.error(f"A frame shapes statements; this query is {form}.")
        if isinstance(entry.content, Mapping):
            frame = {key: member.plain() for key, member in entry.content.items()}
            return _checked_frame(entry, frame, "The frame: ")
        name = PurePath(entry.text().strip())
        if name.is_absolute() or ".." in name.parts:
            raise entry.error(f'The frame "{name}" must lie beside the query or in a folder there.')
        try:
            frame = json.loads((self._file.parent / name).read_text(encoding="utf-8"))
        except OSError as error:
            raise entry.error(f'The frame "{name}" cannot be read: {error.strerror}.') from None
        except ValueError as error:
            raise entry.error(f'The frame "{name}" is not JSON: {error}.') from None
        except RecursionError:
            raise entry.error(f'The frame "{name}" is nested too deeply.') from None
        if not isinstance(frame, dict):
            raise entry.error(f'The frame "{name}" is no JSON object.')
        return _checked_frame(entry, frame, f'The frame "{name}": ')

    def _transform(self, entry: Entry, form: QueryForm, names: Sequence[str]) -> Mapping[str, Plain]:
        if form is not QueryForm.SELECT:
            raise entry.error(f"A prototype shapes rows; this query is {form}.")
        transform = {key: member.plain() for key, member in entry.members().items()}
        try:
            check_length(transform, "prototype")
        except DataError as error:
            raise entry.error(error.detail) from None
        self.notices += [entry.error(told) for told in read_prototype(transform, names).complaints]
        return transform


def _method(entry: Entry) -> str:
    method = entry.text().strip().upper()
    if method not in _METHODS:
        raise entry.error(f'The method "{method}" is none that reads; GET and POST are.')
    return method


def _format(entry: Entry, name: str, form: QueryForm) -> Format:
    found = by_name(name, saved_formats(form))
    if found is None:
        names = [row.name for row in saved_formats(form)]
        raise entry.error(
            f'"{name}" is no format of a query that is {form}{did_you_mean(name, names)} '
            f"Formats: {', '.join(names)}."
        )
    return found


def _formats(entry: Entry, form: QueryForm) -> tuple[Format, ...]:
    return tuple(dict.fromkeys(_format(entry, name, form) for name in entry.strings()))


def _checked_frame(entry: Entry, frame: Mapping[str, Plain], named: str) -> Mapping[str, Plain]:
    try:
        check_frame(frame)
    except DataError as error:
        raise entry.error(named + error.detail) from None
    except RecursionError:
        raise entry.error(f"{named}it is nested too deeply.") from None
    return frame


def _path(entry: Entry, parameters: Sequence[Parameter]) -> str:
    path = unicodedata.normalize("NFC", entry.text().strip())
    if not path.startswith("/") or path == "/":
        raise entry.error('"path" begins with a slash and names something, such as /by-author/{author}.')
    known = {parameter.name: parameter for parameter in parameters}
    seen: set[str] = set()
    for segment in path[1:].split("/"):
        found = _PLACEHOLDER.fullmatch(segment)
        if found is None:
            if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
                raise entry.error(
                    f'The segment "{segment}" of "path" is neither a plain word nor {{parameter}}.'
                )
            continue
        name = found[1]
        if name not in known:
            near = did_you_mean(name, list(known))
            raise entry.error(f'The query has no parameter "{name}"{near}')
        if known[name].multiple or name in seen:
            raise entry.error(f'The parameter "{name}" takes one value at one place of "path".')
        seen.add(name)
    if path.startswith("/{"):
        # Else every name that is misspelt would be a value of that parameter.
        raise entry.error('"path" begins with a plain word, as in /by-author/{author}.')
    if re.split(r"[/.]", path)[1] in TAKEN:
        raise entry.error(f'No path can begin with "{path.split("/")[1]}": the API uses it.')
    return path
