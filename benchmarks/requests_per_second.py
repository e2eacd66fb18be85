"""Requests per second and latency of three queries, here and on ``oxigraph serve``, side by side.

Both serve the same quads over loopback, without any cache, in alternating rounds of one run, so
that the noise of the machine falls on both. The ratio of the medians is the figure to quote.

    make bench                        the project's own dataset
    make bench ARGS='--data FILE'     any RDF file with quads or triples
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
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


def request(path: str, query: str) -> bytes:
    """The bytes of one GET."""
    target = f"{path}?query={quote(PREFIXES + query)}"
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/sparql-results+json\r\n\r\n"
    return head.encode()


@contextlib.contextmanager
def process(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block starts when it listens."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
        running.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def same_data(folder: Path, data: Path | None) -> Path:
    """Load our store, and give ``oxigraph`` the same quads. Returns its location."""
    ours = folder / "ours"
    if data is None:
        subprocess.run(
            [sys.executable, "-m", "endpoint", "query", "ASK {}", "--data", str(ours), "-o", "json"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    else:
        subprocess.run([sys.executable, "-m", "endpoint", "load", str(data), "--data", str(ours)], check=True)
    number = int((ours / "current").read_text())
    theirs = folder / "theirs"
    dump = folder / "quads.nq"
    Store.read_only(str(ours / "generations" / f"{number:06d}" / "store")).dump(str(dump), RdfFormat.N_QUADS)
    Store(str(theirs)).bulk_load(path=str(dump), format=RdfFormat.N_QUADS)
    return theirs


def compare(rounds: int, seconds: float, connections: int, ports: tuple[int, int]) -> None:
    """Print one row per query."""
    print(f"{'query':<18}{'endpoint':>12}{'oxigraph':>12}{'ratio':>8}   latency median / p99, ms")
    for name, query in QUERIES.items():
        runs: tuple[list[Load], list[Load]] = ([], [])
        asked = (request("/sparql", query), request("/query", query))
        for port, text in zip(ports, asked, strict=True):
            load(port, text, connections, 0.5)
        for _ in range(rounds):
            for found, port, text in zip(runs, ports, asked, strict=True):
                found.append(load(port, text, connections, seconds))
        ours, theirs = (statistics.median(run.rate for run in found) for found in runs)
        latency = "   ".join(
            f"{statistics.median(run.median for run in found):.2f} / "
            f"{statistics.median(run.p99 for run in found):.2f}"
            for found in runs
        )
        print(f"{name:<18}{ours:>10.0f}/s{theirs:>10.0f}/s{ours / theirs:>8.2f}   {latency}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="RDF file to load instead of the project's dataset")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    oxigraph = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if oxigraph is None:
        parser.error("the program 'oxigraph' is missing: pip install oxigraph")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        theirs = same_data(folder, options.data)
        ports = (free_port(), free_port())
        ours = [sys.executable, "-m", "endpoint", "serve", "--data", str(folder / "ours")]
        serve = [oxigraph, "serve-read-only", "--location", str(theirs), "--bind", f"127.0.0.1:{ports[1]}"]
        # The data is in named graphs; here the default graph is their union too.
        serve.append("--union-default-graph")
        with process([*ours, "--port", str(ports[0])], ports[0]), process(serve, ports[1]):
            compare(options.rounds, options.seconds, options.connections, ports)


if __name__ == "__main__":
    main()
