"""The decorators of a saved query, besides its parameters: the keys of grlc and our own.

A key of grlc never keeps a query from loading: a value that cannot be used is a notice. Our own keys decide
how a query is served, so a wrong one is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from endpoint.catalog import Options
from endpoint.catalog.parameters import Parameter
from endpoint.catalog.paths import read_path
from endpoint.catalog.readers import Entry
from endpoint.catalog.readers.frames import read_frame
from endpoint.catalog.readers.transformer import read_transform
from endpoint.errors import DataError
from endpoint.formats import Format, QueryForm, by_name, saved_formats
from endpoint.wording import did_you_mean

GRLC = (
    "summary", "description", "tags", "endpoint", "endpoint_in_url", "enumerate", "defaults", "method",
    "pagination", "mime", "transform", "licence", "license", "endpoint-method",
)  # fmt: skip
OWN = ("params", "path", "formats", "cache", "frame", "deprecated")
_OTHER_SERVERS = ("endpoint", "endpoint_in_url", "endpoint-method")
_METHODS = ("GET", "POST")
_DEPRECATION = ("since", "sunset", "successor", "link")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_Read = TypeVar("_Read")


class Deprecation(NamedTuple):
    """The deprecation of a query. ``sentences`` are by language tag.

    ``since`` and ``sunset`` are the days on which the query becomes deprecated and may go away, ``successor``
    the name of the query to use instead and ``link`` the URL of a page about it.
    """

    sentences: Mapping[str, str]
    since: date | None = None
    sunset: date | None = None
    successor: str | None = None
    link: str | None = None


class Decorators:
    """The entries of one query; ``notices`` are about oddities of them."""

    def __init__(self, entries: Mapping[str, Entry], file: Path) -> None:
        self.notices: list[DataError] = []
        self._file = file
        self._entries: dict[str, Entry] = {}
        for key, entry in entries.items():
            if key not in (*GRLC, *OWN):
                sentence = (
                    f'Unknown key "{key}"{did_you_mean(key, (*GRLC, *OWN))} It is kept and changes nothing.'
                )
                self.notices.append(entry.error(sentence))
            elif key in GRLC and entry.content in ("", (), {}):
                self.notices.append(entry.error(f'"{key}" has no value.'))
                continue
            self._entries[key] = entry
        others = [key for key in _OTHER_SERVERS if key in self._entries]
        if others:
            sentence = f"{', '.join(others)}: this server answers from its own data, and calls no other."
            self.notices.append(self._entries[others[0]].error(sentence))

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key, if it has a value."""
        return self._entries.get(key)

    def by_language(self, key: str) -> dict[str, str]:
        """Return the texts at ``key`` by language tag. Raises DataError."""
        entry = self.get(key)
        return {} if entry is None else entry.by_language()

    def strings(self, key: str) -> tuple[str, ...]:
        """Return the texts at ``key``. Raises DataError."""
        entry = self.get(key)
        return () if entry is None else entry.strings()

    def options(self, form: QueryForm, parameters: Sequence[Parameter], names: Sequence[str]) -> Options:
        """Return the options of a query with the variables ``names``.

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
            path=None if path is None else read_path(path, parameters),
            frame=None if frame is None else read_frame(frame, self._file, form),
            transform=self._tolerant(
                "transform", lambda entry: read_transform(entry, form, names, self.notices)
            ),
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


def _method(entry: Entry) -> str:
    method = entry.text().strip().upper()
    if method not in _METHODS:
        raise entry.error(f'The method "{method}" is none that reads; GET and POST are.')
    return method


def _format(entry: Entry, name: str, form: QueryForm) -> Format:
    fmt = by_name(name, saved_formats(form))
    if fmt is None:
        names = [row.name for row in saved_formats(form)]
        raise entry.error(
            f'"{name}" is no format of a query that is {form}{did_you_mean(name, names)} '
            f"Formats: {', '.join(names)}."
        )
    return fmt


def _formats(entry: Entry, form: QueryForm) -> tuple[Format, ...]:
    return tuple(dict.fromkeys(_format(entry, name, form) for name in entry.strings()))


def read_deprecation(entry: Entry | None) -> Deprecation | None:
    """Read ``deprecated``: true, a date, sentences, or a mapping with ``since``, ``sunset``, ``successor``,
    ``link`` and sentences by language. None where the query is not deprecated. Raises DataError.
    """
    if entry is None or entry.content == "false":
        return None
    if isinstance(entry.content, Mapping):
        return _members(entry, entry.content)
    if isinstance(entry.content, str) and _DATE.fullmatch(entry.content.strip()):
        return Deprecation({}, _date(entry))
    return Deprecation({} if entry.content == "true" else entry.by_language())


def _members(entry: Entry, members: Mapping[str, Entry]) -> Deprecation:
    sentences = {key: row for key, row in members.items() if key not in _DEPRECATION}
    deprecation = Deprecation(
        Entry(entry.key, sentences, entry.line, entry.column).by_language(),
        since=_date(members["since"]) if "since" in members else None,
        sunset=_date(members["sunset"]) if "sunset" in members else None,
        successor=members["successor"].text().strip() if "successor" in members else None,
        link=_link(members["link"]) if "link" in members else None,
    )
    since, sunset = deprecation.since, deprecation.sunset
    if since is not None and sunset is not None and sunset < since:
        raise members["sunset"].error(
            "The query would go away before it is deprecated: see since and sunset."
        )
    return deprecation


def _date(entry: Entry) -> date:
    text = entry.text().strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise entry.error(f'"{entry.key}" takes a date such as 2027-01-31.')


def _link(entry: Entry) -> str:
    text = entry.text().strip()
    try:
        right = (
            urlsplit(text).scheme in ("http", "https") and text.isascii() and not re.search(r'[\s<>"]', text)
        )
    except ValueError:
        right = False
    if not right:
        raise entry.error('"link" takes an http or https URL.')
    return text
