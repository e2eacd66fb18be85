"""The overview on the project's own dataset."""

from __future__ import annotations

import re

from lxml import html  # type: ignore[import-untyped]

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
        assert server.get(links["CSV"]).type == "text/csv"
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
