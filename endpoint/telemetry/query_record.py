"""The record of a query: what was asked, by whom, what it took, and how its time is divided."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple


class Times(NamedTuple):
    """The seconds of a query that has ended: in the queue, planning, evaluating, and sending the rest.

    Together they are its duration.
    """

    waiting: float
    planning: float
    evaluating: float
    sending: float


@dataclass(slots=True, eq=False)
class QueryRecord:
    """A query from its arrival at the engine to its end, as it is logged, counted and traced.

    ``client`` is charged for it, and ``request`` identifies its HTTP request; both are empty for the server
    itself. ``form`` is the query form, ``search`` for a search of the text index, ``count`` for a count of
    all statements. ``begun`` is in seconds since the epoch, ``answered`` its age at the first bytes;
    ``queued``, ``planned`` and ``evaluated`` are seconds as the result tells them. ``pid`` is the worker's, 0
    while it waits; ``died`` tells that one ended by itself. ``rows``, ``memory`` (bytes) and the two times
    stay 0 where the worker did not tell them. ``sent`` counts bytes that were handed on. ``outcome`` is
    ``ok``, the code of an error, or ``aborted`` where nobody waited for the end; empty while it runs.
    ``columns``: they gave the whole answer, not the engine; ``fault`` is the error for which they did not.
    """

    identifier: str
    client: str
    request: str
    text: str
    form: str
    media_type: str
    begun: float = field(default_factory=time.time)
    pid: int = 0
    generation: int = 0
    died: bool = False
    queued: float = 0.0
    answered: float = 0.0
    planned: float = 0.0
    evaluated: float = 0.0
    rows: int = 0
    memory: int = 0
    sent: int = 0
    duration: float = 0.0
    outcome: str = ""
    columns: bool = False
    fault: str = ""

    @property
    def digest(self) -> str:
        """A short digest of the text, the same for equal texts."""
        return blake2b(self.text.encode("utf-8", "replace"), digest_size=8).hexdigest()

    @property
    def times(self) -> Times:
        """Its duration, divided by what its worker told; else by when its answer began."""
        if not self.pid:
            return Times(self.duration, 0.0, 0.0, 0.0)
        working = max(self.duration - self.queued, 0.0)
        if self.planned or self.evaluated:
            planning = min(self.planned, working)
            evaluating = min(self.evaluated, working - planning)
        else:
            planning = 0.0
            evaluating = min(max(self.answered - self.queued, 0.0), working) if self.answered else working
        return Times(self.duration - working, planning, evaluating, working - planning - evaluating)
