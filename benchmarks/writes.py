"""Small updates of one client after another, and of several at once, which are committed together.

.venv/bin/python -m benchmarks.writes [--rounds 5] [--clients 16] [--writes 30]

The two ways take turns on one server with the project's own dataset, which keeps one generation, so that a
machine that does other things too is busy for both. Seconds of processor time are those of the process that
writes and its helpers, once it is idle again, by the kernel's accounting of a process and what it waited for.

Before that, as many servers as there are rounds take one write after another, each as soon as the one before
is answered: the first of a server, then ``--writes`` more, with the phases that the server counts.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.live import Server
from tests.process.crashing import processes
from tests.process.writing import READER, bearer, update, writable

_TICK = os.sysconf("SC_CLK_TCK")
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Round:
    """What some updates took: seconds, processor time and generations, for each of them."""

    seconds: float
    processor: float
    generations: float


def measure(server: Server, clients: int, updates: int) -> Round:
    """Send so many updates, ``clients`` at once."""
    (pid,) = processes(server, "writer")
    spent, started = _spent(pid), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        published = set(pool.map(lambda _: _write(server), range(updates)))
    seconds = time.perf_counter() - started
    return Round(seconds / updates, (_spent(pid) - spent) / updates, len(published) / updates)


def one_after_another(server: Server, updates: int) -> tuple[float, list[float], dict[str, float]]:
    """Return the seconds until the first write is answered, those of so many more, and of their phases."""
    first, before = _answered(server), _phases(server)
    later = [_answered(server) for _ in range(updates)]
    return first, later, {name: (sum_ - before[name]) / updates for name, sum_ in _phases(server).items()}


def _answered(server: Server) -> float:
    started = time.perf_counter()
    _write(server)
    return time.perf_counter() - started


def _phases(server: Server) -> dict[str, float]:
    """Return the seconds of all writes by phase."""
    metrics = server.request("GET", "/-/metrics", headers=bearer(READER)).text
    found = re.findall(r'^endpoint_write_phase_seconds_sum{phase="(\w+)"} (\S+)', metrics, re.MULTILINE)
    return {name: float(value) for name, value in found}


def _write(server: Server) -> int:
    number = next(_NUMBERS)
    answer = update(server, f"INSERT DATA {{ GRAPH <urn:g> {{ <urn:s{number}> <urn:p> {number} }} }}")
    if answer.status != 200:
        raise RuntimeError(answer.text)
    generation: int = answer.json()["generation"]
    return generation


def _spent(pid: int) -> float:
    """Return the seconds of processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICK


def _show_latency(rounds: int, updates: int) -> None:
    """Print what one client waits for the first write of a server and for later ones."""
    firsts: list[float] = []
    later: list[float] = []
    phases: list[dict[str, float]] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder, "data")
            data.mkdir()
            with writable(data) as server:
                first, more, phase = one_after_another(server, updates)
        firsts.append(first)
        later += more
        phases.append(phase)
    slow = statistics.quantiles(later, n=20)[-1]
    print("seconds until a write is answered: first (median), later median, 95th percentile")
    print(f"{statistics.median(firsts):.3f}  {statistics.median(later):.3f}  {slow:.3f}")
    for name in phases[0]:
        print(f"  {name:10}  {statistics.median(phase[name] for phase in phases):.3f} on average")


def main() -> None:
    """Measure both ways in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--writes", type=int, default=30)
    arguments = parser.parse_args()
    _show_latency(arguments.rounds, arguments.writes)
    alone: list[Round] = []
    together: list[Round] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        data.mkdir()
        with writable(data, "--retain", "1", "--keep", "1") as server:
            _write(server)
            for _ in range(arguments.rounds):
                alone.append(measure(server, 1, 4))
                together.append(measure(server, arguments.clients, arguments.clients * 4))
    print("clients  seconds  processor seconds  generations, for each update (medians)")
    for clients, rounds in ((1, alone), (arguments.clients, together)):
        medians = (
            statistics.median(getattr(each, name) for each in rounds)
            for name in ("seconds", "processor", "generations")
        )
        print(f"{clients:7}  {{:7.3f}}  {{:17.3f}}  {{:11.2f}}".format(*medians))


if __name__ == "__main__":
    main()
