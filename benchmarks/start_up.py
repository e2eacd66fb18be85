"""Seconds until a server or a command has answered, and what all its processes take of a processor for it.

.venv/bin/python -m benchmarks.start_up [CHECKOUT ...] [--rounds 7]

Each round starts everything once, from one checkout after the other, so that a machine that is busy with
other things slows all of them alike. The figures are medians, the first round left out: it writes bytecode. A
server has answered with its first query; how long that and later ones take is told too, and its end.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.process_tree import tree
from benchmarks.serving import store_of

_QUERY: Final = "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%2010"
# Queries after the first one.
_MORE: Final = 50
_TICKS: Final = os.sysconf("SC_CLK_TCK")

Figures = dict[str, float]


def environment(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that runs the code of ``checkout``, with bytecode."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(checkout)}


def spent(pids: Sequence[int]) -> float:
    """Return the seconds of a processor that processes, and those below them that have ended, have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def serve(checkout: Path, data: Path) -> Figures:
    """Start a server on ``data``, query it, and end it."""
    command = [sys.executable, "-m", "endpoint", "serve", "--port", "0", "--log-level", "error"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--data", str(data)],
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        line = server.stdout.readline() if server.stdout else ""
        host, _, port = line.split("//")[1].removesuffix("/sparql\n").rpartition(":")
        client = http.client.HTTPConnection(host, int(port))
        latencies = [_asked(client)]
        figures = {"seconds": time.perf_counter() - began, "processor": spent(tree(server.pid))}
        latencies += [_asked(client) for _ in range(_MORE)]
        client.close()
        began = time.perf_counter()
        server.send_signal(signal.SIGTERM)
        server.wait()
    figures |= {
        "first query, ms": latencies[0] * 1e3,
        "later queries, ms": statistics.median(latencies[1:]) * 1e3,
    }
    return {**figures, "end": time.perf_counter() - began}


def _asked(client: http.client.HTTPConnection) -> float:
    began = time.perf_counter()
    client.request("GET", _QUERY)
    answer = client.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the server answered with {answer.status}")
    return time.perf_counter() - began


def run(checkout: Path, *arguments: str) -> Figures:
    """Run a command to its end."""
    command = [sys.executable, "-m", "endpoint", *arguments]
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        # Python looks for the package in the working folder first.
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as started:
        _, _, used = os.wait4(started.pid, 0)
        started.returncode = 0
    return {"seconds": time.perf_counter() - began, "processor": used.ru_utime + used.ru_stime}


def measure(checkout: Path, data: Path, triple: Path) -> dict[str, Figures]:
    """Start everything once from ``checkout``, on ``data`` or on an empty folder."""
    at = ("--data", str(data))
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh"
        return {
            "serve": serve(checkout, data),
            "serve, nothing published yet": serve(checkout, fresh),
            "query": run(checkout, "query", *at, "ASK {}"),
            "explain": run(checkout, "explain", *at, "ASK {}"),
            "export": run(checkout, "export", *at, "--format", "n-quads"),
            "load of one triple": run(checkout, "load", str(triple), "--data", str(fresh)),
            "load without arguments": run(checkout, "load"),
            "check": run(checkout, "check"),
            "--help": run(checkout, "--help"),
        }


def main() -> None:
    """Measure, and print a table for each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path.cwd()], metavar="CHECKOUT")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    figures: dict[tuple[Path, str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        triple = Path(folder) / "triple.nt"
        triple.write_text("<http://example.org/a> <http://example.org/b> <http://example.org/c> .\n")
        checkouts = [checkout.resolve() for checkout in options.checkouts]
        places = [store_of(Path(folder), None, checkout) for checkout in checkouts]
        for number in range(options.rounds + 1):
            for checkout, data in zip(checkouts, places, strict=True):
                for what, found in measure(checkout, data, triple).items():
                    for name, figure in found.items():
                        if number:
                            figures[checkout, what, name].append(figure)
    for (checkout, what, name), values in sorted(figures.items(), key=lambda row: row[0][1:]):
        print(f"{what:29} {name:18} {statistics.median(values):8.2f}   {checkout.name}")


if __name__ == "__main__":
    main()
