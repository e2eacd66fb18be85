"""The sender of one response: a whole one in one write, any other as uvicorn does."""

from __future__ import annotations

from typing import Final

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from endpoint.server.transport import OneWrite

# What fields are written with; of control characters only the tab (RFC 9110 section 5.5).
_FIT: Final = bytes(byte for byte in range(256) if byte == 0x09 or (byte >= 0x20 and byte != 0x7F))
_END_OF_LINE: Final = b"\r\n"


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
        # Without a loop over the bytes: a regular expression takes thirty times as long.
        if text.translate(None, _FIT) != _END_OF_LINE * len(lines):
            return None
        return b"%s%s\r\n%s" % (STATUS_LINE[head["status"]], text, body)

    def _finish(self, written: bytes) -> None:
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self._wire.write_whole(written)
        cycle.message_event.set()
        cycle.on_response()
