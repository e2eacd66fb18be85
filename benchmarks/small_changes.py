"""Time of a small change, by its parts, and what a stream of them does to readers, as Markdown tables.

    python -m benchmarks.small_changes 4174
    python -m benchmarks.small_changes --data DATA --file catalogue.nq --stream 60

A record like one of the catalogue is added by ``endpoint load``, and then others by this process, which is
up, as that of writes over HTTP is. A part ends where ``publish`` reports it. Then a server runs on the data,
and one client asks what a reading room does (mix B) at a fixed rate, in turn without changes and with one
each second. A change is read when the server answers with it. Times of processors are of this process and of
those that it started; latencies are in milliseconds from when a request was due, so that waiting counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, serialize

from benchmarks.client import Connection, Get
from benchmarks.reading_room import Names, mix
from benchmarks.scale import ENDPOINT, generated, run, serving
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.settings import Settings
from endpoint.storage import generations

_JSON: Final = "application/sparql-results+json"
_PATIENCE: Final = 60.0
_RATE: Final = 5  # requests of readers in a second
_PARTS: Final = {"derived": "read, apply, derive", "made": "columns", "indexed": "text index"}
_LAST: Final = "checkpoint, sync, switch"


class Changes:
    """Records that are added to ``data``, each like one of ``records`` (IRIs in brackets)."""

    def __init__(self, data: Path, records: Sequence[str]) -> None:
        self.data = data
        self.settings = Settings(data=data)
        dataset = read_dataset(default_root())
        self._recipe = Recipe.read(dataset, self.settings.derive, self.settings.columns)
        self._derived = self._recipe.graph
        generation = generations.current(data)
        if generation is None:
            raise SystemExit(f"nothing is published in {data}")
        store = Store.read_only(str(generation.path / generations.STORE))
        self._models = [
            list(store.quads_for_pattern(NamedNode(iri[1:-1]), None, None, None)) for iri in records[:50]
        ]
        self._number = 0
        # Wall and processor seconds of each part, one for each change.
        self.times: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def next_file(self) -> tuple[Path, str]:
        """Write the file of another record; return it and the IRI of the record."""
        self._number += 1
        iri = f"http://example.org/added/{time.time_ns()}"
        quads = [
            Quad(NamedNode(iri), quad.predicate, quad.object, quad.graph_name)
            for quad in self._models[self._number % len(self._models)]
            if quad.graph_name != self._derived
        ]
        path = self.data.parent / "record.nq"
        serialize(quads, path, format=RdfFormat.N_QUADS)
        return path, iri

    def publish(self) -> str:
        """Publish another record in this process; return its IRI."""
        path, iri = self.next_file()
        started = before = _clocks()

        def report(line: str) -> None:
            nonlocal before
            if (part := _PARTS.get(line.partition(" ")[0])) is not None:
                before = self._add(part, before)

        publish(Change(discover([path], None)[0], command="benchmark"), self._recipe, self.data, report)
        self._add(_LAST, before)
        self._add("all", started)
        return iri

    def _add(self, part: str, since: tuple[float, float]) -> tuple[float, float]:
        now = _clocks()
        self.times[part].append((now[0] - since[0], now[1] - since[1]))
        return now


def _clocks() -> tuple[float, float]:
    used = os.times()
    return time.perf_counter(), used.user + used.system + used.children_user + used.children_system


class Reader(threading.Thread):
    """A client that sends requests at a fixed rate while ``going``; ``latencies`` are in milliseconds."""

    def __init__(self, port: int, requests: Iterator[Get]) -> None:
        super().__init__(daemon=True)
        self._connection = Connection(port, _PATIENCE)
        self._requests = requests
        self.going = True
        self.latencies: list[float] = []

    def run(self) -> None:
        due = time.perf_counter()
        while self.going:
            due += 1 / _RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            self._connection.ask(next(self._requests))
            self.latencies.append((time.perf_counter() - due) * 1000)


@contextmanager
def reading(port: int, requests: Iterator[Get], latencies: list[float]) -> Iterator[None]:
    """Let a client read while the block lasts, and add its latencies."""
    reader = Reader(port, requests)
    reader.start()
    yield
    reader.going = False
    reader.join()
    latencies += reader.latencies


def until_read(port: int, iri: str) -> None:
    """Wait until the server answers with the record."""
    connection = Connection(port, _PATIENCE)
    query = urlencode({"query": f"ASK {{ <{iri}> ?p ?o }}"})
    end = time.monotonic() + _PATIENCE
    while b"true" not in connection.ask(Get(f"/sparql?{query}", _JSON))[1]:
        if time.monotonic() > end:
            raise SystemExit(f"{iri} was published and is not served")
        time.sleep(0.01)
    connection.close()


def stream(changes: Changes, requests: Iterator[Get], seconds: float, rounds: int) -> dict[str, list[float]]:
    """Return latencies of readers ``idle`` and while a ``stream`` goes on, and how long changes took until
    they were ``read``."""
    found: dict[str, list[float]] = {"idle": [], "stream": [], "read": []}
    with serving(changes.data) as server:
        while not server.generation():
            time.sleep(0.05)
        with reading(server.port, requests, []):
            time.sleep(seconds / 4)  # all that is done once
        for _ in range(rounds):
            with reading(server.port, requests, found["idle"]):
                time.sleep(seconds)
            with reading(server.port, requests, found["stream"]):
                end = time.perf_counter() + seconds
                while (began := time.perf_counter()) < end:
                    until_read(server.port, changes.publish())
                    found["read"].append((time.perf_counter() - began) * 1000)
                    time.sleep(max(0.0, began + 1 - time.perf_counter()))
    return found


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main() -> None:
    """Measure one catalogue, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("publications", type=int, nargs="?", default=4174)
    parser.add_argument("--changes", type=int, default=15, help="of each kind")
    parser.add_argument("--stream", type=float, default=20.0, help="seconds of each round; 0 is none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="a data directory with the catalogue --file; it is changed")
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, file = given.data, given.file
        if data is None or file is None:
            data, file = Path(folder) / "data", generated(Path(folder), given.publications, "long")
            run([*ENDPOINT, "load", str(file), "--data", str(data)])
        names = Names.read(file)
        changes = Changes(data, names.records)
        commands = [
            run([*ENDPOINT, "load", str(changes.next_file()[0]), "--data", str(data)]) for _ in range(3)
        ]
        for _ in range(given.changes):
            changes.publish()
        print("| part | median ms | ms of a processor |\n|---|---:|---:|")
        for part, times in changes.times.items():
            wall, processor = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
            print(f"| {part} | {wall:.0f} | {processor:.0f} |")
        processor = statistics.median(command.processor for command in commands) * 1000
        print(f"| the command, with its start | | {processor:.0f} |", flush=True)
        if given.stream:
            queries = mix(names, 12_000, repeats=False)
            requests = (Get(f"/sparql?{urlencode({'query': q.text})}", q.accept) for q in queries)
            found = stream(changes, requests, given.stream, given.rounds)
            print("\n| readers, ms | requests | median | p95 | p99 |\n|---|---:|---:|---:|---:|")
            for name in ("idle", "stream", "read"):
                values = found[name]
                median, p95, p99 = (_quantile(values, share) for share in (0.5, 0.95, 0.99))
                print(f"| {name} | {len(values)} | {median:.1f} | {p95:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    main()
