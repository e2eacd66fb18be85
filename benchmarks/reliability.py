"""What one hostile client does to everybody else: this server, ``oxigraph serve`` and rdflib-endpoint.

Each attack goes against a server that was just started, for some seconds, from one address. Meanwhile another
client, from another address, sends a small query twenty times a second. One run of one command measures all:

    python -m benchmarks.reliability                  a table in Markdown
    python -m benchmarks.reliability --seconds 20     longer attacks
    python -m benchmarks.reliability --only parentheses

The other two come with the extra ``bench``; ``--rdflib-endpoint PROGRAM`` names that of another environment.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hostile_traffic import HOSTILE_CLIENTS, Attack, Reply, Target, ask
from benchmarks.process_tree import tree, usage
from benchmarks.serving import dump_triples, free_port, process, program, store_of

SMALL = "SELECT ?p ?o { <http://opendata.mofa.go.kr/mofapub/resource/Publication/14209> ?p ?o } LIMIT 5"
# Seconds between two small queries of the polite client, and after which it gives one up.
EVERY = 0.05
PATIENCE = 5.0
# Seconds in which a server has to answer again when the attack is over.
AFTERWARDS = 10.0


@dataclass(frozen=True)
class Server:
    """A server to attack: its name, its command with ``{port}``, the path of its SPARQL endpoint."""

    name: str
    command: Sequence[str]
    path: str


@dataclass
class Outcome:
    """What the polite client saw: seconds of its answers, and how many it did not get; memory in bytes."""

    taken: list[float] = field(default_factory=list)
    missed: int = 0
    memory: int = 0
    recovered: bool = False

    def cell(self) -> str:
        """Return the outcome as a cell of the table."""
        if not self.taken:
            shown = "no answer"
        else:
            p99 = statistics.quantiles(self.taken, n=100)[-1] if len(self.taken) > 1 else self.taken[0]
            shown = f"{statistics.median(self.taken) * 1000:.0f} / {p99 * 1000:.0f} ms"
        if self.missed:
            shown += f", {self.missed} of {self.missed + len(self.taken)} lost"
        shown += f", {self.memory / 2**20:.0f} MB"
        return shown if self.recovered else f"**{shown}, does not answer afterwards**"


async def _polite(target: Target, outcome: Outcome) -> None:
    while True:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await ask(target, SMALL)
            if _is_right(reply):
                outcome.taken.append(time.perf_counter() - started)
            else:
                outcome.missed += 1
        except (OSError, TimeoutError):
            outcome.missed += 1
        await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - started)))


def _is_right(reply: Reply) -> bool:
    return reply.status == 200 and reply.whole and len(json.loads(reply.body)["results"]["bindings"]) == 5


async def _watch(pid: int, outcome: Outcome) -> None:
    while True:
        outcome.memory = max(outcome.memory, (await asyncio.to_thread(lambda: usage(*tree(pid)))).memory)
        await asyncio.sleep(0.5)


async def _answers(target: Target) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            return _is_right(await ask(target, SMALL))
    return False


async def _measure(server: Server, port: int, pid: int, attack: Attack | None, seconds: float) -> Outcome:
    outcome = Outcome()
    polite = Target(port, server.path, "127.0.0.2")
    watching = [asyncio.create_task(_polite(polite, outcome)), asyncio.create_task(_watch(pid, outcome))]
    if attack is not None:
        watching.append(asyncio.ensure_future(attack(Target(port, server.path))))
    await asyncio.sleep(seconds)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    end = time.monotonic() + AFTERWARDS
    while not (answers := await _answers(polite)) and time.monotonic() < end:
        await asyncio.sleep(0.5)
    outcome.recovered = answers
    return outcome


def measure(server: Server, attack: Attack | None, seconds: float) -> Outcome:
    """Start the server, attack it, and return what another client saw meanwhile."""
    port = free_port()
    with process([part.format(port=port) for part in server.command], port) as running:
        return asyncio.run(_measure(server, port, running.pid, attack, seconds))


def servers(folder: Path, rdflib_endpoint: str | None) -> Iterator[Server]:
    """Yield the servers that are there, each on the same quads of the project's own dataset."""
    ours = store_of(folder, None)
    serve = [sys.executable, "-m", "endpoint", "serve", "--port", "{port}", "--data", str(ours)]
    yield Server("this server", serve, "/sparql")
    dump = dump_triples(ours, folder / "triples.nt")
    if (oxigraph := program("oxigraph")) is not None:
        location = ["--location", str(folder / "oxigraph")]
        subprocess.run([oxigraph, "load", *location, "--file", str(dump)], check=True, capture_output=True)
        serve = [oxigraph, "serve-read-only", *location, "--bind", "127.0.0.1:{port}"]
        yield Server("oxigraph serve", serve, "/query")
    if rdflib_endpoint is not None:
        serve = [rdflib_endpoint, "serve", "--host", "127.0.0.1", "--port", "{port}", str(dump)]
        yield Server("rdflib-endpoint", serve, "/")


def main() -> None:
    """Attack and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    parser.add_argument("--only", default="", help="attacks whose name has this text")
    parser.add_argument("--rdflib-endpoint", metavar="PROGRAM", default=program("rdflib-endpoint"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = list(servers(Path(name), options.rdflib_endpoint))
        print(f"| attack | {' | '.join(server.name for server in found)} |")
        print(f"|---|{'---|' * len(found)}")
        for title, attack in {"none": None, **HOSTILE_CLIENTS}.items():
            if options.only not in title:
                continue
            cells = [measure(server, attack, options.seconds).cell() for server in found]
            print(f"| {title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
