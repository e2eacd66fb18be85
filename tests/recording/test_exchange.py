"""Requests go out as they are written, and lead on where they say so; on the real server."""

from __future__ import annotations

import pytest

from tests.live import Server
from tests.recording.corpus.shorthand import as_method, distinct, get, post, revalidated
from tests.recording.exchange import Answer, Request, Wire, exchange, wire
from tests.recording.normal import text_of


@pytest.fixture(scope="module")
def send(server: Server) -> Wire:
    return wire(server.host, server.port)


def test_the_bytes_are_those_that_are_written() -> None:
    request = Request("odd", "/a%zz?b", "BREW", (("X", "1"),), b"body")
    assert request.encoded() == (
        b"BREW /a%zz?b HTTP/1.1\r\nHost: recording.example\r\nX: 1\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert Request("old", "/", version="1.0").encoded() == b"GET / HTTP/1.0\r\n\r\n"


def test_a_revalidated_request_sends_what_it_got(send: Wire) -> None:
    request, answer = exchange(send, revalidated(get("years", "/api/years")))
    assert answer.status == 304
    assert dict(request.headers)["If-None-Match"].startswith('W/"')
    assert 'If-None-Match: W/"<tag>"' in text_of(request, answer)


def test_links_to_the_next_page_are_followed(send: Wire) -> None:
    request = Request("terms", "/api/terms?pageSize=3&after=", follow=2)
    reached, answer = exchange(send, request)
    assert answer.status == 200
    assert "after=1.6." in reached.target


def test_every_way_to_ask_gets_a_whole_answer(send: Wire) -> None:
    asked = get("ask", "/sparql", {"query": "ASK {}"})
    assert exchange(send, as_method(asked, "HEAD"))[1].body == b""
    old = Request("old", asked.target, version="1.0")
    assert exchange(send, old)[1].body == exchange(send, asked)[1].body
    assert exchange(send, post("none", "/sparql", "", ""))[1].status == 415


def test_two_answers_of_one_server_are_recorded_alike(send: Wire) -> None:
    for request in (get("ready", "/-/ready"), get("feed", "/feed"), get("xlsx", "/api/years.xlsx")):
        texts = {text_of(*exchange(send, request)) for _ in range(2)}
        assert len(texts) == 1


def test_a_connection_that_is_cut_is_recorded() -> None:
    answer = Answer(200, "OK", (), b"half", cut=True)
    assert text_of(Request("cut", "/"), answer).endswith("half\n\n<the connection was cut>\n")


def test_names_are_distinct() -> None:
    with pytest.raises(ValueError, match="the name A"):
        distinct([get("a", "/"), get("A", "/x")])
