"""The process that commits writes, as the server sees it: started, sent groups of writes, and ended."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from endpoint.engine import wire
from endpoint.engine.template_process import child_environment
from endpoint.engine.writes import GROUP, Terms
from endpoint.errors import EndpointError, MemoryLimitExceeded, QueryTooComplex, WriteFailed
from endpoint.telemetry import log

_LAST_WORDS: Final = 4000
# What is imported lasts: to look through it again and again would take the collector a quarter of the time.
_START: Final = "import gc; gc.disable(); from endpoint.ingest.writes.process import main; main()"


class WriteProcess:
    """The process of :mod:`endpoint.ingest.writes.process`. Made by :meth:`start`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        errors: int,
        fence: str,
    ) -> None:
        self._process = process
        self._sock = sock
        self._fence = fence
        self._reader = reader
        self._writer = writer
        self._errors = errors

    @classmethod
    async def start(cls, terms: Terms) -> WriteProcess:
        """Start it. Raises WriteFailed."""
        try:
            process, ours, errors = await asyncio.to_thread(_spawn, terms)
        except OSError as error:
            raise WriteFailed(f"The process that writes cannot be started: {error.strerror}.") from None
        # The loop has a duplicate: this one stays ours to send descriptors over.
        reader, writer = await asyncio.open_connection(sock=ours.dup())
        writer.transport.set_write_buffer_limits(0)
        return cls(process, ours, reader, writer, errors, _fence(terms))

    def fits(self, terms: Terms) -> bool:
        """Return whether the fence around it is that of these settings."""
        return self._fence == _fence(terms)

    async def send(self, members: Mapping[str, object], files: Sequence[str]) -> None:
        """Send a group, and behind it the files of its writes, opened: the fence lets it open no others."""
        self._writer.write(wire.pack_json(GROUP, members))
        # Until nothing is left to send.
        await self._writer.drain()
        if files:
            await asyncio.to_thread(self._send_files, files)

    def _send_files(self, files: Sequence[str]) -> None:
        room = select.poll()
        room.register(self._sock, select.POLLOUT)
        for path in files:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                room.poll()
                socket.send_fds(self._sock, [b"f"], [descriptor])
            finally:
                os.close(descriptor)

    async def receive(self) -> tuple[int, Any]:
        """Return the next frame. Raises EOFError."""
        kind, size = wire.HEADER.unpack(await self._reader.readexactly(wire.HEADER.size))
        return kind, json.loads(await self._reader.readexactly(size))

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._writer.close()
        self._sock.close()
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


def _fence(terms: Terms) -> str:
    """Return what the fence around the process depends on."""
    return json.dumps({"data": terms.data, "dataset": terms.dataset, "network": bool(terms.load_from)})


def _spawn(terms: Terms) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    # It must not wait until somebody reads its last words.
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
                [sys.executable, "-P", "-c", _START, str(theirs.fileno()), str(os.getpid()), _fence(terms)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=writing,
                pass_fds=[theirs.fileno()],
                # It may write nowhere else.
                env={**child_environment(), "TMPDIR": terms.data},
            )
        except OSError:
            ours.close()
            os.close(reading)
            raise
        finally:
            os.close(writing)
    return process, ours, reading
