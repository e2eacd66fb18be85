"""What the key ``deprecated`` says: that a query is on its way out, since when, until when, and what follows.

It is ``true``, a date, sentences, or a mapping with ``since``, ``sunset``, ``successor``, ``link`` and
sentences by language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

from endpoint.catalog.header import Entry

_KEYS = ("since", "sunset", "successor", "link")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Deprecation(NamedTuple):
    """``sentences`` are by language tag. ``since`` and ``sunset`` are the days on which the query becomes
    deprecated and may go away, ``successor`` the name of the query to use instead and ``link`` the URL
    of a page about it.
    """

    sentences: Mapping[str, str]
    since: date | None = None
    sunset: date | None = None
    successor: str | None = None
    link: str | None = None


def read_deprecation(entry: Entry | None) -> Deprecation | None:
    """What the entry says; None where the query is not deprecated. Raises DataError."""
    if entry is None or entry.content == "false":
        return None
    if isinstance(entry.content, Mapping):
        return _members(entry, entry.content)
    if isinstance(entry.content, str) and _DATE.fullmatch(entry.content.strip()):
        return Deprecation({}, _date(entry))
    return Deprecation({} if entry.content == "true" else entry.by_language())


def _members(entry: Entry, members: Mapping[str, Entry]) -> Deprecation:
    sentences = {key: row for key, row in members.items() if key not in _KEYS}
    told = Deprecation(
        Entry(entry.key, sentences, entry.line, entry.column).by_language(),
        since=_date(members["since"]) if "since" in members else None,
        sunset=_date(members["sunset"]) if "sunset" in members else None,
        successor=members["successor"].text().strip() if "successor" in members else None,
        link=_link(members["link"]) if "link" in members else None,
    )
    if told.since is not None and told.sunset is not None and told.sunset < told.since:
        raise members["sunset"].error(
            "The query would go away before it is deprecated: see since and sunset."
        )
    return told


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
