"""The pool of workers of one generation: admission of queries to workers, and the queue for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from endpoint.engine import Occupancy
from endpoint.engine.connection import WorkerConnection
from endpoint.engine.template_client import TemplateClient, ending_signal
from endpoint.engine.wire import TemplateOrder
from endpoint.errors import EngineError, Overloaded, StoreError
from endpoint.settings import Settings
from endpoint.storage.generations import Generation
from endpoint.telemetry import log

T = TypeVar("T")

RETRY_AFTER: Final = 5
# A worker that has been blocked by its client for this long (seconds) no longer counts as evaluating, so
# clients that stop reading cannot take the server's workers away; another one is forked instead.
BLOCKED: Final = 0.5
# The most workers, including those of clients that do not read, as a multiple of the size.
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a worker: the signal (0 when none is known) and what it wrote to standard error."""

    signal: int
    words: str


class PoolGone(EngineError):
    """The template died while a query waited; the query can wait at the next pool."""

    code = "worker-died"


class Pool:
    """The workers of one generation: ``size`` evaluate at once, ``queue`` requests may wait."""

    def __init__(self, template: TemplateClient, size: int, queue: int) -> None:
        self._template = template
        self._size = size
        self._queue = queue
        self._idle: list[WorkerConnection] = []
        self._live: set[WorkerConnection] = set()
        self._forking = 0
        self._waiters: deque[asyncio.Future[WorkerConnection]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._retired = False
        self._closing = False
        self._look: asyncio.TimerHandle | None = None
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

    @classmethod
    async def open(
        cls, settings: Settings, prefixes: dict[str, str], generation: Generation, in_memory: bool, size: int
    ) -> Pool:
        """Return a pool on ``generation``, with a template process of its own. Raises :class:`StoreError`."""
        order: TemplateOrder = {
            "generation": str(generation.path.absolute()),
            "in_memory": in_memory,
            "union": settings.default_graph == "union",
            "memory": settings.memory,
            "prefixes": prefixes,
        }
        template = await TemplateClient.start(generation, order)
        if not template.fenced:
            log.warning(
                "this system has no seccomp filter: only the query gate keeps workers off the network"
            )
        pool = cls(template, size, settings.queue)
        try:
            await pool.start()
        except BaseException:
            await pool.aclose()
            raise
        return pool

    async def start(self) -> None:
        """Fork the first workers. Raises :class:`StoreError`."""
        await asyncio.gather(*(self._fork() for _ in range(self._size)))

    def take(self) -> WorkerConnection | None:
        """Return an idle worker, if there is one."""
        while self._idle:
            worker = self._idle.pop()
            if not worker.lost:
                return worker
            self.drop(worker)
        return None

    async def wait(self, timeout: float) -> WorkerConnection:
        """Return a worker as soon as one is free, first come first served.

        Raises :class:`Overloaded` when the queue is full or ``timeout`` seconds have passed, and
        :class:`PoolGone` when the pool has ended.
        """
        if self._closing:
            raise PoolGone("The worker processes of this generation have ended.")
        if len(self._waiters) >= self._queue:
            raise Overloaded(
                f"All {self._size} workers are busy and {len(self._waiters)} queries wait already. "
                f"Try again in {RETRY_AFTER} seconds.",
                RETRY_AFTER,
            )
        future: asyncio.Future[WorkerConnection] = self._loop.create_future()
        self._waiters.append(future)
        if self._look is None:
            self._look = self._loop.call_later(BLOCKED, self._grow)
        late = self._loop.call_later(timeout, _fail, future, timeout)
        try:
            return await future
        except (asyncio.CancelledError, Overloaded, PoolGone):
            if future in self._waiters:
                self._waiters.remove(future)
            elif future.done() and not future.cancelled() and future.exception() is None:
                self.release(future.result())
            raise
        finally:
            late.cancel()
            self._close_when_done()

    def release(self, worker: WorkerConnection) -> None:
        """Take back a worker that has sent its answer."""
        worker.blocked_since = 0.0
        if worker.lost or (worker.ended is not None and worker.ended.swollen):
            self.drop(worker)
            return
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_result(worker)
                return
        if self._retired or len(self._live) - self._blocked() > self._size:
            self.drop(worker)
        else:
            self._idle.append(worker)

    def drop(self, worker: WorkerConnection) -> asyncio.Task[Death]:
        """Kill a worker and put another in its place."""
        return self._run(self._drop(worker))

    async def _drop(self, worker: WorkerConnection) -> Death:
        if worker not in self._live:
            # It was dropped before, to make room; its process id may be another's by now.
            return Death(0, "")
        self._live.discard(worker)
        try:
            status = await self._template.reap(worker)
            death = Death(ending_signal(status), worker.last_words())
        finally:
            worker.close()
        wanted = min(self._size, len(self._waiters)) if self._retired else self._size
        if len(self._live) + self._forking < wanted and self._template.alive:
            self._run(self._replace())
        self._close_when_done()
        return death

    async def _replace(self) -> None:
        try:
            await self._fork()
        except StoreError as error:
            log.error("a worker could not be replaced: %s", error)

    async def _fork(self) -> None:
        self._forking += 1
        try:
            worker = await self._template.fork()
        finally:
            self._forking -= 1
        self._live.add(worker)
        self.release(worker)

    def _grow(self) -> None:
        """Fork one more worker while queries wait and clients that do not read block the others."""
        self._look = None
        if not self._waiters:
            return
        total = len(self._live) + self._forking
        if total < self._size * MOST:
            if total - self._blocked() < self._size and self._template.alive:
                self._run(self._replace())
        elif self._blocked():
            # The client that reads slowest has to make room: its answer is cut.
            now = self._loop.time()
            self.drop(max(self._live, key=lambda worker: worker.blocked(now)))
        self._look = self._loop.call_later(BLOCKED, self._grow)

    def _blocked(self) -> int:
        now = self._loop.time()
        return sum(worker.blocked(now) > BLOCKED for worker in self._live)

    def _run(self, coroutine: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def occupancy(self) -> Occupancy:
        """What its processes do now."""
        blocked = self._blocked()
        states = {
            "idle": len(self._idle),
            "evaluating": len(self._live) - len(self._idle) - blocked,
            "blocked": blocked,
        }
        templates = [self._template.pid] if self._template.alive else []
        workers = [worker.pid for worker in self._live]
        return Occupancy(len(self._waiters), self._queue, states, templates, workers)

    @property
    def busy(self) -> bool:
        """Return whether a worker evaluates, or a query waits for one."""
        return bool(self._waiters) or self._forking > 0 or len(self._live) > len(self._idle)

    @property
    def ended(self) -> bool:
        """Return whether the pool is finished and its processes are gone."""
        return self._closing and not self._tasks

    @property
    def finished(self) -> bool:
        """Return whether the pool is retired and no query is left."""
        return self._retired and not (self._live or self._forking or self._waiters)

    def retire(self) -> None:
        """Finish the queries that run or wait, accept no more, then end the template."""
        self._retired = True
        while self._idle:
            self.drop(self._idle.pop())
        if not self._template.alive:
            for future in self._waiters:
                if not future.done():
                    future.set_exception(PoolGone("The worker processes of this generation are gone."))
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self.finished and not self._closing:
            self._closing = True
            self._run(self._template.aclose())

    async def aclose(self) -> None:
        """End every worker at once, even while it evaluates."""
        self._retired = self._closing = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._live:
            worker.close()
        await self._template.aclose()


def _fail(future: asyncio.Future[WorkerConnection], timeout: float) -> None:
    if not future.done():
        future.set_exception(
            Overloaded(
                f"No worker became free within {timeout:g} s. Try again in {RETRY_AFTER} seconds.",
                RETRY_AFTER,
            )
        )
