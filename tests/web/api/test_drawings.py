"""Charts of the answers of saved queries, as the server draws them and pages show them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree  # type: ignore[import-untyped]

from endpoint.app import create_site
from endpoint.engine import Limits, Result
from endpoint.errors import DeadlineExceeded, EndpointError, Overloaded
from endpoint.formats import Facts, Representation
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.web.api.drawings import chart_answer, has_chart
from endpoint.web.api.targets import named
from endpoint.web.own_queries import OwnQueries
from tests.datasets.query_forms import make
from tests.live import Server, serving
from tests.web.api.test_charts import bars, texts
from tests.web.exchanges import request_for
from tests.web.in_memory_engine import StoreEngine, Whole

DRAWN = ["years", "categories", "authors", "year-category-matrix", "terms"]


@pytest.mark.parametrize("name", DRAWN)
def test_charts_of_our_own_queries(server: Server, name: str) -> None:
    answer = server.get(f"/api/{name}.svg?locale=ko")
    assert (answer.status, answer.type) == (200, "image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert bars(etree.fromstring(answer.body))
    assert server.get(f"/api/{name}.svg?locale=ko", If_None_Match=answer.headers["etag"]).status == 304
    assert server.get(f"/api/{name}?format=svg&locale=ko").body == answer.body
    assert f'src="/api/{name}.svg?locale=ko"' in server.get(f"/api/{name}?locale=ko", "text/html").text


LISTS = [
    "latest-publications",
    "search?q=a",
    "publications-by-year?year=2023",
    "publication-bibo?publication=14209",
]


@pytest.mark.parametrize("name", LISTS)
def test_lists_have_none(server: Server, name: str) -> None:
    path, _, parameters = name.partition("?")
    assert server.get(f"/api/{path}.svg?{parameters}").status == 406
    assert '<figure class="chart">' not in server.get(f"/api/{name}", "text/html").text


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("charts")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset")), "--timeout", "1") as running:
        yield running


def test_a_query_that_takes_too_long(forms: Server) -> None:
    assert forms.get("/api/slow.svg").status == 504
    # The page is a 504 because of its own rows, and not twice as late because of a chart.
    assert forms.get("/api/slow", "text/html").status == 504


def test_markup_in_the_data_is_text_in_the_chart(forms: Server) -> None:
    answer = forms.get("/api/by-kind.svg")
    tree = etree.fromstring(answer.body)
    assert {"<b>0</b>", "<b>1</b>", "<b>2</b>"} <= set(texts(tree))


def test_a_chart_of_what_is_not_there(forms: Server) -> None:
    assert forms.get("/api/none.svg").status == 406
    assert forms.get("/api/is-there.svg?n=1").status == 406
    assert forms.get("/api/echo.svg").status == 400
    assert forms.get("/api/nothing.svg").status == 404


class ChartEngine(StoreEngine):
    """Answers every query with a series in flat JSON."""

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        """The series, or the failure."""
        await super().query(operation, representation, limits)
        rows = {"columns": ["name", "n"], "rows": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}
        result = Whole(self.generation, json.dumps(rows).encode())
        result.facts = Facts(2, False, 2, "")
        return result


@pytest.mark.parametrize(
    ("failure", "at_first", "for_page"),
    [(None, True, True), (Overloaded("busy", 1), None, True), (DeadlineExceeded("slow", 2), False, False)],
)
def test_what_a_busy_server_turned_away_is_drawn_later(
    failure: EndpointError | None, at_first: bool | None, for_page: bool
) -> None:
    site = create_site(Settings())
    site.running = engine = ChartEngine("", "http://e/g")
    own_queries, query = OwnQueries(site), site.catalog.queries["years"]
    operation = query.operation(())

    async def work() -> None:
        request = request_for(site, "/api/years.svg")
        engine.failure = failure
        assert await has_chart(own_queries, query, operation, request.view) is at_first
        engine.failure = None
        # A page does not try again what took too long; for the chart itself it is tried.
        assert await has_chart(own_queries, query, operation, request.view) is for_page
        drawn = await chart_answer(own_queries, request, named(query, "svg"), [])
        assert drawn.body.startswith(b"<svg")

    asyncio.run(work())


def test_a_volatile_answer_is_drawn_for_each_page(tmp_path: Path) -> None:
    site = create_site(Settings())
    site.running = engine = ChartEngine("", "http://e/g")
    own_queries, query = OwnQueries(site), site.catalog.queries["years"]

    async def work(operation: Operation) -> int:
        for _ in range(3):
            assert await has_chart(own_queries, query, operation, request_for(site).view)
        return len(engine.asked)

    assert asyncio.run(work(query.operation(()))) == 1
    assert asyncio.run(work(replace(query.operation(()), volatile=True))) == 4
