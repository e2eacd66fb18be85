"""Answers that are kept, and results that give them or copy them while they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from endpoint.engine import Result
from endpoint.engine.cache import Entry, Use
from endpoint.engine.flights import Flight, LeaderGone
from endpoint.formats import Facts
from endpoint.storage.generations import Generation


@dataclass(slots=True)
class KeptAnswer:
    """A whole answer.

    ``again`` asks the same on the generation that is current then.
    ``coded`` are its bytes in the content codings in which it was sent more than once.
    """

    body: bytes
    generation: Generation
    facts: Facts | None
    columns: bool
    again: Callable[[], Awaitable[Result]] | None = None
    coded: dict[str, bytes] = field(default_factory=dict)


class KeptResult:
    """The result of a query whose answer is there; it is an :class:`endpoint.engine.Result`."""

    complete = True
    queued = planned = evaluated = 0.0

    def __init__(self, answer: KeptAnswer, kept: Entry | None, use: Use) -> None:
        self.generation = answer.generation
        self.facts = answer.facts
        self.columns = answer.columns
        self.use: Use | None = use
        self.kept = kept
        self._body = answer.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body

    async def read(self) -> bytes:
        """Return the whole answer."""
        return self._body

    async def aclose(self) -> None:
        """Do nothing: no worker is held."""


class Keeper(Protocol):
    """Whoever may keep the answer to one query."""

    def copies(self, size: int, whole: int) -> bool:
        """Return whether ``size`` more bytes may be copied of an answer that has ``whole`` bytes by then."""
        ...

    def let_go(self, size: int) -> None:
        """Take note that so many bytes are not copied any more."""
        ...

    def keep(self, answer: KeptAnswer, seconds: float) -> Entry | None:
        """Keep the whole answer, which took so many seconds; return None where it is not kept."""
        ...


class CopiedResult:
    """A result in pieces, copied while it is read; it is an :class:`endpoint.engine.Result`."""

    complete = False

    def __init__(self, result: Result, keeper: Keeper, flight: Flight | None, use: Use) -> None:
        self.generation = result.generation
        self.facts = result.facts
        self.use: Use | None = use
        self.kept: Entry | None = None
        self._result = result
        self._keeper = keeper
        self._flight = flight
        # None where it is not copied any more.
        self._pieces: list[bytes] | None = []
        self._size = 0

    @property
    def queued(self) -> float:
        """Seconds spent waiting for a worker."""
        return self._result.queued

    @property
    def planned(self) -> float:
        """Seconds of parsing and planning, once complete."""
        return self._result.planned

    @property
    def evaluated(self) -> float:
        """Seconds of evaluating and serializing, once complete."""
        return self._result.evaluated

    @property
    def columns(self) -> bool:
        """True where columns answered in place of the engine, once complete."""
        return self._result.columns

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._result:
                self._copy(piece)
                yield piece
        except Exception as error:
            self._end(error)
            raise
        if self._pieces is not None:
            self._keep(b"".join(self._pieces))

    async def read(self) -> bytes:
        """Return the whole answer, which must be small, and close it."""
        try:
            return b"".join([piece async for piece in self])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the result that is copied. Idempotent."""
        self._end(LeaderGone())
        await self._result.aclose()

    def _copy(self, piece: bytes) -> None:
        if self._pieces is None:
            return
        if self._keeper.copies(len(piece), self._size + len(piece)):
            self._size += len(piece)
            self._pieces.append(piece)
            return
        if self._flight is not None:
            self._flight.give_up()
        self._forget()

    def _keep(self, body: bytes) -> None:
        result = self._result
        answer = KeptAnswer(body, self.generation, self.facts, result.columns)
        self.kept = self._keeper.keep(answer, result.planned + result.evaluated)
        if self._flight is not None:
            self._flight.finish((self.kept, answer))
        self._forget()

    def _end(self, error: Exception) -> None:
        if self._flight is not None:
            self._flight.fail(error)
        self._forget()

    def _forget(self) -> None:
        self._keeper.let_go(self._size)
        self._pieces, self._size = None, 0
