"""Every figure of docs/performance.md: this server beside others, on a generated catalogue of any size.

    make bench                                      4,174 publications, all parts
    make bench ARGS='--publications 100000 --rounds 1 --parts singles,analytic,mixes'
    make bench ARGS='--sides ours,engine,virtuoso'
    make bench ARGS='--against DIR'                 beside another checkout of this project

Prints Markdown. All servers hold the same triples, are asked in turn, and their answers are compared before
anything is timed. Where this server differs from the others or fails, nothing is reported; where another one
does, its cell has no figure, and why is said below. What is not installed is named.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks import noisy_neighbour, site_requests
from benchmarks.catalogue import Catalogue, write
from benchmarks.client import load_client
from benchmarks.reading_room import Names, Query, analytic, mix, singles
from benchmarks.rounds import Bench, Found, Mixed, measure_each, measure_mix
from benchmarks.serving import dump_triples
from benchmarks.sides import (
    NAMES,
    Cost,
    Ours,
    OxigraphInMemory,
    RdflibEndpoint,
    Running,
    Server,
    Side,
    megabytes_on_disk,
    remove,
    sides,
)

PARTS: Final = ("load", "singles", "mixes", "analytic", "http", "neighbours")
_SITE_CONNECTIONS: Final = 16


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tell(title: str, *paragraphs: str) -> None:
    """Print a part."""
    print(f"\n## {title}\n", *paragraphs, sep="\n", flush=True)


def milliseconds(value: float) -> str:
    """Return three digits or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value: float) -> str:
    """Return a ratio; bold where the other side is the better one."""
    shown = f"{value:.0f} ×" if value >= 10 else f"{value:.1f} ×" if value >= 1.05 else f"{value:.2f} ×"
    return f"**{shown}**" if value < 1 else shown


class Run:
    """One run of the benchmark: the options, the catalogue, the sides."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.source = folder / "catalogue.nq"
        with self.source.open("wb") as out:
            shortened = 10 if options.abstracts == "short" else 1
            self.statements = write(Catalogue(options.publications, 1, shortened), out, graphs=True)
        self.names = Names.read(self.source)
        self.ours = Ours(folder / "ours", derive=options.derive == "on")
        self.sides, self.missing = sides(options.sides, folder, self.ours)
        if options.against is not None:
            checkout = options.against.resolve()
            other = Ours(folder / "against", checkout, derive=options.derive == "on")
            self.sides.append(Side(other.name, other))

    def servers(self) -> list[Server]:
        """Return the servers, each once."""
        return list(dict.fromkeys(side.server for side in self.sides))

    def loads(self) -> None:
        """Time loading the published statements, which derives more here, in turn."""
        plain = self.folder / "catalogue.nt"
        shortened = 10 if self.options.abstracts == "short" else 1
        with plain.open("wb") as out:
            write(Catalogue(self.options.publications, 1, shortened), out, graphs=False)
        kinds: dict[str, Server] = {}
        for server in self.servers():
            if isinstance(server, Ours):
                kinds[server.name] = Ours(self.folder / "loading", server.checkout)
                kinds[f"{server.name}, `--derive off`"] = Ours(
                    self.folder / "loading", server.checkout, derive=False
                )
            elif not isinstance(server, OxigraphInMemory | RdflibEndpoint):
                kinds[server.name] = type(server)(self.folder / "loading", server.executable)
        found: dict[str, list[tuple[Cost, float]]] = {name: [] for name in kinds}
        for _ in range(self.options.rounds):
            for name, server in kinds.items():
                cost = server.load(self.source if isinstance(server, Ours) else plain)
                if cost is not None:
                    found[name].append((cost, megabytes_on_disk(self.folder / "loading")))
                remove(self.folder / "loading")
        rows = [[name, *_costs(costs)] for name, costs in found.items()]
        head = ["load", "s", "processor, s", "memory at most, MB", "disk, MB"]
        size = plain.stat().st_size / 2**20
        tell("Loading", f"{self.statements:,} statements, {size:,.0f} MB of N-Triples.\n", table(head, rows))
        plain.unlink()

    def prepare(self) -> None:
        """Load all sides with the triples that this server holds."""
        self.ours.load(self.source)
        triples = dump_triples(self.ours.folder, self.folder / "triples.nt")
        for server in self.servers():
            if server is not self.ours:
                server.load(self.source if isinstance(server, Ours) else triples)

    @contextmanager
    def serving(self) -> Iterator[dict[Side, Running]]:
        """Run all sides until the block ends."""
        with ExitStack() as stack:
            started = {server: stack.enter_context(server.serving()) for server in self.servers()}
            yield {side: started[side.server] for side in self.sides}

    def measure(self) -> None:
        """Measure and print the parts over SPARQL."""
        options = self.options
        with self.serving() as running:
            bench = Bench(running, options.patience)
            self._started(running)
            if "singles" in options.parts:
                self._each(bench, "Single requests", singles(self.names))
            if "mixes" in options.parts:
                for name, repeats in (("Mix A", True), ("Mix B", False)):
                    self._mix(bench, name, mix(self.names, options.requests, repeats))
            # At the end, because a server that does not answer one of these in time is stopped.
            if "analytic" in options.parts:
                self._each(bench, "Analytic queries", analytic())
            rows = [
                [server.name, f"{running.memory() / 2**20:,.0f}"]
                for server, running in {side.server: running[side] for side in self.sides}.items()
            ]
            tell("Memory afterwards", table(["server", "MB (PSS of all its processes)"], rows))

    def _started(self, running: dict[Side, Running]) -> None:
        by_server = {side.server: one for side, one in running.items()}
        rows = [
            [server.name, f"{one.started:.1f}", f"{one.memory() / 2**20:,.0f}"]
            for server, one in by_server.items()
        ]
        tell("Start", table(["server", "seconds until it answered", "MB then (PSS)"], rows))

    def _each(self, bench: Bench, title: str, queries: dict[str, Query]) -> None:
        found = measure_each(bench, queries, self.options.rounds)
        tables = [self._grid(what, found, place) for place, what in enumerate(("ms", "ms of processors"))]
        tell(title, tables[0], "", tables[1], *_notes(bench, queries))

    def _grid(self, what: str, found: Found, place: int) -> str:
        first, *others = self.sides
        rows = {name: {side: both[place] for side, both in cells.items()} for name, cells in found.items()}
        rows["in sum"] = {
            side: sum(cells[side] for cells in rows.values())
            for side in self.sides
            if all(side in cells for cells in rows.values())
        }
        heading = [f"{what}, and ratio to the first column", *(side.name for side in self.sides)]
        return table(heading, [[name, *_compared(cells, first, others)] for name, cells in rows.items()])

    def _mix(self, bench: Bench, name: str, queries: list[Query]) -> None:
        options = self.options
        found = measure_mix(bench, name, queries, options.rounds, options.connections, options.seconds)
        repeats = 1 - len({query.text for query in queries}) / len(queries)
        first = found.get(self.sides[0])
        rows = [[side.name, *_mixed(found.get(side), first)] for side in self.sides]
        heading = [
            f"{len(queries):,} requests, {repeats:.0%} repeats", "requests/s", "ratio", "p50, ms", "p99, ms",
            "sent", "processor of the server, ms", "of the client, ms", "compared",
        ]  # fmt: skip
        tell(name, table(heading, rows), *_notes(bench, [name]), *_client(found))

    def site(self) -> None:
        """Measure and print pages and saved queries."""
        with self.ours.serving() as running:
            kinds = site_requests.addresses(self.names)
            found = site_requests.measure(
                running, kinds, self.options.rounds, _SITE_CONNECTIONS, self.options.seconds
            )
        rows = [[name, *(cell for run in runs for cell in _answered(run))] for name, runs in found.items()]
        heading = [
            f"{_SITE_CONNECTIONS} connections",
            "first: answers/s",
            "p99, ms",
            "processor, ms",
            "again: answers/s",
            "p99, ms",
            "processor, ms",
        ]
        tell("Pages and saved queries", table(heading, rows))


def _answered(seen: site_requests.Seen) -> list[str]:
    run = seen.run
    if not run.requests:
        return ["none", "–", "–"]
    rate = f"{run.rate:,.0f}" if run.rate >= 10 else f"{run.rate:.1f}"
    return [rate, milliseconds(run.p99), f"{seen.processor:.2f}"]


def _costs(costs: list[tuple[Cost, float]]) -> list[str]:
    seconds = statistics.median(cost.seconds for cost, _ in costs)
    processor = statistics.median(cost.processor for cost, _ in costs)
    memory = max(cost.memory for cost, _ in costs) / 2**20
    return [f"{seconds:,.1f}", f"{processor:,.1f}", f"{memory:,.0f}", f"{costs[-1][1]:,.0f}"]


def _compared(found: dict[Side, float], first: Side, others: Sequence[Side]) -> list[str]:
    cells = [milliseconds(found[first]) if first in found else "–"]
    for side in others:
        if side not in found:
            cells.append("–")
        elif first not in found:
            cells.append(milliseconds(found[side]))
        else:
            cells.append(f"{milliseconds(found[side])} ({ratio(found[side] / found[first])})")
    return cells


def _mixed(found: Mixed | None, first: Mixed | None) -> list[str]:
    if found is None:
        return ["–"] * 8
    return [
        f"{found.rate:,.0f}", ratio(first.rate / found.rate) if first else "–", milliseconds(found.median),
        milliseconds(found.p99), f"{found.requests:,}", f"{found.server:.2f}", f"{found.client:.3f}",
        f"{found.compared:,}",
    ]  # fmt: skip


def _notes(bench: Bench, names: Iterable[str]) -> list[str]:
    """Return why there are no figures, each reason once."""
    wanted = set(names)
    reasons: dict[tuple[str, str], list[str]] = {}
    for (name, side), why in bench.refusals.items():
        if name in wanted:
            reasons.setdefault((side, " ".join(why.split())), []).append(name)
    return [
        f"\nNo figure of {side} for {', '.join(affected)}: {why}" for (side, why), affected in reasons.items()
    ]


def _client(found: dict[Side, Mixed]) -> list[str]:
    """Return a warning where the client was busy for half of the time: then it is what was measured."""
    busy = [side.name for side, mixed in found.items() if mixed.client * mixed.rate > 500]
    return (
        [f"\nThe client was busy for more than half of the time beside: {', '.join(busy)}."] if busy else []
    )


def describe(run: Run) -> None:
    """Print what is measured, and where."""
    versions = dict.fromkeys(server.version() for server in run.servers())
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"# {run.options.publications:,} publications\n")
    print(f"- {os.cpu_count()} processors, Python {platform.python_version()}, load before the run {load}")
    print(*(f"- {version}" for version in versions), sep="\n")
    print(f"- client of lists: {load_client()}; {run.options.connections} connections")
    print(*(f"- {missing}" for missing in run.missing), sep="\n", flush=True)


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--abstracts", choices=("real", "short"), default="real")
    parser.add_argument("--derive", choices=("on", "off"), default="on", help="of this server's load")
    parser.add_argument("--parts", type=_listed(PARTS), default=PARTS, metavar=",".join(PARTS))
    parser.add_argument("--sides", type=_listed(NAMES), metavar=",".join(NAMES))
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, in place of others")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=12_000, help="of a mix")
    parser.add_argument("--seconds", type=float, default=10.0, help="longest round of a mix")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds that an answer may take")
    parser.add_argument("--folder", type=Path, help="where the data goes; a temporary folder else")
    options = parser.parse_args()
    if options.sides is None:
        options.sides = ("ours",) if options.against else NAMES
    if options.sides[0] != "ours":
        parser.error("the first side is ours, to which the ratios are")
    return options


def _listed(allowed: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        if unknown := [name for name in found if name not in allowed]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(allowed)}")
        return found

    return parse


def main() -> None:
    """Measure and print."""
    options = arguments()
    # The servers end with the benchmark, also where it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        run = Run(options, Path(name))
        describe(run)
        if "load" in options.parts:
            run.loads()
        if {"singles", "analytic", "mixes", "http"} & {*options.parts}:
            run.prepare()
        if {"singles", "analytic", "mixes"} & {*options.parts}:
            run.measure()
        if "http" in options.parts:
            run.site()
    if "neighbours" in options.parts:
        tell("Noisy neighbours", "On the dataset of the project, with the budgets of the defaults:\n")
        noisy_neighbour.run(noisy_neighbour.neighbours, options.against)


if __name__ == "__main__":
    main()
