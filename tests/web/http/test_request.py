"""Requests as handlers see them: read once, and refused by design."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Message

from endpoint.app import create_site
from endpoint.engine import Limits
from endpoint.errors import (
    BadParameter,
    EndpointError,
    MalformedRequest,
    NotAcceptable,
    PayloadTooLarge,
    RequestTimeout,
)
from endpoint.formats import CSV, SPARQL_JSON
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.request import (
    Request,
    allowed_limits,
    choose,
    decode_pairs,
    read_download,
    read_formats,
    read_timeout,
    single,
)
from tests.web.exchanges import request_for, scope_of


@pytest.fixture(scope="module")
def site() -> Site:
    return create_site(Settings(client_timeout=0.05))


def test_it_is_found_by_its_scope(site: Site) -> None:
    request = request_for(site, "/a%20b?x=1&y=%EC%B1%85", headers={"accept": "text/csv"})
    assert Request.of(request.scope) is request
    assert (request.method, request.base) == ("GET", "http://localhost")
    assert request.pairs == [("x", "1"), ("y", "책")]
    assert request.pairs is request.pairs
    assert request.view is request.view
    with pytest.raises(TypeError):
        Request.of({**scope_of(), "endpoint.request": None})


def test_headers_that_come_several_times_are_one(site: Site) -> None:
    request = request_for(site)
    assert (request.accept, request.accept_encoding, request.media_type) == (None, "", "")
    request.scope["headers"] += [(b"accept", b"a/b"), (b"accept", b"c/d;q=0.5"), (b"accept-encoding", b"br")]
    request.scope["headers"].append((b"content-type", b"Text/CSV; charset=utf-8"))
    again = Request(request.scope, request._receive, site, request.exchange, request.delayed)
    assert (again.accept, again.accept_encoding, again.media_type) == ("a/b, c/d;q=0.5", "br", "text/csv")


@pytest.mark.parametrize(
    ("method", "sent", "has"),
    [
        ("GET", 'W/"a"', True),
        ("GET", '"a"', True),
        ("HEAD", '"b", W/"a"', True),
        ("GET", "*", False),
        ("GET", '"b"', False),
        ("GET", "a", False),
        ("POST", '"a"', False),
    ],
)
def test_what_the_client_has(site: Site, method: str, sent: str, has: bool) -> None:
    request = request_for(site, "/", method, {"if-none-match": sent})
    assert request.has('W/"a"') is has
    assert not request_for(site).has('W/"a"')


def parts(*sent: Message) -> list[Message]:
    return [{"type": "http.request", **message} for message in sent]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (parts({"body": b"ab", "more_body": True}, {"body": b"c"}), b"abc"),
        (parts({}), b""),
        (parts({"body": b"x" * 10}), b"x" * 10),
        (parts({"body": b"x" * 11}), PayloadTooLarge),
        (parts({"body": b"x" * 8, "more_body": True}, {"body": b"x" * 8}), PayloadTooLarge),
        # Of an endless body only so much is read.
        (parts(*[{"body": b"x" * 100, "more_body": True}] * 4), PayloadTooLarge),
        ([*parts({"body": b"x", "more_body": True}), {"type": "http.disconnect"}], MalformedRequest),
        (parts({"body": b"x", "more_body": True}), RequestTimeout),
    ],
)
def test_bodies(site: Site, messages: list[Message], expected: bytes | type[EndpointError]) -> None:
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    request = request_for(site, "/", "POST", receive=receive)
    assert request.body_pending
    if isinstance(expected, bytes):
        assert asyncio.run(request.body(10)) == expected
        assert not request.body_pending
    else:
        with pytest.raises(expected):
            asyncio.run(request.body(10))


def test_the_format_is_named_or_negotiated(site: Site) -> None:
    formats = (SPARQL_JSON, CSV)
    assert request_for(site, "/?format=csv").negotiate(formats).format is CSV
    assert request_for(site, "/?output=xml,csv").negotiate(formats).format is CSV
    assert request_for(site, headers={"accept": "text/csv"}).negotiate(formats).format is CSV
    assert request_for(site).negotiate(formats).format is SPARQL_JSON
    for request in (request_for(site, "/?format=pdf"), request_for(site, headers={"accept": "image/png"})):
        with pytest.raises(NotAcceptable) as refused:
            request.negotiate(formats)
        assert refused.value.fields() == {"offered": [SPARQL_JSON.media_type, CSV.media_type]}
    assert choose((), "text/csv, */*;q=0.1", formats).format is CSV


def test_parameters() -> None:
    pairs = [("format", "a, b"), ("format", "c"), ("output", "d"), ("timeout", ""), ("download", "1")]
    assert read_formats(pairs) == ("a", "b", "c")
    assert read_formats([("format", " , "), ("output", "d")]) == ("d",)
    assert (read_download(pairs), read_download([("download", "yes")])) == (True, False)
    assert [read_timeout([("timeout", text)]) for text in ("", "0", "2.5")] == [None, None, 2.5]
    for text in ("-1", "x", "inf", "nan"):
        with pytest.raises(BadParameter):
            read_timeout([("timeout", text)])
    assert single([("a", "1"), ("b", "2")], "b") == "2"
    with pytest.raises(BadParameter, match="2 times"):
        single([("a", "1"), ("a", "1")], "a")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a=%FF", "parameter a is not UTF-8: byte 1"),
        (b"%FF=a", "name of a parameter"),
        (b"a&" * 2001, "more than 2000 parameters"),
    ],
)
def test_what_cannot_be_decoded_says_where(text: bytes, told: str) -> None:
    with pytest.raises((BadParameter, MalformedRequest), match=told):
        decode_pairs(text)


FORM_PIECES = st.sampled_from(
    [
        "a",
        "우",
        "=",
        "&",
        "+",
        ";",
        "\x00",
        "\n",
        "\\",
        "\\x41",
        "\\n",
        "%",
        "%4",
        "%41",
        "%zz",
        "%ff",
        "%EC%9A%B0",
    ],
)


@given(st.lists(FORM_PIECES).map("".join))
@example("a=%5Cx41&%5C=\\u0041")
def test_pairs_are_decoded_as_the_standard_library_does(text: str) -> None:
    try:
        expected = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadParameter):
            decode_pairs(text.encode())
    else:
        assert decode_pairs(text.encode()) == expected


def test_a_client_may_only_lower_the_deadline() -> None:
    settings = Settings(timeout=30.0)
    assert allowed_limits(None, settings) == Limits(30.0, settings.max_rows, settings.max_result)
    assert allowed_limits(2.0, settings).timeout == 2.0
    assert allowed_limits(0.001, settings).timeout == 0.1
    assert allowed_limits(30_000.0, settings).timeout == 30.0
