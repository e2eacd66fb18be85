"""The feed of the changes of the data."""

from __future__ import annotations

from tests.live import Server
from tests.web.machine.test_feed import ATOM, check, links, texts


def test_the_generation_that_is_served(server: Server) -> None:
    answer = server.get("/feed/changes?locale=en")
    assert (answer.status, answer.type) == (200, "application/atom+xml")
    feed = check(answer.body)
    (entry,) = feed.findall(f"{ATOM}entry")
    count = int(server.query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", "text/csv").text.split()[1])
    assert texts(entry, "title") == ["Generation 1"]
    assert texts(entry, "summary") == [f"{count:,} statements"]
    assert links(feed)["self"] == f"{server.url}/feed/changes?locale=en"
    assert texts(check(server.get("/feed/changes?locale=ko").body), "title")[0].endswith("데이터 변경 내역")
    assert server.get("/feed/changes?locale=en", If_None_Match=answer.headers["etag"]).status == 304
    assert server.request("POST", "/feed/changes").status == 405
