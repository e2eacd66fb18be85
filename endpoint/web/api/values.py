"""``GET /api/<name>/values/<parameter>?q=&limit=``: values that a parameter can have, for drop-downs and
type-ahead.

They are the choices of ``enum``, else what the saved query that the file names finds, else the choices of
``enumerate``, or without those what its own query finds, else the instances of the class of an IRI. A list
is found once for each generation of the data, one list at a time.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.distinct_values import instances, own_values, unlisted
from endpoint.catalog.parameters import Parameter
from endpoint.engine import Engine, Limits
from endpoint.errors import (
    BadParameter,
    DeadlineExceeded,
    EngineError,
    EvaluationFailed,
    MalformedQuery,
    MemoryLimitExceeded,
    NotFound,
    did_you_mean,
    nearest,
    shown,
)
from endpoint.formats import FLAT_JSON, ND_JSON, QueryForm, Representation
from endpoint.sparql.operation import Operation
from endpoint.web.api.targets import Target
from endpoint.web.api.value_lists import MOST_LISTED, Columns, Listed, Reader, Values, folded, listed, search
from endpoint.web.http.making import send_tagged
from endpoint.web.http.request import Pairs
from endpoint.web.http.responses import Watch, choose
from endpoint.web.http.site import Site, accept_of

# Values in an answer, at most.
MOST_SHOWN: Final = 1000
# Lists kept, and seconds for which a list that could not be found is not looked for again.
_KEPT: Final = 64
_REST: Final = 30.0

_PARAMETERS: Final = ("q", "limit")
_LONGEST_SEARCH: Final = 200
_REPRESENTATION: Final = Representation.of(ND_JSON, language_tags=True)


_Key = tuple[str, int, float]


def has_values(catalog: Catalog, query: SavedQuery, parameter: Parameter) -> bool:
    """Whether there is a list of values for the parameter."""
    if _written(catalog, query, parameter) or parameter.class_iri:
        return True
    told = parameter.values is not None or parameter.from_data
    return told and unlisted(catalog.queries, query, parameter) is None


def _written(catalog: Catalog, query: SavedQuery, parameter: Parameter) -> tuple[str, ...]:
    """The values that stand in the file, where they are the list."""
    if parameter.enum or parameter.type == "boolean":
        return parameter.enum or ("true", "false")
    asked = parameter.values is not None and unlisted(catalog.queries, query, parameter) is None
    return () if asked else parameter.offered


class ValueLists:
    """Answers requests for values, and keeps the lists."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = asyncio.Lock()
        self._kept: OrderedDict[_Key, Values] = OrderedDict()
        self._failed: dict[_Key, tuple[float, EngineError]] = {}

    async def answer(self, scope: Scope, receive: Receive, send: Send, target: Target, pairs: Pairs) -> None:
        """Answer one request. Raises designed errors."""
        # What a reload changes meanwhile is none of this request's business.
        catalog, engine = self._site.catalog, self._site.engine
        chosen = choose((), accept_of(scope), (FLAT_JSON,))
        parameter = _parameter(target)
        words, limit = _read(pairs)
        with Watch(receive):
            values = await self._values(engine, catalog, target.query, parameter)
        found = search(values, words)
        document = {
            "parameter": parameter.name,
            "generation": engine.generation.number,
            "values": [_shown(row) for row in found[:limit]],
            "truncated": len(found) > limit or not values.complete,
        }
        body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
        await send_tagged(scope, send, body, chosen.content_type, "no-cache")

    async def _values(
        self, engine: Engine, catalog: Catalog, query: SavedQuery, parameter: Parameter
    ) -> Values:
        if choices := _written(catalog, query, parameter):
            return Values(tuple(listed(text, parameter.labels.get(text, {})) for text in choices))
        operation, columns = _lookup(catalog, query, parameter, self._site.dataset.base)
        generation = engine.generation
        key = (f"{operation.text}\0{columns}", generation.number, generation.created.timestamp())
        if (kept := self._look(key)) is not None:
            return kept
        async with self._lock:
            # Who held the lock may have found the same list.
            if (kept := self._look(key)) is not None:
                return kept
            try:
                found = await self._evaluate(engine, operation, columns, query, parameter)
            except (DeadlineExceeded, MemoryLimitExceeded, EvaluationFailed) as error:
                self._failed = {key: (time.monotonic() + _REST, error), **self._recent()}
                raise
            if not operation.volatile:
                self._kept[key] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found

    def _look(self, key: _Key) -> Values | None:
        """The list where it is kept. Raises the failure to find it where that was a moment ago."""
        if (failure := self._recent().get(key)) is not None:
            raise failure[1]
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _recent(self) -> dict[_Key, tuple[float, EngineError]]:
        now = time.monotonic()
        self._failed = {key: row for key, row in self._failed.items() if row[0] > now}
        return self._failed

    async def _evaluate(
        self, engine: Engine, operation: Operation, columns: Columns, query: SavedQuery, parameter: Parameter
    ) -> Values:
        limits = Limits(self._site.settings.timeout)
        try:
            result = await engine.query(operation, _REPRESENTATION, limits)
        except MalformedQuery as error:
            raise EvaluationFailed(
                f'The values of "{parameter.name}" of {query.name} cannot be looked up: {error}'
            ) from None
        reader = Reader(columns, query, parameter)
        try:
            async for piece in result:
                if not reader.take(piece):
                    break
        finally:
            await result.aclose()
        return reader.values()


def _lookup(
    catalog: Catalog, query: SavedQuery, parameter: Parameter, base: str
) -> tuple[Operation, Columns]:
    """The operation that finds the values, and the columns of its answer. Raises :class:`NotFound`."""
    why = unlisted(catalog.queries, query, parameter)
    if why is None and (asked := parameter.values) is not None:
        source = catalog.queries[asked.query]
        columns = Columns(asked.value, asked.label or {"": "label"}, asked.count or "count")
        return source.operation([], base), columns
    columns, select = Columns(None, {"": "label"}, None), QueryForm.SELECT
    # One more than is listed tells that there are more.
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
    told: dict[str, object] = {"value": row.value}
    if row.label:
        told["label"] = row.label
    if row.count is not None:
        told["count"] = row.count
    return told


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
    """The words to search for, folded, and how many values to show. Raises :class:`BadParameter`."""
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
            told = f'The parameter "{name}" is given more than once; give it once.'
            raise BadParameter(name, told, rule="repeated")
        given[name] = value.strip()
    limit = given.get("limit") or str(MOST_SHOWN)
    if not (limit.isascii() and limit.isdigit() and len(limit) < 9 and 1 <= int(limit) <= MOST_SHOWN):
        told = f'The parameter "limit" is a whole number from 1 to {MOST_SHOWN:,}.'
        raise BadParameter("limit", told, shown(limit), rule="type")
    return folded(given.get("q", ""))[:_LONGEST_SEARCH], int(limit)
