"""The text search over HTTP, on the real server."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from tests.live import Answer, Server

ARMS = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"


def search(server: Server, **parameters: str | list[str]) -> Answer:
    return server.get(f"/search?{urlencode(parameters, doseq=True)}")


def iris(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [hit["iri"] for hit in answer.json()["hits"]]


def test_a_hit_tells_what_a_list_of_results_shows(server: Server) -> None:
    answer = search(server, q="arms exports")
    assert (answer.status, answer.type) == (200, "application/json")
    hit = answer.json()["hits"][0]
    assert hit["iri"] == ARMS
    assert hit["title"].startswith("South Korea’s Arms Exports and Defense Diplomacy")
    assert "<mark>arms</mark>" in hit["snippet"].lower()
    assert hit["score"] > 0
    facets = {name: hit[name] for name in ("year", "series", "language", "author")}
    assert facets == {
        "year": ["2023"],
        "series": ["IFANS Focus"],
        "language": ["ENG"],
        "author": ["SONG Tae Eun"],
    }
    body = answer.json()
    assert (body["query"], body["limit"], body["offset"], body["sort"]) == (
        "arms exports",
        20,
        0,
        "relevance",
    )
    assert body["total"] >= 1
    assert body["generation"] == 1


QUERIES = [
    ("우크라이나", "14168"),
    ("우크라이나의", "14168"),
    ("우크라이나전쟁", "14168"),
    ("열린 외교", "11201"),
    ("외교마당", "11201"),
    ("export of weapons", "14209"),
    ("SONG Tae Eun", "14209"),
    ("미·일·중", "10819"),
    ("미‧일・중", "10819"),
]


@pytest.mark.parametrize(("words", "number"), QUERIES)
def test_words_find_the_publication(server: Server, words: str, number: str) -> None:
    found = [iri for iri in iris(search(server, q=words)) if "/mofapub/" in iri]
    assert found[0].endswith(f"/{number}")


def test_facets_are_counted_and_lead_to_narrower_searches(server: Server) -> None:
    body = search(server, q="").json()
    (year,) = [value for value in body["facets"]["year"] if value["value"] == "2023"]
    assert year["selected"] is False
    narrowed = server.get(year["url"].removeprefix(server.url))
    assert narrowed.json()["total"] == year["count"]
    assert ARMS in iris(narrowed)
    assert narrowed.json()["facets"]["year"][0]["count"] == body["facets"]["year"][0]["count"]
    (chosen,) = [value for value in narrowed.json()["facets"]["year"] if value["value"] == "2023"]
    assert chosen["selected"] is True
    assert server.get(chosen["url"].removeprefix(server.url)).json()["total"] == body["total"]


def test_filters_combine(server: Server) -> None:
    both = {"language": "ENG", "series": "IFANS Focus"}
    assert iris(search(server, q="", **both)) == [ARMS]
    assert iris(search(server, q="", year=["1850", "2023"])) == [ARMS]
    assert iris(search(server, q="", language="ENG", year="1850")) == []


def test_pages_join_without_gap_or_overlap(server: Server) -> None:
    whole = iris(search(server, q="", limit="100"))
    seen: list[str] = []
    path = "/search?q=&limit=7"
    while path:
        answer = server.get(path)
        seen += iris(answer)
        following = re.search(r'<([^>]+)>; rel="next"', answer.headers["link"])
        assert (following[1] if following else None) == answer.json()["links"].get("next")
        path = following[1].removeprefix(server.url) if following else ""
    assert seen == whole
    assert len(set(seen)) == len(seen) > 20


def test_links_keep_the_search(server: Server) -> None:
    body = search(server, q="외교", limit="1", sort="title", language=["KOR", "ENG"]).json()
    pairs = parse_qsl(urlsplit(body["links"]["self"]).query)
    assert {
        ("q", "외교"),
        ("limit", "1"),
        ("sort", "title"),
        ("language", "KOR"),
        ("language", "ENG"),
    } <= set(pairs)


def test_the_order_can_be_chosen(server: Server) -> None:
    newest = [hit["year"] for hit in search(server, q="", sort="newest", limit="100").json()["hits"]]
    years = [int(year[0]) for year in newest if year]
    assert years == sorted(years, reverse=True)
    titles = [hit["title"] for hit in search(server, q="", sort="title", limit="100").json()["hits"]]
    assert len(titles) > 20


def test_no_hits_offer_what_was_meant(server: Server) -> None:
    body = search(server, q="defence diplomcy").json()
    assert body["total"] == 0
    assert body["suggestions"]
    again = server.get(body["suggestions"][0]["url"].removeprefix(server.url))
    assert again.json()["total"] > 0


BAD = [
    ("", "q", "is missing"),
    ("q=a&limt=3", "limt", 'did you mean "limit"?'),
    ("q=a&limit=many", "limit", "a whole number from 0 to 100"),
    ("q=a&limit=101", "limit", "a whole number from 0 to 100"),
    ("q=a&offset=-1", "offset", "a whole number from 0 to 10,000"),
    ("q=a&limit=%D9%A3", "limit", "a whole number"),
    ("q=a&sort=best", "sort", "relevance, newest, oldest, title"),
    ("q=a&q=b", "q", "more than once"),
    ("q=%ff", "q", "not UTF-8"),
    ("q=a&timeout=x", "timeout", "a number of seconds"),
]


@pytest.mark.parametrize(("query", "parameter", "said"), BAD)
def test_a_wrong_parameter_is_named(server: Server, query: str, parameter: str, said: str) -> None:
    answer = server.get(f"/search?{query}", "application/json")
    assert answer.status == 400
    assert answer.type == "application/problem+json"
    assert answer.json()["parameter"] == parameter
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "words",
    ["(", '"', "-", "* *", "a:b:c", "OR OR", "%00", "\\", "<script>", "' OR 1=1 --", "🙂", "가" * 5000],
)
def test_any_text_is_a_search(server: Server, words: str) -> None:
    answer = search(server, q=words)
    assert answer.status == 200, answer.text
    assert "<script" not in "".join(hit["snippet"] for hit in answer.json()["hits"])


def test_a_long_search_offers_no_address_that_nobody_takes(server: Server) -> None:
    long = search(server, q=f"arms {'OR 외교 ' * 400}", facets="1000")
    body = long.json()
    assert body["total"] > 1
    assert (body["links"], "link" in long.headers) == ({}, False)
    assert {value["url"] for values in body["facets"].values() for value in values} == {None}
    shorter = search(server, q=f"외교 {'OR 외교 ' * 100}", limit="1")
    assert ("next" in shorter.json()["links"], "link" in shorter.headers) == (True, False)


def test_unchanged_answers_are_not_sent_again(server: Server) -> None:
    path = f"/search?q={quote('외교')}"
    first = server.get(path)
    assert server.get(path, If_None_Match=first.headers["etag"]).status == 304
    assert server.get(f"{path}&limit=1", If_None_Match=first.headers["etag"]).status == 200


def test_methods_and_formats(server: Server) -> None:
    head = server.request("HEAD", "/search?q=a")
    assert (head.status, head.body) == (200, b"")
    assert server.request("OPTIONS", "/search").headers["allow"] == "GET, HEAD, OPTIONS"
    assert server.request("POST", "/search?q=a").status == 405
    assert server.get("/search?q=a", "text/csv").status == 406
    assert server.get("/search?q=a&format=json", "text/csv").status == 200


def test_a_list_without_words_is_counted_once_for_all_who_ask(server: Server) -> None:
    lists = [server.get("/?sort=title&language=ENG") for _ in range(2)]
    assert lists[0].body == lists[1].body
    assert lists[1].headers["cache-status"] == "endpoint; hit"
    assert lists[1].headers["server-timing"] == 'cache;desc="hit"'
    assert search(server, q="", language="ENG").json()["facets"]["language"][0]["selected"]
