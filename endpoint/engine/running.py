"""The queries that run: who asked, what, since when, and how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal, Protocol

from endpoint.errors import QueryKilled
from endpoint.telemetry.query_record import QueryRecord

Phase = Literal["waiting", "evaluating", "sending"]

OK: Final = "ok"
ABORTED: Final = "aborted"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a query is evaluated.

    ``client`` is charged for it: an IPv4 address, the /64 of an IPv6 address, or ``token:NAME``; empty for
    the server itself. ``request`` identifies the HTTP request. ``budget`` is the evaluation seconds per
    minute that a token gives, None for those of everybody. One who is ``admitted`` pays for further queries
    and is refused none: others wait for what they make, too.
    """

    client: str = ""
    request: str = ""
    budget: float | None = None
    admitted: bool = False


# The boundary sets it for each request; what a request begins, tasks included, inherits it.
CALLER: Final[ContextVar[Caller]] = ContextVar("caller", default=Caller())  # noqa: B039  a value without state


@dataclass(slots=True, eq=False)
class RunningQuery(QueryRecord):
    """The record of one query, and what is known of it while it runs.

    ``started`` is when it arrived, by the monotonic clock. ``in_memory``: it is evaluated from memory.
    ``killer`` is the operator who killed it, ``waiting`` the task that waits for the engine now, and ``stop``
    ends the evaluation while none does.
    """

    caller: Caller = Caller()
    started: float = field(default_factory=time.monotonic)
    phase: Phase = "waiting"
    in_memory: bool = False
    killer: str = ""
    waiting: asyncio.Task[object] | None = None
    stop: Callable[[], None] | None = None

    @classmethod
    def of(cls, caller: Caller, identifier: str, text: str, form: str, media_type: str) -> RunningQuery:
        """Return the query that a caller asks now."""
        return cls(identifier, caller.client, caller.request, text, form, media_type, caller=caller)

    @property
    def killed(self) -> QueryKilled | None:
        """The failure for whoever asked, where an operator has killed it."""
        if not self.killer:
            return None
        return QueryKilled(
            f"The operator of this server ended the query after {self.age:.1f} s, because it held up others. "
            "Ask for less, or ask the operator before you send it again."
        )

    def interruption(self) -> QueryKilled | None:
        """Return that failure where the current task was cancelled for it, and by nobody else."""
        killed, task = self.killed, asyncio.current_task()
        if killed is None or (task is not None and task.uncancel() > 0):
            return None
        return killed

    @property
    def evaluation(self) -> float:
        """Seconds for which it was evaluated, or has had a worker."""
        if self.planned or self.evaluated:
            return self.planned + self.evaluated
        return max(0.0, self.age - self.queued) if self.pid else 0.0

    @property
    def age(self) -> float:
        """Seconds since it arrived; until it ended."""
        return self.duration or time.monotonic() - self.started


class Listener(Protocol):
    """Whoever is told of queries. It must be quick and raise nothing: it is called on the path of a query."""

    def begun(self, query: RunningQuery) -> None:
        """A query has arrived."""

    def ended(self, query: RunningQuery) -> None:
        """A query has ended; its ``outcome`` says how."""


class RunningQueries:
    """The queries that one engine evaluates or lets wait, in the order of their arrival."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._running: dict[str, RunningQuery] = {}
        self._count = count(1)

    def begin(self, text: str, form: str, media_type: str) -> RunningQuery:
        """Return the entry of a query that arrives now, asked for by the current caller."""
        query = RunningQuery.of(CALLER.get(), f"q{next(self._count):x}", text, form, media_type)
        self._running[query.identifier] = query
        for listener in self.listeners:
            listener.begun(query)
        return query

    def end(self, query: RunningQuery, outcome: str) -> None:
        """Take a query out with its outcome. Idempotent: the first outcome stays."""
        if self._running.pop(query.identifier, None) is None:
            return
        query.stop = None
        query.duration = time.monotonic() - query.started
        query.outcome = outcome
        for listener in self.listeners:
            listener.ended(query)

    def kill(self, identifier: str, killer: str) -> RunningQuery | None:
        """End a query at once in the name of an operator; None where it does not run any more.

        Whoever waits for it gets :class:`~endpoint.errors.QueryKilled`. Idempotent: the first killer stays.
        """
        query = self._running.get(identifier)
        if query is not None and not query.killer:
            query.killer = killer
            if query.waiting is not None:
                query.waiting.cancel()
            elif query.stop is not None:
                query.stop()
        return query

    def find(self, identifier: str) -> RunningQuery | None:
        """Return the running query with this identifier."""
        return self._running.get(identifier)

    def __iter__(self) -> Iterator[RunningQuery]:
        return iter(tuple(self._running.values()))

    def __len__(self) -> int:
        return len(self._running)
