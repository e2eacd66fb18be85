"""Lists of values, read from the rows of an answer, and searched."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import Parameter
from endpoint.errors import EvaluationFailed

# Values of a list, at most, and bytes of the rows that it is made of.
MOST_LISTED: Final = 20_000
MOST_BYTES: Final = 2**24


@dataclass(frozen=True, slots=True)
class Listed:
    """One value: ``label`` is by language tag, ``count`` how many things have it, where that is known.

    ``searched`` is what a search looks into.
    """

    value: str
    label: Mapping[str, str]
    count: int | None
    searched: str


@dataclass(frozen=True, slots=True)
class Values:
    """The values in their order; ``complete`` unless there were too many to read."""

    listed: tuple[Listed, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of an answer hold what: ``value`` None is the first one, ``label`` is by language tag."""

    value: str | None
    label: Mapping[str, str]
    count: str | None


class RowReader:
    """Makes values of rows, which come as lines of JSON in pieces. Several rows may label one value."""

    def __init__(self, columns: Columns, query: SavedQuery, parameter: Parameter) -> None:
        self._columns = columns
        self.subject = f'values of "{parameter.name}" of {query.name}'
        self._rest = b""
        self._size = 0
        self._complete = True
        self._labels: dict[str, dict[str, str]] = {}
        self._counts: dict[str, int] = {}

    def take(self, piece: bytes) -> bool:
        """Take a piece, and return whether more may be taken."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._size += len(piece)
        for line in lines:
            if line and self._complete:
                self._add(json.loads(line, parse_int=str, parse_float=str))
        self._complete = self._complete and self._size <= MOST_BYTES
        return self._complete

    def values(self) -> Values:
        """Return all that were taken."""
        if self._rest.strip() and self._complete:
            self._add(json.loads(self._rest, parse_int=str, parse_float=str))
        rows = (listed(value, label, self._counts.get(value)) for value, label in self._labels.items())
        return Values(tuple(rows), self._complete)

    def _add(self, row: dict[str, object]) -> None:
        columns = self._columns
        self._check(row)
        value = _text(row[columns.value or next(iter(row))])[0]
        if not value:
            return
        if value not in self._labels and len(self._labels) == MOST_LISTED:
            self._complete = False
            return
        labels = self._labels.setdefault(value, {})
        for tag, column in columns.label.items():
            text, language = _text(row.get(column))
            if text:
                labels.setdefault(tag or language, text)
        count = _text(row.get(columns.count or ""))[0]
        if count.isdecimal():
            self._counts.setdefault(value, int(count))

    def _check(self, row: dict[str, object]) -> None:
        columns = self._columns
        names = [columns.value, *columns.label.values(), columns.count]
        missing = [name for name in names if name not in (None, "label", "count") and name not in row]
        if not row or missing:
            raise EvaluationFailed(
                f"The saved query that lists the {self.subject} has no column "
                f"{', '.join(map(str, missing))}; it has {', '.join(row)}."
            )


def _text(value: object) -> tuple[str, str]:
    """The text of a cell of JSON and its language; both empty where the cell is."""
    if isinstance(value, dict):
        return str(value.get("value", "")), str(value.get("language", "")).lower()
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    return ("" if value is None else str(value)), ""


def listed(value: str, label: Mapping[str, str], count: int | None = None) -> Listed:
    """Return a value that can be searched."""
    return Listed(value, label, count, "\n".join(map(folded, (value, *label.values()))))


def folded(text: str) -> str:
    """Return the text as it is compared: without letter case and differences of white space."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def search(values: Values, words: str) -> list[Listed]:
    """Return the values that hold the :func:`folded` ``words``, those where they begin a word first."""
    if not words:
        return list(values.listed)
    beginning = re.compile(rf"(?<!\w){re.escape(words)}")
    matching = [row for row in values.listed if words in row.searched]
    return sorted(matching, key=lambda row: beginning.search(row.searched) is None)
