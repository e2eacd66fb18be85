"""HTTP/1.1 connections of uvicorn that hold a bounded part of the server, however their clients behave."""

from __future__ import annotations

import asyncio
import select
from functools import partial
from time import perf_counter
from typing import Any, Final, cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from endpoint.errors import EndpointError, Overloaded, RequestTimeout
from endpoint.server.connection_limits import COME_BACK, STEP
from endpoint.server.reading import RequestReader
from endpoint.server.responding import Responder
from endpoint.server.transport import Flow, OneWrite
from endpoint.telemetry.watchdog import Watchdog
from endpoint.web.http.at_once import AtOnce
from endpoint.web.http.boundary import problem_text, special_headers

# Seconds for which an idle connection stays open, longer than proxies wait to reuse it.
_KEEP_ALIVE: Final = 75.0
# Seconds for which an idle connection stays when the server ends.
_QUIET: Final = 1.0
# Seconds for which a client that was refused may read why.
_LINGER: Final = 2.0
# Bytes that are read and thrown away for that: to leave them would take the answer away from the client.
_DISCARDED: Final = 2**22


class Connection(RequestReader):
    """uvicorn's HTTP/1.1 connection, with what a server on the open internet needs besides.

    - The next request begins when the client has taken most of the answer before.
    - A client that takes too long to send, to read or to ask again is cut (:meth:`check`).
    - What is no request gets a designed error too, as plain text.
    - A response leaves in one write.
    - The ASGI extension ``endpoint.abort`` ends the connection after what was sent, without the end of the
      answer; a client that does not take what was sent is cut off as any other.
    - The ASGI extension ``endpoint.hold`` tells that the request has not begun, for the client has as many at
      work as it may: ``held``.
    - A server that ends leaves no request unanswered that has arrived (:meth:`shutdown`).
    """

    peer = ""
    granted = 0
    held = False
    # The request that is answered; ``cycle`` is the one that was read last.
    _running: RequestResponseCycle | None = None
    # Whether the next request waits for the client to take the answer before.
    _behind = False
    # Why nothing more is answered.
    _refusal: EndpointError | None = None
    _draining = False
    watchdog: Watchdog | None = None
    # What needs no task; None for nothing.
    at_once: AtOnce | None = None
    _discarded = 0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Bytes of all requests that were not answered yet, with what was read and not parsed.
        self._held = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wire = OneWrite(transport, self.limits.relieve)
        self.transport = cast("asyncio.Transport", self._wire)
        self.flow = Flow(transport)
        self.extensions = {
            "endpoint.abort": {"abort": self._wire.close},
            "endpoint.hold": {"hold": self._hold},
            "endpoint.taken": {"taken": self._taken},
        }
        self.peer = self.limits.peer(self.client)
        self._refusal = self.limits.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.limits.leave(self)
        self.stop()
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.watchdog is not None:
            self.watchdog.arm(perf_counter())
        if self.over:
            self._discarded += len(data)
            self.flow.hold()
            if self._discarded <= _DISCARDED:
                # A round of the event loop in which a thousand did this would take 200 ms.
                self.limits.turns.begin(self.peer, self, self._discard_on)
            return
        if self._refusal is not None:
            self.refuse(self._refusal)
            return
        self._held += len(data)
        if self._held > STEP and self._held > self.granted and not self.limits.grant(self, self._held):
            sentence = "The server holds as much of unanswered requests as it may. Try again later."
            self.refuse(Overloaded(sentence, COME_BACK))
            return
        self.read(data)

    def _discard_on(self) -> None:
        if not self.transport.is_closing():
            self.flow.let_go()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._behind:
            self._behind = False
            self._go_on()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._behind:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, app))
            return
        self._running = cycle
        if self._draining and not self.owes_more:
            cycle.keep_alive = False
        # Those of a proxy are of many clients.
        self.limits.turns.begin(self.peer, self, partial(self._begin, cycle, app))

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not cycle.disconnected and not self._answer_at_once(cycle):
            cycle.send = Responder(cycle, self._wire).send  # type: ignore[method-assign, assignment]
            super()._start_asgi_task(cycle, app)

    def _answer_at_once(self, cycle: RequestResponseCycle) -> bool:
        """Answer a request that was answered before, once the parser is back. Return whether it is."""
        if self.at_once is None or self.flow.write_paused or not cycle.keep_alive:
            return False
        response = self.at_once.response(cast("Scope", cycle.scope), self.server_state.default_headers)
        if response is None:
            return False
        self.loop.call_soon(self._write_at_once, cycle, response)
        return True

    def _write_at_once(self, cycle: RequestResponseCycle, response: bytes) -> None:
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self._wire.write_whole(response)
        self.on_response_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._running = None
        if self.pipeline or self.heading:
            self.forget()
        if self.transport.is_closing():
            return
        self.since = self.loop.time()
        if not self.heading and self.expect_100_continue and not self.pipeline:
            # Whether the body still comes, nobody knows (RFC 9110 section 10.1.1).
            self.transport.close()
        elif self.flow.write_paused:
            self._behind = True
        else:
            self._go_on()
            if self._draining:
                self.loop.call_later(_QUIET, self._close_quiet)

    def _go_on(self) -> None:
        """Begin the request that has waited longest, and read on."""
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.over:
            self._tell()
            return
        self.flow.let_go()
        self.parse()

    def forget(self) -> None:
        """Forget the oldest request, which was answered."""
        self._held -= self.sizes.popleft()
        if self.granted and self._held <= STEP:
            self.limits.release(self)

    def refuse(self, error: EndpointError) -> None:
        self.stop()
        self._refusal = error
        cycle = self.cycle
        if not self.heading and cycle is not None and not cycle.response_complete:
            # Its body will not be whole.
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
            elif cycle is self._running:
                self._running = None
            else:
                self.pipeline.popleft()
        if self._running is None and not self._behind and not self.pipeline:
            self._tell()

    def _tell(self) -> None:
        """Send the error, and let the client read it: to close at once would take it away from it."""
        error = self._refusal
        if error is None or self.transport.is_closing():
            return
        body = problem_text(error)
        fields = {
            **dict(self.server_state.default_headers),
            b"content-type": b"text/plain; charset=utf-8",
            b"content-length": b"%d" % len(body),
            b"cache-control": b"no-store",
            **dict(special_headers(error)),
            b"connection": b"close",
        }
        if "*" in self.limits.settings.cors_origins:
            fields[b"access-control-allow-origin"] = b"*"
        lines = [
            STATUS_LINE[error.status],
            *(b"%s: %s\r\n" % field for field in fields.items()),
            b"\r\n",
            body,
        ]
        self.transport.write(b"".join(lines))
        self.limits.note_refusal(self.client, error, len(body))
        self.since = self.loop.time()
        self.flow.let_go()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """End the connection with the answers that are owed. Idempotent.

        An answer whose head is not sent yet says ``Connection: close``. A client that was told that the
        connection stays may be sending its next request now, so it is closed only when the client has been
        quiet for a moment (RFC 9112 section 9.6).
        """
        if self._draining:
            return
        self._draining = True
        if (running := self._running) is not None:
            running.keep_alive &= running.response_started or self.owes_more
        else:
            self.loop.call_later(_QUIET, self._close_quiet)

    def _close_quiet(self) -> None:
        """Close a connection whose client asks nothing, also nothing that the event loop has not read yet."""
        quiet = self.loop.time() - self.since >= _QUIET / 2
        idle = self.heading and not self.head_size and self._running is None
        if quiet and idle and not self.transport.is_closing():
            unread = select.poll()
            unread.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
            if not unread.poll(0):
                self.transport.close()

    def _hold(self, held: bool) -> None:
        self.held = held

    def _taken(self, size: int) -> None:
        """Count so many bytes of the body of the request that is answered as held no longer."""
        size = min(size, self.sizes[0]) if self.sizes else 0
        if size:
            self.sizes[0] -= size
            self._held -= size
            if self.granted and self._held <= STEP:
                self.limits.release(self)

    def waited(self, now: float) -> float | None:
        """Return for how many seconds the server has done nothing; None while it works for the client."""
        if self.unsent():
            return self._wire.waited(now)
        working = self.heading and (self._running is not None or self.pipeline) and not self.held
        return None if working else now - self.since

    def unsent(self) -> int:
        """Return the bytes that wait in this process until the client takes what was sent before."""
        return self._wire.unsent()

    def cut(self) -> None:
        """End the connection now."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """End the connection where its client took too long: to read, to send, or to ask again."""
        patience, since = self.limits.settings.client_timeout, now - self.since
        if self.over or self._refusal is not None:
            if since > _LINGER and self._running is None and not self._behind:
                self.cut()
        elif self._wire.lags(now, patience, self.limits.settings.min_rate):
            self.cut()
        elif self.unsent() or (self._running is not None and self.heading):
            pass
        elif not self.heading:
            if self._running is None and since > patience:
                # It was answered, and its body still comes.
                self.cut()
        elif self.head_size and since > patience:
            self.refuse(RequestTimeout(f"The head of the request did not come within {patience:g} s."))
        elif since > (patience if self.cycle is None else _KEEP_ALIVE):
            self._close_quiet()
