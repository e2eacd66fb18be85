"""Clients for benchmarks: one request after another, and a list of requests over several connections.

Lists are sent by wrk where it is installed, else by this module as a process of its own; either way the
processor time of the client is measured beside what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

import httptools
import uvloop

from benchmarks.serving import program

_SCRIPT: Final = Path(__file__).with_name("wrk.lua")


class ServerFailure(RuntimeError):
    """A server failed: an error status, a cut answer, or none in time."""


class OutOfTime(ServerFailure):
    """There was no whole answer within the patience of the client."""


@dataclass(frozen=True)
class Get:
    """A GET request: its path with the query string, and the media type that is wanted."""

    path: str
    accept: str

    def line(self) -> str:
        """Return the request as a line of a list."""
        return f"{self.accept} {self.path}\n"

    def message(self) -> bytes:
        """Return the bytes of the request."""
        head = f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nAccept: {self.accept}\r\n\r\n"
        return head.encode("ascii")


@dataclass(frozen=True)
class Load:
    """One run over a list.

    ``requests`` were answered in ``seconds``, ``failed`` of them with an error status; latencies are in
    milliseconds, ``processor`` are seconds of the client itself.
    """

    requests: int
    seconds: float
    median: float
    p99: float
    failed: int
    processor: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


class _Answer:
    """One answer as httptools parses it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.whole = False

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.whole = True


class Connection:
    """A keep-alive connection of a client that asks one request after another."""

    def __init__(self, port: int, patience: float) -> None:
        self._port = port
        self._patience = patience
        self._socket: socket.socket | None = None

    def ask(self, request: Get) -> tuple[float, bytes]:
        """Return the seconds until the answer was whole, and its body.

        Raises :class:`ServerFailure` where the status is not 200, or no whole answer comes in time.
        """
        try:
            return self._ask(request)
        except TimeoutError:
            self.close()
            raise OutOfTime(f"no whole answer within {self._patience:.0f} s") from None
        except (OSError, httptools.HttpParserError) as error:
            self.close()
            raise ServerFailure(str(error) or type(error).__name__) from error
        except ServerFailure:
            self.close()
            raise

    def _ask(self, request: Get) -> tuple[float, bytes]:
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), self._patience)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = time.perf_counter()
        self._socket.settimeout(self._patience)
        self._socket.sendall(request.message())
        while not answer.whole:
            data = self._socket.recv(2**18)
            if not data:
                raise ServerFailure("the connection was cut")
            parser.feed_data(data)
            if time.perf_counter() - started > self._patience:
                raise TimeoutError
        taken = time.perf_counter() - started
        if parser.get_status_code() != 200:
            text = b"".join(answer.pieces)[:300].decode(errors="replace")
            raise ServerFailure(f"status {parser.get_status_code()}: {text}")
        if not parser.should_keep_alive():
            self.close()
        return taken, b"".join(answer.pieces)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Asking(asyncio.Protocol):
    """One connection over a list; asks for the next as soon as an answer is whole."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._sent = 0.0
        self._asking = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.failed += self._asking
        self.closed.set_result(None)

    def _ask(self) -> None:
        message = self._run.next_message()
        if message is None:
            self._transport.close()
            return
        self._asking = True
        self._sent = time.perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._asking = False
        self._run.taken.append(time.perf_counter() - self._sent)
        self._run.failed += self._parser.get_status_code() != 200
        self._parser = httptools.HttpResponseParser(self)
        self._ask()


class _Run:
    """What the connections of one run share: the requests that are left, and what was seen."""

    def __init__(self, messages: list[bytes], seconds: float) -> None:
        self._messages = iter(messages)
        self._end = time.perf_counter() + seconds
        self.taken: list[float] = []
        self.failed = 0

    def next_message(self) -> bytes | None:
        return None if time.perf_counter() > self._end else next(self._messages, None)


def python_load(port: int, messages: list[bytes], connections: int, seconds: float) -> Load:
    """Send a list to its end, or for so many seconds, from this process."""

    async def main() -> tuple[_Run, float]:
        run, loop, started = _Run(messages, seconds), asyncio.get_running_loop(), time.perf_counter()
        asking = [
            (await loop.create_connection(lambda: _Asking(run), "127.0.0.1", port))[1]
            for _ in range(connections)
        ]
        await asyncio.gather(*(connection.closed for connection in asking))
        return run, time.perf_counter() - started

    run, elapsed = uvloop.run(main())
    # Of one answer, or none, all quantiles are the same.
    taken = run.taken if len(run.taken) > 1 else (run.taken or [0.0]) * 2
    cuts = [one * 1000 for one in statistics.quantiles(taken, n=100, method="inclusive")]
    return Load(len(run.taken), elapsed, cuts[49], cuts[98], run.failed, time.process_time())


def load_client() -> str:
    """Return the name of the client that sends lists here."""
    return "wrk" if program("wrk") else "the benchmark's own client"


def load(port: int, requests: Sequence[Get], connections: int, seconds: float, patience: float) -> Load:
    """Send a list over so many connections to its end, or for so many seconds; at most ``patience`` for one.

    Raises :class:`ServerFailure` where the client ends with an error.
    """
    wrk = program("wrk")
    with tempfile.TemporaryDirectory() as name:
        listed, told = Path(name) / "requests", Path(name) / "told"
        listed.write_text("".join(request.line() for request in requests), "ascii")
        if wrk is None:
            command = [sys.executable, "-m", "benchmarks.client", str(port), str(listed), str(told)]
            command += [str(connections), str(seconds)]
        else:
            command = [wrk, "--threads", "1", "--connections", str(connections)]
            command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", f"{round(patience)}s"]
            command += ["--script", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", str(listed), str(told)]
            command += [str(connections)]
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode or not told.exists():
                said.seek(0)
                raise ServerFailure(f"the client failed: {said.read().decode(errors='replace')[-500:]}")
        found = json.loads(told.read_text())
    return Load(**{**found, "processor": usage.ru_utime + usage.ru_stime})


def main() -> None:
    """Send a list and write what was seen as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, kind in {
        "port": int,
        "listed": Path,
        "told": Path,
        "connections": int,
        "seconds": float,
    }.items():
        parser.add_argument(name, type=kind)
    options = parser.parse_args()
    rows = (line.split(" ", 1) for line in options.listed.read_text("ascii").splitlines())
    messages = [Get(path, accept).message() for accept, path in rows]
    seen = python_load(options.port, messages, options.connections, options.seconds)
    options.told.write_text(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
