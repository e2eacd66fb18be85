"""The example calls of all saved queries, run once for each generation of the data.

Each is run twice through the engine, as a client would call it: a few rows for the example in the OpenAPI
document, more rows for the kinds of values in the columns. A call that fails or takes too long is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from endpoint.catalog import SavedQuery
from endpoint.engine import Limits
from endpoint.errors import EndpointError, Overloaded
from endpoint.formats import FLAT_JSON, GEO_JSON, QueryForm, Representation
from endpoint.sparql.operation import projected
from endpoint.telemetry import log
from endpoint.web.api.calls import bind_call, formats_of, read_json_rows
from endpoint.web.api.openapi.answers import Column, Sample, columns_of
from endpoint.web.api.targets import named
from endpoint.web.http.request import Pairs
from endpoint.web.own_queries import Snapshot

# Stands for the server's own URL, which differs with the way a client reaches it: no host has this name
# (RFC 6761 section 6.4).
BASE: Final = "http://here.invalid"

# Rows that are shown, and rows that are examined.
SHOWN: Final = 3
_LOOKED_AT: Final = 100
# Seconds for one call, and for all of them.
_PATIENCE: Final = 3.0
_BUDGET: Final = 20.0
# Calls at a time, so that clients have the other workers.
_AT_ONCE: Final = 1
# Bytes of an answer that are read; a graph has no pages.
_MOST: Final = 2**18
_COORDINATES: Final = re.compile(r"lat(itude)?|lon(g|gitude)?|lng", re.IGNORECASE)
_WKT: Final = re.compile(
    r"\s*+(?:<[^>]*+>)?+\s*+(POINT|LINESTRING|POLYGON|MULTI\w+|GEOMETRYCOLLECTION)\b", re.IGNORECASE
)

Envelope = dict[str, object]


async def run_examples(snapshot: Snapshot, queries: Sequence[SavedQuery]) -> tuple[dict[str, Sample], bool]:
    """Run the example calls on one generation; return the samples by query, and whether all could be made.

    Calls fail where the server is busy; they can be repeated later.
    """
    running = _Run(snapshot.within(_BUDGET))
    samples = await asyncio.gather(*(running.sample(query) for query in queries))
    return {query.name: sample for query, sample in zip(queries, samples, strict=True)}, not running.busy


class _Run:
    """One run of all examples; ``busy`` where some were refused because the server was busy."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self.busy = False

    async def sample(self, query: SavedQuery) -> Sample:
        async with self._turns:
            try:
                paged = query.form is QueryForm.SELECT
                shown = await self._call(query, [("pageSize", str(SHOWN))] if paged else [])
                if query.form is QueryForm.ASK:
                    return Sample(envelope=shown)
                looked_at = [("pageSize", str(_LOOKED_AT))] if paged else []
                seen = await self._call(query, [*looked_at, ("languageTags", "true")])
            except EndpointError as error:
                self.busy = self.busy or isinstance(error, Overloaded)
                log.warning("the OpenAPI document has no example of %s: %s", query.name, error.detail)
                return Sample(columns=_written_columns(query))
        return _sample(query, shown, seen)

    async def _call(self, query: SavedQuery, more: Pairs) -> Envelope:
        """Return the envelope of the example call. Raises designed errors."""
        site = self._snapshot.site
        left = min(self._snapshot.end - time.monotonic(), _PATIENCE, site.settings.timeout)
        if left <= 0:
            raise EndpointError(f"the calls before it took the {_BUDGET:g} s that there are for all.")
        pairs = [*query.example_values().items(), *more]
        json_rows = Representation.of(FLAT_JSON)
        call = bind_call(site, BASE, named(query), pairs, json_rows, paged=True)
        call = replace(call, operation=call.operation.on(self._snapshot.generation.number))
        return cast(Envelope, json.loads(await read_json_rows(call, Limits(left), _MOST)))


def _sample(query: SavedQuery, shown: Envelope, seen: Envelope) -> Sample:
    names = cast(list[str], seen["columns"])
    rows = cast(list[Mapping[str, object]], seen["rows"])
    columns = columns_of(names, rows)
    first = cast(list[object], shown["rows"])[:SHOWN]
    geographic = GEO_JSON in formats_of(query) and _is_geographic(names, rows)
    return Sample(columns, {**shown, "rows": first}, geographic)


def _is_geographic(names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> bool:
    if sum(_COORDINATES.fullmatch(name) is not None for name in names) > 1:
        return True
    texts = (value for row in rows for value in row.values() if isinstance(value, str))
    return any(_WKT.match(text) for text in texts)


def _written_columns(query: SavedQuery) -> tuple[Column, ...] | None:
    """Return the columns as the text of a SELECT names them; None for ``*``, or for another form."""
    if (
        query.form is not QueryForm.SELECT
        or query.template.star is not None
        or query.options.transform is not None
    ):
        return None
    return tuple(map(Column, dict.fromkeys(projected(query.text)))) or None
