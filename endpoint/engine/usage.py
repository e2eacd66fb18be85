"""Use of the engine by client in the last minutes: who costs most.

A listener of the running queries. It counts for the operator's eyes and decides nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from endpoint.engine.running import RunningQuery

# Seconds of one count, and how many counts are kept.
STEP: Final = 30.0
STEPS: Final = 10
# Clients of one count; what further ones use is counted under one name.
MOST: Final = 1000
OTHERS: Final = "others"

# The outcomes of queries that were refused because of a limit.
_REFUSED: Final = frozenset({"overloaded", "budget-exhausted", "too-many-queries"})


@dataclass(slots=True)
class Use:
    """What one client used: ``seconds`` of evaluation, queries that ended, and those of them refused."""

    seconds: float = 0.0
    queries: int = 0
    refused: int = 0


class Usage:
    """The use of the last :attr:`window` seconds, in counts of half a minute."""

    def __init__(self) -> None:
        self._counts: deque[dict[str, Use]] = deque([{}], maxlen=STEPS)
        self._until = time.monotonic() + STEP

    @property
    def window(self) -> float:
        """The seconds that are remembered."""
        return STEP * STEPS

    def begun(self, query: RunningQuery) -> None:
        """Do nothing: a query is counted when it ends."""

    def ended(self, query: RunningQuery) -> None:
        """Count a query."""
        use = self._of(query.caller.client)
        use.queries += 1
        use.refused += query.outcome in _REFUSED
        use.seconds += evaluation(query)

    def totals(self, running: Iterable[RunningQuery]) -> dict[str, Use]:
        """Return what each client used, those of the ``running`` queries included."""
        self._turn()
        totals: dict[str, Use] = {}
        for count in self._counts:
            for client, use in count.items():
                total = totals.setdefault(client, Use())
                total.seconds += use.seconds
                total.queries += use.queries
                total.refused += use.refused
        for query in running:
            totals.setdefault(query.caller.client, Use()).seconds += evaluation(query)
        return totals

    def _of(self, client: str) -> Use:
        self._turn()
        count = self._counts[-1]
        use = count.get(client)
        if use is None:
            use = count.setdefault(client if len(count) < MOST else OTHERS, Use())
        return use

    def _turn(self) -> None:
        now = time.monotonic()
        while now > self._until:
            self._counts.append({})
            self._until = max(self._until + STEP, now - self.window)


def evaluation(query: RunningQuery) -> float:
    """Return the seconds for which a query was evaluated, or has had a worker."""
    if query.planned or query.evaluated:
        return query.planned + query.evaluated
    return max(0.0, query.age - query.queued) if query.pid else 0.0
