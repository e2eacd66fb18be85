"""Normalisation replaces the parts of an answer that differ from run to run, and nothing else."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from io import BytesIO

import pytest
from openpyxl import Workbook

from tests.recording.exchange import Answer, Request
from tests.recording.normal import CONTINUED, WHOLE, folded, steady, tag, text_of

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"created": "2024-05-06T07:08:09.701120+00:00"', '"created": "<moment>"'),
        ("<updated>2024-05-05T23:59:59Z</updated>", "<updated><moment></updated>"),
        ("<lastmod>2024-05-06</lastmod>", "<lastmod><today></lastmod>"),
        ("2023-05-22T00:00:00Z and 2023-05-22", "2023-05-22T00:00:00Z and 2023-05-22"),
        ('href="/-/static/a.css?v=1096b509703b"', 'href="/-/static/a.css?v=<digest>"'),
        ('"after": "1.40.5e0c64a1f0b2"', '"after": "1.40.<digest>"'),
        ("?after=1.40.5e0c64a1f0b2&pageSize=2", "?after=1.40.<digest>&pageSize=2"),
        ('"version": "a92fe56292d055e6"', '"version": "<digest>"'),
        ("urn:uuid:ec807060-9fa8-42ef-9b4d-ffe2320fe214", "urn:uuid:<uuid>"),
        ("2024-05-06 07:02:04,127 ERROR", "<today> ERROR"),
        ("/folders/recording-x1_y/dataset/queries/a.rq:4", "<folder>/dataset/queries/a.rq:4"),
        ("http://127.0.0.1:38123/api", "http://127.0.0.1:<port>/api"),
        ("Tell its operator the number 02e069-1f.", "Tell its operator the number <request>."),
    ],
)
def test_what_belongs_to_one_run_is_replaced(text: str, expected: str) -> None:
    assert steady(text, NOW) == expected


def test_blank_nodes_are_numbered_as_they_come() -> None:
    first, second = "d3d971090d1eeddd9a084bd461942182", "e44a7c754145743792a5f7015a0aac6"
    text = f"_:{first} _:{second} _:{first}"
    assert steady(text) == "_:<blank 1> _:<blank 2> _:<blank 1>"


def test_the_form_of_an_entity_tag_stays() -> None:
    assert tag('W/"abc"') == 'W/"<tag>"'
    assert tag('"abc"') == '"<tag>"'


def test_a_long_line_is_broken_at_its_members() -> None:
    line = "[" + ", ".join('{"name": "' + "x" * 40 + '"}' for _ in range(5)) + "]"
    pieces = list(folded(line))
    assert len(pieces) == 5
    assert "".join(pieces).replace(CONTINUED + " ", "") == line
    assert list(folded("short, line")) == ["short, line"]


def recorded(body: bytes, *headers: tuple[str, str], unordered: bool = False) -> str:
    asked = Request("name", "/path", headers=(("Accept", "text/csv"),), unordered=unordered)
    return text_of(asked, Answer(200, "OK", headers, body))


def test_an_exchange_is_the_request_the_headers_sorted_and_the_body() -> None:
    headers = (
        ("X-Request-Id", "02e069-1"),
        ("ETag", 'W/"da5ddcedc8db5e1f228808ff"'),
        ("Server-Timing", "queue;dur=0.0, eval;dur=3.10"),
        ("Cache-Status", "endpoint; fwd=miss; stored"),
        ("Date", "Mon, 06 May 2024 07:08:09 GMT"),
        ("Content-Length", "4"),
    )
    assert recorded(b"a\r\nb", *headers) == (
        "GET /path HTTP/1.1\nHost: recording.example\nAccept: text/csv\n\n"
        "HTTP 200 OK\n"
        "cache-status: <use>\n"
        "content-length: <length>\n"
        "date: <date>\n"
        'etag: W/"<tag>"\n'
        "server-timing: <timing>\n"
        "x-request-id: <request>\n\n"
        "a\\x0d\nb\n"
    )


def test_a_large_answer_may_have_its_length_or_come_in_chunks() -> None:
    body = b"x" * (WHOLE + 1)
    told = recorded(body, ("Content-Length", str(len(body))))
    assert told == recorded(body, ("Transfer-Encoding", "chunked"))
    assert recorded(b"x", ("Content-Length", "1")) != recorded(b"x", ("Transfer-Encoding", "chunked"))


def test_an_old_client_gets_the_length_of_a_large_answer_too() -> None:
    answer = Answer(200, "OK", (("Content-Length", "40000"),), b"x" * 40_000)
    assert "content-length: <length>" in text_of(Request("old", "/", version="1.0"), answer)


def test_the_content_of_a_compressed_answer_is_read() -> None:
    headers = (("Content-Encoding", "gzip"), ("Content-Length", "24"))
    assert recorded(gzip.compress(b"text"), *headers).endswith("content-length: <length>\n\ntext\n")


def test_a_workbook_is_the_list_of_its_members() -> None:
    book, out = Workbook(), BytesIO()
    book.create_sheet("제목")
    book.save(out)
    text = recorded(out.getvalue())
    assert "<member xl/workbook.xml>" in text
    assert 'name="제목"' in text
    assert "<member xl/worksheets/sheet1.xml>" in text


def test_the_order_of_blank_nodes_makes_no_difference_where_it_means_nothing() -> None:
    first, second = f"_:{'a' * 32} <urn:p> 1 .", f"_:{'b' * 32} <urn:p> 2 ."
    one, other = f"{first}\n{second}".encode(), f"{second}\n{first}".encode()
    assert recorded(one) != recorded(other)
    assert recorded(one, unordered=True) == recorded(other, unordered=True)


def test_bytes_that_are_no_text_are_told_by_their_digest() -> None:
    assert "<2 bytes, SHA-256 " in recorded(b"\xff\x00")
