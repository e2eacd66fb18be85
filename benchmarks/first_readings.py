"""First readings of pages and saved queries: what an answer takes of a processor, in which processes.

    python -m benchmarks.first_readings
    python -m benchmarks.first_readings --against DIR --rounds 5 --requests 100

With ``--against`` the server of another checkout is measured too. Both have loaded the same generated
catalogue. They are asked in turn, round after round, over 16 connections: a round asks both for the same
addresses, for which neither was asked before. Printed are the medians of the rounds: milliseconds of a
processor for an answer, of the server process and of all others (its workers), and answers in a second,
which depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.catalogue import Catalogue, write
from benchmarks.client import Connection, Get, load
from benchmarks.reading_room import Names
from benchmarks.sides import Ours, Running
from benchmarks.site_requests import addresses
from endpoint.engine.processes import processor_time

_CONNECTIONS: Final = 16
_PATIENCE: Final = 60.0
_LONGEST: Final = 600.0


class Taken(NamedTuple):
    """What answers took: milliseconds of a processor for one, and how many there were in a second."""

    server: float
    workers: float
    rate: float


def measure(server: Running, gets: list[Get]) -> Taken:
    """Ask for each address once."""
    before = _processors(server)
    done = load(server.port, gets, _CONNECTIONS, _LONGEST, _PATIENCE)
    after = _processors(server)
    if done.failed or done.requests != len(gets):
        raise SystemExit(f"{done.failed} of {len(gets)} requests failed, {done.requests} were answered")
    own, workers = (1000 * (there - here) / len(gets) for here, there in zip(before, after, strict=True))
    return Taken(own, workers, done.rate)


def _processors(server: Running) -> tuple[float, float]:
    """Return the seconds of a processor of a server's own process, and of all others, ended ones included."""
    whole, own = server.processor(), processor_time(server.pid) or 0.0
    return own, whole - own


def main() -> None:
    """Read the options, measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=80, help="addresses of each kind in a round")
    parser.add_argument("--kinds", default="", help="a part of the names of those that are asked for")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = folder / "catalogue.nq"
        with source.open("wb") as out:
            write(Catalogue(options.publications, 1, 1), out, graphs=True)
        sides = [Ours(folder / "ours")]
        if options.against:
            sides.append(Ours(folder / "against", options.against.resolve()))
        for side in sides:
            side.load(source)
        running = {side.name: stack.enter_context(side.serving()) for side in sides}
        kinds = addresses(Names.read(source))
        _measure_all(running, {name: kinds[name] for name in kinds if options.kinds in name}, options)


def _measure_all(
    running: dict[str, Running], kinds: dict[str, list[Get]], options: argparse.Namespace
) -> None:
    print("| first reading, ms of a processor | server | workers | in sum | answers/s | addresses |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, gets in kinds.items():
        for server in running.values():
            # What a server reads once for all pages of a kind is no part of them.
            Connection(server.port, _PATIENCE).ask(gets[-1])
        found = defaultdict[str, list[Taken]](list)
        size = min(options.requests, (len(gets) - 1) // options.rounds)
        for place in range(options.rounds):
            for name, server in running.items():
                found[name].append(measure(server, gets[place * size : (place + 1) * size]))
        for name, taken in found.items():
            server_, workers, rate = (statistics.median(column) for column in zip(*taken, strict=True))
            cells = f"{server_:.2f} | {workers:.2f} | {server_ + workers:.2f} | {rate:,.0f}"
            print(f"| {kind}, {name} | {cells} | {size * options.rounds} |", flush=True)


if __name__ == "__main__":
    main()
