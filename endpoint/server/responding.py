"""The sender of one response: a whole one in one write, any other as uvicorn does."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from endpoint.server.transport import OneWrite

# What no head has but at the end of each line (RFC 9110 section 5.5).
_UNFIT: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")


class Responder:
    """The ``send`` of the request of a ``cycle``, whose connection writes to ``wire``.

    The head waits for the first piece of the body. Where that is all, and its length was said, both are
    written here: uvicorn looks at each field several times.
    """

    def __init__(self, cycle: RequestResponseCycle, wire: OneWrite) -> None:
        self._cycle = cycle
        self._wire = wire
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        """Send a message of ASGI."""
        cycle = self._cycle
        if message["type"] == "http.response.start" and not cycle.response_started and self._head is None:
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            written = None if message.get("more_body") else self._written(head, message.get("body", b""))
            if written is not None:
                self._finish(written)
                return
            await RequestResponseCycle.send(cycle, head)  # type: ignore[arg-type]
        await RequestResponseCycle.send(cycle, message)  # type: ignore[arg-type]

    def _written(self, head: Message, body: bytes) -> bytes | None:
        """Return a whole response; None where uvicorn is to write it."""
        cycle, fields = self._cycle, head["headers"]
        if cycle.disconnected or not cycle.keep_alive or cycle.flow.write_paused:
            return None
        if (b"content-length", b"%d" % len(body)) not in fields or cycle.scope["method"] == "HEAD":
            return None
        lines = [b"%s: %s\r\n" % field for field in [*cycle.default_headers, *fields]]
        text = b"".join(lines)
        if _UNFIT.search(text) or text.count(b"\n") != len(lines):
            return None
        return b"%s%s\r\n%s" % (STATUS_LINE[head["status"]], text, body)

    def _finish(self, written: bytes) -> None:
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self._wire.write_whole(written)
        cycle.message_event.set()
        cycle.on_response()
