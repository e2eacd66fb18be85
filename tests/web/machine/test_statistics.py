"""Statistics of a generation, counted through the real engine; every number is known by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from endpoint.app import create_site, open_engine
from endpoint.errors import GenerationGone, Overloaded
from endpoint.formats import TURTLE, Representation
from endpoint.ingest.start import ensure_store
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.machine import statistics as counting
from endpoint.web.machine.partitions import Part
from endpoint.web.machine.statistics import Counting, Statistics, latest_statistics, require_statistics
from endpoint.web.own_queries import OwnQueries
from endpoint.web.sparql import description
from tests.datasets.counted_works import NS, PEOPLE, TERMS, WORKS, make
from tests.web.exchanges import request_for

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
LONG = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "dataset")


@asynccontextmanager
async def running(folder: Path, **changes: object) -> AsyncIterator[Site]:
    data = folder.parent / "data"
    site = create_site(Settings(dataset=folder, data=data, workers=2, **changes))  # type: ignore[arg-type]
    ensure_store(site.settings, site.dataset)
    site.running = engine = await open_engine(site.settings, site.dataset)
    try:
        yield site
    finally:
        await engine.aclose()


def run(folder: Path, work: Callable[[Site], Coroutine[None, None, None]], **changes: object) -> None:
    async def whole() -> None:
        async with running(folder, **changes) as site:
            await work(site)

    asyncio.run(whole())


async def counted(own_queries: OwnQueries) -> Statistics:
    statistics = await latest_statistics(own_queries, LONG)
    assert statistics is not None
    return statistics


def local(part: Part) -> dict[str, tuple[int, dict[str, tuple[int | None, set[str], set[str]]]]]:
    """Classes, their properties, and what those have for values, by local names."""

    def name(iri: str) -> str:
        return iri.replace(NS, "").replace(RDF, "").replace(XSD, "")

    return {
        name(row.iri): (
            row.entities,
            {
                name(of.iri): (
                    of.triples,
                    {name(iri) for iri in of.classes},
                    {name(iri) for iri in of.datatypes},
                )
                for of in row.properties
            },
        )
        for row in part.classes
    }


BOOKS = {
    "type": (2, set[str](), set[str]()),
    "author": (3, {"Person"}, set[str]()),
    "pages": (3, set[str](), {"integer", "string"}),
}
REPORTS = {"type": (1, set[str](), set[str]()), "author": (1, {"Person"}, set[str]())}


@pytest.fixture(params=[10_000_000, 0], ids=["from columns", "by queries"])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Each way of counting has the same result."""
    monkeypatch.setattr("endpoint.ingest.publish._LEAST", 0)
    return int(request.param)


def test_every_number(folder: Path, columns: int, caplog: pytest.LogCaptureFixture) -> None:
    async def work(site: Site) -> None:
        found = await counted(OwnQueries(site))
        assert found.left_out == ()
        assert set(found.graphs) == {WORKS, PEOPLE, TERMS}
        numbers = {
            iri.rpartition("/")[2]: (part.triples, part.subjects, part.objects)
            for iri, part in found.graphs.items()
        }
        assert numbers == {"works": (11, 4, 8), "people": (5, 2, 4), "terms": (4, 2, 4)}
        assert found.whole is not None
        # The statement that two graphs have is one of the default graph.
        assert (found.whole.triples, found.whole.subjects, found.whole.objects) == (19, 7, 15)
        assert found.graphs[WORKS].properties == {f"{RDF}type": 4, f"{NS}author": 4, f"{NS}pages": 3}
        person = {"type": (1, set[str](), set[str]())}
        assert local(found.graphs[WORKS]) == {
            "Book": (2, BOOKS),
            "Person": (1, person),
            "Report": (1, REPORTS),
        }
        names = {"type": (2, set[str](), set[str]()), "fullName": (3, set[str](), {"string", "langString"})}
        assert local(found.graphs[PEOPLE]) == {"Person": (2, names)}
        assert local(found.whole) == {"Book": (2, BOOKS), "Person": (2, names), "Report": (1, REPORTS)}
        assert found.labels == {
            f"{NS}Book": {"en": "Book", "ko": "책"},
            f"{NS}author": {"en": "author", "ko": "저자"},
        }

    with caplog.at_level(logging.INFO, "endpoint"):
        run(folder, work, columns=columns)
    assert ("made columns in" in caplog.text) == (columns > 0)


def test_where_the_default_graph_is_empty_the_graphs_are_added_up(folder: Path, columns: int) -> None:
    async def work(site: Site) -> None:
        found = await counted(OwnQueries(site))
        assert found.whole is None
        assert local(found.graphs[WORKS])["Book"] == (2, BOOKS)
        assert found.classes() == {f"{NS}Book": 2, f"{NS}Report": 1, f"{NS}Person": 3}
        assert found.properties(f"{NS}Person") == {f"{RDF}type": 3, f"{NS}fullName": 3}
        assert found.properties()[f"{RDFS}label"] == 4

    run(folder, work, default_graph="strict", columns=columns)


def test_what_a_sample_shows_is_told_and_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 1)

    async def work(site: Site) -> None:
        found = await counted(OwnQueries(site))
        books = local(found.graphs[WORKS])["Book"]
        assert {name: row[0] for name, row in books[1].items()} == {"type": 2, "author": 3, "pages": 3}
        assert books[1]["author"][1] == {"Person"}
        assert "integer" in books[1]["pages"][2] <= {"integer", "string"}

    run(folder, work, columns=0)


def test_what_does_not_fit_the_budget_is_left_out_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "BUDGET", 0.0)

    async def work(site: Site) -> None:
        found = await counted(OwnQueries(site))
        assert found.whole == Part()
        assert found.graphs == {}
        assert "statements of all (deadline-exceeded)" in found.left_out

    with caplog.at_level(logging.WARNING, "endpoint"):
        run(folder, work, columns=0)
    assert "numbers are left out: statements of each graph (deadline-exceeded)" in caplog.text


def test_answers_of_too_many_rows_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_ROWS", 3)

    async def work(site: Site) -> None:
        found = await counted(OwnQueries(site))
        assert "statements of each graph (more than 3 rows)" in found.left_out
        assert found.graphs[WORKS].triples is None
        assert found.graphs[WORKS].subjects == 4

    run(folder, work, columns=0)


def test_one_count_for_all_who_ask_at_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(site: Site) -> None:
        own_queries = OwnQueries(site)
        impatient = await latest_statistics(own_queries, 0.0)
        assert impatient is None
        found = await asyncio.gather(*(counted(own_queries) for _ in range(20)))
        assert all(row is found[0] for row in found)
        assert await counted(own_queries) is found[0]

    with caplog.at_level(logging.INFO, "endpoint"):
        run(folder, work)
    assert caplog.text.count("counted the statements of generation") == 1


def test_a_new_generation_is_counted_anew(folder: Path) -> None:
    async def work(site: Site) -> None:
        own_queries = OwnQueries(site)
        first = await counted(own_queries)
        file = folder / "seed" / "terms.ttl"
        file.write_text(file.read_text() + f"<{NS}Report> <{RDFS}label> 'Report'@en .\n")
        await asyncio.to_thread(ensure_store, site.settings, site.dataset)
        while site.engine.generation.number == first.generation.number:
            await asyncio.sleep(0.01)
        second = await counted(own_queries)
        assert second.generation.number == first.generation.number + 1
        assert (first.graphs[TERMS].triples, second.graphs[TERMS].triples) == (4, 5)
        # A count that has begun is finished; one of what is not kept begins anew.
        again = await Counting(own_queries.snapshot(first.generation)).run()
        assert again.graphs[TERMS].triples == 4
        with pytest.raises(GenerationGone):
            await Counting(own_queries.snapshot(replace(first.generation, number=99))).run()

    run(folder, work)


def test_while_it_is_counted_clients_are_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "PATIENCE", 0.0)

    async def described(own_queries: OwnQueries) -> tuple[str, bytes]:
        chosen = Representation(TURTLE, "text/turtle")
        request = request_for(own_queries.site, "/sparql", headers={"host": "a.example"})
        answer = await description.Descriptions(own_queries).describe(request, chosen, None)
        return answer.cache, answer.body

    async def work(site: Site) -> None:
        own_queries = OwnQueries(site)
        with pytest.raises(Overloaded, match="is being counted"):
            await require_statistics(own_queries, 0.0)
        cache, body = await described(own_queries)
        assert cache == "no-store"
        assert b"sh:SPARQLExecutable" in body
        assert b"void:triples" not in body
        await counted(own_queries)
        cache, body = await described(own_queries)
        assert cache == "no-cache"
        assert b"void:triples 19" in body

    run(folder, work)


def test_a_stopping_server_is_no_failure(folder: Path) -> None:
    async def work(site: Site) -> None:
        own_queries, engine = OwnQueries(site), site.running
        site.running = None
        with pytest.raises(Overloaded):
            await latest_statistics(own_queries, LONG)
        site.running = engine
        assert (await counted(own_queries)).whole is not None

    run(folder, work)
