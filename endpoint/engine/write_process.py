"""The process that commits writes, as the server sees it: started, sent groups of writes, and ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from endpoint.engine import wire
from endpoint.engine.template_process import child_environment
from endpoint.engine.writes import GROUP
from endpoint.errors import EndpointError, MemoryLimitExceeded, QueryTooComplex, WriteFailed
from endpoint.telemetry import log

_LAST_WORDS: Final = 4000


class WriteProcess:
    """The process of :mod:`endpoint.ingest.writes.process`. Made by :meth:`start`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        errors: int,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._errors = errors

    @classmethod
    async def start(cls) -> WriteProcess:
        """Start it. Raises WriteFailed."""
        try:
            process, ours, errors = await asyncio.to_thread(_spawn)
        except OSError as error:
            raise WriteFailed(f"The process that writes cannot be started: {error.strerror}.") from None
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer, errors)

    async def send(self, members: Mapping[str, object]) -> None:
        """Send a group."""
        self._writer.write(wire.pack_json(GROUP, members))
        await self._writer.drain()

    async def receive(self) -> tuple[int, Any]:
        """Return the next frame. Raises EOFError."""
        kind, size = wire.HEADER.unpack(await self._reader.readexactly(wire.HEADER.size))
        return kind, json.loads(await self._reader.readexactly(size))

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._writer.close()
        self._process.wait()
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1

    async def cause(self, memory: int) -> EndpointError:
        """Return why a process has ended that nobody here has ended."""
        number = -await asyncio.to_thread(self._process.wait)
        words = ""
        with suppress(BlockingIOError):
            words = os.read(self._errors, _LAST_WORDS).decode("utf-8", "replace")
        self.kill()
        log.warning("the process that writes ended: signal %d %s", number, words.strip().rpartition("\n")[2])
        if number in (signal.SIGSEGV, signal.SIGBUS) or "overflowed its stack" in words:
            return QueryTooComplex("The update is nested too deeply, or has too many parts. Split it.")
        if "memory allocation" in words or "MemoryError" in words:
            return MemoryLimitExceeded(
                f"The write needed more than the {memory // 2**20} MB of memory that one may use. "
                "Nothing has changed. Split it.",
                memory,
            )
        return WriteFailed("The process that wrote was ended from outside. Nothing has changed. Try again.")


def _spawn() -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    # It must not wait until somebody reads its last words.
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    module = "endpoint.ingest.writes.process"
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=writing,
                pass_fds=[theirs.fileno()],
                env=child_environment(),
            )
        except OSError:
            ours.close()
            os.close(reading)
            raise
        finally:
            os.close(writing)
    return process, ours, reading
