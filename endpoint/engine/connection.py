"""The server's connection to one worker process: its socket, its frames, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import deque
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


class WorkerConnection(asyncio.Protocol):
    """One worker: send it a frame, then take pieces until ``ended``, ``failure`` or ``lost``.

    Only one coroutine waits at a time. ``client`` is the one whose query it evaluates, or did last.
    """

    client: Client

    def __init__(self, errors: RawIOBase) -> None:
        self.pid = 0
        self.ended: wire.Ending | None = None
        self.failure: wire.Failure | None = None
        self.facts: Facts | None = None
        self.lost = False
        self.pieces: deque[bytes] = deque()
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
        self._held = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._wake()

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
            self._wake()

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == wire.DATA:
            self.pieces.append(payload)
            self._held += len(payload)
            if self._held > HIGH_WATER and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
        elif kind == wire.END:
            self.ended = wire.unpack_ending(payload)
        elif kind == wire.FAILURE:
            self.failure = cast(wire.Failure, json.loads(payload))
        elif kind == wire.FACTS:
            self.facts = wire.unpack_facts(payload)
        elif kind == wire.HELLO:
            self.pid = int.from_bytes(payload, "big")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def arrival(self) -> None:
        """Wait until something arrives after the call."""
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def send(self, frame: bytes) -> None:
        """Send an idle worker the frame of a query or a search."""
        self.ended = self.failure = self.facts = None
        self.pieces.clear()
        self._held = 0
        self.blocked_since = self.blocked_before = 0.0
        self._resume()
        if self._transport is not None:
            self._transport.write(frame)

    def pop(self) -> bytes:
        """Return the next piece; let the worker go on when enough has been taken."""
        piece = self.pieces.popleft()
        self._held -= len(piece)
        if self._held <= HIGH_WATER // 2:
            self._resume()
        return piece

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def blocked(self, now: float) -> float:
        """Return the seconds for which the worker has been blocked on this answer; 0 where it is not."""
        return self.blocked_before + now - self.blocked_since if self.blocked_since else 0.0

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
