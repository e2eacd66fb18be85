"""Latency of small queries beside clients that take all they can get, and on the quiet server, in one run.

Polite clients ask a small query every few milliseconds. Beside them a neighbour loops a cross product that
is to be sorted, on several connections; then several neighbours do. Each client has an address of its own
on loopback (127.0.0.0/8, as Linux has it). The ratios to the quiet server are the figures to quote.

    python -m benchmarks.noisy_neighbour
    python -m benchmarks.noisy_neighbour --against DIR    the server of another checkout of this project
    python -m benchmarks.noisy_neighbour --bind-join      a federated join beside a storm of crawlers
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import uvloop

from benchmarks.serving import free_port, process, store_of

SMALL = "SELECT ?p ?o { <http://opendata.mofa.go.kr/mofapub/resource/Publication/13940> ?p ?o }"
CROSS_PRODUCT = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f"
# Milliseconds between two small queries of one polite client.
PACE = 25
POLITE = 4
# Requests of the federated join, all at once as Comunica sends them: so many blocks of so many bindings.
BLOCKS, BINDINGS = 600, 16
CRAWLERS, CRAWLER_CONNECTIONS = 6, 4
# Seconds after which a client gives up a request.
PATIENCE = 120.0
Scene = Callable[[int, float, int], Coroutine[object, object, None]]

_LINK = re.compile(rb'href="(/[^"#]*)"')


@dataclass
class Outcomes:
    """The outcomes of one kind of client: seconds of each request, and how often each status came."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def count(self, status: str, seconds: float) -> None:
        """Take one more request."""
        self.statuses[status] += 1
        self.seconds.append(seconds)

    def quantile(self, percent: int) -> float:
        """The quantile of the times, in milliseconds."""
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1] * 1000

    def told(self) -> str:
        """The statuses as a text."""
        return ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items())) or "none"


class Client:
    """One connection of a client with an address of its own; opened again when the server closes it."""

    def __init__(self, port: int, address: str) -> None:
        self._port = port
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, accept: str, outcomes: Outcomes) -> bytes:
        """Send one GET and return the body; count what became of it."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await self._exchange(path, accept)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            status, body = type(error).__name__, b""
            self.close()
        except asyncio.CancelledError:
            outcomes.count("no answer", time.perf_counter() - started)
            self.close()
            raise
        outcomes.count(status, time.perf_counter() - started)
        return body

    async def _exchange(self, path: str, accept: str) -> tuple[str, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=2**20, local_addr=(self._address, 0)
            )
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = await _body(reader, head)
        if b"\r\nconnection: close" in head:
            self.close()
        return head.split(b" ", 2)[1].decode(), body

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"\r\ntransfer-encoding: chunked" not in head:
        length = head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length or 0))
    pieces = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(pieces)


def sparql(query: str) -> str:
    """The path of a query, which workers have to evaluate; a server without a cache ignores ``cache``."""
    return f"/sparql?cache=off&query={quote(query)}"


JSON = "application/sparql-results+json"


async def polite(port: int, address: str, outcomes: Outcomes) -> None:
    """Ask the small query at a steady pace, until cancelled."""
    client, path = Client(port, address), sparql(SMALL)
    while True:
        await client.ask(path, JSON, outcomes)
        await asyncio.sleep(PACE / 1000)


async def looping(port: int, address: str, outcomes: Outcomes) -> None:
    """Ask the cross product again and again, until cancelled; rest a second after a refusal."""
    client, path = Client(port, address), sparql(CROSS_PRODUCT)
    while True:
        before = len(outcomes.seconds)
        await client.ask(path, JSON, outcomes)
        if outcomes.seconds[before] < 0.1:
            await asyncio.sleep(1)


async def crawling(port: int, address: str, outcomes: Outcomes, start: str) -> None:
    """Follow every link that is found, until cancelled, as a crawler does that honours nothing."""
    client = Client(port, address)
    found, seen = [start], {start}
    while True:
        path = found.pop(0) if found else start
        page = await client.ask(path, "text/html", outcomes)
        for link in _LINK.findall(page):
            target = link.decode("ascii", "ignore").replace("&amp;", "&")
            if target not in seen and len(seen) < 20_000:
                seen.add(target)
                found.append(target)


async def joining(port: int, address: str, outcomes: Outcomes) -> None:
    """Ask the blocks of a federated bind join, each with its VALUES and on its own connection, to the end."""
    subjects = [f"<http://opendata.mofa.go.kr/mofapub/resource/Publication/{n}>" for n in range(13000, 14000)]

    async def ask(block: int) -> None:
        values = [subjects[(block * BINDINGS + n) % len(subjects)] for n in range(BINDINGS)]
        query = f"SELECT ?s ?p ?o {{ VALUES ?s {{ {' '.join(values)} }} ?s ?p ?o }}"
        client = Client(port, address)
        await client.ask(sparql(query), JSON, outcomes)
        client.close()

    await asyncio.gather(*map(ask, range(BLOCKS)))


def addresses(third: int, count: int) -> list[str]:
    """Addresses on loopback, of clients of one kind."""
    return [f"127.0.{third}.{number}" for number in range(2, count + 2)]


@contextlib.asynccontextmanager
async def running(works: Iterable[Awaitable[None]]) -> AsyncIterator[None]:
    """Let these clients run until the block ends."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def row(name: str, found: Outcomes, quiet: Outcomes) -> None:
    """Print one row of the table: three quantiles, their ratios to the quiet server, the statuses."""
    cells = [f"{name:<34}"]
    for percent in (50, 95, 99):
        value = found.quantile(percent)
        cells.append(f"{value:>10.2f} {value / quiet.quantile(percent):>6.1f} ×")
    print("".join(cells), f"  {found.told()}", flush=True)


def heading() -> None:
    """Print the head of the table."""
    quantiles = "".join(f"{name:>10}{'':>9}" for name in ("p50", "p95", "p99"))
    print(f"{f'small queries of {POLITE} clients, ms':<34}{quantiles}")


def ask_politely(port: int, seconds: float) -> Outcomes:
    """The outcomes of the polite clients in so many seconds."""

    async def clients() -> Outcomes:
        outcomes = Outcomes()
        async with running([polite(port, address, outcomes) for address in addresses(0, POLITE)]):
            await asyncio.sleep(seconds)
        return outcomes

    return uvloop.run(clients())


async def measured(port: int, seconds: float) -> Outcomes:
    """The same, in a process of their own, which does not wait for what the neighbours do."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, ask_politely, port, seconds)


async def neighbours(port: int, seconds: float, connections: int) -> None:
    """Measure quiet, beside one neighbour, and beside several."""
    heading()
    await measured(port, 2)
    quiet = await measured(port, seconds)
    row("quiet", quiet, quiet)
    for third, clients in ((1, 1), (2, 4)):
        loops = Outcomes()
        each = max(1, connections // clients)
        asked = [looping(port, address, loops) for address in addresses(third, clients) for _ in range(each)]
        async with running(asked):
            found = await measured(port, seconds)
        row(f"beside {clients} × {each} cross products", found, quiet)
        print(f"{'':<34}  cross products: {loops.told()}", flush=True)
        await asyncio.sleep(3)


async def bind_join(port: int, seconds: float, _: int) -> None:
    """Measure polite clients and a federated join, quiet and beside a storm of crawlers."""
    heading()
    await measured(port, 2)
    quiet = await measured(port, seconds)
    row("quiet", quiet, quiet)
    await _joined(port, "join on the quiet server")
    crawled = Outcomes()
    storm = [
        crawling(port, address, crawled, "/browse/subject" if n % 2 else "/")
        for n, address in enumerate(addresses(3, CRAWLERS))
        for _ in range(CRAWLER_CONNECTIONS)
    ]
    async with running(storm):
        found = await measured(port, seconds)
        row(f"beside {CRAWLERS} × {CRAWLER_CONNECTIONS} crawlers", found, quiet)
        await _joined(port, "join beside them")
    print(f"{'':<34}  pages: {crawled.told()}")


async def _joined(port: int, name: str) -> None:
    outcomes, started = Outcomes(), time.perf_counter()
    await joining(port, "127.0.4.2", outcomes)
    taken = time.perf_counter() - started
    print(
        f"{name:<34}{taken:>8.1f} s for {BLOCKS} requests of {BINDINGS} bindings: {outcomes.told()}",
        flush=True,
    )


def run(
    scene: Scene, against: Path | None, seconds: float = 15.0, connections: int = 8, flags: Sequence[str] = ()
) -> None:
    """Measure and print a scene on the project's own dataset, here or with another checkout."""
    checkout = against.resolve() if against else None
    with tempfile.TemporaryDirectory() as name:
        made, port = store_of(Path(name), None, checkout), free_port()
        command = [
            sys.executable,
            "-m",
            "endpoint",
            "serve",
            "--data",
            str(made),
            "--port",
            str(port),
            *flags,
        ]
        with process(command, port, checkout):
            uvloop.run(scene(port, seconds, connections))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, instead of this one")
    parser.add_argument("--bind-join", action="store_true", help="a federated join beside crawlers")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--connections", type=int, default=8, help="of each neighbour")
    parser.add_argument("--flags", default="", help="more flags of 'endpoint serve'")
    options = parser.parse_args()
    scene: Scene = bind_join if options.bind_join else neighbours
    run(scene, options.against, options.seconds, options.connections, options.flags.split())


if __name__ == "__main__":
    main()
