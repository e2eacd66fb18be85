"""Requests per second and latency of three queries, here and on ``oxigraph serve``, side by side.

Both serve the same quads over loopback, without any cache, in alternating rounds of one run, so
that the noise of the machine falls on both. The ratio of the medians is the figure to quote.

    make bench                        the project's own dataset
    make bench ARGS='--data FILE'     any RDF file with quads or triples
    make bench ARGS='--against DIR'   beside the server of another checkout of this project
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import RdfFormat, Store

from benchmarks.client import Load, load

PREFIXES = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "PREFIX mofapub: <http://opendata.mofa.go.kr/mofapub/> "
)
QUERIES = {
    "one subject": "SELECT ?p ?o WHERE { <http://opendata.mofa.go.kr/mofapub/resource/Publication/13940> "
    "?p ?o }",
    "one join": "SELECT ?s ?label ?p ?o WHERE { ?s skos:prefLabel ?label ; ?p ?o } LIMIT 100",
    "newest twenty": "SELECT ?s ?label ?date WHERE { ?s mofapub:pubDate ?date ; skos:prefLabel ?label } "
    "ORDER BY DESC(?date) LIMIT 20",
}


@dataclass(frozen=True)
class Side:
    """A server to measure: its name in the table, its command without the port, the path of its endpoint."""

    name: str
    command: list[str]
    path: str
    checkout: Path | None = None
    port: int = field(default_factory=lambda: free_port())

    def serving(self) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        """Run the server until the block ends."""
        bind = ["--bind", f"127.0.0.1:{self.port}"] if self.name == "oxigraph" else ["--port", str(self.port)]
        return process([*self.command, *bind], self.port, self.checkout)


def request(path: str, query: str) -> bytes:
    """The bytes of one GET."""
    target = f"{path}?query={quote(PREFIXES + query)}"
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/sparql-results+json\r\n\r\n"
    return head.encode()


@contextlib.contextmanager
def process(command: list[str], port: int, checkout: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block starts when it listens."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)} if checkout else None
    running = subprocess.Popen(
        command, env=environment, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            # Reading a large dataset into memory comes before the first answer.
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=300),
            ):
                break
            time.sleep(0.1)
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            # Some servers end only with their last query.
            running.kill()
            running.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def store_of(folder: Path, data: Path | None, checkout: Path | None = None) -> Path:
    """Make a data directory with the server of ``checkout``: of its own dataset, or of ``data``."""
    made = folder / f"data-{checkout.name if checkout else 'own'}"
    command = ["query", "ASK {}", "-o", "json"] if data is None else ["load", str(data.resolve())]
    subprocess.run(
        [sys.executable, "-m", "endpoint", *command, "--data", str(made)],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)} if checkout else None,
    )
    return made


def generation_store(data: Path) -> Store:
    """Open the store of the current generation of a data directory."""
    number = int((data / "current").read_text())
    return Store.read_only(str(data / "generations" / f"{number:06d}" / "store"))


def same_quads(ours: Path, folder: Path) -> Path:
    """Give ``oxigraph`` the quads of our data directory. Returns the location of its store."""
    theirs, dump = folder / "oxigraph", folder / "quads.nq"
    generation_store(ours).dump(str(dump), RdfFormat.N_QUADS)
    Store(str(theirs)).bulk_load(path=str(dump), format=RdfFormat.N_QUADS)
    return theirs


def compare(rounds: int, seconds: float, connections: int, ours: Side, other: Side) -> None:
    """Print one row per query: the rates of both, and the ratio of ours to the other."""
    print(f"{'query':<18}{ours.name:>12}{other.name:>12}{'ratio':>8}   latency median / p99, ms")
    for name, query in QUERIES.items():
        runs: tuple[list[Load], list[Load]] = ([], [])
        sides = [(side.port, request(side.path, query)) for side in (ours, other)]
        for port, text in sides:
            load(port, text, connections, 0.5)
        for _ in range(rounds):
            for found, (port, text) in zip(runs, sides, strict=True):
                found.append(load(port, text, connections, seconds))
        rates = [statistics.median(run.rate for run in found) for found in runs]
        latency = "   ".join(
            f"{statistics.median(run.median for run in found):.2f} / "
            f"{statistics.median(run.p99 for run in found):.2f}"
            for found in runs
        )
        print(
            f"{name:<18}{rates[0]:>10.0f}/s{rates[1]:>10.0f}/s{rates[0] / rates[1]:>8.2f}   {latency}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="RDF file to load instead of the project's dataset")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, instead of oxigraph")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    oxigraph = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if oxigraph is None and options.against is None:
        parser.error("the program 'oxigraph' is missing: pip install oxigraph")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = store_of(folder, options.data)
        serve = [sys.executable, "-m", "endpoint", "serve", "--data"]
        ours = Side("endpoint", [*serve, str(made)], "/sparql")
        if options.against:
            checkout = options.against.resolve()
            theirs = store_of(folder, options.data, checkout)
            other = Side("other", [*serve, str(theirs)], "/sparql", checkout)
        else:
            # The data is in named graphs; here the default graph is their union too.
            location = ["--location", str(same_quads(made, folder)), "--union-default-graph"]
            other = Side("oxigraph", [str(oxigraph), "serve-read-only", *location], "/query")
        with ours.serving(), other.serving():
            compare(options.rounds, options.seconds, options.connections, ours, other)


if __name__ == "__main__":
    main()
