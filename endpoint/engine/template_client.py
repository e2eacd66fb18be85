"""The client of the template process: it has the process read a generation, then fork and reap workers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, cast

from endpoint.engine import wire
from endpoint.engine.connection import WorkerConnection
from endpoint.engine.fence import Missing
from endpoint.engine.template_process import TemplateProcess
from endpoint.errors import StoreError
from endpoint.storage.generations import Generation

# Reading a large generation into memory takes about ten seconds per million triples, more on a busy machine.
START_TIMEOUT: Final = 600.0
FORK_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a worker: the signal (0 when none is known) and what it wrote to standard error.

    ``memory`` is the bytes by which it was at its largest, since its last query began, larger than the
    template; 0 when that is not known.
    """

    signal: int
    words: str
    memory: int = 0


class _Control(asyncio.Protocol):
    """The messages of the template process, as they arrive."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[Missing] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reaped: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self.buffer = bytearray()
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.ready.done():
            size = wire.HEADER.size + 1
            if len(self.buffer) < size:
                return
            self.ready.set_result(Missing(self.buffer[size - 1]))
            del self.buffer[:size]
        while len(self.buffer) >= wire.REAPED.size:
            pid, *end = wire.REAPED.unpack_from(self.buffer)
            del self.buffer[: wire.REAPED.size]
            future = self.reaped.pop(pid, None)
            if future is not None and not future.done():
                future.set_result(tuple(end))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.cancel()
        for future in self.reaped.values():
            future.cancel()
        if not self.lost.done():
            self.lost.set_result(None)


class TemplateClient:
    """The client of the template process of one generation. Made by :meth:`start`."""

    def __init__(
        self,
        generation: Generation,
        order: wire.TemplateOrder,
        process: TemplateProcess,
        protocol: _Control,
    ) -> None:
        self.generation = generation
        self.order = order
        self.missing = Missing(0)
        self._process = process
        self._control = process.control
        self._protocol = protocol

    @classmethod
    async def start(
        cls, generation: Generation, order: wire.TemplateOrder, process: TemplateProcess | None = None
    ) -> TemplateClient:
        """Let ``process``, or a new one, read the generation, and wait for it. Raises :class:`StoreError`."""
        process = process or TemplateProcess()
        process.send(order)
        # The event loop takes a duplicate: this one stays ours to send descriptors over.
        sock = process.control.dup()
        _, protocol = await asyncio.get_running_loop().create_connection(_Control, sock=sock)
        client = cls(generation, order, process, protocol)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                # Shielded, so that a cancellation of this task is not mistaken for the end of the process.
                client.missing = await asyncio.shield(protocol.ready)
        except (TimeoutError, asyncio.CancelledError):
            gone = protocol.ready.cancelled() or protocol.lost.done()
            await client.aclose()
            if not gone:
                raise
            raise StoreError(
                f"The template process could not open generation {generation.number} in {generation.path}."
            ) from None
        return client

    async def fork(self) -> WorkerConnection:
        """Return a new worker, ready for its first query. Raises :class:`StoreError`."""
        try:
            connection, ours = self._order_worker()
        except OSError as error:
            raise StoreError(f"No worker process can be started: {error.strerror or error}.") from None
        await asyncio.get_running_loop().create_connection(lambda: connection, sock=ours)
        try:
            async with asyncio.timeout(FORK_TIMEOUT):
                while not connection.pid and not connection.lost:
                    await connection.reply.arrival()
        except TimeoutError:
            connection.lost = True
        except BaseException:
            connection.close()
            raise
        if connection.lost:
            words = connection.last_words()
            connection.close()
            raise StoreError(f"A worker process could not start. {words}".rstrip())
        return connection

    def _order_worker(self) -> tuple[WorkerConnection, socket.socket]:
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as undo:
            undo.callback(ours.close)
            reading, writing = os.pipe()
            errors = undo.enter_context(os.fdopen(reading, "rb", buffering=0))
            with os.fdopen(writing, "wb", buffering=0):
                # A worker may write no file, and must not wait until somebody reads its last words.
                os.set_blocking(reading, False)
                os.set_blocking(writing, False)
                order = wire.ORDER.pack(wire.FORK, 0)
                socket.send_fds(self._control, [order], [theirs.fileno(), writing])
            undo.pop_all()
        return WorkerConnection(errors), ours

    async def reap(self, connection: WorkerConnection) -> tuple[int, int] | None:
        """Kill a worker and return its wait status and growth in bytes; None when the template is gone."""
        future = asyncio.get_running_loop().create_future()
        self._protocol.reaped[connection.pid] = future
        try:
            connection.kill()
            self._control.sendall(wire.ORDER.pack(wire.REAP, connection.pid))
            return cast(tuple[int, int], await future)
        except (OSError, asyncio.CancelledError):
            if self.alive:
                raise
            return None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return whether the template process still answers."""
        return not self._protocol.lost.done()

    def when_gone(self, told: Callable[[], None]) -> None:
        """Call ``told`` when the process does not answer any longer."""
        self._protocol.lost.add_done_callback(lambda _: told())

    async def aclose(self) -> None:
        """End the template and with it every worker it forked. Idempotent."""
        if not self._protocol.ready.done():
            # While it reads the generation, it does not read its socket.
            self._process.kill()
        if self._control.fileno() >= 0:
            if self.alive:
                self._control.shutdown(socket.SHUT_RDWR)
            self._control.close()
        if self._protocol.transport is not None:
            self._protocol.transport.close()
        await asyncio.shield(asyncio.to_thread(self._process.wait))


def ending_signal(status: int | None) -> int:
    """Return the signal that ended a process with this wait status; 0 when none did."""
    return os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0
