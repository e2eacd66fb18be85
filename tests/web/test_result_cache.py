"""Answers from the cache over HTTP: equal to those of the engine, and what their header fields tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import pytest

from tests.live import Answer, Server
from tests.web.decoding import decoded

RECORD = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
ROWS = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 60"
MANY = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3000"
GRAPH = f"CONSTRUCT WHERE {{ <{RECORD}> ?p ?o }}"
# What tells of one exchange only, and whether a body came in pieces.
APART = {"date", "x-request-id", "server-timing", "cache-status", "content-length", "transfer-encoding"}
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def sparql(text: str, **parameters: str) -> str:
    return f"/sparql?{urlencode({'query': text, **parameters}, quote_via=quote)}"


REQUESTS: dict[str, tuple[str, Mapping[str, str]]] = {
    "json": (sparql(ROWS), {"Accept": "application/sparql-results+json"}),
    "xml": (sparql(ROWS), {"Accept": "application/sparql-results+xml"}),
    "csv": (sparql(ROWS), {"Accept": "text/csv"}),
    "tsv": (sparql(ROWS, format="tsv"), {}),
    "file": (sparql(ROWS, format="csv", download="1"), {}),
    "ask": (sparql("ASK { ?s ?p ?o }"), {}),
    "no rows": (sparql("SELECT * { ?s <urn:none> ?o }"), {"Accept": "text/csv"}),
    "turtle": (sparql(GRAPH), {"Accept": "text/turtle"}),
    "json-ld": (sparql(GRAPH), {"Accept": "application/ld+json"}),
    "n-triples": (sparql(GRAPH), {"Accept": "application/n-triples"}),
    "page": (sparql(ROWS), {"Accept": BROWSER}),
    "page in Korean": (sparql(ROWS), {"Accept": BROWSER, "Accept-Language": "ko"}),
    "in pieces": (sparql(MANY), {"Accept": "application/sparql-results+json"}),
    "in pieces, page": (sparql(MANY), {"Accept": BROWSER}),
    "one graph": ("/mofapub" + sparql(ROWS), {"Accept": "text/csv"}),
    "saved query": ("/api/publications-by-year?year=2023", {"Accept": "application/json"}),
    "saved query, csv": ("/api/publications-by-year.csv?year=2023", {}),
    "saved query, xlsx": ("/api/publications-by-year.xlsx?year=2023", {}),
    "saved query, counted": ("/api/publications-by-year?year=2023&pageSize=2&count=true", {}),
    "saved query, page": ("/api/publications-by-year?year=2023", {"Accept": BROWSER}),
    "saved query, rows as SPARQL JSON": (
        "/api/publications-by-year?year=2023",
        {"Accept": "application/sparql-results+json"},
    ),
    "saved query, form": ("/api/publications-by-year", {"Accept": BROWSER}),
    "saved queries": ("/api", {"Accept": BROWSER}),
    "catalogue": ("/", {"Accept": BROWSER}),
    "catalogue, words": ("/?q=diplomatic&locale=ko", {"Accept": BROWSER}),
    "values of a facet": ("/browse/year", {"Accept": BROWSER, "Accept-Language": "en"}),
    "overview": ("/overview", {"Accept": BROWSER}),
    "search": ("/search?q=diplomatic", {"Accept": "application/json"}),
    "resource": ("/mofapub/resource/Publication/14209", {"Accept": BROWSER}),
    "class": ("/mofapub/Publication", {"Accept": BROWSER}),
    "resource, turtle": ("/mofapub/resource/Publication/14209", {"Accept": "text/turtle"}),
    "feed": ("/feed", {}),
}


def plain(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs from one exchange to the next, its body decoded."""
    fields = {name: value for name, value in answer.headers.items() if name not in APART}
    coding = answer.headers.get("content-encoding", "")
    return answer.status, fields, decoded(coding, answer.body) if answer.body else b""


@pytest.mark.parametrize("coding", ["identity", "zstd", "br", "gzip"])
@pytest.mark.parametrize("name", REQUESTS)
def test_with_the_cache_and_without_it_an_answer_is_the_same(server: Server, name: str, coding: str) -> None:
    path, headers = REQUESTS[name]
    headers = {**headers, "Accept-Encoding": coding}
    anew = {**headers, "Cache-Control": "no-cache"}
    without = plain(server.request("GET", path, headers=anew))
    assert without[0] == 200
    # Evaluated, kept, found without parsing, and without a task.
    for _ in range(4):
        assert plain(server.request("GET", path, headers=headers)) == without
    head, head_anew = (server.request("HEAD", path, headers=each) for each in (headers, anew))
    assert plain(head) == plain(head_anew)
    assert (head.status, head.body) == (200, b"")
    if (tag := without[1].get("etag")) is not None:
        for each in (headers, anew):
            unchanged = server.request("GET", path, headers={**each, "If-None-Match": tag})
            assert (unchanged.status, unchanged.body) == (304, b"")
            assert unchanged.headers["etag"] == tag


@pytest.mark.parametrize("name", ["resource, turtle", "saved query", "saved query, csv"])
def test_answers_for_programs_are_found_again_wherever_they_come_from(server: Server, name: str) -> None:
    path, headers = REQUESTS[name]
    path += f"{'&' if '?' in path else '?'}locale=en" if "resource" in name else "&pageSize=3"
    for _ in range(2):
        server.request("GET", path, headers=headers)
    again = server.request("GET", path, headers=headers)
    assert told(again) == ("endpoint; hit", 'cache;desc="hit"')


WHOLE = [name for name, (_, headers) in REQUESTS.items() if headers.get("Accept") == BROWSER]


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "in pieces, page"])
def test_a_page_is_made_once_whether_for_get_or_head(server: Server, name: str) -> None:
    path, headers = REQUESTS[name]
    path += f"{'&' if '?' in path else '?'}locale=en"
    first = server.request("HEAD", path, headers=headers)
    assert (first.status, first.body) == (200, b"")
    assert first.headers["cache-status"] in ("endpoint; fwd=miss; stored", "endpoint; hit")
    # Another browser prefers other media types besides.
    for accept in (BROWSER, "text/html,image/avif,*/*;q=0.7"):
        answer = server.request("GET", path, headers={**headers, "Accept": accept})
        assert told(answer) == ("endpoint; hit", 'cache;desc="hit"') or accept != BROWSER
        assert len(answer.body) == int(first.headers["content-length"])
        assert answer.headers.get("etag") == first.headers.get("etag")


@pytest.mark.parametrize("coding", ["identity", "zstd"])
def test_an_answer_in_pieces_is_whole_from_the_cache(server: Server, coding: str) -> None:
    path = sparql(f"{MANY} #{coding}")
    headers = {"Accept": "text/csv", "Accept-Encoding": coding}
    first, again = (server.request("GET", path, headers=headers) for _ in range(2))
    assert again.headers["cache-status"] == "endpoint; hit"
    assert int(again.headers["content-length"]) == len(again.body)
    assert plain(first)[2] == plain(again)[2]


def told(answer: Answer) -> tuple[str, str]:
    """What Cache-Status and Server-Timing tell."""
    timing = answer.headers.get("server-timing", "").partition(",")[0]
    return answer.headers.get("cache-status", ""), timing


NOW = "SELECT (NOW() AS ?now) {}"


def test_answers_tell_what_the_cache_did(server: Server) -> None:
    text = "SELECT * { ?s ?p ?o } LIMIT 7 #told"
    assert told(server.query(text)) == ("endpoint; fwd=miss; stored", 'cache;desc="miss"')
    assert told(server.query(text)) == ("endpoint; hit", 'cache;desc="hit"')
    assert told(server.request("HEAD", sparql(text))) == ("endpoint; hit", 'cache;desc="hit"')
    assert told(server.post(text)) == ("endpoint; hit", 'cache;desc="hit"')
    assert told(server.query(text, cache="off")) == ("endpoint; fwd=request", 'cache;desc="bypass"')
    anew = server.get(sparql(text), Cache_Control="max-age=0, No-Cache")
    assert told(anew) == ("endpoint; fwd=request", 'cache;desc="bypass"')
    assert told(server.query(text, cache="on")) == ("endpoint; hit", 'cache;desc="hit"')
    tag = server.query(text).headers["etag"]
    assert told(server.get(sparql(text), If_None_Match=tag))[0] == "endpoint; hit"
    for _ in range(2):
        volatile = server.query(NOW)
        assert told(volatile) == ("endpoint; fwd=bypass; detail=volatile", 'cache;desc="bypass"')
    assert told(server.query(text, explain="true"))[0] == "endpoint; fwd=bypass; detail=explain"
    pieces = "SELECT * { ?s ?p ?o } LIMIT 3000 #told"
    assert told(server.query(pieces)) == ("endpoint; fwd=miss", 'cache;desc="miss"')
    assert told(server.query(pieces)) == ("endpoint; hit", 'cache;desc="hit"')
    assert told(server.get("/-/live")) == ("", "")


def test_a_parameter_that_is_neither_on_nor_off_is_refused(server: Server) -> None:
    answer = server.query("ASK {}", "application/json", cache="maybe")
    assert answer.status == 400
    assert answer.json()["detail"] == "The parameter cache is on or off."


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("content_type", ["", "text/plain", "application/sparql-update"])
def test_an_empty_body_is_not_taken_for_none(server: Server, method: str, content_type: str) -> None:
    path, headers = sparql("ASK {} #empty"), {"Content-Type": content_type} if content_type else {}
    for _ in range(3):
        assert server.get(path).status == 200
    anew = server.request(method, path, b"", {**headers, "Cache-Control": "no-cache"})
    assert anew.status == (403 if "update" in content_type else 415)
    answer = server.request(method, path, b"", headers)
    assert (answer.status, answer.body) == (anew.status, anew.body)


def test_a_failure_is_answered_anew_each_time(server: Server) -> None:
    for _ in range(2):
        answer = server.query("ASK { #failing")
        assert answer.status == 400
        assert "cache-status" not in answer.headers


def test_the_page_of_a_result_keeps_passing_the_cache(server: Server) -> None:
    page = server.query(ROWS, BROWSER, cache="off").text
    assert 'name="cache" value="off"' in page
    assert "cache=off" in page
    assert "cache=off" not in server.query(ROWS, BROWSER).text


def test_pages_of_other_origins_may_read_what_the_cache_did(server: Server) -> None:
    headers = server.get(sparql("ASK {}"), Origin="https://elsewhere.example").headers
    assert "Cache-Status" in headers["access-control-expose-headers"]


def test_the_rows_of_a_saved_query_are_evaluated_once_for_all_its_pages(server: Server) -> None:
    path = "/api/publications-by-year?year=2022"
    first = server.get(path, "application/json")
    again = server.get(path, "application/json")
    assert told(first)[0] == "endpoint; fwd=miss; stored"
    assert told(again)[0] == "endpoint; hit"
    assert json.loads(first.body) == json.loads(again.body)
