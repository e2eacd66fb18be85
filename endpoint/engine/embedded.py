"""The embedded engine: queries on the workers of a generation, and their results."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from endpoint.engine import Limits, Occupancy, cache, failures, wire
from endpoint.engine.clients import CRASH, Client, Clients
from endpoint.engine.connection import Reply, WorkerConnection
from endpoint.engine.memory import memory_now
from endpoint.engine.pool import Displaced, Pool, PoolGone
from endpoint.engine.running import ABORTED, OK, RunningQueries, RunningQuery
from endpoint.engine.supervisor import Supervisor
from endpoint.engine.template_process import TemplateProcess
from endpoint.errors import EndpointError, GenerationGone, WorkerDied
from endpoint.formats import Facts, Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.dump_order import DumpOrder
from endpoint.storage.generations import Generation
from endpoint.telemetry import log

# A worker that was killed from outside within this time (seconds) was most likely dead before the query.
STILLBORN: Final = 0.1


class EmbeddedEngine:
    """The engine on the generations of a data directory. Made by :meth:`open`."""

    def __init__(self, settings: Settings, supervisor: Supervisor) -> None:
        self.queries = RunningQueries()
        self.clients = Clients(settings.budget, settings.max_queries_per_client)
        self.queries.listeners.append(self.clients)
        self._settings = settings
        # Attempts after the first; asking for the number of processors takes ten microseconds.
        self._tries = settings.pool_size
        self._supervisor = supervisor

    @classmethod
    async def open(
        cls, settings: Settings, prefixes: dict[str, str], process: TemplateProcess | None = None
    ) -> EmbeddedEngine:
        """Start on the current generation, in a ``process`` started ahead or a new one. Raises StoreError."""
        return cls(settings, await Supervisor.start(settings, prefixes, process))

    @property
    def generation(self) -> Generation:
        """The current generation, which the next query sees."""
        return self._supervisor.pool.generation

    def answerable(self, number: int) -> Generation | None:
        """Return generation ``number`` where it is the current one or a kept one; else None."""
        current = self.generation
        return current if number == current.number else self._supervisor.kept.find(number)

    @property
    def occupancy(self) -> Occupancy:
        """The occupancy of its processes now."""
        return Occupancy.total(pool.occupancy for pool in self._supervisor.pools())

    @property
    def alive(self) -> bool:
        """Return whether queries can be evaluated now."""
        return self._supervisor.pool.alive

    def expect(self, generation: bool) -> None:
        """Be ready for a generation that is coming, or no longer."""
        self._supervisor.expect(generation)

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on; those that need a restart are as they were."""
        self._settings = settings
        self.clients.budget, self.clients.most = settings.budget, settings.max_queries_per_client
        self._supervisor.reconfigure(settings)

    async def query(
        self, operation: Operation, representation: Representation, limits: Limits
    ) -> EmbeddedResult:
        """Evaluate on the generation of the operation; return when the first bytes of the answer exist."""
        frame = wire.pack_query(operation, representation, wire.Most(limits.rows, limits.size))
        form = operation.form.value if operation.form else ""
        running = self.queries.begin(operation.text, form, representation.format.media_type)
        return await self._begin(frame, running, limits, operation.generation)

    async def search(self, request: Request, limits: Limits, generation: int | None = None) -> EmbeddedResult:
        """Search the text index of ``generation``, else of the current one."""
        running = self.queries.begin(request.query, "search", "application/json")
        return await self._begin(wire.pack_search(request), running, limits, generation)

    async def count(
        self, union: bool, most_classes: int, limits: Limits, generation: int | None = None
    ) -> EmbeddedResult:
        """Count all statements of ``generation``, else of the current one, from its columns."""
        running = self.queries.begin("", "count", "application/json")
        return await self._begin(wire.pack_count(union, most_classes), running, limits, generation)

    async def dump(self, order: DumpOrder, limits: Limits, generation: int | None = None) -> EmbeddedResult:
        """Write statements of ``generation``, else of the current one."""
        graphs = " ".join(map(str, order.selection.graphs))
        running = self.queries.begin(graphs, "dump", order.format.media_type)
        return await self._begin(wire.pack_dump(order), running, limits, generation)

    async def classify(self, text: str, base_iri: str | None, limits: Limits) -> Operation:
        """Classify a text in a worker, where the deadline can end it."""
        running = self.queries.begin(text, "", "application/json")
        frame = wire.pack_text(text, self._settings.max_nesting, base_iri)
        result = await self._begin(frame, running, limits, None)
        return wire.decode_operation(await result.read(), text)

    async def _begin(
        self, frame: bytes, running: RunningQuery, limits: Limits, generation: int | None
    ) -> EmbeddedResult:
        running.waiting = asyncio.current_task()
        try:
            return await self._attempts(frame, running, limits, generation)
        except EndpointError as error:
            self.queries.end(running, error.code)
            raise
        except asyncio.CancelledError:
            killed = running.interruption()
            self.queries.end(running, ABORTED if killed is None else killed.code)
            if killed is None:
                raise
            raise killed from None
        except BaseException:
            self.queries.end(running, ABORTED)
            raise
        finally:
            running.waiting = None

    async def _attempts(
        self, frame: bytes, running: RunningQuery, limits: Limits, generation: int | None
    ) -> EmbeddedResult:
        client = self.clients.admit(running.caller)
        if limits.began is None:
            limits = replace(limits, began=time.monotonic())
        attempt = _Attempt(frame, client, limits, generation)
        tries = self._tries
        while True:
            started = time.perf_counter()
            try:
                return await self._attempt(attempt, running)
            except Displaced:
                attempt.slow = True
                running.pid, running.phase = 0, "waiting"
            except (PoolGone, WorkerDied) as error:
                tries -= 1
                late = time.perf_counter() - started > STILLBORN
                if tries < 0 or (late and isinstance(error, WorkerDied)):
                    raise

    async def _attempt(self, attempt: _Attempt, running: RunningQuery) -> EmbeddedResult:
        number, limits = attempt.generation, attempt.limits
        if limits.left() <= 0:
            raise failures.late_request(limits)
        pool = self._supervisor.pool
        if number is not None and number != pool.generation.number:
            pool = await self._older(number, limits.left())
        result = EmbeddedResult(pool, attempt, self.queries, running)
        try:
            if not attempt.slow and (worker := pool.take(attempt.client)) is not None:
                result.start(worker)
            else:
                await pool.wait(attempt.client, limits.left(), result.start, attempt.slow)
            await result.begin()
        except BaseException:
            result.discard()
            raise
        return result

    async def _older(self, number: int, timeout: float) -> Pool:
        pool = await self._supervisor.kept.pool(number, timeout)
        if pool is None:
            current = self.generation.number
            raise GenerationGone(
                f"Generation {number} of the data is not kept, and generation {current} is served now. "
                "Ask without naming a generation.",
                number,
                current,
            )
        return pool

    async def aclose(self) -> None:
        """End every process that this engine started."""
        await self._supervisor.aclose()


@dataclass(slots=True)
class _Attempt:
    """A frame for a worker, its client and its limits; ``slow``: it waits in the slow lane."""

    frame: bytes
    client: Client
    limits: Limits
    generation: int | None
    slow: bool = False


class EmbeddedResult:
    """The result of one query on one worker, after :meth:`start` and :meth:`begin`.

    It is an :class:`endpoint.engine.Result`. From the first bytes on, the deadline runs while the server
    waits for the worker, not while the client reads: what is already computed may be read slowly, within the
    server's client timeout.
    """

    def __init__(
        self, pool: Pool, attempt: _Attempt, registry: RunningQueries, running: RunningQuery
    ) -> None:
        self.generation: Generation = pool.generation
        self.complete = self.columns = False
        self.facts: Facts | None = None
        self.use: cache.Use | None = None
        self.kept: cache.Entry | None = None
        self._registry, self._running = registry, running
        self._pool = pool
        self._frame = attempt.frame
        self._limits = attempt.limits
        self._left, self._expired = 0.0, False
        self._loop = asyncio.get_running_loop()
        self._made = time.monotonic()
        # Until it has sent all: then it has the next query, and the pieces are read from the reply.
        self._worker: WorkerConnection | None = None
        self._reply = Reply()
        self._first = b""
        self._outcome = ABORTED

    @property
    def queued(self) -> float:
        """Seconds spent waiting for a worker."""
        return self._running.queued

    @property
    def planned(self) -> float:
        """Seconds of parsing and planning, once complete."""
        return self._running.planned

    @property
    def evaluated(self) -> float:
        """Seconds of evaluating and serializing, once complete."""
        return self._running.evaluated

    def start(self, worker: WorkerConnection) -> None:
        """Let a worker evaluate."""
        running, pool = self._running, self._pool
        running.queued += time.monotonic() - self._made
        running.pid, running.generation, running.phase = worker.pid, self.generation.number, "evaluating"
        running.in_memory = pool.order["in_memory"]
        running.stop = self.discard
        self._worker, self._reply = worker, worker.send(self._frame, self._over)
        self._left = self._limits.left()

    async def begin(self) -> None:
        """Wait for the first bytes. Raises the designed error for none."""
        self._first = await self._next() or b""
        self.facts = self._reply.facts
        self._running.phase = "sending"
        self._running.answered = self._running.age
        self._running.sent = len(self._first)
        ended = self._reply.ended
        if ended is not None and not self._reply.pieces:
            self._finish(ended)

    def _current(self) -> WorkerConnection:
        if self._worker is None:
            raise RuntimeError("the result is closed")
        return self._worker

    def _over(self) -> None:
        """Let the worker go, which has sent its whole answer or the reason why there is none."""
        worker, self._worker = self._worker, None
        self._running.fault = self._reply.fault
        if worker is not None:
            self._pool.release(worker)

    def _finish(self, ended: wire.Ending) -> None:
        running = self._running
        running.planned, running.evaluated = ended.planned / 1e6, ended.evaluated / 1e6
        running.rows, running.memory = ended.rows, ended.memory
        self.complete, self.columns, running.columns = True, ended.columns, ended.columns
        self._registry.end(running, OK)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece: bytes | None = self._first
        if self.complete:
            if piece:
                yield piece
            return
        if (killed := self._running.killed) is not None:
            self._outcome = killed.code
            raise killed
        while piece is not None:
            if self._worker is not None:
                self._worker.blocked_since = self._loop.time()
            yield piece
            if (worker := self._worker) is not None:
                worker.blocked_before = worker.blocked(self._loop.time())
                worker.blocked_since = 0.0
            if self._limits.renewed:
                self._left = self._limits.timeout
            piece = await self._next()
            self._running.sent += len(piece or b"")
        if (ended := self._reply.ended) is not None:
            self._finish(ended)

    async def read(self) -> bytes:
        """Return the whole answer, which must be small, and close it."""
        if self.complete:
            return self._first
        try:
            return b"".join([piece async for piece in self])
        finally:
            await self.aclose()

    async def _next(self) -> bytes | None:
        running = self._running
        # Before Python 3.12 asking for the current task is slow, and who begins has asked.
        if (before := running.waiting) is None:
            running.waiting = asyncio.current_task()
        try:
            if (killed := running.killed) is not None:
                raise killed
            return await self._awaited()
        except EndpointError as error:
            self._outcome = error.code
            raise
        except asyncio.CancelledError:
            if (killed := running.interruption()) is None:
                raise
            self._outcome = killed.code
            raise killed from None
        finally:
            running.waiting = before

    async def _awaited(self) -> bytes | None:
        reply, worker = self._reply, self._worker
        while not reply.pieces:
            if reply.ended is not None:
                return None
            if reply.failure is not None:
                self._running.rows = reply.failure["rows"]
                self._running.memory = reply.failure["memory"]
                raise failures.reported(reply.failure, self._limits, self._pool.order["memory"])
            worker = self._current()
            if worker.lost:
                raise await self._died(worker)
            await self._arrival()
        return reply.pieces.popleft() if worker is None else worker.pop(reply)

    async def _arrival(self) -> None:
        started, reply = self._loop.time(), self._reply
        # The pool looks at it now and then: a timer for each query would cost more than that.
        reply.expires, reply.expire = started + self._left, self._expire
        try:
            await reply.arrival()
        except asyncio.CancelledError:
            waiting, worker = self._running.waiting, self._worker
            if not self._expired or (waiting is not None and waiting.uncancel() > 0):
                raise
            given = worker.spent if worker is not None and worker.turns else None
            raise failures.late(self._limits, self.queued, given) from None
        finally:
            reply.expires = math.inf
            self._left -= self._loop.time() - started

    def _expire(self) -> None:
        self._expired = True
        if self._running.waiting is not None:
            self._running.waiting.cancel()

    async def _died(self, worker: WorkerConnection) -> EndpointError:
        """Return the reason why the worker ended by itself, from its wait status and its last words."""
        self._worker = None
        if worker.displaced:
            return Displaced()
        self._running.died = True
        death = await asyncio.shield(self._pool.drop(worker))
        self._running.memory = death.memory
        worker.client.charge(CRASH)
        log.warning("worker %d died: signal %d %s", worker.pid, death.signal, death.words.partition("\n")[0])
        return failures.of_death(death.signal, death.words, self._pool.order["memory"])

    async def aclose(self) -> None:
        """End the evaluation if it still runs, and the query. Idempotent."""
        self.discard()
        self._registry.end(self._running, self._outcome)

    def discard(self) -> None:
        """End the evaluation if it still runs. Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            # It cannot tell any more.
            self._running.memory = max(self._running.memory, memory_now(worker.pid))
            self._pool.drop(worker)
