"""Whether work grows with the length of a text as fast as the text, or faster."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from endpoint.sparql import lexer

# A text ten times as long takes ten times as long, or, where the work is quadratic, a hundred times.
TIMES = 10
MOST = 40
# Seconds of work below which a measurement says nothing.
SHORT = 0.002


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect no garbage within the block, since when that is done depends on what ran before."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(work: Callable[[Any], object], text: Any, tries: int = 3) -> float:
    """The least processor time of this thread that ``work`` takes on a text that was not seen before."""
    least = float("inf")
    for _ in range(tries):
        lexer._lex_again.cache_clear()
        with no_collection():
            started = time.thread_time()
            work(text)
            least = min(least, time.thread_time() - started)
    return least


def assert_linear(work: Callable[[str], object], make: Callable[[int], str], length: int) -> None:
    """Assert that ``work`` on ``make(length)`` takes at most linearly longer than on a tenth of it."""
    text = make(length)
    long = seconds(work, text, 1)
    if long > SHORT * TIMES:
        short = max(seconds(work, make(length // TIMES)), SHORT)
        if long / short >= MOST:
            # Something else may have taken the processor's caches meanwhile.
            long = min(long, seconds(work, text, 2))
        ratio = long / short
        assert ratio < MOST, f"{ratio:.0f} times as long for {TIMES} times the text, {long:.2f} s"
