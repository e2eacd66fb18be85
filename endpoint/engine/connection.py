"""The server's connection to one worker process: its socket, its frames, its end."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from io import RawIOBase
from typing import Final, cast

from endpoint.engine import wire
from endpoint.engine.clients import Client
from endpoint.formats import Facts
from endpoint.telemetry import log

# Above this many bytes unread by the client, the worker is left blocked on its full socket.
HIGH_WATER: Final = 256 * 2**10
# Bytes that are read of a dead worker's standard error.
LAST_WORDS: Final = 2000


class Reply:
    """The reply of a worker to one frame: ``pieces``, then ``ended`` or ``failure``, one of them at most.

    ``over`` is called as soon as either is here, before anybody reads the pieces: the worker may have the
    next query then. Only one coroutine waits at a time; when it has waited until ``expires``, by the loop's
    clock, ``expire`` is called, which must not raise.
    """

    def __init__(self, over: Callable[[], None] | None = None) -> None:
        self.pieces: deque[bytes] = deque()
        self.held = 0  # bytes of the pieces
        self.facts: Facts | None = None
        self.ended: wire.Ending | None = None
        self.failure: wire.Failure | None = None
        self.fault = ""  # of columns, in whose place the engine answered
        self.expires = math.inf
        self.expire: Callable[[], None] | None = None
        self._over = over
        self._waiter: asyncio.Future[None] | None = None

    @property
    def swollen(self) -> bool:
        """Return whether the query has enlarged the memory of its worker, which is to be replaced."""
        if self.failure is not None:
            return self.failure["kind"] == "memory"
        return self.ended is not None and self.ended.swollen

    async def arrival(self) -> None:
        """Wait until something arrives after the call."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def arrived(self) -> None:
        """Wake whoever waits, and say where it is over."""
        if self._over is not None and (self.ended is not None or self.failure is not None):
            over, self._over = self._over, None
            over()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class WorkerConnection(asyncio.Protocol):
    """One worker: :meth:`send` it a frame, then :meth:`pop` the pieces of its ``reply``.

    ``lost`` is set when it has ended. ``client`` is the one whose query it evaluates, or did last.
    """

    client: Client

    def __init__(self, errors: RawIOBase) -> None:
        self.pid = 0
        self.reply = Reply()
        self.lost = False
        # When its query began, by the loop's clock.
        self.since = 0.0
        # Seconds of processor time: of this query, and of all until it was last looked at.
        self.spent = 0.0
        self.accounted = 0.0
        self.slow = False  # of the slow lane, for good
        self.paused = False
        self.turns = False  # this query has been paused
        self.displaced = False  # killed because its place was needed
        # When the client last stopped taking pieces, by the loop's clock; 0 while it takes them. And
        # how long (seconds) the worker had been blocked on this answer before that.
        self.blocked_since = 0.0
        self.blocked_before = 0.0
        self._errors = errors
        self._buffer = bytearray()
        self._paused = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.reply.arrived()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        buffer = self._buffer
        start, size = 0, wire.HEADER.size
        while len(buffer) - start >= size:
            kind, length = wire.HEADER.unpack_from(buffer, start)
            if length > wire.LONGEST:
                # No worker sends this unless a query has taken it over.
                log.error("worker %d sent a frame of %d bytes and is ended", self.pid, length)
                self.kill()
                return
            if len(buffer) - start - size < length:
                break
            self._take(kind, bytes(buffer[start + size : start + size + length]))
            start += size + length
        if start:
            del buffer[:start]
            self.reply.arrived()

    def _take(self, kind: int, payload: bytes) -> None:
        reply = self.reply
        if kind == wire.DATA:
            reply.pieces.append(payload)
            reply.held += len(payload)
            if reply.held > HIGH_WATER and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
        elif kind == wire.END:
            reply.ended = wire.unpack_ending(payload)
        elif kind == wire.FAILURE:
            reply.failure = cast(wire.Failure, json.loads(payload))
        elif kind == wire.FAULT:
            reply.fault = payload.decode(errors="replace")
        elif kind == wire.FACTS:
            reply.facts = wire.unpack_facts(payload)
        elif kind == wire.HELLO:
            self.pid = int.from_bytes(payload, "big")

    def send(self, frame: bytes, over: Callable[[], None]) -> Reply:
        """Send an idle worker the frame of a query or a search; return its reply, which will come."""
        self.reply = Reply(over)
        self.blocked_since = self.blocked_before = 0.0
        self._resume()
        # A worker that has ended since it was taken is told of as lost.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)
        return self.reply

    def pop(self, reply: Reply) -> bytes:
        """Return the next piece of a reply of this worker; let it go on when enough has been taken."""
        piece = reply.pieces.popleft()
        reply.held -= len(piece)
        if reply is self.reply and reply.held <= HIGH_WATER // 2:
            self._resume()
        return piece

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def blocked(self, now: float) -> float:
        """Return the seconds for which the worker has been blocked on this answer; 0 where it is not."""
        return self.blocked_before + now - self.blocked_since if self.blocked_since else 0.0

    def unread(self, now: float) -> float:
        """Return the seconds since the client last took a piece of this answer; 0 where it takes them."""
        return now - self.blocked_since if self.blocked_since else 0.0

    def evaluating(self, now: float) -> float:
        """Return the seconds since its query began, without those in which it was blocked."""
        blocked = self.blocked_before + (now - self.blocked_since if self.blocked_since else 0.0)
        return now - self.since - blocked

    def kill(self) -> None:
        """End the worker process at once, whatever it does."""
        # Its process id stays its own until the template reaps it, which it does only on order; without
        # a template it may have been reaped.
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self._transport is not None:
            self._transport.abort()

    def last_words(self) -> str:
        """Return the beginning of what the dead process wrote to standard error; empty once closed."""
        if self._errors.closed:
            return ""
        return (self._errors.read(LAST_WORDS) or b"").decode(errors="replace").strip()

    def close(self) -> None:
        """Close the server's ends of everything."""
        if self._transport is not None:
            self._transport.abort()
        self._errors.close()
