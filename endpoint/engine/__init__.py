"""The protocol of an engine, the only interface that the rest of the server uses.

An engine evaluates operations on an immutable generation of the dataset. Only
:mod:`endpoint.app` and :mod:`endpoint.query` name a concrete engine.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from endpoint.engine.cache import Entry, Use
from endpoint.engine.clients import Client, Clients
from endpoint.engine.running import CALLER, Caller, RunningQueries
from endpoint.formats import Facts, Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.dump_order import DumpOrder
from endpoint.storage.generations import Generation

__all__ = [
    "CALLER",
    "Caller",
    "Client",
    "Clients",
    "Engine",
    "Limits",
    "Occupancy",
    "Result",
    "RunningQueries",
]

# What a worker may do; see Occupancy.
WORKER_STATES: Final = ("idle", "evaluating", "slow", "blocked")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one query.

    ``timeout`` is its deadline in seconds, from when its request ``began`` (a time of :func:`time.monotonic`;
    None is when the engine is asked). Reading the request, classification, waiting, planning and evaluation
    count until the first byte of the answer; from there on only what the server waits for the worker does,
    not the client's reading; ``renewed`` with each piece, for an answer that is long and never stands still.
    The answer may have so many ``rows`` and so many bytes (``size``); 0 is no limit. It is evaluated ``anew``
    where no answer may be used that is kept, and is then not kept either.
    """

    timeout: float
    rows: int = 0
    size: int = 0
    began: float | None = None
    renewed: bool = False
    anew: bool = False

    def left(self) -> float:
        """Return the seconds until the deadline, below zero after it."""
        return self.timeout if self.began is None else self.began + self.timeout - time.monotonic()


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The occupancy of the processes of an engine at one moment.

    ``waiting`` queries of at most ``queue`` wait for a worker. ``states`` counts the workers: ``idle``,
    ``evaluating``, ``slow`` (evaluating for longer, at a low priority) and ``blocked`` by a client that does
    not read. ``templates`` and ``workers`` are ids of processes.
    """

    waiting: int = 0
    queue: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    templates: Sequence[int] = ()
    workers: Sequence[int] = ()

    @classmethod
    def total(cls, parts: Iterable[Occupancy]) -> Occupancy:
        """Return the sum of several; the queue is that of the first."""
        parts = tuple(parts)
        states: Counter[str] = Counter(dict.fromkeys(WORKER_STATES, 0))
        for part in parts:
            states.update(part.states)
        return cls(
            sum(part.waiting for part in parts),
            parts[0].queue if parts else 0,
            states,
            [pid for part in parts for pid in part.templates],
            [pid for part in parts for pid in part.workers],
        )


class Result(Protocol):
    """A result that has begun: its first bytes exist, so its status is known.

    Iterate once over the pieces of the answer, or :meth:`read` it. An
    :class:`~endpoint.errors.EndpointError` raised while iterating means that the bytes already yielded are
    not a whole answer.
    """

    generation: Generation
    complete: bool  # the whole answer has arrived, and reading it does not wait
    facts: Facts | None  # of a page; None without one
    use: Use | None  # of the cache; None where there is none
    kept: Entry | None  # where the answer is kept, once complete

    @property
    def queued(self) -> float:
        """Seconds spent waiting for a worker."""
        ...

    @property
    def planned(self) -> float:
        """Seconds of parsing and planning, once complete."""
        ...

    @property
    def evaluated(self) -> float:
        """Seconds of evaluating and serializing, once complete."""
        ...

    @property
    def columns(self) -> bool:
        """True where columns answered in place of the engine, once complete."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self) -> bytes:
        """Return the whole answer, which must be small, and close the result."""
        ...

    async def aclose(self) -> None:
        """Give the worker back, or end it when the answer was not read to its end. Idempotent."""
        ...


class Engine(Protocol):
    """An evaluator of operations. All failures are :class:`~endpoint.errors.EndpointError`."""

    queries: RunningQueries  # those that run or wait now
    clients: Clients

    @property
    def generation(self) -> Generation:
        """The current generation, on which a query is evaluated that names none."""
        ...

    def answerable(self, number: int) -> Generation | None:
        """Return generation ``number`` where it is the current one or a kept one; else None."""
        ...

    @property
    def occupancy(self) -> Occupancy:
        """The occupancy of its processes now."""
        ...

    @property
    def alive(self) -> bool:
        """Return whether queries can be evaluated now."""
        ...

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        """Evaluate on the generation that the operation names, else on the current one.

        Raises :class:`~endpoint.errors.GenerationGone` where that generation is not kept.
        """
        ...

    async def search(self, request: Request, limits: Limits, generation: int | None = None) -> Result:
        """Search the text index of ``generation``, else of the current one.

        The result is the :class:`~endpoint.search.Answer` as JSON; a hit has the members of the record's
        summary besides its own. Raises :class:`~endpoint.errors.NotFound` where there is no index, and
        :class:`~endpoint.errors.GenerationGone`.
        """
        ...

    async def count(
        self, union: bool, most_classes: int, limits: Limits, generation: int | None = None
    ) -> Result:
        """Count all statements of ``generation``, else of the current one, from its columns.

        The result is that of :meth:`endpoint.columns.counting.Counting.parts` as JSON. Raises
        :class:`~endpoint.errors.NotFound` where it has no columns, and
        :class:`~endpoint.errors.GenerationGone`.
        """
        ...

    async def dump(self, order: DumpOrder, limits: Limits, generation: int | None = None) -> Result:
        """Write statements of ``generation``, else of the current one, in an order that is always the same.

        Raises :class:`~endpoint.errors.NotFound` where a graph of the order does not exist, and
        :class:`~endpoint.errors.GenerationGone`.
        """
        ...

    def expect(self, generation: bool) -> None:
        """Be ready to serve a generation as soon as it is published, because one is coming, or no longer."""
        ...

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on; those that need a restart are as they were."""
        ...

    async def classify(self, text: str, base_iri: str | None, limits: Limits) -> Operation:
        """Classify a long text as :func:`~endpoint.sparql.operation.classify` does, under the deadline.

        Raises what that raises.
        """
        ...

    async def aclose(self) -> None:
        """End every process that was started."""
        ...
