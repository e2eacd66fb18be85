"""Log lines: what a client sends stays in its field, and secrets stay out."""

from __future__ import annotations

import logging
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.telemetry import Exchange, log, log_field, observe, set_up_logging


def exchange(path: str = "/sparql") -> Exchange:
    return Exchange("a-1", "GET", path, "127.0.0.1", status=200, sent=26, duration=0.0123)


def test_a_line_is_key_value_pairs() -> None:
    assert exchange().line() == (
        "request=a-1 client=127.0.0.1 method=GET path=/sparql status=200 ms=12.3 bytes=26"
    )


def test_what_is_known_of_the_answer_is_added() -> None:
    made = exchange()
    made.generation, made.queue, made.media_type = 7, 0.001, "text/csv"
    made.code, made.aborted, made.trace = "deadline-exceeded", True, "0af7"
    assert made.line().endswith(
        "generation=7 queue_ms=1.0 type=text/csv code=deadline-exceeded aborted=yes trace=0af7"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/a b", "/a%20b"),
        ("9.9.9.9 status=200", "9.9.9.9%20status%3D200"),
        ("/a\nrequest=forged", "/a%0Arequest%3Dforged"),
        ('/"', "/%22"),
        ("/100%", "/100%25"),
        ("a\\b", "a%5Cb"),
        ("\x1b[2J", "%1B[2J"),
        ("\x9b2J", "%C2%9B2J"),  # the same as one C1 character
        ("a\u2028b\u2029c\x85d", "a%E2%80%A8b%E2%80%A9c%C2%85d"),
        ("\u202e\u2066\u200f", "%E2%80%AE%E2%81%A6%E2%80%8F"),
        ("\u00a0", "%C2%A0"),
        ("\ud800", "%ED%A0%80"),
        ("", "-"),
        ("/한국", "/한국"),
    ],
)
def test_a_value_stays_in_its_field(value: str, shown: str) -> None:
    assert log_field("path", value) == f"path={shown}"


@given(st.text(max_size=200))
def test_any_value_is_one_field_that_can_be_read_back(value: str) -> None:
    name, _, shown = log_field("path", value).partition("=")
    assert name == "path"
    assert shown.isprintable()
    assert not set(shown) & set(' "=\\')
    assert unquote(shown) == (value or "-")


def test_every_field_of_a_line_is_escaped() -> None:
    forged = "x status=200\u2028"
    made = Exchange(forged, forged, forged, forged, status=404, code=forged, media_type=forged)
    line = made.line()
    assert line.count("status=") == 1
    assert line.count(log_field("", forged)) == 6
    assert line.isprintable()


def test_a_long_path_is_cut() -> None:
    assert len(exchange("/" + "x" * 10_000).line()) < 400


def test_one_line_per_exchange(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "endpoint"):
        observe(exchange())
    assert [record.getMessage() for record in caplog.records] == [exchange().line()]
    caplog.clear()
    with caplog.at_level(logging.WARNING, "endpoint"):
        observe(exchange())
    assert not caplog.records


def test_only_the_first_line_of_a_record_begins_like_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = "\n2026-01-01 00:00:00,000 INFO request=forged\x1b[2J\u2028"
    for name in ("endpoint", "uvicorn.error", "asyncio"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        monkeypatch.setattr(logging.getLogger(name), "level", logging.getLogger(name).level)
    set_up_logging("info")
    try:
        raise ValueError(forged)
    except ValueError:
        log.exception("failed: %s", forged)
    printed = capsys.readouterr().err
    assert printed.count("INFO request=forged") == 2
    first, *others = printed.removesuffix("\n").split("\n")
    assert " ERROR failed: " in first
    assert all(line.startswith("  ") for line in others)
    assert all(line.isprintable() for line in (first, *others))
