"""What the rest of the server knows of an engine: the protocol, a result, a generation.

An engine evaluates operations on an immutable generation of the dataset. Only
:mod:`endpoint.app` names a concrete engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from endpoint.formats import Format
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use. ``timeout`` is in seconds and counts evaluation, not the client's reading."""

    timeout: float


class Result(Protocol):
    """An answer that has begun: its first bytes exist, so the query is known to work.

    Iterating yields the serialized answer as bytes. An :class:`~endpoint.errors.EndpointError`
    raised while iterating means the bytes already yielded are not a whole answer.
    """

    generation: Generation
    complete: bool  # the whole answer is in ``first``; nothing follows
    first: bytes
    queued: float  # seconds spent waiting for a worker
    planned: float  # seconds of parsing and planning, once complete
    evaluated: float  # seconds of evaluating and serializing, once complete

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Give the worker back, or end it when the answer was not read to its end. Idempotent."""
        ...


class Engine(Protocol):
    """Evaluates operations. All failures are :class:`~endpoint.errors.EndpointError`."""

    @property
    def generation(self) -> Generation:
        """The current one: what a query that names none is answered on."""
        ...

    def held(self, number: int) -> Generation | None:
        """Generation ``number`` where it is answerable: the current one, or an older one that is kept."""
        ...

    @property
    def alive(self) -> bool:
        """Whether queries can be evaluated now."""
        ...

    async def query(self, operation: Operation, fmt: Format, limits: Limits) -> Result:
        """Evaluate on the generation that the operation names, else on the current one.

        Raises :class:`~endpoint.errors.GenerationGone` where that generation is not held.
        """
        ...

    async def aclose(self) -> None: ...
