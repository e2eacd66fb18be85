"""Kills at random moments beneath a stream of writes: ``python -m tests.process.crashing --kills 200``.

Server, template, workers and the process that writes are killed (SIGKILL), one at a time. Whenever the server
starts again, and at the end, every write that was answered is there, and none is there in part; also what is
read meanwhile has no half write.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from tests.children import below, children, command_line
from tests.datasets.listed_values import make
from tests.live import Server
from tests.process.writing import update, writable
from tests.waiting import PATIENCE

GRAPH = "http://example.org/crash"
# The triples of one write; a half write has fewer.
PARTS = 5
VICTIMS = ("server", "template", "worker", "writer")
_WRITERS = 3
# Seconds from an answer to the next kill, at most.
_LONGEST = 1.5


@dataclass
class Stream:
    """Writes of several clients, and those of them that were answered."""

    server: Server
    answered: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    reads: int = 0
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def start(self, life: int) -> None:
        """Begin to write and to read; ``life`` tells the servers of one run apart."""
        self._stop.clear()
        self._threads = [Thread(target=self._write, args=(f"{life}-{n}",)) for n in range(_WRITERS)]
        self._threads.append(Thread(target=self._read))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, when the answers that are awaited have come or failed."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _write(self, name: str) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            subject = f"http://example.org/w/{name}-{number}"
            triples = " . ".join(
                f"<{subject}> <http://example.org/p{part}> {number}" for part in range(PARTS)
            )
            with suppress(OSError, http.client.HTTPException):
                if update(self.server, f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {triples} }} }}").status == 200:
                    with self._lock:
                        self.answered.add(subject)

    def _read(self) -> None:
        while not self._stop.wait(0.1):
            with suppress(OSError, http.client.HTTPException, AssertionError):
                self.faults += [f"half a write was read: {half}" for half in halves(found(self.server))]
                self.reads += 1


def found(server: Server) -> Counter[str]:
    """The subjects of writes, with the number of their triples."""
    answer = server.query(f"SELECT ?s {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}", "text/csv", cache="off")
    assert answer.status == 200, answer.text
    return Counter(answer.text.split()[1:])


def halves(subjects: Counter[str]) -> list[str]:
    return [subject for subject, parts in subjects.items() if parts != PARTS]


def processes(server: Server, kind: str) -> list[int]:
    """The processes of this kind now."""
    if kind == "server":
        return [server.process.pid]
    own = children(server.process.pid)
    writers = {pid for pid in own if b"writes.process" in command_line(pid)}
    if kind == "writer":
        return sorted(writers)
    templates = sorted(own - writers)
    return templates if kind == "template" else [pid for template in templates for pid in below(template)]


def check(server: Server, stream: Stream) -> None:
    """Add to the faults of the stream what a server that runs lacks of what was answered."""
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError, http.client.HTTPException, AssertionError):
            there = found(server)
            break
        assert time.monotonic() < end, "the server does not answer any more"
        time.sleep(0.1)
    stream.faults += [f"lost: {subject}" for subject in sorted(stream.answered - set(there))]
    stream.faults += [f"half a write is there: {subject}" for subject in halves(there)]


def _await_answer(server: Server, stream: Stream) -> None:
    """Wait until one more write was answered, so that every kill may lose one."""
    before, end = len(stream.answered), time.monotonic() + PATIENCE
    while len(stream.answered) == before and server.process.poll() is None:
        assert time.monotonic() < end, "no write is answered any more"
        time.sleep(0.02)


def crash(folder: Path, kills: int, seed: int, longest: float = _LONGEST) -> tuple[Counter[str], Stream]:
    """Kill so many processes, each at most ``longest`` seconds after an answer.

    Return how many of each kind, and the stream.
    """
    chance, done = random.Random(seed), Counter[str]()
    dataset = make(folder / "dataset")
    data = folder / "data"
    data.mkdir(exist_ok=True)
    stream, life = None, 0
    while done.total() < kills:
        life += 1
        with writable(data, "--dataset", str(dataset), "--workers", "2", "--keep", "5") as server:
            stream = stream or Stream(server)
            stream.server = server
            check(server, stream)
            stream.start(life)
            while done.total() < kills and server.process.poll() is None:
                _await_answer(server, stream)
                time.sleep(chance.uniform(0.0, longest))
                kind = chance.choice(VICTIMS)
                for pid in processes(server, kind)[:1]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    done[kind] += 1
                if kind == "server":
                    server.process.wait(PATIENCE)
            stream.stop()
            if server.process.poll() is None:
                check(server, stream)
    assert stream is not None
    with writable(data, "--dataset", str(dataset)) as server:
        check(server, stream)
    return done, stream


def main() -> None:
    """Kill as often as the arguments say, and tell the outcome."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done, stream = crash(Path(folder), arguments.kills, arguments.seed)
    killed = ", ".join(f"{count} {kind}" for kind, count in sorted(done.items()))
    print(f"seed {arguments.seed}; killed: {killed}")
    print(f"{len(stream.answered)} writes were answered, the graph was read {stream.reads} times meanwhile")
    print("\n".join(stream.faults) or "nothing was lost, and nothing is there in part")
    raise SystemExit(bool(stream.faults))


if __name__ == "__main__":
    main()
