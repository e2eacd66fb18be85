"""The state of a server as its operator reads it: queries, clients, processes. The members of the JSON."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from urllib.parse import quote

from endpoint.engine.clients import WATCHED, Account
from endpoint.engine.memory import memory_now
from endpoint.engine.running import RunningQuery
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
    running = sorted(engine.queries, key=lambda query: query.evaluation, reverse=True)
    connections = site.instruments.connections_by_client()
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
        "window": WATCHED,
        "clients": [_client(each) for each in engine.clients.accounts(running, connections, MOST_CLIENTS)],
        "slow": [_slow(query) for query in slow],
    }


def query_members(query: RunningQuery, whole: bool = False) -> Members:
    """Return the members of one query; its text is shortened unless the ``whole`` is wanted."""
    return {
        "id": query.identifier,
        "client": query.client,
        "request": query.request,
        "phase": query.phase,
        "seconds": round(query.evaluation, 3),
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


def _client(account: Account) -> Members:
    """Return the members of one client; without a budget, ``budget`` and ``left`` are null."""
    limited = account.quota != math.inf
    return {
        "client": account.client,
        "seconds": round(account.used.seconds, 3),
        "budget": account.quota if limited else None,
        "left": round(account.left, 3) if limited else None,
        "connections": account.connections,
        "running": account.running,
        "waiting": account.waiting,
        "queries": account.used.queries,
        "refused": account.used.refused,
    }


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
