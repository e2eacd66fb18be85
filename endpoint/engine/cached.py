"""An engine that keeps answers, and gives them to those who ask the same of the same generation."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

from endpoint.engine import CALLER, Engine, Limits, Occupancy, Result, failures, wire
from endpoint.engine.cache import (
    ALONE,
    COLLAPSED,
    HIT,
    MISS,
    STORED,
    UNWANTED,
    VOLATILE,
    ByteCache,
    Entry,
    Use,
)
from endpoint.engine.flights import Flight, LeaderGone, NotShared
from endpoint.engine.kept_answers import CopiedResult, KeptAnswer, KeptResult
from endpoint.engine.warming import MOST, Warming
from endpoint.formats import Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.dump_order import DumpOrder
from endpoint.storage.generations import Generation

# Seconds that each query takes besides its evaluation: the way to the worker and back.
_WAY: Final = 0.0005
# Bytes of what asks the same again: operation, representation and limits.
_AGAIN: Final = 900
# The part of all bytes that answers may take which are being copied while they are sent.
_COPIED: Final = 4
# Keys of answers that turned out to be too large, so that nobody waits for them.
_LARGE: Final = 1000

# A version of the data, the key of a query, and the number of the generation where that was asked for.
_Place: TypeAlias = tuple[str, Hashable, int | None]
Ask: TypeAlias = Callable[[Limits], Awaitable[Result]]


class CachedEngine:
    """An :class:`~endpoint.engine.Engine` before another one, which evaluates what is not kept.

    Only whole answers are kept that are the same each time; a failure never is. ``cache`` belongs to the
    server, which may keep more in it.
    """

    def __init__(self, engine: Engine, cache: ByteCache) -> None:
        self.cache = cache
        # What the cache answers is never among these, and costs no client anything.
        self.queries = engine.queries
        self.clients = engine.clients
        self._engine = engine
        self._current: Generation | None = None
        self._version = ""
        self._flights: dict[Hashable, Flight] = {}
        self._copied = 0
        self._large: dict[Hashable, None] = {}
        self._warming = Warming(lambda: engine.occupancy)

    @property
    def generation(self) -> Generation:
        """The current generation."""
        return self._engine.generation

    def answerable(self, number: int) -> Generation | None:
        """Return generation ``number`` where it is the current one or a kept one; else None."""
        return self._engine.answerable(number)

    @property
    def occupancy(self) -> Occupancy:
        """The occupancy of the engine's processes now."""
        return self._engine.occupancy

    @property
    def alive(self) -> bool:
        """Return whether queries can be evaluated now."""
        return self._engine.alive

    def expect(self, generation: bool) -> None:
        """Be ready for a generation that is coming, or no longer."""
        self._engine.expect(generation)

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on."""
        self.cache.resize(settings.cache)
        self._engine.reconfigure(settings)

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        """Return the answer that is kept, else evaluate; see :class:`~endpoint.engine.Engine`."""
        evaluate = partial(self._engine.query, operation, representation)
        if operation.volatile:
            return await self._bypass(evaluate, limits, VOLATILE)
        key = (
            operation.text,
            operation.base_iri,
            operation.default_graphs,
            operation.named_graphs,
            operation.columns,
            representation.digest,
            limits.rows,
            limits.size,
        )
        size = len(operation.text) + sum(map(len, operation.default_graphs + operation.named_graphs))
        counted = representation.page is not None and representation.page.counting > 0
        asks = evaluate, lambda limits: self.query(operation.on(None), representation, limits)
        return await self._answer(key, size, operation.generation, limits, asks, counted)

    async def search(self, request: Request, limits: Limits, generation: int | None = None) -> Result:
        """Return the answer that is kept, else search; see :class:`~endpoint.engine.Engine`."""
        asks = partial(self._engine.search, request, generation=generation), partial(self.search, request)
        key = wire.pack_search(request)
        return await self._answer(key, len(key), generation, limits, asks)

    async def count(
        self, union: bool, most_classes: int, limits: Limits, generation: int | None = None
    ) -> Result:
        """Count all statements, each time."""
        return await self._engine.count(union, most_classes, limits, generation)

    async def dump(self, order: DumpOrder, limits: Limits, generation: int | None = None) -> Result:
        """Write statements, each time."""
        return await self._engine.dump(order, limits, generation)

    async def classify(self, text: str, base_iri: str | None, limits: Limits) -> Operation:
        """Classify a long text."""
        return await self._engine.classify(text, base_iri, limits)

    async def aclose(self) -> None:
        """End every process that the engine started."""
        self._warming.end()
        await self._engine.aclose()

    def _version_of(self, number: int | None) -> str | None:
        """Return the version of the generation that would answer, None for none."""
        current = self._engine.generation
        if current is not self._current:
            before, self._current, self._version = self._version, current, current.version
            self.cache.begin(self._version)
            self._large.clear()
            self._warm(before)
        if number is None or number == current.number:
            return self._version
        older = self._engine.answerable(number)
        return None if older is None else older.version

    def _warm(self, version: str) -> None:
        """Begin to ask again what was asked most of a version that was replaced."""
        asks = [entry.value.again for entry in self.cache.most_used(version, KeptAnswer, MOST)]
        self._warming.begin([ask for ask in asks if ask is not None])

    async def _bypass(self, evaluate: Ask, limits: Limits, use: Use) -> Result:
        result = await evaluate(limits)
        if self.cache.most:
            result.use = self._counted(use)
        return result

    def _counted(self, use: Use) -> Use:
        self.cache.uses[use.result] += 1
        return use

    async def _answer(
        self,
        key: Hashable,
        size: int,
        number: int | None,
        limits: Limits,
        asks: tuple[Ask, Ask],
        counted: bool = False,
    ) -> Result:
        version = self._version_of(number)
        if limits.anew or version is None or not self.cache.most:
            return await self._bypass(asks[0], limits, UNWANTED)
        place = (version, key, number)
        return self._known(place) or await self._await(_Asked(self, place, size, limits, asks, counted))

    def _known(self, place: _Place) -> KeptResult | None:
        """Return the answer that is kept."""
        entry = self.cache.find(place[0], place[1])
        return None if entry is None else KeptResult(entry.value, entry, self._counted(HIT))

    async def _await(self, asked: _Asked) -> Result:
        """Wait for an equal query where there is one, and else evaluate."""
        limits, place = asked.limits, asked.place
        end = time.monotonic() + limits.left()
        client = self.clients.find(CALLER.get())
        while (flight := self._flights.get(place)) is not None and flight.takes(client, end):
            try:
                entry, answer = await flight.wait(end)
            except LeaderGone:
                # Meanwhile another one may have brought the answer.
                if (known := self._known(place)) is not None:
                    return known
                continue
            except NotShared:
                return await self._evaluate(asked, None, ALONE)
            except TimeoutError:
                raise failures.late(limits) from None
            return KeptResult(answer, entry, self._counted(COLLAPSED))
        if place in self._large:
            return await self._evaluate(asked, None, MISS)
        flight = self._flights[place] = Flight(client, end, self._flights, place)
        return await self._evaluate(asked, flight, MISS)

    async def _evaluate(self, asked: _Asked, flight: Flight | None, use: Use) -> Result:
        try:
            result = await asked.asks[0](asked.limits)
        except BaseException as error:
            if flight is not None:
                flight.fail(error)
            raise
        self._counted(use)
        if not result.complete:
            if flight is not None:
                flight.begin()
            return CopiedResult(result, asked, flight, use)
        answer = KeptAnswer(await result.read(), result.generation, result.facts, result.columns)
        result.kept = asked.keep(answer, result.planned + result.evaluated)
        result.use = STORED if result.kept is not None and use is MISS else use
        if flight is not None:
            flight.finish((result.kept, answer))
        return result

    def keep(self, asked: _Asked, answer: KeptAnswer, seconds: float) -> Entry | None:
        """Keep a whole answer on a generation that is still there; return None where it is not kept."""
        generation = answer.generation
        if self._engine.answerable(generation.number) != generation:
            return None
        size = len(answer.body) + asked.size + _AGAIN
        return self.cache.put(generation.version, asked.place[1], answer, size, seconds + _WAY)

    def copies(self, size: int) -> bool:
        """Return whether so many more bytes may be copied, and take note of them."""
        if self._copied + size > self.cache.most // _COPIED:
            return False
        self._copied += size
        return True

    def let_go(self, size: int) -> None:
        """Take note that so many bytes are not copied any more."""
        self._copied -= size

    def note_large(self, asked: _Asked) -> None:
        """Take note that an answer is too large to be kept."""
        if len(self._large) >= _LARGE:
            del self._large[next(iter(self._large))]
        self._large[asked.place] = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query whose answer may be kept; it is a :class:`~endpoint.engine.kept_answers.Keeper`.

    The key in its ``place`` takes ``size`` bytes. The first one of ``asks`` asks the engine, the second one
    the cache again, on whatever generation is current then. ``counted``: the rows of all pages are to be
    counted, in a limited time.
    """

    engine: CachedEngine
    place: _Place
    size: int
    limits: Limits
    asks: tuple[Ask, Ask]
    counted: bool

    def copies(self, size: int, whole: int) -> bool:
        """Return whether ``size`` more bytes may be copied of an answer that has ``whole`` bytes by then."""
        if whole > self.engine.cache.largest:
            self.engine.note_large(self)
            return False
        return self.engine.copies(size)

    def let_go(self, size: int) -> None:
        """Take note that so many bytes are not copied any more."""
        self.engine.let_go(size)

    def keep(self, answer: KeptAnswer, seconds: float) -> Entry | None:
        """Keep the whole answer, unless another evaluation could bring another one."""
        answer.again = partial(_ask_anew, self.asks[1], self.limits)
        facts = answer.facts
        if self.counted and facts is not None and facts.total is None:
            return None
        return self.engine.keep(self, answer, seconds)


async def _ask_anew(ask: Ask, limits: Limits) -> Result:
    """Ask with limits that run from now on."""
    return await ask(replace(limits, began=None))
