"""The pool of workers of one generation: it forks them, hands them to queries, and ends them.

:mod:`endpoint.engine.scheduler` says which query is evaluated where, and for how long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from endpoint.engine import Occupancy, fence, processes
from endpoint.engine.clients import Client
from endpoint.engine.connection import WorkerConnection
from endpoint.engine.fair_queue import RETRY_AFTER, Begin, Waiter
from endpoint.engine.lanes import Lane
from endpoint.engine.scheduler import Scheduler
from endpoint.engine.template_client import Death, TemplateClient, ending_signal
from endpoint.engine.template_process import TemplateProcess
from endpoint.engine.wire import TemplateOrder
from endpoint.errors import EngineError, Overloaded, StoreError
from endpoint.settings import Settings
from endpoint.storage.generations import Generation
from endpoint.telemetry import log

T = TypeVar("T")

# Seconds for which an idle worker of the slow lane waits for another query.
SLOW_IDLE: Final = 20.0
# Seconds for which answers go on that began before their generation was replaced. Until then its image may
# take as much memory as the next one, for a client that reads a kilobyte now and then.
OUTLASTING: Final = 600.0


class PoolGone(EngineError):
    """The template died while a query waited; the query can wait at the next pool."""

    code = "worker-died"


class Displaced(Overloaded):
    """A query gave its place in the slow lane to that of another client; it can wait for one there."""

    def __init__(self) -> None:
        super().__init__(
            "The server evaluates as many long queries as it can, and yours had to make room, for that of "
            f"another client or for newer data. Try again in {RETRY_AFTER} seconds, and ask for less.",
            RETRY_AFTER,
        )


class Pool:
    """The workers of one generation: two lanes, in each of which a number of queries may wait."""

    def __init__(self, template: TemplateClient, size: int, places: int, queue: int) -> None:
        self._template = template
        self._scheduler = Scheduler(size, places, queue, self.drop, self._refill)
        self._live: set[WorkerConnection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._retired = False
        self._closing = False
        self._shed: asyncio.TimerHandle | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def generation(self) -> Generation:
        """The generation that its workers evaluate on."""
        return self._template.generation

    @property
    def order(self) -> TemplateOrder:
        """The order that its template process was started with."""
        return self._template.order

    @property
    def alive(self) -> bool:
        """Return whether new workers can be started."""
        return self._template.alive

    def when_gone(self, told: Callable[[], None]) -> None:
        """Call ``told`` when no new workers can be started any longer."""
        self._template.when_gone(told)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        prefixes: dict[str, str],
        generation: Generation,
        in_memory: bool,
        size: int,
        places: int,
        process: TemplateProcess | None = None,
    ) -> Pool:
        """Return a pool on ``generation``. Raises :class:`StoreError`.

        It has a template process of its own: ``process``, or a new one.
        """
        order: TemplateOrder = {
            "generation": str(generation.path.absolute()),
            "in_memory": in_memory,
            "union": settings.default_graph == "union",
            "memory": settings.memory,
            "prefixes": prefixes,
            "columns": settings.column_queries,
        }
        template = await TemplateClient.start(generation, order, process)
        for sentence in fence.warnings(template.missing):
            log.warning("%s", sentence)
        pool = cls(template, size, places, settings.queue)
        try:
            await pool.start()
        except BaseException:
            await pool.aclose()
            raise
        return pool

    async def start(self) -> None:
        """Fork the first workers. Raises :class:`StoreError`."""
        quick = self._scheduler.quick
        quick.forking += quick.size
        await asyncio.gather(*[self._fork(quick) for _ in range(quick.size)])

    def take(self, client: Client) -> WorkerConnection | None:
        """Return an idle worker for a query of the client, if there is one."""
        lane = self._scheduler.lane_for(client)
        while lane.idle and lane.open_to(client):
            worker = lane.idle.pop()
            if not worker.lost:
                self._scheduler.begin(worker, client)
                return worker
            self.drop(worker)
        return None

    async def wait(self, client: Client, timeout: float, begin: Begin, slow: bool = False) -> None:
        """Wait for a worker for a query of the client; ``begin`` is called with it when it is its turn.

        ``slow``: it is to wait in the slow lane, whatever the client has used. Raises :class:`Overloaded`
        when the queue is full or ``timeout`` seconds have passed, and :class:`PoolGone` when the pool
        has ended.
        """
        if self._closing:
            raise PoolGone("The worker processes of this generation have ended.")
        lane = self._scheduler.lane_for(client, slow)
        waiter = lane.waiting.add(client, begin)
        late = self._loop.call_later(timeout, _fail, waiter, timeout)
        self._refill()
        self._scheduler.watch()
        try:
            await waiter
        finally:
            self._scheduler.forget(client, waiter)
            late.cancel()
            self._close_when_done()

    def release(self, worker: WorkerConnection) -> None:
        """Take back a worker that has sent its answer. Nothing happens where it was dropped already."""
        if worker not in self._scheduler.lane_of(worker).running:
            return
        worker.blocked_since = 0.0
        if worker.lost or worker.reply.swollen:
            self.drop(worker)
            return
        self._scheduler.finish(worker)
        self._offer(worker)

    def _offer(self, worker: WorkerConnection) -> None:
        """Give an idle worker to the query whose turn it is, or keep it where the lane has room."""
        lane = self._scheduler.lane_of(worker)
        while (turn := self._scheduler.next(worker)) is not None:
            client, waiter = turn
            if not waiter.done():
                self._scheduler.begin(worker, client)
                waiter.hand(worker)
                return
        if self._retired or lane.surplus:
            self.drop(worker)
            return
        lane.idle.append(worker)
        if worker.slow and self._shed is None:
            self._shed = self._loop.call_later(SLOW_IDLE, self._drop_idle)

    def _drop_idle(self) -> None:
        """End the workers of the slow lane that nobody has needed for long."""
        self._shed = None
        idle, self._scheduler.slow.idle = self._scheduler.slow.idle, []
        for worker in idle:
            self.drop(worker)

    def drop(self, worker: WorkerConnection) -> asyncio.Task[Death]:
        """Kill a worker, and put another in its place where one is needed."""
        self._scheduler.give_up(worker)
        return self._run(self._drop(worker))

    async def _drop(self, worker: WorkerConnection) -> Death:
        if worker not in self._live:
            # It was dropped before, to make room; its process id may be another's by now.
            return Death(0, "")
        self._live.discard(worker)
        try:
            status, memory = await self._template.reap(worker) or (None, 0)
            # The worker had some of it itself; its query had no more than it may.
            memory = min(memory, self.order["memory"])
            death = Death(ending_signal(status), worker.last_words(), memory)
        finally:
            worker.close()
        self._refill()
        self._close_when_done()
        return death

    def _refill(self) -> None:
        """Fork the workers that the lanes lack."""
        if self._template.alive and not self._closing:
            for lane in self._scheduler.lanes:
                for _ in range(lane.missing(self._retired)):
                    # From now on it is on its way, not from the first step of the task on.
                    lane.forking += 1
                    self._run(self._replace(lane))

    async def _replace(self, lane: Lane) -> None:
        try:
            await self._fork(lane)
        except StoreError as error:
            log.error("a worker could not be replaced: %s", error)

    async def _fork(self, lane: Lane) -> None:
        """Fork a worker that is counted as on its way already."""
        try:
            worker = await self._template.fork()
        finally:
            lane.forking -= 1
        self._live.add(worker)
        if lane is self._scheduler.slow:
            self._scheduler.lower(worker)
        worker.accounted = processes.processor_time(worker.pid) or 0.0
        self._offer(worker)

    def _run(self, coroutine: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def occupancy(self) -> Occupancy:
        """The occupancy of its processes now."""
        quick, slow = self._scheduler.lanes
        waiting = len(quick.waiting) + len(slow.waiting)
        templates = [self._template.pid] if self._template.alive else []
        workers = [worker.pid for worker in self._live]
        return Occupancy(waiting, quick.waiting.most, self._scheduler.states(), templates, workers)

    @property
    def busy(self) -> bool:
        """Return whether a worker evaluates, or a query waits for one."""
        return any(lane.busy for lane in self._scheduler.lanes)

    @property
    def ended(self) -> bool:
        """Return whether the pool is finished and its processes are gone."""
        return self._closing and not self._tasks

    @property
    def finished(self) -> bool:
        """Return whether the pool is retired and no query is left."""
        return self._retired and not (self._live or self.busy)

    def retire(self) -> None:
        """Finish the queries that run or wait, accept no more, then end the template.

        Whoever has not read an answer after :data:`OUTLASTING` seconds does not get the rest.
        """
        self._retired = True
        self._cut = self._loop.call_later(OUTLASTING, self._displace)
        for lane in self._scheduler.lanes:
            while lane.idle:
                self.drop(lane.idle.pop())
            if not self._template.alive:
                lane.waiting.fail(PoolGone("The worker processes of this generation are gone."))
        self._close_when_done()

    def _displace(self) -> None:
        """End the answers that are not finished yet."""
        for worker in tuple(self._live):
            worker.displaced = True
            self.drop(worker)

    def _close_when_done(self) -> None:
        if self.finished and not self._closing:
            self._closing = True
            if self._cut is not None:
                self._cut.cancel()
            self._run(self._template.aclose())

    async def aclose(self) -> None:
        """End every worker at once, even while it evaluates."""
        self._retired = self._closing = True
        self._scheduler.close()
        for timer in (self._shed, self._cut):
            if timer is not None:
                timer.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._live:
            worker.close()
        await self._template.aclose()


def _fail(waiter: Waiter, timeout: float) -> None:
    if not waiter.done():
        waiter.set_exception(
            Overloaded(
                f"No worker became free within {round(timeout, 3):g} s. Try again in {RETRY_AFTER} seconds.",
                RETRY_AFTER,
            )
        )
