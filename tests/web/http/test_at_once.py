"""Requests that were answered before: the same bytes without routing and without a task, or the long way."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from urllib.parse import quote

import pytest
from starlette.routing import Router

from endpoint.app import create_site, routes
from endpoint.engine import Caller, Limits
from endpoint.engine.cached import CachedEngine
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.web import Site
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.repeats import Repeat
from tests.web.decoding import decoded
from tests.web.exchanges import Sent, scope_of, sent_by
from tests.web.in_memory_engine import StoreEngine

VALUES = " ".join(f'<urn:s{n}> <urn:p> "value {n}" .' for n in range(100))
QUERY = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s"
PATH = f"/sparql?query={quote(QUERY)}"
DATE = (b"date", b"Tue, 01 Dec 2026 03:58:51 GMT")
APART = {"date", "x-request-id"}


@cache
def whole_site() -> Site:
    """The project's own dataset and queries, which take half a second to read."""
    return create_site(Settings())


class Served:
    """A site in this process, on an engine that counts what it is asked."""

    def __init__(self, **settings: object) -> None:
        read = whole_site()
        self.site = Site(Settings(), read.dataset, read.catalog, read.search)
        replace_settings(self.site, **settings)
        self.engine = StoreEngine(VALUES, "urn:g")
        self.site.running = CachedEngine(self.engine, self.site.cache)
        self.app = Boundary(Router(routes(self.site)), self.site)

    def ask(self, path: str = PATH, body: bytes = b"", method: str = "GET", **headers: str) -> Sent:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return sent_by(self.app, scope_of(method, path, named), body)

    def at_once(self, path: str = PATH, method: str = "GET", **headers: str) -> bytes | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.at_once.response(scope_of(method, path, named), (DATE,))


def replace_settings(site: Site, **settings: object) -> Site:
    site.settings = replace(site.settings, **settings)  # type: ignore[arg-type]
    site.cache.resize(site.settings.cache)
    return site


@pytest.fixture
def served() -> Served:
    """A site where the query was answered three times."""
    made = Served()
    for _ in range(3):
        for coding in ("identity", "zstd", "br", "gzip"):
            assert made.ask(accept_encoding=coding).status == 200
    return made


def parsed(response: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert len(fields) == len(lines), "a field is there twice"
    return int(first.split(" ")[1]), fields, body


@pytest.mark.parametrize("coding", ["identity", "zstd", "br", "gzip"])
def test_the_response_is_that_of_the_long_way(served: Served, coding: str) -> None:
    sent = served.ask(accept_encoding=coding)
    response = served.at_once(accept_encoding=coding)
    assert response is not None
    status, fields, body = parsed(response)
    assert (status, body) == (sent.status, sent.body)
    assert {name: value for name, value in fields.items() if name not in APART} == {
        name: value for name, value in sent.headers.items() if name not in APART
    }
    assert fields["date"] == DATE[1].decode()
    assert fields["x-request-id"] != sent.headers["x-request-id"]
    assert decoded(fields.get("content-encoding", ""), body).count(b'"uri"') == 200
    head = served.at_once(method="HEAD", accept_encoding=coding)
    assert head is not None
    assert parsed(head)[1] == {**fields, "x-request-id": parsed(head)[1]["x-request-id"]}
    assert parsed(head)[2] == b""


def test_it_is_counted_and_logged_like_any_other(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(
        "endpoint.telemetry.instruments.observe", lambda exchange: lines.append(exchange.line())
    )
    hits, asked = served.site.cache.uses["hit"], len(served.engine.asked)
    response = served.at_once()
    assert response is not None
    assert served.site.cache.uses["hit"] == hits + 1
    assert len(served.engine.asked) == asked
    (line,) = lines
    assert f"bytes={len(parsed(response)[2])} generation=7 queue_ms=0.0 cache=hit type=application/" in line
    assert "method=GET path=/sparql status=200" in line


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", PATH, {}),
        ("OPTIONS", PATH, {}),
        ("GET", PATH, {"authorization": "Bearer secret"}),
        ("GET", PATH, {"cache_control": "no-cache"}),
        ("GET", PATH, {"if_none_match": "*"}),
        ("GET", PATH, {"if_none_match": '"a", "b"'}),
        ("GET", PATH, {"if_modified_since": "Tue, 01 Dec 2026 03:58:51 GMT"}),
        ("GET", PATH, {"accept": "text/csv"}),
        ("GET", f"{PATH}&x=1", {}),
        ("GET", f"/lod{PATH}", {}),
        ("GET", PATH, {"host": "a b"}),
    ],
)
def test_what_was_not_asked_so_before_goes_the_long_way(
    served: Served, method: str, path: str, headers: Mapping[str, str]
) -> None:
    assert served.at_once() is not None
    assert served.at_once(path, method, **headers) is None


def publish(served: Served) -> None:
    served.engine.generation = replace(served.engine.generation, number=8)


def change_settings(served: Served) -> None:
    replace_settings(served.site, max_rows=10)


def read_queries_again(served: Served) -> None:
    served.site.catalog = replace(served.site.catalog)


def end(served: Served) -> None:
    served.site.running = None


def evict(served: Served) -> None:
    served.site.cache.resize(0)
    served.site.cache.resize(2**26)


@pytest.mark.parametrize("change", [publish, change_settings, read_queries_again, end, evict])
def test_what_may_be_another_answer_now_goes_the_long_way(
    served: Served, change: Callable[[Served], None]
) -> None:
    assert served.at_once() is not None
    change(served)
    assert served.at_once() is None
    if served.site.running is not None:
        asked = len(served.engine.asked)
        for _ in range(3):
            assert served.ask().status == 200
        assert served.at_once() is not None
        assert len(served.engine.asked) <= asked + 1


def test_an_answer_that_was_evicted_leaves_no_bytes_behind(served: Served) -> None:
    for entry in [entry for version in served.site.cache._versions.values() for entry in version.values()]:
        if not isinstance(entry.value, Repeat):
            served.site.cache._drop(entry)
            assert entry.value is None
    assert served.at_once() is None


def test_only_answers_from_the_cache_are_remembered(served: Served) -> None:
    fresh = Served()
    for _ in range(2):
        assert fresh.at_once() is None
        fresh.ask()
    assert fresh.at_once() is not None
    off = Served(cache=0)
    for _ in range(3):
        off.ask()
    assert off.at_once() is None


FORM = "/api/publications-by-year"


def test_a_page_is_there_for_readers_of_one_language(served: Served) -> None:
    for language, other in (("ko", "en"), ("en", "ko")):
        sent = served.ask(FORM, accept="text/html", accept_language=language)
        assert sent.headers["cache-status"] == "endpoint; fwd=miss; stored"
        response = served.at_once(FORM, accept="text/html", accept_language=f"{language}-XX,{other};q=0.5")
        assert response is not None
        status, fields, body = parsed(response)
        assert (status, body) == (200, sent.body)
        assert (fields["cache-status"], fields["server-timing"]) == ("endpoint; hit", 'cache;desc="hit"')
        assert f'<html lang="{language}"'.encode() in body
        again = served.ask(FORM, accept="text/html", accept_language=language)
        assert {**again.headers, **dict.fromkeys(APART)} == {**fields, **dict.fromkeys(APART)}


def test_a_page_is_there_for_readers_of_one_address(served: Served) -> None:
    hosts = ("a.localhost", "b.localhost")
    bodies = [served.ask(FORM, accept="text/html", host=host).body for host in hosts]
    assert bodies[0] != bodies[1]
    for host, body in zip(hosts, bodies, strict=True):
        response = served.at_once(FORM, accept="text/html", host=host)
        assert response is not None
        assert parsed(response)[2] == body
    assert served.at_once(FORM, accept="text/html", host="c.localhost") is None
    replace_settings(served.site, public_url="https://data.example")
    assert served.at_once(FORM, accept="text/html", host="a.localhost") is None


def test_a_page_with_a_wrong_value_is_made_each_time(served: Served) -> None:
    for _ in range(3):
        assert served.ask(f"{FORM}?year=none", accept="text/html").status == 400
    assert served.at_once(f"{FORM}?year=none", accept="text/html") is None


@pytest.mark.parametrize("path", [PATH, f"{FORM}?year=2023"])
@pytest.mark.parametrize("weak", ["W/", ""])
def test_a_client_that_has_the_answer_is_told_at_once(served: Served, path: str, weak: str) -> None:
    for _ in range(3):
        sent = served.ask(path, accept="text/html")
    tag = f"{weak}{sent.headers['etag'].removeprefix('W/')}"
    since = {"if_modified_since": "Tue, 01 Dec 2026 03:58:51 GMT"}
    response = served.at_once(path, accept="text/html", if_none_match=tag, **since)
    assert response is not None
    assert response.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    status, fields, body = parsed(response)
    unchanged = served.ask(path, accept="text/html", if_none_match=f"{tag}, {tag}")
    assert (status, body) == (unchanged.status, b"")
    assert {**unchanged.headers, **dict.fromkeys(APART)} == {**fields, **dict.fromkeys(APART)}
    other = served.at_once(path, accept="text/html", if_none_match='W/"other"')
    assert other is not None
    assert parsed(other)[2] == sent.body


def test_fields_of_cors_that_depend_on_the_request_take_the_long_way() -> None:
    listed = Served(cors_origins=("https://a.example",))
    for _ in range(3):
        listed.ask()
    assert listed.at_once() is None
    nobody = Served(cors_origins=())
    for _ in range(3):
        sent = nobody.ask()
    response = nobody.at_once()
    assert response is not None
    assert "access-control-allow-origin" not in parsed(response)[1]
    assert parsed(response)[1]["cross-origin-resource-policy"] == "same-origin"
    assert sent.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_form_that_was_sent_before_is_not_parsed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    body = f"query={quote(QUERY)}".encode()
    answers = [served.ask("/sparql", body, "POST", **form) for _ in range(2)]
    monkeypatch.setattr("endpoint.web.sparql.classify", None)
    answers.append(served.ask("/sparql", body, "POST", **form))
    assert {answer.headers["cache-status"] for answer in answers} == {"endpoint; hit"}
    assert {answer.body for answer in answers} == {served.ask().body}
    monkeypatch.undo()
    direct = served.ask("/sparql", body, "POST", content_type="application/sparql-query")
    assert direct.status == 400, "the same bytes of another type are another request"
    assert served.ask("/sparql", body, "POST", content_type="text/plain").status == 415


def test_a_client_that_has_used_much_is_told_of_its_budget() -> None:
    made = Served()
    client = made.engine.clients
    client.budget = 10.0
    for _ in range(3):
        made.ask()
    client.admit(Caller("-"))
    client.find(Caller("-")).change(10.0)
    client.find(Caller("-")).charge(9.0)
    response = made.at_once()
    assert response is not None
    assert parsed(response)[1]["ratelimit-policy"] == '"evaluation";q=10;qu="seconds";w=60'


def test_what_began_with_other_settings_is_not_found_with_these(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served()
    path = f"{PATH}%20%23{'x' * 10_000}"  # so long a text is classified in a worker
    assert served.ask(path).status == 200
    classify = served.engine.classify

    async def reloading(text: str, base_iri: str | None, limits: Limits) -> Operation:
        replace_settings(served.site, max_rows=10)
        return await classify(text, base_iri, limits)

    monkeypatch.setattr(served.engine, "classify", reloading)
    assert "hit" in served.ask(path).headers["cache-status"]
    assert served.at_once(path) is None
    monkeypatch.undo()
    for _ in range(2):
        assert served.ask(path).status == 200
    assert served.at_once(path) is not None


def test_what_is_kept_takes_no_more_memory_than_is_counted() -> None:
    served, number = Served(), 100

    def ask(times: int) -> None:
        for asked in range(number):
            path = f"/sparql?query={quote(f'SELECT ({asked} AS ?{times}) {{}}')}"
            for _ in range(times):
                assert served.ask(path).status == 200

    cache = served.site.cache
    most = cache.most
    for times in (1, 3):
        ask(times)  # what is made once is there
        cache.resize(0)
        cache.resize(most)
        tracemalloc.start()
        try:
            ask(times)
            gc.collect()
            before, counted = tracemalloc.get_traced_memory()[0], cache.size
            cache.resize(0)
            gc.collect()
            freed = before - tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        cache.resize(most)
        assert number * 1000 < freed < counted * 1.2
