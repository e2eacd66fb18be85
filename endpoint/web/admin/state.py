"""The state of a server as its operator reads it: queries, clients, processes. The members of the JSON."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from urllib.parse import quote

from endpoint.engine.memory import memory_now
from endpoint.engine.running import RunningQuery
from endpoint.engine.usage import Usage, evaluation
from endpoint.sparql.lexer import Kind, scan
from endpoint.telemetry.slow_queries import SlowQuery
from endpoint.web import Site

PATH: Final = "/-/admin"
# Characters of a query in a list; its own address has all of it.
SHORT: Final = 240
# Queries and clients that are listed.
MOST_QUERIES: Final = 200
MOST_CLIENTS: Final = 20

# Characters and tokens in which the prologue of a query must end, for the list to begin behind it.
_PROLOGUE: Final = 8000
_TOKENS: Final = 400
_FORMS: Final = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})

Members = dict[str, object]


def state(site: Site, slow: Sequence[SlowQuery]) -> Members:
    """Return the state of the server now; ``slow`` are the slowest texts of its history.

    Raises :class:`~endpoint.errors.Overloaded` while it starts.
    """
    engine = site.engine
    running = sorted(engine.running, key=evaluation, reverse=True)
    generation, occupancy = engine.generation, engine.occupancy
    return {
        "time": _written(time.time()),
        "ready": engine.alive and not site.draining,
        "generation": {
            "number": generation.number,
            "quads": generation.quads,
            "created": generation.created.isoformat(timespec="seconds"),
        },
        "workers": dict(occupancy.states),
        "evaluating": sum(query.phase == "evaluating" for query in running),
        "sending": sum(query.phase == "sending" for query in running),
        "waiting": sum(query.phase == "waiting" for query in running),
        "queue": occupancy.queue,
        "running": len(running),
        "queries": [query_members(query) for query in running[:MOST_QUERIES]],
        "window": site.usage.window,
        "clients": _clients(site.usage, running),
        "slow": [_slow(query) for query in slow],
    }


def query_members(query: RunningQuery, whole: bool = False) -> Members:
    """Return the members of one query; its text is shortened unless the ``whole`` is wanted."""
    return {
        "id": query.identifier,
        "client": query.caller.client,
        "request": query.caller.request,
        "phase": query.phase,
        "seconds": round(evaluation(query), 3),
        "age": round(query.age, 3),
        "begun": _written(query.begun),
        "memory": memory_now(query.pid) if query.pid else 0,
        "pid": query.pid,
        "generation": query.generation,
        "form": query.form,
        "format": query.media_type,
        "sent": query.sent,
        "digest": query.digest,
        "length": len(query.text),
        "text": query.text if whole else shortened(query.text),
        "killed": query.killer,
        "url": f"{PATH}/queries/{quote(query.identifier)}",
    }


def _clients(usage: Usage, running: Iterable[RunningQuery]) -> list[Members]:
    """Return the clients that cost most, with the evaluation seconds of their queries."""
    running = list(running)
    counts: dict[str, int] = {}
    for query in running:
        counts[query.caller.client] = counts.get(query.caller.client, 0) + 1
    totals = usage.totals(running)
    costly = sorted(totals, key=lambda client: (totals[client].seconds, totals[client].queries), reverse=True)
    return [
        {
            "client": client,
            "seconds": round(totals[client].seconds, 3),
            "queries": totals[client].queries,
            "refused": totals[client].refused,
            "running": counts.get(client, 0),
        }
        for client in costly[:MOST_CLIENTS]
    ]


def _slow(query: SlowQuery) -> Members:
    """Return the members of a text of the history."""
    return {
        "digest": query.digest,
        "form": query.form,
        "text": shortened(query.text),
        "client": query.client,
        "outcome": query.outcome,
        "worst": round(query.worst, 3),
        "total": round(query.total, 3),
        "count": query.count,
        "last": _written(query.last),
    }


def shortened(text: str, most: int = SHORT) -> str:
    """Return the beginning of a query on one line, in ``most`` characters, without its declarations."""
    start = 0
    for token in islice(scan(text[:_PROLOGUE], 0), _TOKENS):
        if token.kind is Kind.WORD and token.upper in _FORMS:
            start = token.start
            break
    line = " ".join(text[start : start + 8 * most].split())
    line = "".join(char if char.isprintable() else "\ufffd" for char in line)
    return line if len(line) <= most and start + 8 * most >= len(text) else line[: most - 1] + "…"


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
