"""Rounds of requests to several servers in turn: answers compared first, then times, medians and ratios.

Noise of the machine falls on all sides, since each round asks all of them. Each round sends texts that no
server has seen, so that none answers from a cache what an earlier round asked.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.answers import difference
from benchmarks.client import Connection, Load, OutOfTime, ServerFailure, load
from benchmarks.process_tree import tree
from benchmarks.reading_room import Query
from benchmarks.sides import Ours, Running, Side

# Requests for one median in one round, and the seconds that they may take together.
_TIMES: Final = 5
_SPAN: Final = 0.5
# Seconds after which a side has been measured well enough, and sits out further rounds of a slow query.
_ENOUGH: Final = 20.0
# Seconds of each side in which answers of a mix are compared before it is timed.
_COMPARING: Final = 20.0


class Refused(SystemExit):
    """Nothing is reported: this server gave another answer than the others, or failed."""


@dataclass
class Bench:
    """The sides that run, and how long each may take for one answer, in seconds."""

    running: Mapping[Side, Running]
    patience: float
    refusals: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connections = {
            side: Connection(server.port, self.patience) for side, server in self.running.items()
        }
        self._stopped: dict[Side, str] = {}

    def references(self) -> list[Side]:
        """Return the sides in the order in which others are compared with them: foreign servers first."""
        return sorted(self.running, key=lambda side: isinstance(side.server, Ours))

    def ask(self, side: Side, query: Query) -> tuple[float, bytes]:
        """Return the seconds of an answer, and its body. Raises :class:`ServerFailure`.

        A foreign server that does not answer in time is stopped for good, since it would go on with its
        query beside what is measured next.
        """
        if side in self._stopped:
            raise ServerFailure(f"it was stopped when it had not answered {self._stopped[side]!r} in time")
        try:
            return self._connections[side].ask(side.get(query))
        except OutOfTime:
            if not isinstance(side.server, Ours):
                self._stopped[side] = query.kind
                for pid in tree(self.running[side].pid):
                    os.kill(pid, signal.SIGSTOP)
            raise

    def refuse(self, name: str, side: Side, why: str) -> None:
        """Report no figure of a side for this name. Raises :class:`Refused` where it is this server."""
        if isinstance(side.server, Ours):
            raise Refused(f"refused: {side.name} on {name!r}: {why}")
        self.refusals.setdefault((name, side.name), why)

    def compare(self, name: str, query: Query, sides: Iterable[Side]) -> dict[Side, float]:
        """Ask all sides and compare their answers; return the seconds of each.

        The first foreign server that answers is the reference. Raises :class:`Refused` where this server
        fails or gives another answer.
        """
        asked, reference, taken = set(sides), None, {}
        for side in (side for side in self.references() if side in asked):
            try:
                taken[side], answer = self.ask(side, query)
                if reference is None:
                    difference(answer, answer, query.keys, query.turtle)
                    reference = side.name, answer
                elif found := difference(answer, reference[1], query.keys, query.turtle):
                    self.refuse(name, side, f"another answer than {reference[0]}: {found}, to {query.body}")
            except (ServerFailure, ValueError, SyntaxError) as error:
                self.refuse(name, side, str(error)[:300])
        return taken

    def is_refused(self, name: str, side: Side) -> bool:
        """Return whether there is to be no figure."""
        return (name, side.name) in self.refusals


@dataclass
class Times:
    """Seconds of the answers to one query by one side, and of the processors that it used for each."""

    answers: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def milliseconds(self) -> tuple[float, float]:
        """Return the medians of both."""
        return statistics.median(self.answers) * 1000, statistics.median(self.processor) * 1000


Found = dict[str, dict[Side, tuple[float, float]]]


def measure_each(bench: Bench, queries: Mapping[str, Query], rounds: int) -> Found:
    """Return what each query takes each side that answers it rightly, one at a time.

    The figures are milliseconds: those of an answer, and those of the processors of the server.
    """
    spent: defaultdict[tuple[str, Side], Times] = defaultdict(Times)
    for name, query in queries.items():
        bench.compare(name, query.marked("compared"), bench.running)
    for number in range(rounds):
        for name, query in queries.items():
            for side in bench.running:
                times = spent[name, side]
                if not bench.is_refused(name, side) and sum(times.answers) < _ENOUGH:
                    try:
                        _several(bench, side, query, number, times)
                    except ServerFailure as error:
                        bench.refuse(name, side, str(error))
    return {
        name: {
            side: spent[name, side].milliseconds()
            for side in bench.running
            if not bench.is_refused(name, side)
        }
        for name in queries
    }


def _several(bench: Bench, side: Side, query: Query, number: int, times: Times) -> None:
    found: list[float] = []
    before = bench.running[side].processor()
    while len(found) < _TIMES and sum(found) < _SPAN:
        found.append(bench.ask(side, query.marked(f"{number} {len(found)}"))[0])
    used = bench.running[side].processor() - before
    times.answers += found
    times.processor.append(max(used, 0.0) / len(found))


@dataclass(frozen=True)
class Mixed:
    """One side over one mix: medians of its rounds, processor milliseconds of a request."""

    rate: float
    median: float
    p99: float
    requests: int
    server: float
    client: float
    compared: int


def measure_mix(
    bench: Bench, name: str, queries: Sequence[Query], rounds: int, connections: int, seconds: float
) -> dict[Side, Mixed]:
    """Return what each side made of a mix; a round ends with the list or after so many seconds."""
    compared = _compare_mix(bench, name, queries)
    runs: defaultdict[Side, list[tuple[Load, float]]] = defaultdict(list)
    for number in range(rounds):
        for side, server in bench.running.items():
            if bench.is_refused(name, side):
                continue
            requests = [side.get(query.marked(number)) for query in queries]
            before = server.processor()
            try:
                seen = load(server.port, requests, connections, seconds, bench.patience)
            except ServerFailure as error:
                bench.refuse(name, side, str(error))
                continue
            if seen.failed or not seen.requests:
                bench.refuse(
                    name, side, f"{seen.failed} requests failed under load, {seen.requests} were answered"
                )
                continue
            runs[side].append((seen, server.processor() - before))
    return {
        side: _medians(found, compared[side])
        for side, found in runs.items()
        if not bench.is_refused(name, side)
    }


def _compare_mix(bench: Bench, name: str, queries: Sequence[Query]) -> dict[Side, int]:
    """Compare as many distinct requests as each side answers in its time, in an order of chance."""
    distinct = list(dict.fromkeys(query.marked("compared") for query in queries))
    random.Random(5).shuffle(distinct)
    spent = dict.fromkeys(bench.running, 0.0)
    compared = dict.fromkeys(bench.running, 0)
    for query in distinct:
        asked = [side for side in spent if spent[side] < _COMPARING and not bench.is_refused(name, side)]
        if len(asked) < 2:
            break
        for side, taken in bench.compare(name, query, asked).items():
            spent[side] += taken
            compared[side] += 1
    return compared


def _medians(runs: Sequence[tuple[Load, float]], compared: int) -> Mixed:
    def middle(values: Iterable[float]) -> float:
        return statistics.median(values)

    return Mixed(
        middle(seen.rate for seen, _ in runs),
        middle(seen.median for seen, _ in runs),
        middle(seen.p99 for seen, _ in runs),
        min(seen.requests for seen, _ in runs),
        middle(processor / seen.requests * 1000 for seen, processor in runs),
        middle(seen.processor / seen.requests * 1000 for seen, _ in runs),
        compared,
    )
