"""Failures of queries, from what their workers reported, or from how the workers ended."""

from __future__ import annotations

import signal
from typing import Final

from endpoint.engine import Limits, wire
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    EvaluationFailed,
    MalformedQuery,
    MemoryLimitExceeded,
    NotExpressible,
    NotFound,
    QueryTooComplex,
    ResultTooLarge,
    WorkerDied,
)

# Seconds of waiting from which a query that ran out of time is told of them.
_TOLD: Final = 0.1


def reported(failure: wire.Failure, limits: Limits, memory: int) -> EndpointError:
    """Return the failure that a worker reported; ``memory`` is what a query may use, in bytes."""
    message = failure["message"]
    match failure["kind"]:
        case "malformed":
            return MalformedQuery(message, failure["line"], failure["column"])
        case "complex":
            return QueryTooComplex(message)
        case "missing":
            return NotFound(message)
        case "inexpressible":
            return NotExpressible(message)
        case "memory":
            return _too_much_memory(memory)
        case "rows":
            return _too_large(f"{limits.rows:,} rows", limits.rows)
        case "size":
            return _too_large(f"{limits.size / 2**20:,.4g} MB", limits.size)
    return EvaluationFailed(f"The engine could not evaluate the query: {message}")


def of_death(number: int, words: str, memory: int) -> EndpointError:
    """Return the failure of a query whose worker ended by itself.

    ``number`` is the signal that ended it, ``words`` the end of what it wrote to standard error.
    """
    if number in (signal.SIGSEGV, signal.SIGBUS) or "overflowed its stack" in words:
        return QueryTooComplex(
            "The query is nested too deeply or has too many parts for the engine to plan. "
            "Split it, or write long lists of alternatives with VALUES."
        )
    if "memory allocation" in words or "MemoryError" in words:
        return _too_much_memory(memory)
    if "correctly implement a total order" in words:
        return QueryTooComplex(
            "The engine cannot sort terms of several kinds together, such as numbers and texts. Sort them "
            "by their text, ORDER BY STR(?x), or sort terms of one kind, with a FILTER of their datatype."
        )
    return WorkerDied("The process that evaluated the query was ended from outside. Try again.")


def late_request(limits: Limits) -> DeadlineExceeded:
    """Return the failure of a query whose deadline was over before it could be evaluated."""
    return DeadlineExceeded(
        f"The {limits.timeout:g} s that the query has were over before it could be evaluated: sending, "
        "reading and checking its text took them. Send a shorter one, or allow it more time (timeout).",
        limits.timeout,
    )


def late(limits: Limits, waited: float = 0.0, given: float | None = None) -> DeadlineExceeded:
    """Return the failure of a query that ran longer than its deadline.

    It ``waited`` for a worker, in seconds, and ``given`` are those in which it ran, where it took turns with
    others.
    """
    waiting = f" It waited {waited:.1f} s for a worker." if waited >= _TOLD else ""
    turns = "" if given is None else f" It took turns with other long queries and ran for {given:.1f} s."
    return DeadlineExceeded(
        f"The query ran longer than {limits.timeout:g} s and was stopped.{waiting}{turns} Ask for less: add "
        "a LIMIT, bind more terms, or split the query.",
        limits.timeout,
    )


def _too_much_memory(memory: int) -> MemoryLimitExceeded:
    return MemoryLimitExceeded(
        f"The query needed more than the {memory // 2**20} MB of memory that one query may use. "
        "Order, group or join less at once, or add a LIMIT inside.",
        memory,
    )


def _too_large(most: str, limit: int) -> ResultTooLarge:
    return ResultTooLarge(
        f"The result is larger than the {most} that one answer may have. Ask for less: add a LIMIT, "
        "bind more terms, or fetch it in parts with ORDER BY, LIMIT and OFFSET.",
        limit,
    )
