"""A repeated answer of 100 rows beside a bare uvicorn application that sends the same bytes, in one run.

    python -m benchmarks.repeated
    python -m benchmarks.repeated --seconds 5 --rounds 7 --against DIR

All are asked in turn over 8 connections, round after round, and the medians of the ratios are the figures to
quote: of the rate, and of the processor time of the server process for each request, which says more on a
busy machine. The bare application is uvicorn with uvloop and httptools, without a log, and nothing around it.
With ``--against`` the server of another checkout is measured too.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import uvicorn

from benchmarks.client import Get, load, load_client
from benchmarks.serving import free_port, process, store_of

QUERY: Final = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 100"
CONNECTIONS: Final = 8
JSON: Final = "application/sparql-results+json"
PATH: Final = f"/sparql?query={quote(QUERY)}"
# Requests of one round, more than are answered in it.
_MANY: Final = 300_000
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Side:
    """A server that is measured; ``pid`` is that of the process that answers."""

    name: str
    port: int
    pid: int

    def processor(self) -> float:
        """Return the seconds of a processor that its process has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


def answer_of(port: int) -> tuple[list[tuple[str, str]], bytes]:
    """Return the header fields and the body of the answer that is repeated."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", PATH, headers={"Accept": JSON})
    response = connection.getresponse()
    return response.getheaders(), response.read()


def serve_bare(port: int, file: Path) -> None:
    """Run the bare application on the bytes in a file: header fields, an empty line, the body."""
    head, _, body = file.read_bytes().partition(b"\n\n")
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (name, value) for name, _, value in (line.partition(b": ") for line in head.split(b"\n"))
        ],
    }

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send(dict(start))
            await send({"type": "http.response.body", "body": body})

    uvicorn.run(
        application,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
    )


@contextmanager
def bare(folder: Path, ours: Side) -> Iterator[Side]:
    """Run the bare application that sends what our server sends."""
    fields, body = answer_of(ours.port)
    file = folder / "answer"
    file.write_bytes("\n".join(f"{name}: {value}" for name, value in fields).encode() + b"\n\n" + body)
    port = free_port()
    with process(
        [sys.executable, "-m", "benchmarks.repeated", "--bare", f"{port}", f"{file}"], port
    ) as started:
        yield Side("bare", port, started.pid)


@contextmanager
def endpoint(folder: Path, name: str, checkout: Path | None) -> Iterator[Side]:
    """Run the server of a checkout on the project's own dataset."""
    data, port = store_of(folder, None, checkout), free_port()
    command = [sys.executable, "-m", "endpoint", "serve", "--port", f"{port}", "--data", f"{data}"]
    with process(command, port, checkout) as started:
        yield Side(name, port, started.pid)


def measure(sides: list[Side], rounds: int, seconds: float) -> None:
    """Ask all sides in turn, and print a row for each."""
    rates, times = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    requests = [Get(PATH, JSON)] * _MANY
    for _ in range(rounds):
        for side in sides:
            before = side.processor()
            done = load(side.port, requests, CONNECTIONS, seconds, 30.0)
            if done.failed:
                raise SystemExit(f"{side.name}: {done.failed} requests failed")
            rates[side.name].append(done.rate)
            times[side.name].append((side.processor() - before) / done.requests * 1e6)
    print(
        f"| {CONNECTIONS} connections, {load_client()} | requests/s | of bare | µs of a processor | of bare |"
    )
    print("|---|---:|---:|---:|---:|")
    for side in sides:
        rate, time = (statistics.median(values[side.name]) for values in (rates, times))
        shares = [
            statistics.median(
                one / other for one, other in zip(values[side.name], values["bare"], strict=True)
            )
            for values in (rates, times)
        ]
        print(f"| {side.name} | {rate:,.0f} | {shares[0]:.2f} × | {time:.0f} | {shares[1]:.2f} × |")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each side in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    parser.add_argument("--bare", nargs=2, metavar=("PORT", "FILE"), help="only run the bare application")
    options = parser.parse_args()
    if options.bare:
        serve_bare(int(options.bare[0]), Path(options.bare[1]))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(endpoint(folder, "this server", None))
        answer_of(ours.port)
        sides = [stack.enter_context(bare(folder, ours)), ours]
        if options.against:
            sides.append(stack.enter_context(endpoint(folder, "against", options.against.resolve())))
        measure(sides, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
