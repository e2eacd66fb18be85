"""Dumps by workers: the same bytes in every process, from memory and from the disk; what cannot be dumped."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.columns import FOLDER
from endpoint.engine import Limits
from endpoint.engine.dumping import Source, write_dump
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.running import RunningQuery
from endpoint.engine.worker import FrameOutput
from endpoint.errors import DeadlineExceeded, GenerationGone, NotExpressible, NotFound
from endpoint.formats import N_QUADS, N_TRIPLES, RDF_XML, SPARQL_JSON, TURTLE, Representation
from endpoint.ingest.columns import build_columns
from endpoint.storage import generations
from endpoint.storage.dump import open_store
from endpoint.storage.dump_order import DumpOrder, Selection
from endpoint.storage.writer import Writer
from tests.engine.test_embedded import LONG, opened, operation

pytestmark = pytest.mark.usefixtures("forked_templates")

FIRST, SECOND = NamedNode("urn:first"), NamedNode("urn:second")
NODE, P = NamedNode("urn:node"), NamedNode("urn:p")
QUADS = [
    *(Quad(NODE, P, Literal(str(number)), graph) for number in range(200) for graph in (FIRST, SECOND)),
    Quad(NODE, P, Literal("default"), DefaultGraph()),
    Quad(NODE, P, Literal("not \x01 of XML"), SECOND),
]
ALL = DumpOrder(Selection(), N_QUADS)


@pytest.fixture(params=[True, False], ids=["columns", "store"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A generation in which triples are in two graphs, so that the default graph of its image is a copy."""
    with Writer(tmp_path / "data") as writer, writer.transaction() as transaction:
        transaction.store.extend(QUADS)
    generation = generations.current(tmp_path / "data")
    assert generation is not None
    if request.param:
        build_columns(open_store(generation), generation.path / FOLDER)
    return tmp_path / "data"


async def dumped(engine: EmbeddedEngine, order: DumpOrder, limits: Limits = LONG) -> bytes:
    return await (await engine.dump(order, limits)).read()


def test_the_bytes_are_the_same_from_memory_and_from_the_disk(data: Path) -> None:
    async def main() -> list[bytes]:
        found = []
        for image in (2**31, 1):
            async with opened(data, image=image, workers=2) as engine:
                found += [await dumped(engine, ALL) for _ in range(3)]
        return found

    first, *others = asyncio.run(main())
    assert set(others) == {first}
    assert {*parse(first, RdfFormat.N_QUADS)} == set(QUADS)
    assert first.count(b"\n") == len(QUADS)


def test_graphs_one_by_one_and_together(data: Path) -> None:
    async def main() -> None:
        async with opened(data) as engine:
            for graphs, number in (((FIRST,), 200), ((SECOND,), 201), ((DefaultGraph(),), 1), ((), 202)):
                found = await dumped(engine, DumpOrder(Selection(graphs, union=True), N_TRIPLES))
                assert len({*found.splitlines()}) == found.count(b"\n") == number

    asyncio.run(main())


def test_what_cannot_be_dumped(data: Path) -> None:
    async def main() -> None:
        async with opened(data) as engine:
            for probe in (True, False):
                unknown = DumpOrder(Selection((NamedNode("urn:none"),), union=True), TURTLE, probe=probe)
                with pytest.raises(NotFound, match="There is no graph <urn:none> in generation 1"):
                    await dumped(engine, unknown)
            with pytest.raises(NotExpressible, match=r"U\+0001"):
                await dumped(engine, DumpOrder(Selection((SECOND,), union=True), RDF_XML))
            with pytest.raises(GenerationGone):
                await engine.dump(ALL, LONG, generation=7)
            assert await dumped(engine, DumpOrder(Selection(), N_QUADS, "gz", probe=True)) == b""
            # No worker was lost on the way.
            assert await dumped(engine, ALL)

    asyncio.run(main())


def test_a_store_without_a_generation_has_no_dump() -> None:
    output = FrameOutput.__new__(FrameOutput)
    with pytest.raises(NotFound, match="not on the disk"):
        write_dump(ALL, Source(None, Store(), None), {}, output)


def test_what_is_written_is_on_record(data: Path) -> None:
    ended: list[RunningQuery] = []

    class Recorder:
        def begun(self, query: RunningQuery) -> None:
            """Of no interest."""

        def ended(self, query: RunningQuery) -> None:
            ended.append(query)

    async def main() -> None:
        async with opened(data) as engine:
            engine.queries.listeners.append(Recorder())
            await dumped(engine, DumpOrder(Selection((FIRST,), union=True), TURTLE))

    asyncio.run(main())
    (query,) = ended
    assert (query.form, query.text, query.media_type) == ("dump", "<urn:first>", "text/turtle")
    assert (query.rows, query.outcome) == (200, "ok")


@pytest.mark.parametrize("renewed", [False, True])
def test_a_deadline_that_is_renewed_ends_nothing_that_goes_on(data: Path, renewed: bool) -> None:
    """A query stands for a dump here that takes longer than its deadline: it goes on for ever."""
    endless = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    limits = Limits(2.0, renewed=renewed)

    async def main() -> None:
        async with opened(data) as engine:
            result = await engine.query(operation(endless), Representation.of(SPARQL_JSON), limits)
            end = time.monotonic() + 5
            try:
                async for _ in result:
                    if time.monotonic() > end and renewed:
                        return
            finally:
                await result.aclose()

    if renewed:
        asyncio.run(main())
    else:
        with pytest.raises(DeadlineExceeded):
            asyncio.run(main())
