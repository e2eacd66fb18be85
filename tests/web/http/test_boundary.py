"""The boundary: every failure is a designed answer, with CORS, a request id and a policy on every status."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Mapping

import pytest
from starlette.exceptions import HTTPException

from endpoint.app import create_site
from endpoint.errors import (
    BadParameter,
    DeadlineExceeded,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
)
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.answer import Answer, Whole, page
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.request import Request
from endpoint.web.http.security import POLICY, POLICY_HEADER
from endpoint.web.http.send import Handler
from tests.web.exchanges import Sent, scope_of, sent_by

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def site() -> Site:
    return create_site(Settings())


def refused(site: Site, error: Exception, path: str = "/", headers: Mapping[str, str] | None = None) -> Sent:
    """Return the answer where a handler raises ``error``."""

    async def answer(request: Request) -> Answer:
        request.query = "ASK {}"
        raise error

    return sent_by(Boundary(Handler(answer), site), scope_of("GET", path, headers))


FORMS = [
    ("/", {}, "text/plain; charset=utf-8"),
    ("/", {"accept": "*/*"}, "text/plain; charset=utf-8"),
    ("/", {"accept": "application/json"}, PROBLEM),
    ("/", {"accept": "application/sparql-results+json"}, "text/plain; charset=utf-8"),
    ("/", {"accept": BROWSER}, "text/html; charset=utf-8"),
    ("/api", {}, PROBLEM),
    ("/api/x", {"accept": "*/*"}, PROBLEM),
    ("/api/x", {"accept": "text/plain"}, "text/plain; charset=utf-8"),
    ("/apiary", {}, "text/plain; charset=utf-8"),
]


@pytest.mark.parametrize(("path", "headers", "content_type"), FORMS)
def test_the_form_of_a_problem_follows_its_reader(
    site: Site, path: str, headers: Mapping[str, str], content_type: str
) -> None:
    sent = refused(site, BadParameter("year", "No year."), path, headers)
    assert (sent.status, sent.headers["content-type"]) == (400, content_type)
    assert sent.headers["cache-control"] == "no-store"
    assert sent.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert b"No year." in sent.body
    if content_type == PROBLEM:
        assert json.loads(sent.body)["parameter"] == "year"


def test_a_request_without_a_host_is_told_so_in_plain_text(site: Site) -> None:
    # No page could be told where it is.
    sent = refused(site, BadParameter("year", "No year."), "/", {"accept": BROWSER, "host": "a b"})
    assert (sent.status, sent.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert b"The Host header" in sent.body


SPECIAL = [
    (Overloaded("busy", 7), 503, {"retry-after": "7"}),
    (MethodNotAllowed("no", ("GET", "HEAD")), 405, {"allow": "GET, HEAD"}),
    (DeadlineExceeded("slow", 1.5), 504, {"server-timing": "eval;dur=1500"}),
    (PayloadTooLarge("long", 10), 413, {"connection": "close"}),
    (RequestTimeout("slow"), 408, {"connection": "close"}),
    (NotFound("none"), 404, {}),
    (HTTPException(404), 404, {}),
    (HTTPException(405, headers={"Allow": "GET, HEAD"}), 405, {"allow": "GET, HEAD"}),
    (HTTPException(400, "bad"), 400, {}),
    (HTTPException(418), 500, {}),
    (RuntimeError("secret"), 500, {}),
]


@pytest.mark.parametrize(("error", "status", "headers"), SPECIAL)
def test_failures_are_designed(site: Site, error: Exception, status: int, headers: Mapping[str, str]) -> None:
    sent = refused(site, error, headers={"accept": "application/json"})
    assert sent.status == status
    assert headers.items() <= sent.headers.items()
    assert "secret" not in sent.body.decode()
    problem = json.loads(sent.body)
    assert problem["status"] == status
    assert problem["type"] == f"urn:endpoint:problem:{problem['code']}"
    assert sent.headers["x-request-id"]


def test_a_failure_after_the_status_sends_nothing_more(site: Site) -> None:
    aborted: list[bool] = []

    async def broken(scope: object, receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise NotFound("late")

    scope = {**scope_of(), "extensions": {"endpoint.abort": {"abort": lambda: aborted.append(True)}}}
    sent = sent_by(Boundary(broken, site), scope)
    assert (len(sent.messages), aborted) == (1, [True])


@pytest.mark.parametrize(
    ("origins", "origin", "allowed", "credentials"),
    [
        ((), "https://a.example", None, None),
        (("*",), "https://a.example", "*", None),
        (("*",), "", "*", None),
        (("https://a.example",), "https://a.example", "https://a.example", "true"),
        (("https://a.example",), "https://b.example", None, None),
        (("https://a.example",), "", None, None),
    ],
)
@pytest.mark.parametrize("fails", [False, True])
def test_pages_of_other_origins(
    origins: tuple[str, ...], origin: str, allowed: str | None, credentials: str | None, fails: bool
) -> None:
    async def answer(request: Request) -> Answer:
        if fails:
            raise NotFound("none")
        return Whole(b"x", "text/plain")

    site = create_site(Settings(cors_origins=origins))
    scope = scope_of("GET", "/", {"origin": origin} if origin else {})
    sent = sent_by(Boundary(Handler(answer), site), scope)
    assert sent.status == (404 if fails else 200)
    assert sent.headers.get("access-control-allow-origin") == allowed
    assert sent.headers.get("access-control-allow-credentials") == credentials
    assert ("Retry-After" in sent.headers.get("access-control-expose-headers", "")) is (allowed is not None)
    varied = [value for name, value in sent.messages[0]["headers"] if name == b"vary"]
    assert (b"Origin" in varied) is (origins not in ((), ("*",)))


def test_a_preflight_runs_nothing(site: Site) -> None:
    async def answer(request: Request) -> Answer:
        raise AssertionError("it ran")

    headers = {"origin": "https://a.example", "access-control-request-method": "QUERY"}
    sent = sent_by(Boundary(Handler(answer), site), scope_of("OPTIONS", "/", headers))
    assert (sent.status, sent.body) == (204, b"")
    assert sent.headers["access-control-allow-headers"] == "Accept, Content-Type"
    assert "content-length" not in sent.headers
    headers["access-control-request-headers"] = "authorization"
    sent = sent_by(Boundary(Handler(answer), site), scope_of("OPTIONS", "/", headers))
    assert sent.headers["access-control-allow-headers"] == "authorization"
    assert "QUERY" in sent.headers["access-control-allow-methods"]
    # OPTIONS of no browser is answered by the handler.
    assert (
        sent_by(Boundary(Handler(answer), site), scope_of("OPTIONS")).headers["allow"] == "GET, HEAD, OPTIONS"
    )


def test_pages_have_the_policy_unless_they_have_their_own(site: Site) -> None:
    async def plain(request: Request) -> Answer:
        return page(b"<p>")

    async def own(request: Request) -> Answer:
        return page(b"<p>", headers=((POLICY_HEADER, b"default-src 'self'"),))

    name = POLICY_HEADER.decode()
    assert sent_by(Boundary(Handler(plain), site), scope_of()).headers[name] == POLICY.decode()
    assert sent_by(Boundary(Handler(own), site), scope_of()).headers[name] == "default-src 'self'"


def test_each_request_has_a_number_of_its_own(site: Site) -> None:
    async def answer(request: Request) -> Answer:
        return Whole(b"x", "text/plain")

    boundary = Boundary(Handler(answer), site)
    numbers = {sent_by(boundary, scope_of()).headers["x-request-id"] for _ in range(5)}
    assert len(numbers) == 5


def test_a_request_is_freed_without_the_garbage_collector(site: Site) -> None:
    requests: list[weakref.ref[Request]] = []

    async def answer(request: Request) -> Answer:
        requests.append(weakref.ref(request))
        return Whole(b"here", "text/plain")

    gc.disable()
    try:
        assert sent_by(Boundary(Handler(answer), site), scope_of()).body == b"here"
        assert [request() for request in requests] == [None]
    finally:
        gc.enable()
