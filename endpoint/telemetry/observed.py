"""What telemetry sees of a query that runs or has ended, and how its time is divided."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class ObservedCaller(Protocol):
    """The one on whose behalf a query is evaluated: :class:`endpoint.engine.Caller`."""

    @property
    def client(self) -> str: ...
    @property
    def request(self) -> str: ...


class ObservedQuery(Protocol):
    """A query from its arrival to its end: :class:`endpoint.engine.running.RunningQuery`, which says more."""

    @property
    def identifier(self) -> str: ...
    @property
    def caller(self) -> ObservedCaller: ...
    @property
    def text(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def begun(self) -> float: ...
    @property
    def pid(self) -> int: ...
    @property
    def died(self) -> bool: ...
    @property
    def queued(self) -> float: ...
    @property
    def answered(self) -> float: ...
    @property
    def planned(self) -> float: ...
    @property
    def evaluated(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def memory(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def outcome(self) -> str: ...


class Times(NamedTuple):
    """The seconds of a query that has ended: in the queue, planning, evaluating, and sending the rest.

    Together they are its duration.
    """

    waiting: float
    planning: float
    evaluating: float
    sending: float

    @classmethod
    def of(cls, query: ObservedQuery) -> Times:
        """Divide the duration of ``query`` by what its worker told; else by when its answer began."""
        if not query.pid:
            return cls(query.duration, 0.0, 0.0, 0.0)
        working = max(query.duration - query.queued, 0.0)
        if query.planned or query.evaluated:
            planning = min(query.planned, working)
            evaluating = min(query.evaluated, working - planning)
        else:
            planning = 0.0
            evaluating = min(max(query.answered - query.queued, 0.0), working) if query.answered else working
        return cls(query.duration - working, planning, evaluating, working - planning - evaluating)
