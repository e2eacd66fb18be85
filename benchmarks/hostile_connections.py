"""Memory of the server, and the longest wait of another client, while hostile connections last.

.venv/bin/python -m benchmarks.hostile_connections [--against DIR] [--seconds 10] [ATTACK …]

Every attack comes from its own loopback address, as if from one client of the internet; the other client asks
``/-/live`` every 20 ms meanwhile. Linux only, for memory is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.serving import free_port, process
from benchmarks.streaming_memory import resident

GET = b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n"
CROSS = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 900000"
POST = (
    b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 500000\r\n\r\nASK {} #"
)


@dataclass(frozen=True)
class Attack:
    """Connections that each send ``first``, then ``more`` every ``pause`` seconds, and read nothing."""

    connections: int
    first: bytes
    more: bytes = b""
    pause: float = 1.0
    addresses: int = 1


ATTACKS: dict[str, Attack] = {
    "idle": Attack(1100, b""),
    "slow heads": Attack(1100, b"GET / HTTP/1.1\r\n", b"X", 1.0),
    "large unfinished heads": Attack(1000, b"GET /?q=" + b"a" * 4_000_000),
    "many header fields": Attack(1000, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a:b\r\n" * 190),
    "slow bodies": Attack(1000, POST, b"x", 1.0),
    "large unfinished bodies": Attack(1000, POST + b"x" * 490_000),
    "pipelining": Attack(40, GET * 400_000),
    "1,000 pipelining": Attack(1000, GET * 10_000),
    "unread answers": Attack(1000, GET * 8),
    "from 20 addresses": Attack(2000, b"GET / HTTP/1.1\r\n", b"X", 1.0, 20),
    "HTTP/1.0 spools": Attack(20, f"GET /sparql?query={quote(CROSS)} HTTP/1.0\r\n\r\n".encode()),
}


async def attack(port: int, each: Attack, number: int, opened: set[int]) -> None:
    """One hostile connection until it is cut."""
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.setblocking(False)
    with contextlib.closing(sock), contextlib.suppress(OSError):
        sock.bind((f"127.0.1.{1 + number % each.addresses}", 0))
        await loop.sock_connect(sock, ("127.0.0.1", port))
        opened.add(number)
        try:
            await loop.sock_sendall(sock, each.first)
            while True:
                await asyncio.sleep(each.pause)
                # An answer is not read, but an end is noticed.
                if each.more:
                    await loop.sock_sendall(sock, each.more)
                elif _ended(sock):
                    break
        finally:
            opened.discard(number)


def _ended(sock: socket.socket) -> bool:
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] != 1  # TCP_ESTABLISHED


def other(port: int, seconds: float) -> tuple[list[float], list[str]]:
    """Ask ``/-/live`` on a new connection each time. Return the seconds of each, and what failed."""
    waits: list[float] = []
    failures: list[str] = []
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as client:
                client.sendall(b"GET /-/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = client.makefile("rb").read()
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer[:12].decode(errors="replace") or "closed")
        except OSError as error:
            failures.append(type(error).__name__)
        waits.append(time.perf_counter() - started)
        time.sleep(0.02)
    return waits, failures


async def measure(
    running: subprocess.Popen[bytes], port: int, each: Attack, seconds: float, pool: ProcessPoolExecutor
) -> str:
    """Return a row of figures for one attack."""
    before = most = resident(running.pid)
    opened: set[int] = set()
    # In a process of its own, which does not wait for the hostile ones.
    beside = asyncio.get_running_loop().run_in_executor(pool, other, port, seconds)
    hostile = [asyncio.create_task(attack(port, each, number, opened)) for number in range(each.connections)]
    end, held = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await asyncio.sleep(0.05)
        most, held = max(most, resident(running.pid)), max(held, len(opened))
    left = len(opened)
    for task in hostile:
        task.cancel()
    await asyncio.gather(*hostile, return_exceptions=True)
    waits, failures = await beside
    await asyncio.sleep(1)
    return (
        f"{before:8.0f} {most:8.0f} {resident(running.pid):8.0f} {held:6} {left:6} "
        f"{statistics.median(waits) * 1000:7.0f} {max(waits) * 1000:8.0f} "
        f"{len(failures):6} of {len(waits):<6} {' '.join(failures[:1])}"
    )


def main() -> None:
    """Print one row for each attack; each meets a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=f"of: {', '.join(ATTACKS)}")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout of this project")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--flags", default="--trusted-proxies none", help="of endpoint serve")
    wanted = parser.parse_args()
    print(f"{'attack':<24}  before     most    after   open   left  median  wait ms   failed")
    spawning = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, spawning) as pool:
        pool.submit(free_port).result()  # the process has started
        for name in wanted.attacks or ATTACKS:
            port = free_port()
            command = [sys.executable, "-m", "endpoint", "serve", "--port", str(port)]
            command += ["--data", f"{folder}/data", *wanted.flags.split()]
            with process(command, port, wanted.against) as running:
                row = asyncio.run(measure(running, port, ATTACKS[name], wanted.seconds, pool))
            print(f"{name:<24}{row}", flush=True)


if __name__ == "__main__":
    main()
