"""Content negotiation and failures: all variants alike, for every origin."""

from __future__ import annotations

import pytest

from tests.live import Answer, Server, new_client

CSV, HTML, XML = "text/csv", "text/html", "application/sparql-results+xml"
FLAT, SRJ = "application/json", "application/sparql-results+json"
ACCEPTS: list[tuple[str | None, str | None]] = [
    (None, FLAT),
    ("", FLAT),
    ("*/*", FLAT),
    (",,", FLAT),
    ("garbage", FLAT),
    ("application/*", FLAT),
    ("application/json", FLAT),
    ("APPLICATION/JSON", FLAT),
    ("application/json;q=0.1", FLAT),
    ("application/json; charset=utf-8", FLAT),
    (SRJ, SRJ),
    (f"{SRJ}, */*;q=0.9", SRJ),
    (f"application/json, {SRJ}", FLAT),
    (f"application/json;q=0.9, {SRJ}", SRJ),
    (XML, XML),
    ("application/xml", "application/xml"),
    ("text/xml", "text/xml"),
    (CSV, CSV),
    ("text/csv;q=0.5, application/json;q=0.4", CSV),
    ("*/*;q=0.1, text/csv", CSV),
    ("text/csv; charset=utf-8", CSV),
    ("TEXT/CSV", CSV),
    ("text/csv;q=1.0, text/csv;q=0", CSV),
    ("text/*", CSV),
    ("text/*;q=0.3, text/html", HTML),
    (HTML, HTML),
    ("text/html, application/xhtml+xml, */*;q=0.8", HTML),
    ("text/html;q=0, text/*", CSV),
    ("text/tab-separated-values", "text/tab-separated-values"),
    ("application/x-ndjson", "application/x-ndjson"),
    ("text/markdown", "text/markdown"),
    ("application/sparql-query", "application/sparql-query"),
    ("application/json;q=0, */*", SRJ),
    ("application/json;q=0", None),
    ("image/png", None),
    ("image/*, text/turtle", None),
    ("text/turtle", None),
    ("*/*;q=0", None),
    ("image/png, */*;q=0.01", FLAT),
    ("application/ld+json, application/json;q=0.2", FLAT),
    ("application/problem+json", None),
    ("text/csv;header=absent", None),
]


def vary(answer: Answer) -> set[str]:
    return {name.strip().lower() for name in answer.headers["vary"].split(",")}


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS)
def test_what_an_accept_header_gets(bands: Server, accept: str | None, media_type: str | None) -> None:
    answer = bands.get("/api/posted", accept)
    if media_type is None:
        assert (answer.status, answer.json()["code"]) == (406, "not-acceptable")
    else:
        assert (answer.status, answer.type) == (200, media_type)
    assert vary(answer) == {"accept", "accept-encoding", "accept-language"}


VARIANTS = [
    ("posted", 200),
    ("posted.csv", 200),
    ("posted?format=xml", 200),
    ("posted.html", 200),
    ("posted.rq", 200),
    ("posted/explain", 200),
    ("from-data/values/genre", 200),
    ("is-there?name=One", 200),
    ("by-nick", 400),
    ("posted?page=0", 400),
    ("posted?generation=99", 410),
    ("nothing", 404),
    ("posted.pdf", 406),
    ("fails", 500),
    ("", 200),
    ("openapi.json", 200),
]


@pytest.mark.parametrize(("path", "status"), VARIANTS)
def test_all_variants_vary_alike(bands: Server, path: str, status: int) -> None:
    answer = bands.get(f"/api/{path}".rstrip("/"), "*/*")
    assert answer.status == status
    assert vary(answer) == {"accept", "accept-encoding", "accept-language"}
    if "etag" in answer.headers:
        again = bands.get(f"/api/{path}".rstrip("/"), "*/*", If_None_Match=answer.headers["etag"])
        assert (again.status, vary(again)) == (304, vary(answer))


# 9. Every failure can be read by a page of another origin, and names its cause.

FAILURES: list[tuple[str, str, bytes | None, str, int, str]] = [
    ("GET", "by-nick", None, "", 400, "nick"),
    ("GET", "by-year?year=x", None, "", 400, "year"),
    ("GET", "by-nick?nick=%C7", None, "", 400, "UTF-8"),
    ("GET", "%C7", None, "", 400, "UTF-8"),
    ("GET", "in-twos?after=x", None, "", 400, "cursor"),
    ("POST", "by-nick", b"{", "application/json", 400, "JSON"),
    ("GET", "nothing", None, "", 404, "nothing"),
    ("GET", "by-nik", None, "", 404, "by-nick"),
    ("GET", "by-nick/values/nick", None, "", 404, "nick"),
    ("DELETE", "posted", None, "", 405, "GET"),
    ("PUT", "posted.rq", b"x", "", 405, "GET"),
    ("GET", "posted.pdf", None, "", 406, ".csv"),
    ("GET", "posted?format=pdf", None, "", 406, "csv"),
    ("GET", "typed.geojson", None, "", 406, "coordinates"),
    ("GET", "posted?generation=99", None, "", 410, "generation"),
    ("POST", "echo", b'{"x": "' + b"a" * 2_100_000 + b'"}', "application/json", 413, "2,097,152"),
    ("POST", "posted", b"x", "text/plain", 415, "application/json"),
    ("GET", "fails", None, "", 500, "twice"),
    ("GET", "greedy", None, "", 503, "128 MB"),
    ("GET", "endless?timeout=0.2", None, "", 504, "0.2 s"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "cause"),
    FAILURES,
    ids=[f"{row[4]} {row[0]} {row[1]}" for row in FAILURES],
)
@pytest.mark.parametrize("accept", ["application/json", "text/plain, */*;q=0.1"])
def test_a_failure_can_be_read_from_anywhere(
    bands: Server,
    method: str,
    path: str,
    body: bytes | None,
    content_type: str,
    status: int,
    cause: str,
    accept: str,
) -> None:
    headers = {"Accept": accept, "Content-Type": content_type, "Origin": "https://example.org"}
    headers["X-Forwarded-For"] = new_client()
    headers = {name: value for name, value in headers.items() if value}
    answer = bands.request(method, f"/api/{path}", body, headers)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert cause in answer.text
    if accept == "application/json":
        assert answer.type == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "message"} <= set(answer.json())


@pytest.mark.parametrize(
    ("path", "status", "cause"),
    [
        ("by-year?year=x", 400, "year"),
        ("nothing", 404, "nothing"),
        ("posted.pdf", 406, ".csv"),
        ("fails", 500, "twice"),
    ],
)
def test_a_failure_is_a_page_for_people(bands: Server, path: str, status: int, cause: str) -> None:
    answer = bands.get(f"/api/{path}", "text/html", Origin="https://example.org")
    assert (answer.status, answer.type) == (status, "text/html")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert cause in answer.text
