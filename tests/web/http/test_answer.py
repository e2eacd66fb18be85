"""Answers to queries, on an engine in this process: entity tags, 304, what is around the rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from endpoint.app import create_site
from endpoint.engine import Limits, Result
from endpoint.errors import DeadlineExceeded, GenerationGone
from endpoint.formats import CSV, HTML, SPARQL_JSON, Links, Page, QueryForm, Representation
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.web import Site
from endpoint.web.http.answer import (
    NO_CACHE,
    NOTHING,
    Around,
    NotModified,
    Streamed,
    Whole,
    as_file,
    attachment,
    document_tag,
    evaluate,
)
from tests.web import in_memory_engine
from tests.web.exchanges import request_for, sent_for
from tests.web.in_memory_engine import StoreEngine

ASK = Operation("ASK {}", QueryForm.ASK)
JSON = Representation.of(SPARQL_JSON)
LIMITS = Limits(5.0)


@pytest.fixture
def site() -> Site:
    """A site on an engine that answers at once."""
    made = create_site(Settings())
    made.running = StoreEngine("<urn:s> <urn:p> 1", "urn:g")
    return made


def engine_of(site: Site) -> StoreEngine:
    assert isinstance(site.running, StoreEngine)
    return site.running


def evaluated(
    site: Site,
    operation: Operation = ASK,
    representation: Representation = JSON,
    around: Around | Callable[[Result], Awaitable[Around]] = NOTHING,
    variant: str = "",
    cache: str = NO_CACHE,
    sent: str = "",
) -> Whole | Streamed | NotModified:
    """The answer to an operation for a client that has what ``sent`` names."""
    request = request_for(site, headers={"if-none-match": sent} if sent else {})
    return asyncio.run(evaluate(request, operation, representation, LIMITS, around, variant, cache))


def tag_of(
    site: Site, operation: Operation = ASK, representation: Representation = JSON, variant: str = ""
) -> str | None:
    return evaluated(site, operation, representation, variant=variant).tag


def test_what_the_client_has_is_not_evaluated(site: Site) -> None:
    tag = tag_of(site)
    assert tag is not None
    assert tag.startswith('W/"')
    asked = len(engine_of(site).asked)
    answer = evaluated(site, sent=tag)
    assert isinstance(answer, NotModified)
    assert answer.tag == tag
    assert len(engine_of(site).asked) == asked


@pytest.mark.parametrize(
    ("operation", "representation", "variant"),
    [
        (replace(ASK, text="ASK { }"), JSON, ""),
        (replace(ASK, default_graphs=("urn:g",)), JSON, ""),
        (replace(ASK, named_graphs=("urn:g",)), JSON, ""),
        (ASK, Representation.of(CSV), ""),
        (ASK, replace(JSON, content_type="application/json"), ""),
        (ASK, replace(JSON, page=Page(5)), ""),
        (ASK, replace(Representation.of(HTML), links=Links("a", "b", "ko")), ""),
        (ASK, JSON, "another page"),
    ],
)
def test_whatever_makes_another_answer_makes_another_tag(
    site: Site, operation: Operation, representation: Representation, variant: str
) -> None:
    assert tag_of(site, operation, representation, variant) != tag_of(site)


def test_another_generation_makes_another_tag(site: Site) -> None:
    first = tag_of(site)
    engine = engine_of(site)
    engine.generation = replace(engine.generation, number=8)
    second = tag_of(site)
    # A data directory that is made anew counts from 1 again.
    engine.generation = replace(engine.generation, created=engine.generation.created + timedelta(seconds=1))
    assert len({first, second, tag_of(site)}) == 3
    assert document_tag(None, "a", "b") != document_tag(None, "ab")


def test_the_tag_is_that_of_the_generation_that_answered(site: Site) -> None:
    engine = engine_of(site)
    before = engine.generation

    class Moving(StoreEngine):
        """Moves to a new generation while it evaluates."""

        async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
            """The answer on the new one."""
            self.generation = replace(before, number=8)
            return await super().query(operation, representation, limits)

    site.running = Moving("", "urn:g")
    site.running.generation = before
    moved = tag_of(site)
    assert moved == tag_of(site)
    site.running = engine
    assert moved != tag_of(site)


def test_a_volatile_answer_has_no_tag_and_is_kept_by_nobody(site: Site) -> None:
    answer = evaluated(site, replace(ASK, volatile=True), cache="public, max-age=60", sent="*")
    assert isinstance(answer, Whole)
    assert (answer.tag, answer.cache) == (None, "no-store")


def test_what_is_around_the_rows_is_made_when_they_have_begun(site: Site) -> None:
    async def around(result: Result) -> Around:
        number = str(result.generation.number).encode()
        return Around(b"[" + number, b"]", "a.json", ((b"x", b"y"),))

    sent = sent_for(request_for(site), evaluated(site, around=around, cache="public, max-age=60"))
    assert sent.body.startswith(b"[7{")
    assert sent.body.endswith(b"}]")
    assert sent.headers["content-disposition"] == 'attachment; filename="a.json"'
    assert (sent.headers["x"], sent.headers["cache-control"]) == ("y", "public, max-age=60")
    assert sent.headers["server-timing"] == 'queue;dur=0.0, plan;dur=0.00, eval;dur=0.00, by;desc="engine"'


def test_a_result_is_closed_where_nothing_can_be_around_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []

    async def close(self: object) -> None:
        closed.append(True)

    monkeypatch.setattr(in_memory_engine.Whole, "aclose", close)

    async def around(result: Result) -> Around:
        raise GenerationGone("other rows", 7, 8)

    with pytest.raises(GenerationGone):
        evaluated(site, around=around)
    assert closed == [True]


def test_a_long_result_is_streamed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pieces(self: object) -> AsyncIterator[bytes]:
        yield b"first "
        yield b"second"

    monkeypatch.setattr(in_memory_engine.Whole, "complete", False)
    monkeypatch.setattr(in_memory_engine.Whole, "__aiter__", pieces)
    answer = evaluated(site, around=Around(b"<", b">"))
    assert isinstance(answer, Streamed)
    sent = sent_for(request_for(site), answer)
    assert sent.body == b"<first second>"
    assert sent.headers["server-timing"] == "queue;dur=0.0"


def test_a_failure_is_raised_as_it_is(site: Site) -> None:
    engine_of(site).failure = DeadlineExceeded("slow", 1.0)
    with pytest.raises(DeadlineExceeded):
        evaluated(site)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.csv", 'attachment; filename="a b.csv"'),
        ('a"b.csv', "attachment; filename*=UTF-8''a%22b.csv"),
        ("책.csv", "attachment; filename*=UTF-8''%EC%B1%85.csv"),
        ("a\r\nSet-Cookie: b=1", "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b%3D1"),
        ("a\\b", "attachment; filename*=UTF-8''a%5Cb"),
        ("../a", "attachment; filename*=UTF-8''..%2Fa"),
    ],
)
def test_file_names(name: str, header: str) -> None:
    assert attachment(name) == (b"content-disposition", header.encode())


def test_the_file_of_a_download() -> None:
    assert as_file("result", Representation.of(CSV)).filename == "result.csv"
