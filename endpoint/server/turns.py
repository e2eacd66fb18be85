"""The order in which requests begin: clients in turn, a few in each turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

# Requests that begin in one turn of the event loop. What each does at once takes up to some milliseconds, and
# whoever comes next waits for all of it.
_AT_ONCE: Final = 4


class Turns:
    """Requests that begin now, or wait for their turn where many come at once."""

    def __init__(self) -> None:
        self._now = -1.0
        self._begun = 0
        self._handing = False
        # Those that wait, by client; the client whose turn is next comes first.
        self._waiting: dict[str, deque[Callable[[], None]]] = {}

    def begin(self, client: str, start: Callable[[], None]) -> None:
        """Call ``start`` now or in the client's turn, once."""
        loop = asyncio.get_running_loop()
        # The clock of the event loop stands still during a turn.
        if (now := loop.time()) != self._now:
            self._now, self._begun = now, 0
        if self._begun < _AT_ONCE and not self._waiting:
            self._begun += 1
            start()
            return
        self._waiting.setdefault(client, deque()).append(start)
        if not self._handing:
            self._handing = True
            loop.call_soon(self._hand_out)

    def _hand_out(self) -> None:
        for _ in range(_AT_ONCE):
            client, starts = next(iter(self._waiting.items()))
            start = starts.popleft()
            # Whoever has had a turn goes to the end.
            del self._waiting[client]
            if starts:
                self._waiting[client] = starts
            start()
            if not self._waiting:
                break
        self._handing = bool(self._waiting)
        if self._handing:
            asyncio.get_running_loop().call_soon(self._hand_out)
