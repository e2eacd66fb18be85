"""The pure part of the SPARQL Protocol: every rule of a request as a row of a table."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import (
    BadParameter,
    EndpointError,
    MalformedRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from endpoint.web.sparql.protocol import ProtocolRequest, parse

LIMIT = 1000
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
ASK = "ASK%7B%7D"

READ = [
    pytest.param("GET", "", f"query={ASK}", b"", ProtocolRequest("ASK{}"), id="GET"),
    pytest.param("GET", "", "", b"", ProtocolRequest(None), id="GET without query"),
    pytest.param("POST", FORM, "", b"query=ASK%7B%7D", ProtocolRequest("ASK{}"), id="POST form"),
    pytest.param(
        "POST", f"{FORM}; charset=UTF-8", "", b"query=a", ProtocolRequest("a"), id="form with charset"
    ),
    pytest.param(
        "POST", "Application/X-WWW-Form-URLencoded", "", b"query=a", ProtocolRequest("a"), id="form case"
    ),
    pytest.param("POST", DIRECT, "", b"ASK{}", ProtocolRequest("ASK{}"), id="POST direct"),
    pytest.param(
        "POST", f'{DIRECT};charset="utf-8"', "", b"ASK{}", ProtocolRequest("ASK{}"), id="direct charset"
    ),
    pytest.param("QUERY", DIRECT, "", b"ASK{}", ProtocolRequest("ASK{}"), id="QUERY direct"),
    pytest.param("QUERY", FORM, "", b"query=ASK%7B%7D", ProtocolRequest("ASK{}"), id="QUERY form"),
    pytest.param(
        "GET",
        "",
        f"query={ASK}&default-graph-uri=urn:a&default-graph-uri=urn:b&named-graph-uri=urn:c",
        b"",
        ProtocolRequest("ASK{}", ("urn:a", "urn:b"), ("urn:c",)),
        id="graphs",
    ),
    pytest.param(
        "POST",
        DIRECT,
        "default-graph-uri=urn:a&timeout=2.5&format=csv",
        b"ASK{}",
        ProtocolRequest("ASK{}", ("urn:a",), (), ("csv",), 2.5),
        id="direct with parameters in the URL",
    ),
    pytest.param(
        "POST",
        FORM,
        "format=json",
        b"query=a",
        ProtocolRequest("a", formats=("json",)),
        id="form, format in the URL",
    ),
    pytest.param("GET", "", "query=a&output=xml", b"", ProtocolRequest("a", formats=("xml",)), id="output"),
    pytest.param(
        "GET", "", "query=a&format=json&output=xml", b"", ProtocolRequest("a", formats=("json",)), id="both"
    ),
    pytest.param("GET", "", "query=a&format=", b"", ProtocolRequest("a"), id="empty format"),
    pytest.param(
        "GET",
        "",
        "query=a&format=json-ld&format=application/ld%2Bjson,application/x-json%2Bld&output=xml&results=x",
        b"",
        ProtocolRequest("a", formats=("json-ld", "application/ld+json", "application/x-json+ld")),
        id="SPARQLWrapper's formats",
    ),
    pytest.param("GET", "", "query=a&download=1", b"", ProtocolRequest("a", download=True), id="download"),
    pytest.param(
        "GET", "", "query%20=a&default-graph-uri+=urn:a", b"", ProtocolRequest("a", ("urn:a",)), id="blanks"
    ),
    pytest.param("GET", "", "query=a&ac=1&method=POST&x", b"", ProtocolRequest("a"), id="unknown parameters"),
    pytest.param("GET", "", "query=a&default-graph-uri=", b"", ProtocolRequest("a"), id="empty graph"),
    pytest.param("GET", "", "query=a&timeout=0", b"", ProtocolRequest("a"), id="Virtuoso's timeout=0"),
    pytest.param("GET", "", "query=a+b%2Bc%2525", b"", ProtocolRequest("a b+c%25"), id="decoded once"),
    pytest.param("GET", "", "query=%ED%95%9C", b"", ProtocolRequest("한"), id="Korean, encoded"),
    pytest.param("GET", "", "query=한", b"", ProtocolRequest("한"), id="Korean, raw bytes"),
    pytest.param("POST", FORM, "", "query=한".encode(), ProtocolRequest("한"), id="Korean, raw form"),
    pytest.param("POST", DIRECT, "", "한".encode(), ProtocolRequest("한"), id="Korean, direct"),
    pytest.param("POST", DIRECT, "", b"\xef\xbb\xbfASK{}", ProtocolRequest("ASK{}"), id="BOM"),
    pytest.param(
        "POST", FORM, "", b"query=a\r\n", ProtocolRequest("a"), id="a form file that ends in a newline"
    ),
]


@pytest.mark.parametrize(("method", "content_type", "query_string", "body", "expected"), READ)
def test_reads(
    method: str, content_type: str, query_string: str, body: bytes, expected: ProtocolRequest
) -> None:
    assert parse(method, content_type, query_string.encode(), body, LIMIT) == expected


REFUSED = [
    pytest.param("GET", "", "query=a&query=b", b"", BadParameter, "given 2 times", id="two queries"),
    pytest.param("POST", FORM, "query=a", b"query=b", BadParameter, "given 2 times", id="in URL and body"),
    pytest.param("POST", DIRECT, "query=a", b"ASK{}", BadParameter, "given 2 times", id="in URL and direct"),
    pytest.param("POST", "", "", b"query=a", UnsupportedMediaType, "no Content-Type", id="no type"),
    pytest.param("POST", "text/plain", "", b"ASK{}", UnsupportedMediaType, "text/plain", id="wrong type"),
    pytest.param(
        "QUERY", "text/plain", "", b"ASK{}", UnsupportedMediaType, "text/plain", id="QUERY, wrong type"
    ),
    pytest.param("POST", f"{DIRECT}; charset=euc-kr", "", b"a", UnsupportedMediaType, "euc-kr", id="charset"),
    pytest.param(
        "POST", FORM, "", b"update=CLEAR&query=ASK", BadParameter, "not both", id="update and query"
    ),
    pytest.param("POST", FORM, "", b"update=A&update=B", BadParameter, "update", id="two updates"),
    pytest.param(
        "QUERY", "application/sparql-update", "", b"CLEAR ALL", MethodNotAllowed, "by POST", id="unsafe QUERY"
    ),
    pytest.param("GET", "", "update%20=CLEAR", b"", MethodNotAllowed, "by POST", id="update with a blank"),
    pytest.param("GET", "", "query=%C7%D1", b"", BadParameter, "byte 1 of its value is 0xC7", id="CP949"),
    pytest.param("GET", "", "query=a%ED%A0%80", b"", BadParameter, "byte 2", id="surrogate"),
    pytest.param("POST", DIRECT, "", b"a\xff", MalformedRequest, "byte 2 is 0xFF", id="direct, not UTF-8"),
    pytest.param("GET", "", "query=a&timeout=-1", b"", BadParameter, "number of seconds", id="timeout < 0"),
    pytest.param("GET", "", "query=a&timeout=nan", b"", BadParameter, "number of seconds", id="timeout nan"),
    pytest.param("GET", "", "query=a&timeout=inf", b"", BadParameter, "number of seconds", id="timeout inf"),
    pytest.param(
        "GET", "", "query=a&named-graph-uri=x", b"", BadParameter, "absolute IRI", id="relative graph"
    ),
    pytest.param("GET", "", "query=" + "a" * 1001, b"", PayloadTooLarge, "1,000 bytes", id="too long"),
    pytest.param("GET", "", "x=" + "a" * 3001, b"", PayloadTooLarge, "URL is too long", id="URL too long"),
]


@pytest.mark.parametrize(("method", "content_type", "query_string", "body", "error", "said"), REFUSED)
def test_refuses(
    method: str, content_type: str, query_string: str, body: bytes, error: type[EndpointError], said: str
) -> None:
    with pytest.raises(error) as caught:
        parse(method, content_type, query_string.encode(), body, LIMIT)
    assert said in caught.value.detail


def test_more_parameters_than_any_sparql_request_has() -> None:
    with pytest.raises(MalformedRequest, match="2000 parameters"):
        parse("GET", "", b"a=1&" * 2001, b"", 10**6)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_arrives_as_it_was_sent(text: str) -> None:
    expected = text.removeprefix("\ufeff")
    encoded = b"query=" + quote(text, safe="").encode()
    assert parse("GET", "", encoded, b"", 10**6).query == expected
    assert parse("POST", FORM, b"", encoded, 10**6).query == expected
    assert parse("POST", DIRECT, b"", text.encode(), 10**6).query == expected


@given(st.sampled_from(["GET", "POST", "QUERY"]), st.text(), st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_design(
    method: str, content_type: str, query_string: bytes, body: bytes
) -> None:
    try:
        parse(method, content_type, query_string, body, LIMIT)
    except EndpointError as error:
        assert 400 <= error.status < 500


@pytest.mark.parametrize(
    ("content_type", "query_string", "body"),
    [
        (
            FORM,
            b"",
            b"update=CLEAR+ALL&using-graph-uri=urn:a&using-graph-uri=urn:b&using-named-graph-uri=urn:c",
        ),
        (
            "application/sparql-update",
            b"using-graph-uri=urn:a&using-graph-uri%20=urn:b&using-named-graph-uri=urn:c&default-graph-uri=urn:d",
            b"\xef\xbb\xbfCLEAR ALL",
        ),
    ],
)
def test_an_update_has_its_own_dataset(content_type: str, query_string: bytes, body: bytes) -> None:
    assert parse("POST", content_type, query_string, body, 10_000) == ProtocolRequest(
        None, ("urn:a", "urn:b"), ("urn:c",), update="CLEAR ALL"
    )
