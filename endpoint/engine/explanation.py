"""The explanation of a query: it is evaluated as always, and what it did stands in place of its answer.

The engine has no plan to show: its binding for Python (pyoxigraph 0.5.13) gives none away. Instead there are
the times, the sizes, and the slow shapes in the text.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from endpoint.engine import Engine, Limits
from endpoint.engine.running import RunningQuery
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    EvaluationFailed,
    MemoryLimitExceeded,
    NotExpressible,
    QueryKilled,
    ResultTooLarge,
    WorkerDied,
)
from endpoint.formats import Representation
from endpoint.sparql.operation import Operation
from endpoint.sparql.slow_shapes import Hint, find_slow_shapes

# Failures of a query that ran: they are part of what it did. Others are those of the request.
_EXPLAINED: Final = (
    DeadlineExceeded,
    EvaluationFailed,
    MemoryLimitExceeded,
    NotExpressible,
    QueryKilled,
    ResultTooLarge,
    WorkerDied,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The work of one query; ``failure`` is that of a query which ran and gave no whole answer."""

    operation: Operation
    query: RunningQuery
    limits: Limits
    failure: EndpointError | None
    hints: list[Hint]

    def members(self, union: bool) -> dict[str, object]:
        """Return the members of the explanation as JSON; ``union``: how the setting reads a default graph."""
        query, times = self.query, self.query.times
        return {
            "outcome": query.outcome,
            "detail": None if self.failure is None else self.failure.detail,
            "generation": query.generation,
            "source": _source(query),
            "dataset": self._dataset(union),
            "seconds": {
                "waiting": round(times.waiting, 6),
                "planning": round(times.planning, 6),
                "evaluating": round(times.evaluating, 6),
                "sending": round(times.sending, 6),
                "total": round(query.duration, 6),
            },
            "rows": query.rows,
            "bytes": query.sent,
            "memory": query.memory,
            "limits": {"timeout": self.limits.timeout, "rows": self.limits.rows, "bytes": self.limits.size},
            "form": query.form,
            "format": query.media_type,
            "query": query.text,
            "hints": [
                {
                    "code": hint.code,
                    "line": hint.line,
                    "column": hint.column,
                    "problem": hint.shape.problem,
                    "better": hint.shape.better,
                }
                for hint in self.hints
            ],
        }

    def _dataset(self, union: bool) -> dict[str, object]:
        """Return where the query looked (SPARQL 1.1 Query Language, section 13)."""
        operation = self.operation
        if operation.default_graphs or operation.named_graphs:
            return {
                "from": "request",
                "default": list(operation.default_graphs),
                "named": list(operation.named_graphs),
            }
        if operation.dataset_clause:
            return {"from": "query", "default": "FROM", "named": "FROM NAMED"}
        return {"from": "server", "default": "union" if union else "default graph", "named": "all"}


class _Watch:
    """A listener that takes note of the next query of this task."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self.query: RunningQuery | None = None

    def begun(self, query: RunningQuery) -> None:
        """Take note of the query where it is the one that is explained."""
        if self.query is None and asyncio.current_task() is self._task:
            self.query = query

    def ended(self, query: RunningQuery) -> None:
        """Do nothing."""


async def explain(
    engine: Engine,
    operation: Operation,
    representation: Representation,
    limits: Limits,
    searchable: bool,
) -> Explanation:
    """Evaluate a query, discard its answer and return what it did; ``searchable``: there is a text index.

    It takes its turn and is bounded and charged like any query. Raises designed errors for a request that is
    wrong or refused; a query that runs into a limit is explained.
    """
    watch, failure = _Watch(), None
    engine.queries.listeners.append(watch)
    try:
        async with aclosing(await engine.query(operation, representation, limits)) as result:
            async for _ in result:
                pass
    except _EXPLAINED as error:
        failure = error
    finally:
        engine.queries.listeners.remove(watch)
    if watch.query is None:
        raise RuntimeError("the engine did not say that the query began")
    hints = await asyncio.to_thread(find_slow_shapes, operation.text, searchable)
    return Explanation(operation, watch.query, limits, failure, hints)


def _source(query: RunningQuery) -> str:
    if query.columns:
        return "columns"
    return "memory" if query.in_memory else "disk"
