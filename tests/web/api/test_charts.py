"""Series drawn as bars: labels, numbers, patterns, and nothing that runs or loads."""

from __future__ import annotations

import re

import pytest
from lxml import etree  # type: ignore[import-untyped]

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.api.charts import draw
from endpoint.web.api.series import MOST_KINDS, Series
from endpoint.web.http.view import View

SVG = "{http://www.w3.org/2000/svg}"


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
