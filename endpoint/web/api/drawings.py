"""Charts of the results of saved queries: ``/api/<name>.svg``, where the rows are a series.

The rows come from a worker, some hundred at most, and are drawn on a thread. A chart is made once for each
generation of the data, because a page first checks that there is one, and then loads it.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    MalformedQuery,
    MemoryLimitExceeded,
    NotAcceptable,
)
from endpoint.formats import FLAT_JSON, Page, QueryForm, Representation
from endpoint.sparql.operation import Operation, projected
from endpoint.web.api.calls import CHART, bind_call, formats_of, not_valid
from endpoint.web.api.charts import draw
from endpoint.web.api.paging import PARAMETERS
from endpoint.web.api.series import MOST_COLUMNS, series_of
from endpoint.web.api.targets import Target
from endpoint.web.cache import Region
from endpoint.web.http.answer import Whole, strong_tag
from endpoint.web.http.request import Pairs, Request
from endpoint.web.http.view import View
from endpoint.web.own_queries import OwnQueries, Snapshot

# Rows that are read, and bytes of them: a series has no long texts.
_ROWS: Final = 5000
_BYTES: Final = 2**20
# Seconds that a page waits to learn whether there is a chart.
_PATIENCE: Final = 2.0
_REPRESENTATION: Final = Representation.of(FLAT_JSON, Page(_ROWS))


@dataclass(frozen=True, slots=True)
class Drawing:
    """The chart of a result as SVG, None where that is no series.

    ``unfinished``: the check for a page took too long, or too much memory.
    """

    svg: bytes | None
    unfinished: bool = False


_DRAWINGS: Final[Region[Drawing]] = Region("charts", size=lambda drawing: len(drawing.svg or b""))


async def chart_answer(own_queries: OwnQueries, request: Request, target: Target, pairs: Pairs) -> Whole:
    """Return the chart of a call. Raises NotAcceptable where its rows are no series."""
    kept = [pair for pair in pairs if pair[0] not in ("format", "output", *PARAMETERS - {"generation"})]
    query = target.query
    representation = Representation.of(CHART)
    call = bind_call(own_queries.site, request.base, target, kept, representation, began=request.began)
    snapshot = _snapshot(own_queries, call.operation, call.limits.left())
    try:
        drawing = await _drawing(snapshot, query, call.operation, request.view)
        if drawing.unfinished:
            # A client that loads the chart itself may wait as long as for the rows.
            drawing = await _drawing(snapshot, query, call.operation, request.view, patient=True)
    except MalformedQuery as error:
        raise not_valid(query, error) from None
    if drawing.svg is None:
        types = [fmt.media_type for fmt in formats_of(query)]
        raise NotAcceptable(
            f"The answer of {query.name} is no series: there is nothing to draw as bars.", types
        )
    return Whole(drawing.svg, CHART.content_type(), tag=strong_tag(drawing.svg))


async def has_chart(
    own_queries: OwnQueries, query: SavedQuery, operation: Operation, view: View
) -> bool | None:
    """Return whether the result is a series, None where that could not be found out now.

    A result that takes long to check counts as none.
    """
    try:
        snapshot = _snapshot(own_queries, operation, _PATIENCE)
        return (await _drawing(snapshot, query, operation, view)).svg is not None
    except EndpointError:
        # The page shows the failure of the query, if any.
        return None


def _snapshot(own_queries: OwnQueries, operation: Operation, timeout: float) -> Snapshot:
    number = operation.generation
    generation = None if number is None else own_queries.site.engine.answerable(number)
    return own_queries.snapshot(generation, timeout)


async def _drawing(
    snapshot: Snapshot, query: SavedQuery, operation: Operation, view: View, patient: bool = False
) -> Drawing:
    """Return the drawing, and keep it unless the operation is volatile."""
    if query.form is not QueryForm.SELECT or _width(query.text) > MOST_COLUMNS:
        return Drawing(None)
    title = view.text(query.summary) or query.name
    make = partial(_make, operation, view, title, patient)
    if operation.volatile:
        return await make(snapshot)
    key = (operation.on(None), view.language, title, patient)
    return await snapshot.cached(_DRAWINGS, make, key, None if patient else _PATIENCE)


@lru_cache(maxsize=256)
def _width(text: str) -> int:
    """Return the number of columns of the rows of a saved query, which no value of a parameter changes."""
    return len(projected(text))


async def _make(operation: Operation, view: View, title: str, patient: bool, snapshot: Snapshot) -> Drawing:
    try:
        rows, whole = await _read(operation, snapshot)
    except (DeadlineExceeded, MemoryLimitExceeded):
        if patient:
            raise
        return Drawing(None, unfinished=True)
    return Drawing(rows and await asyncio.to_thread(_drawn, rows, view, title, whole))


async def _read(operation: Operation, snapshot: Snapshot) -> tuple[bytes | None, bool]:
    """Return the rows as flat JSON, None for more than a series has, and whether they are all rows."""
    rows = bytearray()
    async with aclosing(await snapshot.begin(operation, _REPRESENTATION)) as result:
        async for piece in result:
            rows += piece
            if len(rows) > _BYTES:
                return None, False
    return bytes(rows), result.facts is not None and not result.facts.more


def _drawn(answer: bytes, view: View, title: str, whole: bool) -> bytes | None:
    table = json.loads(answer)
    series = series_of(table["columns"], table["rows"], view.site.dataset.prefixes)
    if series is None or (series.time and not whole):
        # Times are drawn in their own order, so missing rows could be anywhere among them.
        return None
    return draw(series, view, title, whole)
