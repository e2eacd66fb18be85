"""The server's own queries: one generation read through the engine within one deadline.

Pages, descriptions and lists of values are made from queries that the server evaluates for itself. All of
them go through a :class:`Snapshot`. A value that is the same for every reader is made once for each
generation and cached (:mod:`endpoint.web.cache`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
)

from endpoint.columns import FOLDER
from endpoint.engine import CALLER, Limits, Result
from endpoint.errors import DeadlineExceeded, EndpointError, GenerationGone
from endpoint.formats import N_TRIPLES, SPARQL_JSON, Format, QueryForm, Representation
from endpoint.search import Request
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web import Site
from endpoint.web.cache import Cache, Region

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Term = NamedNode | BlankNode | Literal | Triple
# One solution, without the variables that are not bound.
Row = Mapping[str, Term]
# One solution in the SPARQL 1.1 Query Results JSON Format: variables in the order of the SELECT clause.
Bindings = Mapping[str, Mapping[str, str]]

_ANY: Final = "GRAPH ?any "
# Seconds; a query at the end of the deadline is still evaluated.
_LEAST: Final = 0.1
# Rows that are counted in a few tenths of a second: by the engine, and from columns.
_COUNTED: Final = 100_000
_COUNTED_FROM_COLUMNS: Final = 1_000_000


class OwnQueries:
    """The client of the engine for the server's own queries; ``cache`` keeps the values made of them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cache = Cache(site.settings.keep, site.cache)

    def snapshot(self, generation: Generation | None = None, timeout: float | None = None) -> Snapshot:
        """Return a reader of ``generation``, by default of the one that is served.

        Its queries end within ``timeout`` seconds, by default the deadline of a query. Raises
        :class:`~endpoint.errors.Overloaded` while the server starts or stops.
        """
        generation = generation or self.site.engine.generation
        seconds = self.site.settings.timeout if timeout is None else timeout
        return Snapshot(self, generation, time.monotonic() + seconds)

    def begin(
        self,
        generation: Generation,
        region: Region[T],
        key: Hashable,
        make: Callable[[Snapshot], Coroutine[Any, Any, T]],
        timeout: float | None = None,
    ) -> asyncio.Future[T]:
        """Return the task that makes a value from a snapshot with its own deadline, or has made it."""
        self.cache.retire(self.site.engine.generation)
        return self.cache.begin(generation, region, key, lambda: self._make(generation, make, timeout))

    def _make(
        self,
        generation: Generation,
        make: Callable[[Snapshot], Coroutine[Any, Any, T]],
        timeout: float | None,
    ) -> Coroutine[Any, Any, T]:
        """Return what makes a value, which whoever asks first pays for.

        Others wait for it too, so only the asker is refused, and only here. Raises LimitReached.
        """
        caller = CALLER.get()
        self.site.engine.clients.admit(caller)
        caller = replace(caller, admitted=True)

        async def made() -> T:
            CALLER.set(caller)
            return await make(self.snapshot(generation, timeout))

        return made()

    def revalidate(
        self,
        region: Region[T],
        make: Callable[[Snapshot], Coroutine[Any, Any, T]],
        timeout: float | None = None,
    ) -> asyncio.Future[T] | None:
        """Begin to make the value of the generation that is served, one value of the region at a time.

        Return the task that runs, of any generation; None where the value is made already.
        """
        generation = self.site.engine.generation
        latest = self.cache.latest(region)
        if latest is not None and latest[0] == generation.version:
            return None
        return self.cache.running(region) or self.begin(generation, region, "", make, timeout)

    async def latest(
        self,
        region: Region[T],
        make: Callable[[Snapshot], Coroutine[Any, Any, T]],
        patience: float,
        timeout: float | None = None,
    ) -> T | None:
        """Return the value of the current generation, if it is made within ``patience`` seconds.

        Otherwise return that of an earlier generation, None where there is none (stale-while-revalidate).
        Making it goes on when the caller has left, and begins anew where the engine gave up its generation.
        """
        end = time.monotonic() + patience
        while (task := self.revalidate(region, make, timeout)) is not None:
            done, _ = await asyncio.wait([task], timeout=max(0.0, end - time.monotonic()))
            error = task.exception() if done else None
            if isinstance(error, GenerationGone) and time.monotonic() < end:
                continue
            if error is not None and not isinstance(error, EndpointError):
                raise error
            break
        latest = self.cache.latest(region)
        return None if latest is None else latest[1]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation as the server's own queries read it, until ``end``, a time of :func:`time.monotonic`.

    All methods raise designed errors: those of the engine, and :class:`~endpoint.errors.GenerationGone` where
    it no longer answers on that generation.
    """

    own_queries: OwnQueries
    generation: Generation
    end: float

    @property
    def site(self) -> Site:
        """The site whose data is read."""
        return self.own_queries.site

    @property
    def limits(self) -> Limits:
        """The limits of one more query: the time until the deadline."""
        left = max(_LEAST, self.end - time.monotonic())
        return Limits(min(left, self.site.settings.timeout))

    def within(self, seconds: float) -> Snapshot:
        """Return the same snapshot with an earlier deadline."""
        return replace(self, end=min(self.end, time.monotonic() + seconds))

    @property
    def countable(self) -> int:
        """The most rows that a query of a page counts; the number of more is shown as this one."""
        settings = self.site.settings
        columns = settings.column_queries and settings.default_graph == "union"
        counted = columns and (self.generation.path / FOLDER).is_dir()
        return _COUNTED_FROM_COLUMNS if counted else _COUNTED

    def operation(self, text: str, form: QueryForm, whole: bool = False) -> Operation:
        """Return an own query. With ``whole`` its default graph has all graphs of the manifest, however
        the server reads the queries of clients; a query that names graphs with GRAPH sees them without that.
        ``GRAPH ?any`` stands for every graph, and for the default graph too where that is the union.
        """
        site = self.site
        if site.settings.default_graph == "union":
            text = text.replace(_ANY, "")
        graphs = self.all_graphs if whole else ()
        number = self.generation.number
        return Operation(text, form, site.dataset.base, default_graphs=graphs, generation=number)

    @property
    def all_graphs(self) -> tuple[str, ...]:
        """The graphs whose union is the default graph of all; none where the engine makes that union."""
        strict = self.site.settings.default_graph == "strict"
        return tuple(graph.iri for graph in self.site.dataset.graphs) if strict else ()

    async def rows(self, query: str | Operation, whole: bool = False) -> list[Row]:
        """Return the solutions of a SELECT query; of a text as :meth:`operation` reads it."""
        if isinstance(query, str):
            query = self.operation(query, QueryForm.SELECT, whole)
        answer = await self.answer(query, SPARQL_JSON)
        solutions = parse_query_results(answer, format=QueryResultsFormat.JSON)
        if not isinstance(solutions, QuerySolutions):
            raise TypeError("the engine answered a SELECT with a boolean")
        names = [variable.value for variable in solutions.variables]
        return [
            {name: term for name, term in zip(names, row, strict=True) if term is not None}
            for row in solutions
        ]

    async def bindings(self, query: str | Operation, whole: bool = False) -> list[Bindings]:
        """Return the solutions of a SELECT query in the form of SPARQL JSON.

        This form also represents IRIs that are not valid, which lenient loading accepts.
        """
        if isinstance(query, str):
            query = self.operation(query, QueryForm.SELECT, whole)
        answer = json.loads(await self.answer(query, SPARQL_JSON))
        bindings: list[Bindings] = answer["results"]["bindings"]
        return bindings

    async def graph(self, text: str) -> bytes:
        """Return the answer of a CONSTRUCT or DESCRIBE query on all graphs as N-Triples."""
        return await self.answer(self.operation(text, QueryForm.CONSTRUCT, whole=True), N_TRIPLES)

    async def search(self, request: Request) -> Mapping[str, Any]:
        """Return the answer of the text index with the members of :class:`endpoint.search.Answer`."""
        hits: dict[str, Any] = json.loads(await (await self.begin_search(request)).read())
        return hits

    async def answer(self, operation: Operation, fmt: Format) -> bytes:
        """Return the whole answer, which must be small."""
        return await (await self.begin(operation, Representation.of(fmt))).read()

    async def stream(self, operation: Operation, fmt: Format) -> AsyncGenerator[bytes, None]:
        """Yield the answer in pieces; a caller that stops before the end closes the generator."""
        async with aclosing(await self.begin(operation, Representation.of(fmt))) as result:
            async for piece in result:
                yield piece

    async def begin(self, operation: Operation, representation: Representation) -> Result:
        """Evaluate on this generation and return the result once it has begun; the caller closes it."""
        own = operation.on(self.generation.number)
        return await self._checked(await self.site.engine.query(own, representation, self.limits))

    async def begin_search(self, request: Request) -> Result:
        """Search the text index of this generation; the caller reads or closes the result."""
        number = self.generation.number
        return await self._checked(await self.site.engine.search(request, self.limits, number))

    async def count(self, union: bool, most_classes: int) -> list[dict[str, Any]]:
        """Return the numbers of all parts of this generation, counted from its columns.

        Raises :class:`~endpoint.errors.NotFound` where it has none.
        """
        number = self.generation.number
        result = await self.site.engine.count(union, most_classes, self.limits, number)
        parts: list[dict[str, Any]] = json.loads(await (await self._checked(result)).read())
        return parts

    async def _checked(self, result: Result) -> Result:
        # A generation of the same number may be another one, in a data directory made anew.
        if result.generation.version != self.generation.version:
            await result.aclose()
            number = self.generation.number
            message = f"Generation {number} is not served any more."
            raise GenerationGone(message, number, result.generation.number)
        return result

    async def each(
        self,
        keys: Iterable[K],
        read: Callable[[Sequence[K]], Awaitable[Mapping[K, T]]],
        size: Callable[[K, T], int | None],
    ) -> dict[K, T]:
        """Return a value of this generation for each key; those that are not kept are read at once.

        ``size`` returns the bytes that a value takes with its key, None for one that is not to be kept.
        Raises what ``read`` raises.
        """
        cache, version = self.site.cache, self.generation.version
        found: dict[K, T] = {}
        missing: list[K] = []
        for key in dict.fromkeys(keys):
            entry = cache.find(version, key)
            if entry is None:
                missing.append(key)
            else:
                found[key] = entry.value
        if not missing:
            return found
        began = time.perf_counter()
        values = await read(missing)
        seconds = (time.perf_counter() - began) / len(missing)
        for key, value in values.items():
            if (taken := size(key, value)) is not None:
                cache.put(version, key, value, taken, seconds)
        return {**found, **values}

    async def cached(
        self,
        region: Region[T],
        make: Callable[[Snapshot], Coroutine[Any, Any, T]],
        key: Hashable = "",
        timeout: float | None = None,
    ) -> T:
        """Return the value of this generation that ``make`` makes once for all readers.

        It is made with a deadline of its own, ``timeout`` seconds, independent of each reader's.
        Raises what ``make`` raises, and :class:`~endpoint.errors.DeadlineExceeded` at the end of this
        snapshot, while making it goes on.
        """
        task = self.own_queries.begin(self.generation, region, key, make, timeout)
        if task.done():
            return task.result()
        started = time.monotonic()
        await asyncio.wait([task], timeout=max(_LEAST, self.end - started))
        if not task.done():
            taken = time.monotonic() - started
            raise DeadlineExceeded(f"The {region.name} could not be had within {taken:.1f} s.", taken)
        return task.result()


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Evaluate several queries at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failures:
        raise _first(failures) from None


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def iri(term: Term | None) -> str:
    """Return the IRI of a term, empty for any other."""
    return term.value if isinstance(term, NamedNode) else ""


def number(term: Term | None) -> int:
    """Return the value of an integer literal, 0 for any other term."""
    return int(term.value) if isinstance(term, Literal) and term.value.isdecimal() else 0


def flag(term: Term | None) -> bool:
    """Return the value of a boolean literal."""
    return isinstance(term, Literal) and term.value == "true"
