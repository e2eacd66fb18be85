"""The Atom feed: what RFC 4287 requires, and what the publications tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from endpoint.catalog import Catalog, SavedQuery
from endpoint.dataset import default_root, read_dataset
from endpoint.formats import QueryForm
from endpoint.results.bibliography import Item
from endpoint.results.bibliography.items import ARTICLE, DOCUMENT
from endpoint.results.bibliography.names import Name
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.web import Site
from endpoint.web.http.view import View
from endpoint.web.machine.feed import atom
from tests.live import Server, serving

ATOM = "{http://www.w3.org/2005/Atom}"
ARMS = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
# RFC 3339 section 5.6, with capitals as RFC 4287 section 3.3 asks.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CREATED = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def texts(element: ElementTree.Element, name: str) -> list[str]:
    return [child.text or "" for child in element.findall(ATOM + name)]


def links(element: ElementTree.Element) -> dict[str, str]:
    return {link.get("rel", "alternate"): link.get("href", "") for link in element.findall(f"{ATOM}link")}


def check(body: bytes) -> ElementTree.Element:
    """The feed, once it has been found to have what RFC 4287 sections 4.1.1 and 4.1.2 require."""
    feed = ElementTree.fromstring(body)  # noqa: S314 - from our own server
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(texts(element, name)) == 1, name
        assert re.match(r"[a-z][a-z0-9+.-]*:.", texts(element, "id")[0])
        assert all(
            MOMENT.fullmatch(moment) for moment in texts(element, "updated") + texts(element, "published")
        )
        for name in ("published", "summary", "subtitle", "generator"):
            assert len(texts(element, name)) <= 1, name
        for author in element.findall(f"{ATOM}author"):
            assert len(texts(author, "name")) == 1
        told = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(set(told)) == len(told)
        assert all(link.get("href") for link in element.findall(f"{ATOM}link"))
        assert all(category.get("term") for category in element.findall(f"{ATOM}category"))
    assert feed.findall(f"{ATOM}author"), "an entry may be without an author only where the feed has one"
    # Entries without content have an alternate link.
    assert all("alternate" in links(entry) for entry in entries)
    identifiers = [texts(element, "id")[0] for element in (feed, *entries)]
    assert len(set(identifiers)) == len(identifiers)
    assert "self" in links(feed)
    return feed


def test_the_latest_publications(server: Server) -> None:
    answer = server.get("/feed", Accept_Language="ko")
    assert (answer.status, answer.type) == (200, "application/atom+xml")
    feed = check(answer.body)
    assert texts(feed, "title") == ["외교부 발간자료 링크드 데이터: 최신 발간자료"]
    assert links(feed) == {"self": f"{server.url}/feed?locale=ko", "alternate": f"{server.url}/"}
    (entry,) = [entry for entry in feed.findall(f"{ATOM}entry") if texts(entry, "id") == [ARMS]]
    assert texts(entry, "title")[0].startswith("South Korea’s Arms Exports and Defense Diplomacy to Advance")
    assert texts(entry, "published") == texts(entry, "updated") == ["2023-05-22T00:00:00Z"]
    assert links(entry)["alternate"] == f"{server.url}/mofapub/resource/Publication/14209"
    assert links(entry)["related"].startswith("https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do?")
    assert texts(entry.findall(f"{ATOM}author")[0], "name") == ["Tae Eun Song"]
    assert 100 < len(texts(entry, "summary")[0]) <= 500


def test_the_feed_has_the_publications_of_its_query(server: Server) -> None:
    rows = server.get("/api/latest-publications", "application/sparql-results+json").rows()
    feed = check(server.get("/feed").body)
    assert [texts(entry, "id")[0] for entry in feed.findall(f"{ATOM}entry")] == [
        row["publication"] for row in rows
    ]


def test_the_language_of_the_feed(server: Server) -> None:
    korean, english = server.get("/feed?locale=ko"), server.get("/feed?locale=en")
    assert texts(check(english.body), "title")[0].endswith(": Latest publications")
    assert korean.headers["etag"] != english.headers["etag"]
    of_english = check(english.body)
    assert links(of_english)["self"] == f"{server.url}/feed?locale=en"
    assert texts(of_english, "id") != texts(check(korean.body), "id")
    assert "accept-language" in english.headers["vary"].lower()


def test_a_feed_that_has_not_changed_is_not_sent_again(server: Server) -> None:
    tag = server.get("/feed").headers["etag"]
    assert server.get("/feed", If_None_Match=f'"x", {tag}').status == 304


def feed_of(*items: Item) -> ElementTree.Element:
    site = Site(Settings(), read_dataset(default_root()), Catalog({}, ()))
    view = View(site, "en", False, "http://localhost:8000", "/feed", ())
    query = SavedQuery("q", Path("q.rq"), {"en": "Newest"}, {}, (), (), Operation("", QueryForm.SELECT))
    return check(atom(view, query, items, CREATED))


def test_publications_of_which_little_is_known() -> None:
    base = "http://opendata.mofa.go.kr/"
    feed = feed_of(
        Item("a", base + "책(가)", DOCUMENT, "Nothing else"),
        Item(
            "b",
            base + "b",
            DOCUMENT,
            "\ud55c\ufffe<글> & \x01",
            date=(2020, 2),
            url="javascript:x",
            keywords=("\x02", "k"),
        ),
        Item(
            "c",
            "http://other.example/c",
            ARTICLE,
            "No such day",
            (Name("서동만"), Name("Lee", "A")),
            (2023, 2, 31),
        ),
    )
    first, second, third = feed.findall(f"{ATOM}entry")
    assert texts(first, "updated") == texts(feed, "updated") == ["2026-01-02T03:04:05Z"]
    assert texts(first, "published") == texts(first, "summary") == []
    assert links(first) == {"alternate": "http://localhost:8000/%EC%B1%85(%EA%B0%80)"}
    assert texts(second, "title") == ["한<글> &"]
    assert texts(second, "published") == ["2020-02-01T00:00:00Z"]
    assert [category.get("term") for category in second.findall(f"{ATOM}category")] == ["k"]
    assert links(second) == {"alternate": "http://localhost:8000/b"}
    assert texts(third, "published") == []
    assert links(third)["alternate"] == "http://localhost:8000/lod/view.do?uri=http%3A%2F%2Fother.example%2Fc"
    assert [texts(author, "name") for author in third.findall(f"{ATOM}author")] == [["서동만"], ["A Lee"]]


def test_an_empty_feed_is_one() -> None:
    assert feed_of().findall(f"{ATOM}entry") == []


MANIFEST = """base = "http://example.org/"
title.en = "Books"
description.en = "Some books."
[prefixes]
ex = "http://example.org/ns/"
%s
[[graph]]
iri = "http://example.org/books"
title.en = "Books"
files = ["seed/books.ttl"]
[[graph]]
iri = "http://example.org/other"
title.en = "Other"
files = ["seed/other.ttl"]
"""
QUERIES = {
    "graph": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
    "asking": "SELECT ?s { ?s ex:number ?_n_integer }",
    "words": "SELECT (1 AS ?one) {}",
    "one-graph": "SELECT ?s FROM <http://example.org/other> { ?s ?p ?o }",
}


@pytest.fixture(scope="module", params=["", *(f'[pages]\nfeed = "{name}"' for name in ("missing", *QUERIES))])
def books(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server]]:
    folder = tmp_path_factory.mktemp("books")
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir()
    (folder / "seed" / "dataset.toml").write_text(MANIFEST % request.param)
    for name in ("books", "other"):
        text = f"<http://example.org/{name}/1> a <http://purl.org/ontology/bibo/Book> ."
        (folder / "seed" / f"{name}.ttl").write_text(text)
    for name, text in QUERIES.items():
        (folder / "queries" / f"{name}.rq").write_text(f"#+ summary: {name}\n{text}\n")
    with serving(folder / "data", "--dataset", str(folder), "--workers", "1") as running:
        yield request.param, running


def test_the_query_decides_whether_there_is_a_feed_and_of_what(books: tuple[str, Server]) -> None:
    named, running = books
    answer = running.get("/feed")
    if "words" in named or "one-graph" in named:
        entries = check(answer.body).findall(f"{ATOM}entry")
        expected = ["http://example.org/other/1"] if "one-graph" in named else []
        assert [texts(entry, "id")[0] for entry in entries] == expected
        return
    reasons = {"missing": "is no SELECT query here", "graph": "is no SELECT query here", "asking": "n"}
    reason = next((reason for name, reason in reasons.items() if name in named), "names no query for it")
    assert answer.status == 404
    assert answer.text.split("\n\n")[1].startswith("There is no feed")
    assert reason in answer.text
