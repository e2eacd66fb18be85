"""The protocol of an engine, the only interface that the rest of the server uses.

An engine evaluates operations on an immutable generation of the dataset. Only
:mod:`endpoint.app` and :mod:`endpoint.query` name a concrete engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from endpoint.engine.running import CALLER, Caller, RunningQueries
from endpoint.formats import Facts, Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation

__all__ = ["CALLER", "Caller", "Engine", "Limits", "Result", "RunningQueries"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one query. ``timeout`` is in seconds and counts evaluation, not the client's reading."""

    timeout: float


class Result(Protocol):
    """A result that has begun: its first bytes exist, so its status is known.

    Iterate once over the pieces of the answer, or :meth:`read` it. An
    :class:`~endpoint.errors.EndpointError` raised while iterating means that the bytes already yielded are
    not a whole answer.
    """

    generation: Generation
    complete: bool  # the whole answer has arrived, and reading it does not wait
    facts: Facts | None  # of a page; None without one

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

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self) -> bytes:
        """Return the whole answer, which must be small, and close the result."""
        ...

    async def aclose(self) -> None:
        """Give the worker back, or end it when the answer was not read to its end. Idempotent."""
        ...


class Engine(Protocol):
    """An evaluator of operations. All failures are :class:`~endpoint.errors.EndpointError`."""

    running: RunningQueries

    @property
    def generation(self) -> Generation:
        """The current generation, on which a query is evaluated that names none."""
        ...

    def answerable(self, number: int) -> Generation | None:
        """Return generation ``number`` where it is the current one or a kept one; else None."""
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

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on; those that need a restart are as they were."""
        ...

    async def aclose(self) -> None:
        """End every process that was started."""
        ...
