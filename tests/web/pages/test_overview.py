"""The overview on the project's own dataset, and the network of names around a circle."""

from __future__ import annotations

import math
import re

from lxml import html  # type: ignore[import-untyped]

from endpoint.web.pages.overview import MOST_NAMES, RADIUS, SIZE, Pair, network_of
from tests.live import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_every_drawing_has_its_data_and_its_query_beside_it(server: Server) -> None:
    answer = server.get("/overview?locale=en", BROWSER)
    assert (answer.status, answer.type) == (200, "text/html")
    figures = html.fromstring(answer.body).cssselect("figure.overview")
    titles = [figure.cssselect("h2")[0].text_content() for figure in figures]
    assert {"Publications by year and category", "Languages", "Authors"} <= set(titles)
    for figure in figures:
        links = {link.text_content(): link.get("href") for link in figure.cssselect(".links a")}
        table = server.get(links["CSV"])
        assert table.type == "text/csv"
        # The one for spreadsheets, without formulas.
        assert table.body.startswith("\ufeff".encode())
        assert server.get(links["Table"], BROWSER).type == "text/html"
        assert server.get(links["Saved query"]).type == "application/sparql-query"
        assert links["Open in the query editor"].startswith("/query?locale=en#query=")
        for image in figure.cssselect("img"):
            assert server.get(image.get("src")).type == "image/svg+xml"
            assert image.get("alt")


def test_the_network_leads_to_the_catalogue(server: Server) -> None:
    page = server.get("/overview?locale=en", BROWSER).text
    network = re.search(r'<svg class="network".*?</svg>', page, re.DOTALL)
    rows = server.get("/api/coauthor-network").json()["rows"]
    if not rows:
        assert network is None
    else:
        assert network is not None
        assert f">{rows[0]['author']}</text>" in network[0]
        assert 'href="/?author=' in network[0]


def test_it_is_not_sent_twice(server: Server) -> None:
    first = server.get("/overview", BROWSER)
    assert server.get("/overview", BROWSER, if_none_match=first.headers["etag"]).status == 304
    assert server.get("/overview?locale=en", BROWSER, if_none_match=first.headers["etag"]).status == 200


def test_every_pair_is_a_curve_between_two_names() -> None:
    found = network_of([("가", "나", 4), ("나", "다", 2)])
    assert sorted(node.name for node in found.nodes) == ["가", "나", "다"]
    assert [(curve.first, curve.second, curve.width) for curve in found.curves] == [
        ("가", "나", 7.0),
        ("나", "다", 3.5),
    ]
    places = {node.name: (node.x, node.y) for node in found.nodes}
    begin = found.curves[0].path.removeprefix("M").partition("Q")[0]
    assert begin == "{},{}".format(*places["가"])


def test_names_stand_on_the_circle_apart_from_each_other() -> None:
    found = network_of([(f"a{n}", f"b{n}", 1) for n in range(20)])
    away = [math.hypot(node.x - SIZE / 2, node.y - SIZE / 2) for node in found.nodes]
    assert all(abs(distance - RADIUS) < 0.2 for distance in away)
    assert len({(node.x, node.y) for node in found.nodes}) == 40


def test_partners_stand_side_by_side() -> None:
    pairs: list[Pair] = [("a", "x", 1), ("b", "y", 1), ("c", "z", 1)]
    order = [node.name for node in network_of(pairs).nodes]
    assert all(abs(order.index(first) - order.index(second)) == 1 for first, second, _ in pairs)


def test_names_on_the_left_are_read_from_left_to_right_too() -> None:
    for node in network_of([(f"a{n}", f"b{n}", 1) for n in range(8)]).nodes:
        assert node.anchor == ("end" if node.x < SIZE / 2 - 0.1 else "start")
        assert -90 <= node.turn <= 90 or 270 <= node.turn <= 450


def test_what_does_not_fit_is_counted() -> None:
    pairs: list[Pair] = [(f"a{n}", f"b{n}", 100 - n) for n in range(50)]
    found = network_of(pairs)
    assert len(found.nodes) == MOST_NAMES
    assert found.left_out == len(pairs) - len(found.curves) == 50 - MOST_NAMES // 2


def test_no_pairs_are_no_network() -> None:
    assert network_of([]).nodes == ()
