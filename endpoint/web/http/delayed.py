"""Calls that are made after a while, unless they are cancelled before, with one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count


class Delayed:
    """Calls that are made ``seconds`` after they were asked for, or up to twice that, in this order.

    Most requests are answered before; a timer for each would cost more than to take note of a call.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._numbers = count(1)
        self._calls: dict[int, tuple[float, Callable[[], None]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: Callable[[], None]) -> int:
        """Ask for a call; return its number, to cancel it."""
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        self._calls[number] = loop.time() + self._seconds, call
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)
        return number

    def cancel(self, number: int) -> None:
        """Make no call, unless it was made already."""
        self._calls.pop(number, None)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for number, (due, call) in list(self._calls.items()):
            if due > now:
                break
            del self._calls[number]
            call()
        if self._calls and self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)
