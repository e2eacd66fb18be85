"""A small load generator: keep-alive connections that ask one request over and over."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import cast

import uvloop


@dataclass(frozen=True)
class Load:
    """The result of one run: requests per second, and latency in milliseconds."""

    rate: float
    median: float
    p99: float


class _Connection(asyncio.Protocol):
    """One connection; asks again as soon as an answer with a Content-Length is whole."""

    def __init__(self, request: bytes, taken: list[float], done: asyncio.Event) -> None:
        self._request = request
        self._taken = taken
        self._done = done
        self._buffer = b""
        self._sent = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self._buffer[:500].decode(errors="replace"))
        if not _whole(head.lower(), body):
            return
        self._taken.append(time.perf_counter() - self._sent)
        self._buffer = b""
        if self._done.is_set():
            self._transport.close()
        else:
            self._ask()


def _whole(head: bytes, body: bytes) -> bool:
    if b"content-length: " in head:
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return len(body) >= int(length)
    return body.endswith(b"0\r\n\r\n")


def load(port: int, request: bytes, connections: int, seconds: float) -> Load:
    """Ask ``request`` over ``connections`` connections for ``seconds``, and wait for the last answers."""

    async def main() -> tuple[list[float], float]:
        taken: list[float] = []
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        start = time.perf_counter()
        asking = [
            (await loop.create_connection(lambda: _Connection(request, taken, done), "127.0.0.1", port))[1]
            for _ in range(connections)
        ]
        await asyncio.sleep(seconds)
        done.set()
        await asyncio.gather(*(connection.closed for connection in asking))
        return taken, time.perf_counter() - start

    taken, elapsed = uvloop.run(main())
    cuts = statistics.quantiles(taken, n=100)
    return Load(len(taken) / elapsed, cuts[49] * 1000, cuts[98] * 1000)
