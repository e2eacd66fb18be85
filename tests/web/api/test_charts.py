"""Which answers are a series, and how a series is drawn."""

from __future__ import annotations

import asyncio
import json
import re
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
from endpoint.web.api.charts import draw
from endpoint.web.api.drawings import chart_answer, has_chart
from endpoint.web.api.series import MOST_BARS, MOST_KINDS, Row, Series, Value, series_of
from endpoint.web.api.targets import named
from endpoint.web.http.view import View
from endpoint.web.store import OwnQueries
from tests.datasets.query_forms import make
from tests.live import Server, serving
from tests.web.exchanges import request_for
from tests.web.in_memory_engine import StoreEngine, Whole

SVG = "{http://www.w3.org/2000/svg}"


def rows(columns: str, *values: tuple[Value, ...]) -> tuple[list[str], list[Row]]:
    names = columns.split()
    return names, [dict(zip(names, row, strict=True)) for row in values]


SERIES: dict[str, tuple[tuple[list[str], list[Row]], Series]] = {
    "years": (
        rows("year n", (2023, 5), (2021, 7)),
        Series("year", ("2021", "2023"), {"n": (7, 5)}, time=True),
    ),
    "years as text": (
        rows("year n", ("2023", 5), ("2021", 7)),
        Series("year", ("2021", "2023"), {"n": (7, 5)}, time=True),
    ),
    "dates": (
        rows("day n", ("2023-05-02", 5), ("2023-05-01", 7.5)),
        Series("day", ("2023-05-01", "2023-05-02"), {"n": (7.5, 5)}, time=True),
    ),
    "names": (
        rows("name n", ("나", 5), ("가", 7)),
        Series("name", ("나", "가"), {"n": (5, 7)}),
    ),
    "names of IRIs": (
        rows("iri name n", ("http://e/1", "A", 5), ("http://e/2", "B", 7)),
        Series("name", ("A", "B"), {"n": (5, 7)}),
    ),
    "IRIs alone": (
        rows("iri n", ("http://e/a#x", 5), ("http://e/b/", 7)),
        Series("iri", ("x", "b"), {"n": (5, 7)}),
    ),
    "two measures": (
        rows("name n m", ("A", 5, None), ("B", 7, 1)),
        Series("name", ("A", "B"), {"n": (5, 7), "m": (None, 1)}),
    ),
    "counts like years": (
        rows("year n", (2020, 1500), (2021, 1600)),
        Series("year", ("2020", "2021"), {"n": (1500, 1600)}, time=True),
    ),
    "days beside counts": (
        rows("name n first", ("A", 5, 20230522), ("B", 7, 20230523)),
        Series("name", ("A", "B"), {"n": (5, 7)}),
    ),
}


@pytest.mark.parametrize(("answer", "series"), SERIES.values(), ids=SERIES.keys())
def test_what_is_a_series(answer: tuple[list[str], list[Row]], series: Series) -> None:
    assert series_of(*answer) == series


TITLE = "A title of a publication that is far longer than any name of a category could ever be, isn't it"
NONE = {
    "no rows": rows("year n"),
    "one column": rows("n", (1,), (2,)),
    "no measure": rows("name code", ("A", "a"), ("B", "b")),
    "titles": rows("title n", (TITLE, 1), (TITLE + "!", 2)),
    "a title with its day": rows("title day", ("A", 20230522), ("B", 20230523)),
    "names that are told twice": rows("name n", ("A", 1), ("A", 2)),
    "many columns": rows("a b c d e f g", *[(f"n{n}", n, 1, 1, 1, 1, 1) for n in range(3)]),
    "booleans": rows("name yes", ("A", True), ("B", False)),
    "a name is missing": rows("name n", (None, 1), ("B", 2)),
    "numbers and texts": rows("name n", ("A", 1), ("B", "x")),
}


@pytest.mark.parametrize("answer", NONE.values(), ids=NONE.keys())
def test_what_is_none(answer: tuple[list[str], list[Row]]) -> None:
    assert series_of(*answer) is None


def test_a_matrix_is_stacked_by_its_kinds() -> None:
    columns, cells = rows("year kind n", (2022, "a", 1), (2022, "b", 2), (2021, "a", 3), (2020, "c", 9))
    found = series_of(columns, cells)
    assert found == Series(
        axis="year",
        labels=("2020", "2021", "2022"),
        measures={"c": (9, None, None), "a": (None, 3, 1), "b": (None, None, 2)},
        kind="kind",
        stacked=True,
        time=True,
    )


def test_the_smallest_kinds_are_added_up() -> None:
    cells = [(year, f"k{kind:02}", kind + 1) for year in (2021, 2022) for kind in range(12)]
    found = series_of(*rows("year kind n", *cells))
    assert found is not None
    assert len(found.measures) == MOST_KINDS
    assert list(found.measures)[:2] == ["k11", "k10"]
    rest = 12 - MOST_KINDS + 1
    assert found.measures[""] == (sum(range(1, rest + 1)),) * 2
    assert found.rest == rest


def test_of_many_names_the_first_are_drawn() -> None:
    found = series_of(*rows("name n", *[(f"n{n}", n) for n in range(100)]))
    assert found is not None
    assert (len(found.labels), found.labels[0], found.left_out) == (MOST_BARS, "n0", 100 - MOST_BARS)


def test_prefixes_shorten_iris() -> None:
    columns, cells = rows("iri n", ("http://e/ns/a", 5), ("http://e/other/a", 7))
    found = series_of(columns, cells, {"ex": "http://e/ns/"})
    assert found is not None
    assert found.labels == ("ex:a", "a")


def view(language: str) -> View:
    return View(create_site(Settings()), language, False, "http://localhost", "/", ())


def drawn(series: Series, language: str = "en", whole: bool = True) -> etree._Element:
    return etree.fromstring(draw(series, view(language), "Title", whole))


def texts(tree: etree._Element) -> list[str]:
    return [text.strip() for node in tree.iter(f"{SVG}text") if (text := "".join(node.itertext())).strip()]


def bars(tree: etree._Element) -> list[etree._Element]:
    return [
        node
        for group in tree.iter(f"{SVG}g")
        if group.get("class") == "bar"
        for node in group.iter(f"{SVG}rect")
    ]


def test_upright_bars_have_their_labels_and_numbers() -> None:
    tree = drawn(Series("year", ("2021", "2022"), {"n": (7, 1234)}, time=True))
    assert {"2021", "2022", "7", "1,234"} <= set(texts(tree))
    low, high = (float(bar.get("height", "0")) for bar in bars(tree))
    assert high / low == pytest.approx(1234 / 7, rel=0.02)
    assert next(tree.iter(f"{SVG}title")).text == "Title"


def test_names_are_read_from_above() -> None:
    tree = drawn(Series("name", ("첫째", "둘째"), {"n": (3, 2)}))
    places = {"".join(node.itertext()): float(node.get("y", "0")) for node in tree.iter(f"{SVG}text")}
    assert places["첫째"] < places["둘째"]


def test_kinds_differ_in_more_than_colour() -> None:
    measures: dict[str, tuple[float | None, ...]] = {f"k{n}": (n + 1, 2) for n in range(MOST_KINDS)}
    tree = drawn(Series("year", ("2021", "2022"), measures, "kind", True, True))
    patterns = [etree.tostring(node) for node in tree.iter(f"{SVG}pattern")]
    shapes = [re.sub(rb"p\d|--c\d", b"", pattern) for pattern in patterns]
    assert len(set(shapes)) == len(shapes) == MOST_KINDS
    assert {f"k{n}" for n in range(MOST_KINDS)} <= set(texts(tree))


@pytest.mark.parametrize(
    ("language", "told"), [("en", "The first 2 of 5"), ("ko", "전체 5개 가운데 처음 2개")]
)
def test_what_is_left_out_is_told(language: str, told: str) -> None:
    series = Series("name", ("a", "b"), {"n": (1, 2)}, left_out=3)
    assert told in texts(drawn(series, language))
    assert not any(
        "3" in text or "of" in text for text in texts(drawn(Series("name", ("a", "b"), {"n": (1, 2)})))
    )
    assert "The first 2 of 5+" in texts(drawn(series, whole=False))


HOSTILE = [
    "<script>alert(1)</script>",
    "]]>",
    "\x00\x1b",
    "&amp;",
    '" onload="x',
    "가" * 200,
    "",
    "\ud7ff\ufffe",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_becomes_markup(text: str) -> None:
    svg = draw(Series("name", (text, "b"), {text or "n": (1, -2.5), "m": (None, 0)}), view("ko"), text)
    tree = etree.fromstring(svg)
    names = {node.tag.removeprefix(SVG) for node in tree.iter() if isinstance(node.tag, str)}
    assert names <= {
        "svg",
        "defs",
        "style",
        "title",
        "g",
        "rect",
        "path",
        "text",
        "line",
        "pattern",
        "circle",
        "clipPath",
    }
    assert not any(
        key.lower().startswith("on") or key == "href" for node in tree.iter() for key in node.attrib
    )


def test_it_loads_nothing_and_runs_nothing() -> None:
    svg = draw(Series("year", ("2021",), {"n": (1,)}, time=True), view("en"), "Title").decode()
    assert "<script" not in svg
    assert re.findall(r"url\((?!#)|@import|https?://(?!www\.w3\.org|pygal\.org|github\.com/Kozea)", svg) == []
    assert "prefers-color-scheme: dark" in svg


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
    ("failure", "for_page"),
    [(None, True), (Overloaded("busy", 1), True), (DeadlineExceeded("slow", 2), False)],
)
def test_what_a_busy_server_turned_away_is_drawn_later(failure: EndpointError | None, for_page: bool) -> None:
    site = create_site(Settings())
    site.running = engine = ChartEngine("", "http://e/g")
    own_queries, query = OwnQueries(site), site.catalog.queries["years"]
    operation = query.operation(())

    async def work() -> None:
        request = request_for(site, "/api/years.svg")
        engine.failure = failure
        assert await has_chart(own_queries, query, operation, request.view) is (failure is None)
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
