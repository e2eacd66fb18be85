"""The judge of a soak: it blames a server for what is wrong, and for nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.hostile_traffic import Reply
from benchmarks.soak import Seen, canonical


def answer(*rows: dict[str, str]) -> bytes:
    bindings = [{name: {"type": "literal", "value": text} for name, text in row.items()} for row in rows]
    return json.dumps({"head": {"vars": ["a", "b"]}, "results": {"bindings": bindings}}).encode()


EXPECTED = canonical(answer({"a": "1", "b": "2"}, {"a": "3"}))


@pytest.mark.parametrize(
    ("body", "same"),
    [
        (answer({"a": "3"}, {"b": "2", "a": "1"}), True),
        (answer({"a": "1", "b": "2"}), False),
        (answer({"a": "1", "b": "2"}, {"a": "3"}, {"a": "3"}), False),
        (answer({"a": "1", "b": "2"}, {"b": "3"}), False),
        (b'{"boolean": true}', False),
    ],
)
def test_answers_are_compared_as_solutions(body: bytes, same: bool) -> None:
    assert (canonical(body) == EXPECTED) is same


def problem(status: int, **members: Any) -> Reply:
    return Reply(status, {}, json.dumps(members).encode(), whole=True)


@pytest.mark.parametrize(
    ("reply", "counted", "blamed"),
    [
        (Reply(200, {}, answer({"a": "3"}, {"a": "1", "b": "2"}), whole=True), "answered", False),
        (Reply(200, {}, answer({"a": "3"}), whole=True), "answered", True),
        (Reply(200, {}, b"", whole=False), "cut", False),
        (problem(503, code="overloaded"), "503 overloaded", False),
        (problem(500, code="worker-died"), "500 worker-died", False),
        (problem(500, code="internal-error"), "500 internal-error", True),
        (problem(504, code="deadline-exceeded"), "504 deadline-exceeded", True),
        (Reply(502, {}, b"Bad gateway", whole=True), "502 without a code", True),
    ],
)
def test_only_documented_failures_are_let_pass(reply: Reply, counted: str, blamed: bool) -> None:
    seen = Seen()
    seen.judge(reply, EXPECTED, "a query")
    assert seen.counts[counted] == 1
    assert bool(seen.wrong) is blamed
