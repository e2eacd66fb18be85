"""The embedded engine: answers, limits, queue, generations; with real worker processes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from endpoint.engine import Limits, scheduler, wire
from endpoint.engine.embedded import EmbeddedEngine, EmbeddedResult
from endpoint.engine.running import RunningQuery
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    MalformedQuery,
    MemoryLimitExceeded,
    NotExpressible,
    Overloaded,
    QueryTooComplex,
    StoreError,
    WorkerDied,
)
from endpoint.formats import CSV, FLAT_JSON, SPARQL_JSON, SPARQL_XML, Format, Representation
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation, classify
from tests.children import children, templates
from tests.storage.publishing import publish
from tests.waiting import PATIENCE, until_async

pytestmark = pytest.mark.usefixtures("forked_templates")

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LONG = Limits(20.0)


@asynccontextmanager
async def opened(data: Path, **changes: object) -> AsyncIterator[EmbeddedEngine]:
    settings = dataclasses.replace(Settings(data=data, memory=256 * 2**20, workers=2), **changes)  # type: ignore[arg-type]
    engine = await EmbeddedEngine.open(settings, {"x": "urn:"})
    try:
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def one_lane() -> AsyncIterator[None]:
    """No query leaves the quick lane, so that others wait for its end."""
    with patch.object(scheduler, "QUICK", 60.0):
        yield


def operation(text: str) -> Operation:
    return classify(text, 500, "urn:")


async def whole(engine: EmbeddedEngine, text: str, fmt: Format = SPARQL_JSON, limits: Limits = LONG) -> bytes:
    return await (await engine.query(operation(text), Representation.of(fmt), limits)).read()


async def rows(engine: EmbeddedEngine, text: str) -> list[list[str]]:
    return [line.split(",") for line in (await whole(engine, text, CSV)).decode().split("\r\n")[1:-1]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    publish(tmp_path / "data", 300)
    return tmp_path / "data"


def asynchronous(test: Callable[[Path], Coroutine[object, object, None]]) -> Callable[[Path], None]:
    def run(data: Path) -> None:
        asyncio.run(test(data))

    run.__doc__ = test.__doc__
    return run


@pytest.mark.parametrize("image", [2**31, 1], ids=["in memory", "on disk"])
def test_answers_in_memory_and_on_disk(data: Path, image: int) -> None:
    async def main() -> None:
        async with opened(data, image=image) as engine:
            assert await rows(engine, "SELECT ?o { x:s7 ?p ?o } LIMIT 1") == [["7"]]
            assert await rows(engine, "SELECT (COUNT(*) AS ?n) FROM x:g1 { ?s ?p ?o }") == [["300"]]
            assert await rows(engine, "SELECT (COUNT(*) AS ?n) FROM x:none { ?s ?p ?o }") == [["0"]]
            body = await whole(engine, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 50000")
            assert len(json.loads(body)["results"]["bindings"]) == 50000

    asyncio.run(main())


@asynchronous
async def test_a_triple_of_two_graphs_is_one_triple_of_the_union(data: Path) -> None:
    async with opened(data) as engine:
        assert await rows(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [["300"]]


@asynchronous
async def test_a_strict_default_graph_is_empty_here(data: Path) -> None:
    async with opened(data, default_graph="strict") as engine:
        assert await rows(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [["0"]]
        assert await rows(engine, "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == [["600"]]


@asynchronous
async def test_a_long_text_is_classified_under_the_deadline(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        for text in ("SELECT * FROM x:g1 { SERVICE <urn:a> { ?s ?p ?o } }", "LOAD <urn:a>", "ASK {} # 한국"):
            assert await engine.classify(text, "urn:", LONG) == operation(text)
        for text, error in (("SELCT * {}", MalformedQuery), ("ASK " + "{" * 600, QueryTooComplex)):
            with pytest.raises(error) as caught:
                await engine.classify(text, "urn:", LONG)
            with pytest.raises(error) as same:
                operation(text)
            assert str(caught.value) == str(same.value)
        with pytest.raises(DeadlineExceeded):
            await engine.classify("SELECT * FROM x:g1 {" + "()" * 250_000 + "}", "urn:", Limits(0.05))
        assert not list(engine.queries)


FAILURES: list[tuple[str, Format, type[EndpointError]]] = [
    ("SELECT * { ?s ?p }", SPARQL_JSON, MalformedQuery),
    ("SELECT * { ?s y:p ?o }", SPARQL_JSON, MalformedQuery),
    ('SELECT ("\\u0001" AS ?x) {}', SPARQL_XML, NotExpressible),
    ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i", SPARQL_JSON, MemoryLimitExceeded),
    (ENDLESS, SPARQL_JSON, DeadlineExceeded),
    # The gate refuses it before; the worker hands the engine no SERVICE either.
    ("SELECT * { SERVICE <http://127.0.0.1:9999/> { ?s ?p ?o } }", SPARQL_JSON, MalformedQuery),
]


@pytest.mark.parametrize(
    ("text", "fmt", "error"), FAILURES, ids=[row[2].__name__ + row[0][:30] for row in FAILURES]
)
def test_failures_cost_only_their_query(
    data: Path, text: str, fmt: Format, error: type[EndpointError]
) -> None:
    async def main() -> None:
        async with opened(data, workers=1) as engine:
            with pytest.raises(error):
                await whole(engine, text, fmt, Limits(3.0) if error is DeadlineExceeded else LONG)
            assert await rows(engine, "SELECT ?o { x:s7 ?p ?o }") == [["7"]]

    asyncio.run(main())


class Ended:
    """Whoever is told of queries, and remembers those that ended."""

    def __init__(self) -> None:
        self.queries: list[RunningQuery] = []

    def begun(self, query: RunningQuery) -> None:
        """Wait for its end."""

    def ended(self, query: RunningQuery) -> None:
        self.queries.append(query)


@asynchronous
async def test_an_answer_tells_its_rows_and_the_memory_that_it_took(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        sorting = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f } ORDER BY DESC(CONCAT(STR(?a), STR(?d)))"
        listener = Ended()
        engine.queries.listeners.append(listener)
        listing = "SELECT * { ?s ?p ?o }"
        for text, count, least, most in (
            (listing, 300, 0, 2**24),  # the first query also warms the worker
            (sorting, 90_000, 2**24, 2**28),
            (listing, 300, 0, 2**23),  # of this one or another worker
        ):
            answer = await engine.query(operation(text), Representation.of(SPARQL_JSON), LONG)
            await answer.read()
            told = listener.queries[-1]
            assert (told.rows, least <= told.memory <= most) == (count, True), told.memory
        with pytest.raises(MemoryLimitExceeded):
            crossed = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
            await whole(engine, crossed, limits=LONG)
        # The engine ended the process, when the next allocation would have passed the limit.
        assert 2**26 <= listener.queries[-1].memory <= 2**28, listener.queries[-1].memory


@asynchronous
async def test_the_queue_is_bounded_and_first_come_first_served(data: Path) -> None:
    async with one_lane(), opened(data, workers=1, queue=2) as engine:
        busy = asyncio.create_task(whole(engine, ENDLESS, limits=Limits(1.0)))
        await asyncio.sleep(0.2)
        order: list[str] = []

        async def ask(name: str) -> None:
            await rows(engine, "SELECT ?o { x:s7 ?p ?o }")
            order.append(name)

        waiting = [asyncio.create_task(ask(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await whole(engine, "ASK {}")
        assert refused.value.retry_after > 0
        with pytest.raises(DeadlineExceeded):
            await busy
        await asyncio.gather(*waiting)
        assert order == ["first", "second"]


@asynchronous
async def test_waiting_too_long_is_overload_and_gives_the_place_back(data: Path) -> None:
    async with one_lane(), opened(data, workers=1, queue=1) as engine:
        busy = asyncio.create_task(whole(engine, ENDLESS, limits=Limits(2.0)))
        await asyncio.sleep(0.2)
        for _ in range(2):
            with pytest.raises(Overloaded, match=r"within 0\.1 s"):
                await whole(engine, "ASK {}", limits=Limits(0.1))
        with pytest.raises(DeadlineExceeded):
            await busy
        assert json.loads(await whole(engine, "ASK {}"))["boolean"] is True


@asynchronous
async def test_the_deadline_runs_from_the_beginning_of_the_request(data: Path) -> None:
    def begun(left: float) -> Limits:
        """The limits of a request of which this many seconds are left."""
        return Limits(600.0, began=time.monotonic() + left - 600.0)

    async with asyncio.timeout(PATIENCE), one_lane(), opened(data, workers=1, queue=1) as engine:
        with pytest.raises(DeadlineExceeded, match="over before it could be evaluated"):
            await whole(engine, "ASK {}", limits=begun(-1.0))
        with pytest.raises(DeadlineExceeded, match=r"longer than 600 s and was stopped\. Ask"):
            await whole(engine, ENDLESS, limits=begun(0.5))
        busy = asyncio.create_task(whole(engine, ENDLESS, limits=begun(3.0)))
        await asyncio.sleep(0.2)
        with pytest.raises(Overloaded):
            await whole(engine, "ASK {}", limits=begun(0.7))
        # What it has waited, it cannot be evaluated for.
        with pytest.raises(DeadlineExceeded, match=r"It waited \d\.\d s for a worker\."):
            await whole(engine, ENDLESS, limits=begun(5.0))
        with pytest.raises(DeadlineExceeded):
            await busy


@asynchronous
async def test_a_cancelled_query_ends_its_evaluation(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        task = asyncio.create_task(whole(engine, ENDLESS))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await rows(engine, "SELECT ?o { x:s7 ?p ?o }") == [["7"]]


@asynchronous
async def test_a_cancelled_wait_gives_its_place_back(data: Path) -> None:
    async with one_lane(), opened(data, workers=1, queue=1) as engine:
        busy = asyncio.create_task(whole(engine, ENDLESS, limits=Limits(1.0)))
        await asyncio.sleep(0.2)
        waiting = asyncio.create_task(whole(engine, "ASK {}"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(DeadlineExceeded):
            await busy
        assert json.loads(await whole(engine, "ASK {}"))["boolean"] is True


async def unread(engine: EmbeddedEngine) -> tuple[EmbeddedResult, AsyncIterator[bytes]]:
    """An answer of which the client has read one piece and no more."""
    answer = await engine.query(
        operation("SELECT * { ?a ?b ?c . ?d ?e ?f }"), Representation.of(SPARQL_JSON), LONG
    )
    pieces = answer.__aiter__()
    await anext(pieces)
    return answer, pieces


@asynchronous
async def test_clients_that_do_not_read_take_nobodys_worker(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        stalled = [await unread(engine) for _ in range(3)]
        assert json.loads(await whole(engine, "ASK {}", limits=Limits(5.0)))["boolean"] is True
        for answer, _ in stalled:
            await answer.aclose()
        assert json.loads(await whole(engine, "ASK {}"))["boolean"] is True


@asynchronous
async def test_the_deadline_does_not_count_the_clients_reading(data: Path) -> None:
    async with opened(data) as engine:
        # More than the buffers on the way hold, and evaluated in a small part of the deadline.
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 60000"
        answer = await engine.query(operation(text), Representation.of(SPARQL_JSON), Limits(4.0))
        pieces: list[bytes] = []
        async for piece in answer:
            if len(pieces) == 1:
                await asyncio.sleep(4.5)
            pieces.append(piece)
        assert len(json.loads(b"".join(pieces))["results"]["bindings"]) == 60_000


@asynchronous
async def test_a_long_answer_needs_little_memory(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        await whole(engine, "ASK {}")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # 27 million rows would be gigabytes; the worker has 256 MB and the server reads 100 MB of them.
        answer = await engine.query(
            operation("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"), Representation.of(SPARQL_JSON), LONG
        )
        size = 0
        async for piece in answer:
            size += len(piece)
            if size > 100 * 2**20:
                break
        await answer.aclose()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 20 * 1024  # kilobytes


def doubled(times: int, letter: str = "a") -> str:
    """A query for one value of 2 to the power of ``times`` letters."""
    binds = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(times))
    return f"SELECT ?v{times} {{ BIND('{letter}' AS ?v0) {binds} }}"


@pytest.mark.parametrize("fmt", [CSV, SPARQL_XML, FLAT_JSON], ids=lambda fmt: fmt.name)
def test_a_value_of_any_length_arrives_in_small_pieces(data: Path, fmt: Format) -> None:
    async def main() -> None:
        async with opened(data, workers=1) as engine:
            await whole(engine, "ASK {}")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            answer = await engine.query(operation(doubled(25)), Representation.of(fmt), LONG)
            size = largest = 0
            async for piece in answer:
                size, largest = size + len(piece), max(largest, len(piece))
            assert size > 2**25
            assert largest <= 2**17
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024  # kilobytes

    asyncio.run(main())


@asynchronous
async def test_a_frame_that_no_worker_sends_ends_the_worker(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        answer = await engine.query(operation(ENDLESS_ROWS), Representation.of(CSV), LONG)
        worker = answer._worker
        assert worker is not None
        while worker.reply.pieces:
            worker.pop(worker.reply)
        worker._buffer.clear()
        worker.data_received(wire.HEADER.pack(wire.DATA, wire.LONGEST + 1) + b"x" * 100)
        with pytest.raises(WorkerDied):
            async for _ in answer:
                pass
        await answer.aclose()


@asynchronous
async def test_it_moves_to_a_new_generation_and_ends_old_answers_on_the_old_one(data: Path) -> None:
    async with opened(data) as engine:
        answer, pieces = await unread(engine)
        await asyncio.to_thread(publish, data, 10)
        await until_async(lambda: engine.generation.number == 2)
        assert await rows(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [["10"]]
        read = 0
        async for piece in pieces:
            read += len(piece)
        assert answer.generation.number == 1
        assert read > 300 * 300 * 20
        await answer.aclose()


@asynchronous
async def test_queries_do_not_fail_while_generations_change(data: Path) -> None:
    async with opened(data) as engine:
        stop = asyncio.Event()
        seen: set[str] = set()

        async def ask() -> None:
            while not stop.is_set():
                seen.add((await rows(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))[0][0])

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        async with asyncio.timeout(PATIENCE):
            for count in (10, 20):
                await asyncio.to_thread(publish, data, count)
                while str(count) not in seen:
                    await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*asking)
        assert seen == {"300", "10", "20"}


@asynchronous
async def test_a_worker_killed_while_idle_costs_no_query(data: Path) -> None:
    async with opened(data, workers=1) as engine:
        for _ in range(3):
            await whole(engine, "ASK {}")
            for pid in workers():
                os.kill(pid, signal.SIGKILL)
            assert json.loads(await whole(engine, "ASK {}"))["boolean"] is True


def workers() -> list[int]:
    """The worker processes: children of the templates of this process."""
    return [pid for template in templates() for pid in children(template)]


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        asyncio.run(EmbeddedEngine.open(Settings(data=tmp_path / "none"), {}))


def test_a_damaged_store_is_a_sentence(data: Path) -> None:
    store = data / "generations" / "000001" / "store"
    for file in store.glob("MANIFEST*"):
        file.unlink()
        file.write_bytes(b"nonsense")
    with pytest.raises(StoreError, match="generation 1"):
        asyncio.run(EmbeddedEngine.open(Settings(data=data), {}))
