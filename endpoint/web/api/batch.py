"""JSON bodies of the API: the parameters of one call as an object, several calls as an array."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Final, cast

from endpoint.errors import BadParameter, DeadlineExceeded, EndpointError, MalformedRequest
from endpoint.formats import FLAT_JSON, Representation
from endpoint.web.api.calls import Call, bind_call, read_json_rows
from endpoint.web.api.targets import Target
from endpoint.web.http.answer import NO_STORE, Streamed
from endpoint.web.http.boundary import problem_json
from endpoint.web.http.request import Pairs, Request
from endpoint.wording import shown

# Calls in one request, at most.
MOST_CALLS: Final = 50
# Bytes of the answer of one call, at most: it is read whole, because its status comes first.
MOST_BYTES: Final = 2**24
# Values of all parameters of one call, at most.
MOST_VALUES: Final = 10_000

Members = dict[str, object]
# One call of a batch: its target, or the failure to find it, and the parameters.
Item = tuple[Target | EndpointError, object]


def read_json(body: bytes) -> Members | list[object]:
    """Parse an object or an array; numbers stay as they are written. Raises :class:`MalformedRequest`."""
    try:
        value = json.loads(
            body.decode(),
            parse_int=str,
            parse_float=str,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8: byte {error.start + 1}.") from None
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise MalformedRequest("The body is not JSON that anybody needs: it is nested too deeply.") from None
    if not isinstance(value, dict | list):
        raise MalformedRequest('The body is a JSON object of parameters, as {"year": 2023}, or an array.')
    return cast("Members | list[object]", value)


def _no_constant(name: str) -> None:
    raise MalformedRequest(f"The body is not JSON: {name} is no number there.")


def _unique(pairs: list[tuple[str, object]]) -> Members:
    members: Members = {}
    for name, value in pairs:
        if name in members:
            sentence = f'The body has the member "{shown(name)}" twice; give it once.'
            raise BadParameter(shown(name), sentence, rule="repeated")
        members[name] = value
    return members


def json_pairs(members: Members) -> Pairs:
    """Return the parameters of a JSON object: null is none, an array gives a parameter several times.

    Raises :class:`BadParameter`, and :class:`MalformedRequest` for more than :data:`MOST_VALUES` values.
    """
    count = sum(len(value) if isinstance(value, list) else 1 for value in members.values())
    if count > MOST_VALUES:
        raise MalformedRequest(
            f"A call has at most {MOST_VALUES:,} values; this one has {count:,}. Send several calls."
        )
    pairs: Pairs = []
    for name, value in members.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool):
                pairs.append((name.strip(), "true" if item else "false"))
            elif isinstance(item, str):
                pairs.append((name.strip(), item))
            elif item is not None:
                raise BadParameter(
                    shown(name),
                    f'The parameter "{shown(name)}" is a text, a number, true or false, or an array of them.',
                    rule="type",
                )
    return pairs


def check_count(calls: Sequence[object]) -> None:
    """Raise :class:`MalformedRequest` for a batch of no calls or of more than :data:`MOST_CALLS`."""
    if not 0 < len(calls) <= MOST_CALLS:
        raise MalformedRequest(
            f"A batch has from 1 to {MOST_CALLS} calls; this one has {len(calls):,}. Send several."
        )


class Batch:
    """Several calls in one request, answered one after the other in their order.

    The answer is an array of ``{"status": …, "body": …}``: an envelope, or a problem (RFC 9457). All calls
    share one deadline.
    """

    def __init__(self, request: Request, calls: list[Item]) -> None:
        self._site = request.site
        self._base = request.base
        self._calls = calls
        self._end = time.monotonic() + self._site.settings.timeout

    def answer(self) -> Streamed:
        """Return the answer. A failure of one call is a problem in its place."""
        return Streamed(self._items(), "application/json", cache=NO_STORE, vary="")

    async def _items(self) -> AsyncGenerator[bytes, None]:
        separator = b"[\n"
        for target, parameters in self._calls:
            status, body = await self._item(target, parameters)
            yield separator + f'{{"status": {status}, "body": '.encode() + body.strip() + b"}"
            separator = b",\n"
        yield b"\n]\n"

    async def _item(self, target: Target | EndpointError, parameters: object) -> tuple[int, bytes]:
        try:
            if isinstance(target, EndpointError):
                raise target
            if not isinstance(parameters, dict):
                raise MalformedRequest("The parameters of a call are a JSON object.")
            pairs = json_pairs(parameters)
            json_rows = Representation.of(FLAT_JSON)
            call = bind_call(self._site, self._base, target, pairs, json_rows, paged=True)
            return 200, await self._collect(call)
        except EndpointError as error:
            return error.status, problem_json(error)

    async def _collect(self, call: Call) -> bytes:
        left = self._end - time.monotonic()
        if left <= 0:
            seconds = self._site.settings.timeout
            raise DeadlineExceeded(
                f"The calls before this one took the {seconds:g} s that a batch has. Send it in another.",
                seconds,
            )
        limits = replace(call.limits, timeout=min(call.limits.timeout, left))
        return await read_json_rows(call, limits, MOST_BYTES)
