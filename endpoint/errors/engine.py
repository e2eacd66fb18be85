"""Failures of the server to answer."""

from __future__ import annotations

from endpoint.errors.base import EndpointError


class EngineError(EndpointError):
    """The server could not answer; the request may be right."""


class EvaluationFailed(EngineError):
    """The engine refused the query while evaluating it."""

    code = "evaluation-failed"
    title = "Evaluation failed"


class WorkerDied(EngineError):
    """The process that evaluated the query ended unexpectedly."""

    code = "worker-died"
    title = "The query's worker process died"


class MemoryLimitExceeded(EngineError):
    """The query needed more memory than one query may have (``limit``, bytes)."""

    status = 503
    code = "memory-limit-exceeded"
    title = "Memory limit exceeded"

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit

    def fields(self) -> dict[str, object]:
        return {"limit": self.limit}


class WriteFailed(EngineError):
    """The write could not be stored: the disk is full, or another process writes.

    Nothing has changed unless the detail says that this is not known.
    """

    status = 503
    code = "write-failed"
    title = "Write failed"


class ServiceFailed(EngineError):
    """Another endpoint, which the query calls by SERVICE, did not answer as it should."""

    status = 502
    code = "service-failed"
    title = "Service failed"


class QueryKilled(EngineError):
    """The operator of the server ended the query."""

    status = 503
    code = "query-killed"
    title = "Query ended by the operator"


class Overloaded(EngineError):
    """Every worker is busy and the queue is full. ``retry_after`` is in seconds."""

    status = 503
    code = "overloaded"
    title = "Server busy"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def fields(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}


class DeadlineExceeded(EngineError):
    """The query ran longer than its deadline (``timeout``, seconds)."""

    status = 504
    code = "deadline-exceeded"
    title = "Query timed out"

    def __init__(self, detail: str, timeout: float) -> None:
        super().__init__(detail)
        self.timeout = timeout

    def fields(self) -> dict[str, object]:
        return {"timeout": self.timeout}
