"""Content codings: which one a header chooses, what is compressed, and whether it can be read again."""

from __future__ import annotations

import zlib

import pytest

from endpoint.formats import (
    BIBLIOGRAPHIES,
    EXCEL_CSV,
    FLAT_JSON,
    GEO_JSON,
    GRAPH_FORMATS,
    HTML,
    MARKDOWN,
    ND_JSON,
    RESULT_FORMATS,
    XLSX,
    Format,
)
from endpoint.web.http.encodings import CODINGS, Coding, is_text, negotiate
from tests.web.decoding import decoded

ROWS = b"".join(b'{"number": %d, "name": "%x"}\n' % (number, number * 7919 % 65537) for number in range(5000))

# Header, the coding it chooses, whether the body may be sent without one.
CHOICES = [
    ("", None, True),
    ("gzip", "gzip", True),
    ("GZIP", "gzip", True),
    ("x-gzip", "gzip", True),
    ("gzip, deflate, br, zstd", "zstd", True),
    ("gzip, deflate, br", "br", True),
    ("deflate", None, True),
    ("compress, gzip", "gzip", True),
    ("identity", None, True),
    ("*", "zstd", True),
    ("gzip;q=1.0, br;q=0.5", "gzip", True),
    ("gzip;q=0.5, br;q=1.0", "br", True),
    ("gzip; q=0.8 , zstd ;q=0.8", "zstd", True),
    ("zstd;q=0, br;q=0, gzip", "gzip", True),
    ("zstd;q=0, *", "br", True),
    ("gzip;q=0", None, True),
    ("br;q=0.001", "br", True),
    ("gzip;q=0.5, identity", None, True),
    ("gzip;q=0.5, identity;q=0.5", "gzip", True),
    ("gzip, identity;q=0", "gzip", False),
    ("gzip, *;q=0", "gzip", False),
    ("identity;q=0", None, False),
    ("*;q=0", None, False),
    ("*;q=0, identity", None, True),
    ("gzip;q=0.5, zstd;q=0, br;q=0, *", None, True),
    ("gzip;q=2, br", "br", True),
    ("gzip;q=, br;q=0.1", "br", True),
    ("gzip;level=9, br;q=0.1", "br", True),
    ("br;;, gzip", "gzip", True),
    (",, gzip ,", "gzip", True),
    ("gzip;q=0, gzip", "gzip", True),
    ("\tgzip\t;\tQ=.5", "gzip", True),
    ("é, gzip", "gzip", True),
    ("gzip" + " " * 5000, "gzip", True),
    ("x, " * 100 + "gzip", "gzip", True),
    ("x, " * 5000 + "gzip", None, True),
]


@pytest.mark.parametrize(("header", "name", "plain"), CHOICES)
def test_the_header_chooses(header: str, name: str | None, plain: bool) -> None:
    accepted = negotiate(header)
    assert (accepted.coding and accepted.coding.name, accepted.plain) == (name, plain)


def test_without_the_header_nothing_is_encoded() -> None:
    assert negotiate(None) == (None, True)


def test_the_codings_in_their_order() -> None:
    assert [coding.name for coding in CODINGS] == ["zstd", "br", "gzip"]


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: coding.name)
@pytest.mark.parametrize("body", [b"", b"x", ROWS])
def test_a_whole_body_can_be_read_again(coding: Coding, body: bytes) -> None:
    encoded = coding.compress(body)
    assert decoded(coding.name, encoded) == body
    assert len(encoded) < max(len(body) / 2, 40)
    # No time of day is in it: the same body has the same bytes.
    assert coding.compress(body) == encoded


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: coding.name)
@pytest.mark.parametrize("size", [1, 1000, 2**16])
def test_each_piece_can_be_read_when_it_comes(coding: Coding, size: int) -> None:
    encoder, sent = coding.encoder(), b""
    body = ROWS[:20] if size == 1 else ROWS
    for start in range(0, len(body), size):
        sent += encoder.encode(body[start : start + size])
        assert decoded(coding.name, sent, whole=False) == body[: start + size]
    assert decoded(coding.name, sent + encoder.finish()) == body


def test_a_cut_body_cannot_be_taken_for_a_whole_one() -> None:
    for coding in CODINGS:
        encoder = coding.encoder()
        with pytest.raises((EOFError, zlib.error, ValueError)):
            decoded(coding.name, encoder.encode(ROWS))


FORMATS = (*RESULT_FORMATS, *GRAPH_FORMATS, *BIBLIOGRAPHIES, HTML, FLAT_JSON, GEO_JSON, ND_JSON)


@pytest.mark.parametrize("fmt", [*FORMATS, EXCEL_CSV, MARKDOWN], ids=lambda fmt: fmt.name)
def test_every_text_format_shrinks(fmt: Format) -> None:
    for media_type in (fmt.media_type, *fmt.aliases):
        assert is_text(fmt.content_type(media_type)), media_type


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        (XLSX.content_type(), False),
        ("font/woff2", False),
        ("image/png", False),
        ("application/octet-stream", False),
        ("application/zip", False),
        ("", False),
        ("image/svg+xml; charset=utf-8", True),
        ("text/javascript; charset=utf-8", True),
        ("application/problem+json", True),
        ("Application/JSON", True),
        ("application/sparql-query", True),
    ],
)
def test_what_is_compressed_already_is_left_alone(content_type: str, text: bool) -> None:
    assert is_text(content_type) is text
