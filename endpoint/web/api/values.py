"""``GET /api/<name>/values/<parameter>?q=&limit=``: values that a parameter can have, for drop-downs and
type-ahead.

They are the choices of ``enum``, else the rows of the saved query that the file names, else the choices of
``enumerate``, or without choices the values in its own query, else the instances of the class of an IRI. A
list is made once for each generation of the data.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.distinct_values import instances, own_values, unlisted
from endpoint.catalog.parameters import Parameter
from endpoint.characters import folded
from endpoint.errors import (
    BadParameter,
    DeadlineExceeded,
    EngineError,
    EvaluationFailed,
    MalformedQuery,
    MemoryLimitExceeded,
    NotFound,
)
from endpoint.formats import FLAT_JSON, ND_JSON, QueryForm, Representation
from endpoint.sparql.operation import Operation
from endpoint.web.api.targets import Target
from endpoint.web.cache import Region
from endpoint.web.http.answer import Whole, strong_tag
from endpoint.web.http.request import Pairs, Request, choose
from endpoint.web.own_queries import OwnQueries, Snapshot
from endpoint.wording import did_you_mean, nearest, shown

# Values of a list, at most, and bytes of the rows that it is made of.
MOST_LISTED: Final = 20_000
MOST_BYTES: Final = 2**24
# Values in an answer, at most.
MOST_SHOWN: Final = 1000
# Seconds after which a list that failed is tried again.
_REST: Final = 30.0

_PARAMETERS: Final = ("q", "limit")
_LONGEST_SEARCH: Final = 200
_REPRESENTATION: Final = Representation.of(ND_JSON, language_tags=True)


@dataclass(frozen=True, slots=True)
class Listed:
    """One value: ``label`` is by language tag, ``count`` how many things have it, where that is known.

    ``searched`` is the text that a search compares.
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
    """The names of the columns of a result: ``value`` None is the first one, ``label`` is by language tag."""

    value: str | None
    label: Mapping[str, str]
    count: str | None


class RowReader:
    """A reader of values from rows, which come as pieces of JSON lines; several rows may label one value."""

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
        """Return the values of all rows that were taken."""
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
    """Return the text of a cell of JSON and its language; both are empty for an empty cell."""
    if isinstance(value, dict):
        return str(value.get("value", "")), str(value.get("language", "")).lower()
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    return ("" if value is None else str(value)), ""


def listed(value: str, label: Mapping[str, str], count: int | None = None) -> Listed:
    """Return a value that can be searched."""
    return Listed(value, label, count, "\n".join(map(searchable, (value, *label.values()))))


def searchable(text: str) -> str:
    """Return the text for comparison: without letter case and differences of white space."""
    return " ".join(folded(text).split())


def search(values: Values, words: str) -> list[Listed]:
    """Return the values with the :func:`searchable` ``words``, first those where they begin a word."""
    if not words:
        return list(values.listed)
    beginning = re.compile(rf"(?<!\w){re.escape(words)}")
    matching = [row for row in values.listed if words in row.searched]
    return sorted(matching, key=lambda row: beginning.search(row.searched) is None)


def _size(values: Values | EngineError) -> int:
    rows = values.listed if isinstance(values, Values) else ()
    return sum(len(row.value) + 2 * len(row.searched) for row in rows)


_LISTS: Final[Region[Values | EngineError]] = Region(
    "lists of values",
    size=_size,
    lifetime=lambda values: _REST if isinstance(values, EngineError) else None,
)


def has_values(catalog: Catalog, query: SavedQuery, parameter: Parameter) -> bool:
    """Return whether there is a list of values for the parameter."""
    if _written(catalog, query, parameter) or parameter.class_iri:
        return True
    queried = parameter.values is not None or parameter.from_data
    return queried and unlisted(catalog.queries, query, parameter) is None


def _written(catalog: Catalog, query: SavedQuery, parameter: Parameter) -> tuple[str, ...]:
    """Return the values in the file of the query, where they are the list."""
    if parameter.enum or parameter.type == "boolean":
        return parameter.enum or ("true", "false")
    queried = parameter.values is not None and unlisted(catalog.queries, query, parameter) is None
    return () if queried else parameter.offered


class ValueLists:
    """The lists of values of one site's parameters."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def answer(self, request: Request, target: Target, pairs: Pairs) -> Whole:
        """Answer one request. Raises designed errors."""
        # A reload in the meantime does not change this request.
        catalog, snapshot = request.site.catalog, self._own_queries.snapshot()
        chosen = choose((), request.accept, (FLAT_JSON,))
        parameter = _parameter(target)
        words, limit = _read(pairs)
        values = await self._values(snapshot, catalog, target.query, parameter)
        matching = search(values, words)
        document = {
            "parameter": parameter.name,
            "generation": snapshot.generation.number,
            "values": [_shown(row) for row in matching[:limit]],
            "truncated": len(matching) > limit or not values.complete,
        }
        body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
        return Whole(body, chosen.content_type, tag=strong_tag(body))

    async def _values(
        self, snapshot: Snapshot, catalog: Catalog, query: SavedQuery, parameter: Parameter
    ) -> Values:
        if choices := _written(catalog, query, parameter):
            return Values(tuple(listed(text, parameter.labels.get(text, {})) for text in choices))
        operation, columns = _lookup(catalog, query, parameter, snapshot.site.dataset.base)
        reader = RowReader(columns, query, parameter)
        make = partial(_make, operation, reader)
        if operation.volatile:
            values = await make(snapshot)
        else:
            values = await snapshot.cached(_LISTS, make, (operation, repr(columns)))
        if isinstance(values, EngineError):
            # Each time it is raised again, a kept failure would also keep where it passed before.
            raise values.with_traceback(None)
        return values


async def _make(operation: Operation, reader: RowReader, snapshot: Snapshot) -> Values | EngineError:
    """Return the list, or the failure, which is kept for a while too."""
    try:
        return await _evaluate(operation, reader, snapshot)
    except (DeadlineExceeded, MemoryLimitExceeded, EvaluationFailed) as error:
        return error


async def _evaluate(operation: Operation, reader: RowReader, snapshot: Snapshot) -> Values:
    try:
        result = await snapshot.begin(operation, _REPRESENTATION)
    except MalformedQuery as error:
        raise EvaluationFailed(f"The {reader.subject} cannot be looked up: {error}") from None
    async with aclosing(result):
        async for piece in result:
            if not reader.take(piece):
                break
    # Folding the texts of a long list takes a tenth of a second.
    return await asyncio.to_thread(reader.values)


def _lookup(
    catalog: Catalog, query: SavedQuery, parameter: Parameter, base: str
) -> tuple[Operation, Columns]:
    """Return the operation that finds the values, and the columns of its answer. Raises NotFound."""
    why = unlisted(catalog.queries, query, parameter)
    if why is None and (source := parameter.values) is not None:
        columns = Columns(source.value, source.label or {"": "label"}, source.count or "count")
        return catalog.queries[source.query].operation([], base), columns
    columns, select = Columns(None, {"": "label"}, None), QueryForm.SELECT
    # One more than the list has, to know whether there are more.
    if why is None and parameter.from_data:
        text = own_values(query, parameter, MOST_LISTED + 1)
        return replace(query.template, text=text, form=select, base_iri=base, star=None), columns
    if parameter.class_iri is not None:
        return Operation(instances(parameter, MOST_LISTED + 1), select, base), columns
    raise NotFound(
        f'No values can be listed for "{parameter.name}" of {query.name}: '
        f"{why or 'its file tells no list of them, with enum, values, enumerate or class.'}"
    )


def _shown(row: Listed) -> dict[str, object]:
    members: dict[str, object] = {"value": row.value}
    if row.label:
        members["label"] = row.label
    if row.count is not None:
        members["count"] = row.count
    return members


def _parameter(target: Target) -> Parameter:
    names = [parameter.name for parameter in target.query.parameters]
    for parameter in target.query.parameters:
        if parameter.name == target.parameter:
            return parameter
    takes = f" It takes {', '.join(names)}." if names else ""
    raise NotFound(
        f'{target.query.name} has no parameter "{shown(target.parameter)}"'
        f"{did_you_mean(target.parameter, names)}{takes}"
    )


def _read(pairs: Pairs) -> tuple[str, int]:
    """Return the words to search for, folded, and the number of values. Raises :class:`BadParameter`."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            raise BadParameter(
                shown(name),
                f'There is no parameter "{shown(name)}"{did_you_mean(name, _PARAMETERS)} '
                f"A list of values takes {' and '.join(_PARAMETERS)}.",
                rule="unknown",
                suggestion=nearest(name, _PARAMETERS),
            )
        if name in given:
            sentence = f'The parameter "{name}" is given more than once; give it once.'
            raise BadParameter(name, sentence, rule="repeated")
        given[name] = value.strip()
    limit = given.get("limit") or str(MOST_SHOWN)
    if not (limit.isascii() and limit.isdigit() and len(limit) < 9 and 1 <= int(limit) <= MOST_SHOWN):
        sentence = f'The parameter "limit" is a whole number from 1 to {MOST_SHOWN:,}.'
        raise BadParameter("limit", sentence, shown(limit), rule="type")
    return searchable(given.get("q", "")[:_LONGEST_SEARCH]), int(limit)
