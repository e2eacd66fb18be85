"""The scheduler of one pool: in which lane a query starts, when it leaves that, who gives a place back.

:mod:`endpoint.engine.lanes` says what a lane is. The scheduler looks at the queries that run, now and then,
charges their clients, moves those that evaluate for long from the quick lane to the slow one, and lets those
of the slow lane take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from endpoint.engine import WORKER_STATES, processes
from endpoint.engine.clients import REPLACED, Client
from endpoint.engine.connection import WorkerConnection
from endpoint.engine.fair_queue import Waiter
from endpoint.engine.lanes import BLOCKED, Lane, SlowLane

# Seconds of evaluation after which a query leaves the quick lane; and, where another client waits, of
# processor time, and of a client that does not read.
QUICK: Final = 0.5
CONTENDED: Final = 0.05
UNREAD: Final = 0.02
# Seconds between two looks at the queries that run; nobody looks while none does. And where a query waits for
# the quick lane.
LOOK: Final = 0.05
SOON: Final = 0.01


class Scheduler:
    """The two lanes of a pool: ``size`` workers in the quick one, ``places`` in the slow one.

    In each, ``queue`` queries may wait. ``end`` kills a worker, and ``refill`` forks those that are missing.
    """

    def __init__(
        self,
        size: int,
        places: int,
        queue: int,
        end: Callable[[WorkerConnection], object],
        refill: Callable[[], None],
    ) -> None:
        self.quick = Lane(size, queue)
        self.slow = SlowLane(size, places, queue)
        self._end = end
        self._refill = refill
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._turned = 0.0
        self._loop = asyncio.get_running_loop()

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        """Both lanes, the quick one first."""
        return self.quick, self.slow

    def lane_for(self, client: Client, slow: bool = False) -> Lane:
        """Return the lane in which a query of the client starts; ``slow``: whatever the client has used."""
        return self.slow if slow or client.heavy else self.quick

    def lane_of(self, worker: WorkerConnection) -> Lane:
        """Return the lane of a worker."""
        return self.slow if worker.slow else self.quick

    def begin(self, worker: WorkerConnection, client: Client) -> None:
        """Take note that a worker is handed to a query of the client."""
        worker.client = client
        worker.since = self._loop.time()
        worker.spent, worker.turns = 0.0, False
        self.lane_of(worker).add(worker)
        self.watch()

    def finish(self, worker: WorkerConnection) -> None:
        """Take note that a worker has sent its answer."""
        self.account(worker)
        self.lane_of(worker).discard(worker)

    def give_up(self, worker: WorkerConnection) -> None:
        """Take note that a worker is ended, whether or not it evaluates. Idempotent."""
        lane = self.lane_of(worker)
        if worker in lane.running:
            self.account(worker)
            if worker.reply.ended is None and not worker.displaced:
                worker.client.charge(REPLACED)
            lane.discard(worker)

    def account(self, worker: WorkerConnection) -> None:
        """Charge the client of a worker for what it has used since this was last done."""
        used = processes.processor_time(worker.pid)
        if used is None:
            ended = worker.reply.ended
            used = worker.accounted + (0.0 if ended is None else ended.evaluated / 1e6)
        seconds, worker.accounted = used - worker.accounted, used
        if seconds > 0 and worker in self.lane_of(worker).running:
            worker.spent += seconds
            worker.client.charge(seconds)
            if worker.slow:
                self.slow.serve(worker, seconds)

    @staticmethod
    def lower(worker: WorkerConnection) -> None:
        """Let a worker be one of the slow lane, for good."""
        worker.slow = True
        processes.lower(worker.pid)

    def watch(self) -> None:
        """Look at the queries that run, now and then, while there are any."""
        due = self._loop.time() + (SOON if self._wanted else LOOK)
        if self._timer is None or due < self._due:
            self.close()
            self._due, self._timer = due, self._loop.call_at(due, self._look)

    @property
    def watching(self) -> bool:
        """Return whether it will look."""
        return self._timer is not None

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for worker in (*self.slow.running, *self.quick.running):
            self.account(worker)
            if now >= worker.reply.expires and worker.reply.expire is not None:
                worker.reply.expire()
        for worker in tuple(self.quick.running):
            self._consider(worker, now)
        self._sort()
        if self.slow.full and self.slow.waiting and (stalled := self.slow.stalled(now)) is not None:
            self._displace(stalled)
        if now - self._turned >= LOOK:
            self._turned = now
            self.slow.turn(now)
        if self.quick.running or self.slow.running:
            self.watch()

    def _consider(self, worker: WorkerConnection, now: float) -> None:
        """Let a query leave the quick lane that has been there for long enough, if there is a place for it.

        Where the slow lane is full and others wait, one gives its place back: an answer that is not read, for
        a query that leaves early because others wait.
        """
        blocked = worker.blocked(now)
        late = blocked > BLOCKED or worker.evaluating(now) > QUICK
        early = self._wanted and self.quick.waiting.others(worker.client)
        if not late and not (early and (blocked > UNREAD or worker.spent > CONTENDED)):
            return
        if self.slow.full:
            if not self._wanted:
                return
            last = self.slow.last(now, worker) if late else self.slow.stalled(now)
            if last is None:
                return
            self._displace(last)
            if last is worker:
                return
        self._leave(worker)

    @property
    def _wanted(self) -> bool:
        """Return whether more queries wait in the quick lane than workers are on their way to it."""
        return len(self.quick.waiting) > self.quick.forking

    def _leave(self, worker: WorkerConnection) -> None:
        """Move a query to the slow lane."""
        self.account(worker)
        self.quick.discard(worker)
        self.lower(worker)
        self.slow.add(worker)
        self._refill()

    def next(self, worker: WorkerConnection) -> tuple[Client, Waiter] | None:
        """Return the query whose turn it is to get an idle worker, and take it out of those that wait."""
        self._sort()
        return self.lane_of(worker).next()

    def _sort(self) -> None:
        """Let queries wait in the slow lane whose clients have come to start there since they came."""
        if not self.quick.waiting:
            return
        heavy = [client for client in self.quick.waiting.counts() if client.heavy]
        moved = [self.quick.waiting.move(client, self.slow.waiting) for client in heavy]
        if any(moved):
            self._refill()

    def forget(self, client: Client, waiter: Waiter) -> None:
        """Take a query out of those that wait, if it does."""
        for lane in self.lanes:
            lane.waiting.remove(client, waiter)

    def _displace(self, worker: WorkerConnection) -> None:
        worker.displaced = True
        self._end(worker)

    def states(self) -> dict[str, int]:
        """Count the workers by what they do; see :class:`~endpoint.engine.Occupancy`."""
        now = self._loop.time()
        running = [*self.quick.running, *self.slow.running]
        blocked = sum(worker.blocked(now) > BLOCKED for worker in running)
        slow = sum(worker.blocked(now) <= BLOCKED for worker in self.slow.running)
        idle = len(self.quick.idle) + len(self.slow.idle)
        counts = (idle, len(running) - slow - blocked, slow, blocked)
        return dict(zip(WORKER_STATES, counts, strict=True))
