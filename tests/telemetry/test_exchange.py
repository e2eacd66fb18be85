"""The log line of an exchange."""

from __future__ import annotations

import logging

import pytest

from endpoint.telemetry import Exchange, observe


def exchange(path: str = "/sparql") -> Exchange:
    return Exchange("a-1", "GET", path, "127.0.0.1", status=200, sent=26, duration=0.0123)


def test_a_line_is_key_value_pairs() -> None:
    assert exchange().line() == (
        "request=a-1 client=127.0.0.1 method=GET path=/sparql status=200 ms=12.3 bytes=26"
    )


def test_what_is_known_of_the_answer_is_added() -> None:
    made = exchange()
    made.generation, made.queue, made.media_type = 7, 0.001, "text/csv"
    made.code, made.aborted = "deadline-exceeded", True
    assert made.line().endswith("generation=7 queue_ms=1.0 type=text/csv code=deadline-exceeded aborted=yes")


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/a b", "/a%20b"), ("/a\nrequest=forged", "/a%0Arequest=forged"), ('/"', "/%22"), ("/한국", "/한국")],
)
def test_a_path_cannot_forge_a_line(path: str, shown: str) -> None:
    assert f" path={shown} " in exchange(path).line()
    assert "\n" not in exchange(path).line()


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
