"""Charts of the answers of saved queries: ``/api/<name>.svg``, where the rows are a series.

The rows come from a worker, some hundred at most, and are drawn on a thread. A drawing is made once for
each generation of the data, because a page shows one only where there is one, and then asks for it.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    MalformedQuery,
    MemoryLimitExceeded,
    NotAcceptable,
)
from endpoint.formats import FLAT_JSON, Page, QueryForm, Representation
from endpoint.sparql.lexer import Kind, lex
from endpoint.storage.generations import Generation
from endpoint.web.api.calls import Call, formats_of, not_valid, read_call
from endpoint.web.api.charts import draw
from endpoint.web.api.paging import PARAMETERS
from endpoint.web.api.query_page import CHART
from endpoint.web.api.series import MOST_COLUMNS, series_of
from endpoint.web.api.targets import Target
from endpoint.web.http.html import POLICY_HEADER
from endpoint.web.http.making import send_tagged
from endpoint.web.http.request import Pairs, read_formats
from endpoint.web.http.responses import Watch
from endpoint.web.http.site import Site
from endpoint.web.http.view import View, view_of

# Rows that are read, and bytes of them: a series has no long texts.
_ROWS: Final = 5000
_BYTES: Final = 2**20
# Drawings kept, and seconds for which a page waits to know whether there is one.
_KEPT: Final = 64
_PATIENCE: Final = 2.0
_REPRESENTATION: Final = Representation.of(FLAT_JSON, Page(_ROWS))
_CONTENT_TYPE: Final = "image/svg+xml; charset=utf-8"
# The drawing has a style of its own, and nothing else.
_POLICY: Final = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

_Key = tuple[str, int, float, str, str]


def asks_for_drawing(target: Target, pairs: Pairs) -> bool:
    """Whether the extension or else ``format=`` asks for the chart."""
    if target.extension:
        return target.extension.lower() == CHART
    return read_formats(pairs)[:1] == (CHART,)


class Drawings:
    """Makes, keeps and sends the charts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: OrderedDict[_Key, asyncio.Task[bytes | None]] = OrderedDict()

    async def answer(self, scope: Scope, receive: Receive, send: Send, target: Target, pairs: Pairs) -> None:
        """Answer with the chart of a call. Raises NotAcceptable where its rows are no series."""
        kept = [pair for pair in pairs if pair[0] not in ("format", "output", *PARAMETERS - {"generation"})]
        call = read_call(self._site, scope, target, kept, batch=True)
        with Watch(receive):
            try:
                drawing = await self._drawing(call, view_of(scope), call.limits)
            except MalformedQuery as error:
                raise not_valid(target.query, error) from None
        if drawing is None:
            types = [fmt.media_type for fmt in formats_of(target.query)]
            raise NotAcceptable(
                f"The answer of {target.query.name} is no series: there is nothing to draw as bars.", types
            )
        await send_tagged(scope, send, drawing, _CONTENT_TYPE, "no-cache", (POLICY_HEADER, _POLICY))

    async def there_is(self, call: Call, view: View) -> bool:
        """Whether the answer of a call is a series; a page that would wait for long goes without a chart."""
        if call.query.form is not QueryForm.SELECT:
            return False
        try:
            drawing = await self._drawing(
                call, view, Limits(min(_PATIENCE, call.limits.timeout)), again=False
            )
        except EndpointError:
            # The page tells what is wrong with the query, if anything is.
            return False
        return drawing is not None

    async def _drawing(self, call: Call, view: View, limits: Limits, again: bool = True) -> bytes | None:
        """The drawing, None for none; what took too long is tried ``again`` or fails the same way."""
        number = call.operation.generation
        generation = call.engine.generation if number is None else call.engine.answerable(number)
        columns = _columns(call.operation.text)
        listed = columns is not None and columns > MOST_COLUMNS
        if generation is None or listed or call.query.form is not QueryForm.SELECT:
            return None
        title = view.text(call.query.summary) or call.query.name
        key = _key(call, generation, view, title)
        if call.operation.volatile:
            return await self._made(call, view, title, limits)
        task = self._kept.get(key)
        if task is None or to_be_made_anew(task, again):
            task = asyncio.create_task(self._made(call, view, title, limits))
            # Nobody may be left to hear of a failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._kept[key] = task
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        # One client that leaves must not take the drawing away from another.
        return await asyncio.shield(task)

    async def _made(self, call: Call, view: View, title: str, limits: Limits) -> bytes | None:
        result = await call.engine.query(call.operation, _REPRESENTATION, limits)
        pieces: list[bytes] = []
        try:
            async for piece in result:
                pieces.append(piece)
                if sum(map(len, pieces)) > _BYTES:
                    return None
        finally:
            await result.aclose()
        whole = result.facts is not None and not result.facts.more
        return await asyncio.to_thread(_drawn, b"".join(pieces), view, title, whole)


def _drawn(answer: bytes, view: View, title: str, whole: bool) -> bytes | None:
    found = json.loads(answer)
    series = series_of(found["columns"], found["rows"], view.site.dataset.prefixes)
    if series is None or (series.time and not whole):
        # Times are drawn in their own order, so the rows that are missing could be anywhere among them.
        return None
    return draw(series, view, title, whole)


def to_be_made_anew(task: asyncio.Task[bytes | None], again: bool) -> bool:
    """Whether a drawing has failed, and for a reason that may have passed, or is to be tried ``again``."""
    if not task.done():
        return False
    if task.cancelled():
        return True
    error = task.exception()
    return error is not None and (again or not isinstance(error, DeadlineExceeded | MemoryLimitExceeded))


def _key(call: Call, generation: Generation, view: View, title: str) -> _Key:
    made = generation.created.timestamp()
    return call.operation.text, generation.number, made, view.language, title


def _columns(text: str) -> int | None:
    """How many columns the outermost SELECT of a query has; None for all variables."""
    tokens = iter(lex(text).tokens)
    for token in tokens:
        if token.kind is Kind.WORD and token.upper == "SELECT":
            break
    depth = columns = 0
    for token in tokens:
        if token.text == "*" and not depth:
            return None
        if token.text == "{" or (not depth and token.upper in ("WHERE", "FROM")):
            break
        if token.text == "(":
            columns += not depth
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif token.kind is Kind.VAR and not depth:
            columns += 1
    return columns
