"""The two lanes in which queries are evaluated.

A query starts in the quick lane. One that evaluates for long, or whose client does not read, leaves it with
its worker: the worker gets a low priority and goes on in the slow lane, and another takes its place. There
are a bounded number of places in the slow lane. As many of its queries as there are processors run at once,
per client in turn; the others are paused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from endpoint.engine import processes
from endpoint.engine.clients import Client
from endpoint.engine.connection import WorkerConnection
from endpoint.engine.fair_queue import FairQueue, Waiter
from endpoint.settings import Settings

# Seconds for which queries of the slow lane run before others take their turn.
TURN: Final = 0.25
# A worker that has been blocked by its client for this long (seconds) leaves the quick lane, so that clients
# that stop reading cannot take it away.
BLOCKED: Final = 0.5
# An answer of which nothing was read for this long (seconds) is cut where others need its place. Whoever
# reads 64 kB in this time is not.
STALLED: Final = 0.25
# Places of the slow lane at least, and at most for each worker of the quick one.
FEWEST: Final = 2
MOST: Final = 6
# Of so many places one client has one at most, as long as it reads its answers.
SHARE: Final = 3


def default_places(settings: Settings) -> int:
    """Return how many queries the slow lane has room for, where all use the memory that one may use."""
    if settings.slow_lane:
        return settings.slow_lane
    room = processes.usable_memory() // 2 // settings.memory
    return min(max(FEWEST, room), MOST * settings.pool_size)


class Lane:
    """Workers of one lane: those that evaluate, those that are idle, and the queries that wait for one."""

    def __init__(self, size: int, queue: int) -> None:
        self.size = size
        self.running: set[WorkerConnection] = set()
        self.idle: list[WorkerConnection] = []
        self.forking = 0
        self.waiting = FairQueue(queue)

    def open_to(self, client: Client) -> bool:
        """Return whether a query of the client may start here as soon as there is a worker."""
        return True

    def next(self) -> tuple[Client, Waiter] | None:
        """Return whose turn it is, and take it out of those that wait; None where nobody may start."""
        return self.waiting.pop() if self.waiting else None

    def add(self, worker: WorkerConnection) -> None:
        """Take a worker that evaluates."""
        self.running.add(worker)

    def discard(self, worker: WorkerConnection) -> None:
        """Leave out a worker that does not evaluate any longer. Idempotent."""
        self.running.discard(worker)

    @property
    def busy(self) -> bool:
        """Return whether a query runs or waits, or a worker is on its way."""
        return bool(self.running or self.waiting) or self.forking > 0

    def missing(self, retired: bool) -> int:
        """Return how many workers are to be forked; a retired lane needs them only for those that wait."""
        wanted = min(self.size, len(self.waiting)) if retired else self.size
        return wanted - len(self.running) - len(self.idle) - self.forking

    @property
    def surplus(self) -> bool:
        """Return whether one more idle worker would be too many."""
        return len(self.running) + len(self.idle) >= self.size


class SlowLane(Lane):
    """The slow lane: ``places`` queries, of which ``size`` run at once."""

    def __init__(self, size: int, places: int, queue: int) -> None:
        super().__init__(size, queue)
        self._places = places
        self._each = max(size, places // SHARE)
        # Seconds that each client was given here, from those of the least served one on.
        self._served: dict[Client, float] = {}

    @property
    def full(self) -> bool:
        """Return whether all places are taken."""
        return len(self.running) + self.forking >= self._places

    def open_to(self, client: Client) -> bool:
        """Return whether a query of the client may start here."""
        return not self.full and self._startable(client) > 0

    def _startable(self, client: Client) -> int:
        """Return how many more queries of a client may start; those it does not read do not count."""
        evaluating = sum(worker.client is client and not worker.blocked_since for worker in self.running)
        return max(0, self._each - evaluating)

    def next(self) -> tuple[Client, Waiter] | None:
        if not self.waiting or len(self.running) >= self._places:
            return None
        return self.waiting.pop(lambda client: self._startable(client) > 0)

    def add(self, worker: WorkerConnection) -> None:
        super().add(worker)
        client = worker.client
        client.places += 1
        if client not in self._served:
            self._served[client] = min(self._served.values(), default=0.0)

    def discard(self, worker: WorkerConnection) -> None:
        if worker not in self.running:
            return
        super().discard(worker)
        self._resume(worker)
        worker.client.places -= 1
        if all(other.client is not worker.client for other in self.running):
            del self._served[worker.client]

    def missing(self, retired: bool) -> int:
        """Return how many workers are to be forked: here they are only for queries that may start."""
        if not self.waiting:
            return 0
        startable = sum(
            min(count, self._startable(client)) for client, count in self.waiting.counts().items()
        )
        free = self._places - len(self.running) - self.forking
        return min(startable - self.forking, free) - len(self.idle)

    @property
    def surplus(self) -> bool:
        """Return whether one more idle worker would be too many."""
        return len(self.idle) >= self.size

    def last(self, now: float, candidate: WorkerConnection) -> WorkerConnection:
        """Return the query that has to give its place back where one more, the candidate, wants one.

        It is of the client that has most: the one whose client has not read for the longest time, else the
        newest.
        """
        return self._last([*self.running, candidate], now)

    def stalled(self, now: float) -> WorkerConnection | None:
        """Return the query to cut first because its client does not read; None where all read."""
        stalled = [worker for worker in self.running if worker.unread(now) > STALLED]
        return self._last(stalled, now) if stalled else None

    @staticmethod
    def _last(workers: list[WorkerConnection], now: float) -> WorkerConnection:
        counts = Counter(worker.client for worker in workers)
        return max(workers, key=lambda one: (counts[one.client], one.unread(now), one.since))

    def serve(self, worker: WorkerConnection, seconds: float) -> None:
        """Count what a query was given."""
        if worker.client in self._served:
            self._served[worker.client] += seconds

    def turn(self, now: float) -> None:
        """Let the queries run whose turn it is, and pause the others."""
        wanting = [worker for worker in self.running if not worker.blocked(now)]
        chosen = self._chosen(wanting) if len(wanting) > self.size else wanting
        for worker in wanting:
            if worker not in chosen and not worker.paused:
                worker.paused = worker.turns = True
                processes.pause(worker.pid)
        for worker in self.running:
            if worker in chosen or worker not in wanting:
                self._resume(worker)

    def _chosen(self, wanting: Iterable[WorkerConnection]) -> list[WorkerConnection]:
        """Return those to run: per client in turn, of each client that which has run least."""
        queues: dict[Client, list[WorkerConnection]] = {}
        for worker in sorted(wanting, key=lambda one: one.spent, reverse=True):
            queues.setdefault(worker.client, []).append(worker)
        served = dict(self._served)
        chosen: list[WorkerConnection] = []
        while len(chosen) < self.size:
            client = min(queues, key=served.__getitem__)
            chosen.append(queues[client].pop())
            served[client] += TURN
            if not queues[client]:
                del queues[client]
        return chosen

    @staticmethod
    def _resume(worker: WorkerConnection) -> None:
        if worker.paused:
            worker.paused = False
            processes.proceed(worker.pid)
