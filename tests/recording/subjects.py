"""The servers that are recorded: their data, their flags, and the requests to each."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.datasets.grlc_bands import make
from tests.live import ROOT, run, serving
from tests.recording.corpus import api, bands, generated, http, machine, pages, resources, sparql, strict
from tests.recording.corpus.shorthand import distinct
from tests.recording.exchange import HOST, Request, Wire, wire

# Two workers whatever the machine has, and no deadline that a busy machine could reach.
_FLAGS: Final = ("--workers", "2", "--log-level", "warning")
_PUBLICATIONS: Final = 300
# Saved queries that use what none of the project's does: FROM, SELECT *, NOW(), pages of a size of their own,
# shapes of answers, a place on a map, deprecation.
_QUERIES: Final = Path(__file__).parent / "queries"
# The date of its file is since when a query is deprecated (seconds since 1970).
_WRITTEN: Final = 1_750_000_000
# Asked before anything is recorded: what the server finds out once for a generation, and tells a client that
# does not wait without it.
_FIRST: Final = ("/void", "/api/openapi.json", "/overview", "/api/publications-by-author/values/author")


@dataclass(frozen=True, slots=True)
class Subject:
    """A server and what is asked of it.

    ``start`` runs it from a checkout in an empty folder; ``requests`` reads what it needs from that folder.
    """

    start: Callable[[Path, Path], Iterator[Wire]]
    requests: Callable[[Path], Iterator[Request]]

    @contextmanager
    def running(self, code: Path) -> Iterator[tuple[Wire, list[Request]]]:
        """The server of the checkout ``code``, ready, with the requests to it."""
        with tempfile.TemporaryDirectory(prefix="recording-") as name:
            folder = Path(name)
            with contextmanager(self.start)(code, folder) as send:
                for path in _FIRST:
                    send(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), "GET")
                yield send, distinct(self.requests(folder))


def _seed(code: Path, folder: Path) -> Iterator[Wire]:
    with serving(folder / "data", "--dataset", str(code), *_FLAGS, cwd=code, code=code) as server:
        yield wire(server.host, server.port)


def _seed_requests(_: Path) -> Iterator[Request]:
    yield from sparql.requests()
    yield from api.requests(ROOT / "queries")
    yield from resources.requests()
    yield from pages.requests()
    yield from machine.requests()
    yield from http.requests()


def _strict(code: Path, folder: Path) -> Iterator[Wire]:
    flags = (*_FLAGS, *strict.FLAGS)
    with serving(folder / "data", "--dataset", str(code), *flags, cwd=code, code=code) as server:
        yield wire(server.host, server.port)


def _generated(code: Path, folder: Path) -> Iterator[Wire]:
    """The generated catalogue beside the seed, with more saved queries, behind another address."""
    dataset, data, records = folder / "dataset", folder / "data", folder / "catalogue.nq"
    for name in ("ontology", "seed", "queries"):
        shutil.copytree(code / name, dataset / name)
    for query in _QUERIES.iterdir():
        copied = shutil.copy(query, dataset / "queries")
        os.utime(copied, (_WRITTEN, _WRITTEN))
    making = ("--publications", str(_PUBLICATIONS), "--seed", "1", "--output", str(records))
    subprocess.run(
        [sys.executable, "-m", "benchmarks.catalogue", *making], cwd=ROOT, check=True, capture_output=True
    )
    where = ("--dataset", str(dataset), "--data", str(data))
    loaded = run("load", str(records), *where, cwd=code, code=code)
    if loaded.returncode:
        raise SystemExit(f"The catalogue could not be loaded: {loaded.stderr}")
    # The server names its public address and not its port, so the port is chosen here.
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    flags = (
        *_FLAGS,
        "--dataset",
        str(dataset),
        "--public-url",
        "http://data.example:8000",
        "--port",
        str(port),
    )
    with serving(data, *flags, cwd=code, code=code):
        yield wire("127.0.0.1", port)


def _generated_requests(folder: Path) -> Iterator[Request]:
    return generated.requests(folder / "dataset" / "queries", (folder / "catalogue.nq").read_text())


def _bands(code: Path, folder: Path) -> Iterator[Wire]:
    # Nothing listens there; a query that names it is answered from the server's own data.
    dataset = make(folder / "dataset", "http://127.0.0.1:9/sparql")
    with serving(folder / "data", "--dataset", str(dataset), *_FLAGS, cwd=code, code=code) as server:
        yield wire(server.host, server.port)


SUBJECTS: Final[Mapping[str, Subject]] = {
    "seed": Subject(_seed, _seed_requests),
    "generated": Subject(_generated, _generated_requests),
    "bands": Subject(_bands, lambda _: bands.requests()),
    "strict": Subject(_strict, lambda _: strict.requests()),
}
