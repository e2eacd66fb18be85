"""The clients of the benchmark, against real servers that answer, fail, or are slow."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from benchmarks.client import Connection, Get, OutOfTime, ServerFailure, load, python_load
from tests.benchmarks.small_servers import answering

LIST = [Get(f"/{number}", "text/plain") for number in range(60)]


def test_a_list_is_sent_once_to_its_end() -> None:
    asked: Counter[str] = Counter()

    def count(path: str) -> tuple[int, bytes]:
        asked[path] += 1
        return 200, b"x" * 100

    with answering(count) as port:
        seen = load(port, LIST, 4, 60, 60)
    assert seen.requests == 60
    assert seen.failed == 0
    assert seen.seconds < 60
    assert 0 < seen.median <= seen.p99
    assert seen.rate == 60 / seen.seconds
    assert {get.path for get in LIST} <= asked.keys()


def test_a_round_ends_when_its_time_is_over() -> None:
    ended = threading.Event()
    with answering(lambda _: (200, b"") if not ended.wait(0.2) else (200, b"late")) as port:
        seen = load(port, LIST * 100, 2, 1, 60)
        ended.set()
    assert 0 < seen.requests < 6000


@pytest.mark.parametrize("by", ["the installed client", "this process"])
def test_failures_are_counted(by: str) -> None:
    def odd(path: str) -> tuple[int, bytes]:
        return (503 if path.endswith("7") else 200), b"x"

    with answering(odd) as port:
        if by == "this process":
            seen = python_load(port, [get.message() for get in LIST], 4, 60)
        else:
            seen = load(port, LIST, 4, 60, 60)
    assert seen.failed >= 6


def test_a_server_that_hangs_up_is_a_failure() -> None:
    with answering(lambda path: None if path == "/9" else (200, b"x")) as port:
        seen = python_load(port, [get.message() for get in LIST], 2, 60)
    assert seen.failed == 1


def test_an_answer_has_its_body_and_the_connection_is_kept() -> None:
    with answering(lambda path: (200, path.encode())) as port:
        connection = Connection(port, 60)
        for get in LIST[:3]:
            taken, body = connection.ask(get)
            assert body == get.path.encode()
            assert taken > 0
        connection.close()


def test_a_connection_tells_failures_and_goes_on() -> None:
    answers = {"/1": (500, b"broken"), "/2": (200, b"fine")}
    with answering(answers.get) as port:
        connection = Connection(port, 60)
        with pytest.raises(ServerFailure, match="status 500: broken"):
            connection.ask(Get("/1", "*/*"))
        with pytest.raises(ServerFailure, match="cut"):
            connection.ask(Get("/3", "*/*"))
        assert connection.ask(Get("/2", "*/*"))[1] == b"fine"
        connection.close()


def test_patience_ends() -> None:
    ended = threading.Event()

    def late(_: str) -> tuple[int, bytes]:
        ended.wait()
        return 200, b""

    with answering(late) as port:
        connection = Connection(port, 0.1)
        with pytest.raises(OutOfTime):
            connection.ask(LIST[0])
        ended.set()
