"""``endpoint load`` and ``oxigraph load`` on the same N-Triples, side by side.

Both load the same file into an empty folder, in alternating rounds of one run, so that the noise of the
machine falls on both; what one run left to be written to the disk is written before the next begins.
Seconds are those of the whole process. The ratio of the medians is the figure to quote.

.venv/bin/python -m benchmarks.load_speed [--triples 1000000] [--rounds 5] [options of endpoint load]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

BASE = "http://example.org/"
INTEGER = "http://www.w3.org/2001/XMLSchema#integer"


@dataclass(frozen=True)
class Run:
    """One run of a program: seconds, seconds of all processors, and the most memory it held, in bytes."""

    seconds: float
    processor: float
    memory: int


def statements() -> Iterator[str]:
    """N-Triples about publications, without end and always the same: six for each, one a long text."""
    choose = random.Random(14209)
    number = 0
    while True:
        number += 1
        subject = f"<{BASE}resource/Publication/{number}>"
        person = int(choose.paretovariate(0.5)) % 50_000
        words = " ".join(str(choose.randrange(100_000)) for _ in range(20))
        for predicate, term in (
            ("type", f"<{BASE}Publication>"),
            ("label", f'"Publication {number} on {choose.randrange(1_000_000)} 한국 외교"'),
            ("date", f'"{20_000_101 + choose.randrange(240_000)}"^^<{INTEGER}>'),
            ("country", f"<{BASE}resource/Country/{choose.randrange(200)}>"),
            ("author", f"<{BASE}resource/Person/{person}>"),
            ("abstract", f'"{words}"@en'),
        ):
            yield f"{subject} <{BASE}{predicate}> {term} .\n"


def run(command: list[str]) -> Run:
    """Run a program to its end. Raises :class:`RuntimeError` where it fails."""
    os.sync()
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode())
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def show(name: str, runs: list[Run], triples: int) -> float:
    """Print one row; the median of the seconds."""
    seconds = statistics.median(run.seconds for run in runs)
    fastest, slowest = min(run.seconds for run in runs), max(run.seconds for run in runs)
    processor = statistics.median(run.processor for run in runs)
    memory = max(run.memory for run in runs) / 2**20
    print(
        f"{name:<10}{seconds:>7.2f} s ({fastest:.2f} - {slowest:.2f}){processor:>9.2f} s"
        f"{triples / seconds:>12,.0f}{memory:>10.0f} MB"
    )
    return seconds


def compare(folder: Path, oxigraph: str, triples: int, rounds: int, arguments: list[str]) -> None:
    """Load the same file in turns, and print both rows and the ratio."""
    file = folder / "data.nt"
    with file.open("w") as stream:
        stream.writelines(islice(statements(), triples))
    print(f"{triples:,} triples, {file.stat().st_size / 2**20:.0f} MB, {rounds} rounds")
    ours, theirs = folder / "ours", folder / "theirs"
    commands = {
        ours: [sys.executable, "-m", "endpoint", "load", str(file), "--data", str(ours), *arguments],
        theirs: [oxigraph, "load", "--location", str(theirs), "--file", str(file)],
    }
    runs: dict[Path, list[Run]] = {target: [] for target in commands}
    for _ in range(rounds):
        for target, command in commands.items():
            runs[target].append(run(command))
            shutil.rmtree(target)
    print(f"{'':<10}{'median':>9} (fast - slow){'processor':>13}{'triples/s':>12}{'peak memory':>13}")
    ratio = show("oxigraph", runs[theirs], triples) / show("endpoint", runs[ours], triples)
    print(f"endpoint loads at {ratio:.2f} of the speed of oxigraph")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options, arguments = parser.parse_known_args()
    oxigraph = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if oxigraph is None:
        parser.error("the program 'oxigraph' is missing: pip install oxigraph")
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), oxigraph, options.triples, options.rounds, arguments)


if __name__ == "__main__":
    main()
