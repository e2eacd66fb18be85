"""The watchdog of the event loop, by a clock of the test."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from endpoint.telemetry import Exchange, log, watchdog
from endpoint.telemetry.watchdog import EXCHANGE, Watchdog

LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
NewLoop = Callable[[], asyncio.AbstractEventLoop]


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.read = 0

    def __call__(self) -> float:
        self.read += 1
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watchdog, "perf_counter", clock)
    monkeypatch.setattr(watchdog, "thread_time", clock)
    return clock


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level(logging.WARNING, log.name)
    return caplog


def watched(new_loop: NewLoop, *tasks: Callable[[], Coroutine[Any, Any, None]]) -> Watchdog:
    """The watchdog of a loop that has run these tasks beside each other."""
    dog = Watchdog()

    async def main() -> None:
        dog.watch(asyncio.get_running_loop())
        await asyncio.gather(*[asyncio.create_task(task()) for task in tasks])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not dog.armed

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    return dog


@LOOPS
def test_a_step_that_holds_the_loop_is_measured_and_logged_with_its_request(
    new_loop: NewLoop, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    async def other() -> None:
        EXCHANGE.set(Exchange("a-1", "GET", "/-/live", "-"))
        clock.work(0.02)

    async def slow() -> None:
        EXCHANGE.set(Exchange("a-2", "POST", "/api", "-"))
        await asyncio.sleep(0)
        clock.work(0.3)

    dog = watched(new_loop, other, slow)
    assert dog.longest_pause() == pytest.approx(0.3)
    assert dog.pauses == 1
    assert [record.getMessage() for record in lines.records] == [
        "the event loop was held pause_ms=300.0 cpu_ms=300.0 step_ms=300.0 request=a-2 method=POST path=/api"
    ]


@LOOPS
def test_what_a_request_begins_is_held_against_it(
    new_loop: NewLoop, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    async def child() -> None:
        clock.work(0.2)
        raise ValueError("gone")

    async def parent() -> None:
        EXCHANGE.set(Exchange("a-3", "GET", "/search", "-"))
        with pytest.raises(ValueError, match="gone"):
            await asyncio.create_task(child())

    assert watched(new_loop, parent).pauses == 1
    assert "request=a-3 method=GET path=/search" in lines.text


@LOOPS
def test_many_short_steps_in_one_round_add_up(
    new_loop: NewLoop, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    async def short() -> None:
        clock.work(0.009)

    dog = watched(new_loop, *[short] * 20)
    assert dog.longest_pause() == pytest.approx(0.18)
    assert "pause_ms=180.0" in lines.text
    assert "request=" not in lines.text


@LOOPS
def test_waiting_is_no_pause(new_loop: NewLoop, clock: Clock) -> None:
    async def waits() -> None:
        asyncio.get_running_loop().call_later(0.01, clock.work, 5.0)
        await asyncio.sleep(0.02)
        clock.work(0.05)

    dog = watched(new_loop, waits)
    assert dog.longest_pause() == pytest.approx(0.05)
    assert dog.pauses == 0


@LOOPS
def test_a_task_is_cancelled_and_shows_what_it_does_as_ever(new_loop: NewLoop) -> None:
    async def sleeps() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.create_task(sleeps(), name="sleeper")
        await asyncio.sleep(0)
        assert "sleeps" in repr(task)
        assert "sleeper" in repr(task)
        assert task.get_stack()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    watched(new_loop, main)


@LOOPS
def test_nothing_is_done_while_no_task_runs(new_loop: NewLoop, clock: Clock) -> None:
    async def main() -> None:
        Watchdog().watch(asyncio.get_running_loop())
        await asyncio.sleep(0.05)
        # This task began before, so it is not watched.
        assert clock.read == 0

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
