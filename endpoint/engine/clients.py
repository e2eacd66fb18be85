"""The clients of an engine, in one account: what each has used lately, may still use, and does now.

Whoever evaluates pays in seconds of processor time of the worker, never in requests: time that a query
waits, is paused, or is blocked because its client does not read costs nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Final

from endpoint.engine.running import Caller, RunningQuery
from endpoint.errors import BudgetExhausted, TooManyQueries

# The budget is one of so many seconds.
WINDOW: Final = 60.0
# Seconds in which what a client has used counts for a third of it: so long it is remembered.
MEMORY: Final = 20.0
# Seconds used lately from which a client starts in the slow lane: a tenth of a processor all the time.
HEAVY: Final = 2.0
# What a query costs (seconds) that takes its worker away, because it was stopped or its client left: another
# one is forked (13 ms), and its first query touches pages that were shared. And on top, what a crash costs.
REPLACED: Final = 0.05
CRASH: Final = 0.2
# Seconds for which a client that asks between the queries of another keeps that one from being alone.
CROWDED: Final = 60.0
# Requests of one client at work; what it asks besides has not begun.
AT_WORK: Final = 32
# Clients that are remembered before those who owe nothing are forgotten.
REMEMBERED: Final = 4096
# Seconds of one count for the operator, and how many counts are kept.
STEP: Final = 30.0
STEPS: Final = 10
WATCHED: Final = STEP * STEPS

# The outcomes of queries that were refused because of a limit.
_REFUSED: Final = frozenset({"overloaded", "budget-exhausted", "too-many-queries"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """The allowance of a client: of ``quota`` seconds of evaluation per ``window``, so many are ``left``.

    All are there again after ``reset`` seconds. It owes some where ``left`` is below zero.
    """

    quota: float
    left: float
    reset: float
    window: float = WINDOW


@dataclass(slots=True)
class Use:
    """The use of a client: ``seconds`` of evaluation, queries that ended, and those of them refused."""

    seconds: float = 0.0
    queries: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """One client as its operator sees it; ``used`` in the last :data:`WATCHED` seconds.

    ``left`` seconds are left of its budget of ``quota`` per minute, both infinite without one.
    ``connections`` are those of its address: those of a proxy, and of tokens, are no client's.
    """

    client: str
    used: Use
    running: int
    waiting: int
    connections: int
    quota: float
    left: float


class Crowd:
    """The time until which several clients ask, by the monotonic clock. ``last`` is who asked last."""

    def __init__(self, until: float = 0.0) -> None:
        self.until = until
        self.last: Client | None = None

    def asks(self, client: Client) -> None:
        """Take note of a query."""
        if client is not self.last:
            self.last, self.until = client, time.monotonic() + CROWDED


class Client:
    """One client: the seconds it used lately, those left of its budget, and its queries.

    ``quota`` is its budget in seconds per minute; infinite without one. The server itself is a client that
    pays nothing.
    """

    __slots__ = (
        *("_crowd", "_recent", "_updated", "_uses"),
        *("at_work", "left", "name", "places", "queries", "quota", "requests"),
    )

    def __init__(self, name: str, quota: float, crowd: Crowd | None = None) -> None:
        self.name = name
        self._crowd = crowd or Crowd(math.inf)
        self.quota = quota
        self.requests = 0  # that are at work
        self.at_work = asyncio.Semaphore(AT_WORK)  # where further ones wait
        # Queries that run or wait, by their requests: those of one count as one, for a page needs several.
        self.queries: Counter[str] = Counter()
        self.places = 0  # in the slow lanes
        self.left = quota  # of the budget, in seconds, when it was last charged
        self._recent = 0.0
        self._updated = time.monotonic()
        # By the numbers of the steps in which it used something.
        self._uses: deque[tuple[int, Use]] = deque(maxlen=STEPS)

    def _refresh(self) -> None:
        now = time.monotonic()
        passed, self._updated = now - self._updated, now
        if self.quota != math.inf:
            self.left = min(self.quota, self.left + passed * self.quota / WINDOW)
        self._recent *= math.exp(-passed / MEMORY)

    def change(self, quota: float) -> None:
        """Give it another budget; what it owes, it owes."""
        self._refresh()
        self.left = quota if self.quota == math.inf else min(self.left, quota)
        self.quota = quota

    def charge(self, seconds: float) -> None:
        """Take seconds of processor time from what is left. The server itself pays nothing."""
        self.use().seconds += seconds
        if self.name:
            self._refresh()
            self.left -= seconds
            self._recent += seconds

    def use(self) -> Use:
        """Return the count of what it uses now."""
        step = int(time.monotonic() / STEP)
        if not self._uses or self._uses[-1][0] != step:
            self._uses.append((step, Use()))
        return self._uses[-1][1]

    def used(self) -> Use:
        """Return what it has used in the last :data:`WATCHED` seconds."""
        first = int(time.monotonic() / STEP) - STEPS
        total = Use()
        for step, use in self._uses:
            if step > first:
                total.seconds += use.seconds
                total.queries += use.queries
                total.refused += use.refused
        return total

    def recent(self) -> float:
        """Return the seconds it used lately, the older the less."""
        if self._recent:
            self._refresh()
        return self._recent

    @property
    def heavy(self) -> bool:
        """Return whether its queries start in the slow lane: it has used much lately, and others ask too."""
        much = self.places > 1 or self._recent > HEAVY
        if not much or not self.name or time.monotonic() >= self._crowd.until:
            return False
        return self.places > 1 or self.recent() > HEAVY

    @property
    def exhausted(self) -> bool:
        """Return whether nothing is left of its budget."""
        if self.left > 0:
            return False
        self._refresh()
        return self.left <= 0

    @property
    def owes(self) -> bool:
        """Return whether it has to be remembered."""
        self._refresh()
        remembered = self.left < self.quota or self._recent > HEAVY / 100
        return self.requests > 0 or bool(self.queries) or remembered or self.used().seconds > HEAVY / 2

    def allowance(self) -> Allowance:
        """Return what it may use now."""
        self._refresh()
        return Allowance(self.quota, self.left, (self.quota - self.left) * WINDOW / self.quota)


class Clients:
    """The clients of one engine, by the keys of their callers. It listens to the running queries.

    ``budget`` is that of a client without one of its own, in seconds per minute, 0 for none; ``most`` are the
    queries of one client that may run or wait.
    """

    def __init__(self, budget: float, most: int) -> None:
        self.budget = budget
        self.most = most
        self._crowd = Crowd()
        self._clients: dict[str, Client] = {"": Client("", math.inf)}

    def find(self, caller: Caller) -> Client:
        """Return the client that is charged for this caller."""
        client = self._clients.get(caller.client)
        if client is None:
            self._forget()
            client = self._clients[caller.client] = Client(caller.client, self._quota(caller), self._crowd)
        return client

    def _quota(self, caller: Caller) -> float:
        return (self.budget if caller.budget is None else caller.budget) or math.inf

    def __len__(self) -> int:
        return len(self._clients)

    def _forget(self) -> None:
        """Drop the oldest clients that owe nothing; look at two, so that the number cannot grow by those."""
        for name in list(self._oldest()) if len(self._clients) > REMEMBERED else ():
            client = self._clients.pop(name)
            if not name or client.owes:
                self._clients[name] = client

    def _oldest(self) -> list[str]:
        names = iter(self._clients)
        return [next(names), next(names)]

    def admit(self, caller: Caller) -> Client:
        """Return the client of a query that has begun, where it may run.

        Raises :class:`BudgetExhausted` and :class:`TooManyQueries`.
        """
        client = self.find(caller)
        if caller.admitted or not client.name:
            return client
        self._crowd.asks(client)
        if client.quota != (quota := self._quota(caller)):
            client.change(quota)
        if client.exhausted:
            raise _exhausted(client)
        if len(client.queries) > self.most:
            raise TooManyQueries(
                f"{self.most} of your queries run or wait at this moment, which is the most for one client. "
                "Wait for one of them to end.",
                1,
            )
        return client

    def allowance(self, caller: Caller) -> Allowance | None:
        """Return what a caller with a budget may use now, where that is less than half of it; else None."""
        client = self._clients.get(caller.client)
        # What is left grows until the next time it is charged.
        if client is None or client.quota == math.inf or client.left >= client.quota / 2:
            return None
        allowance = client.allowance()
        return allowance if allowance.left < allowance.quota / 2 else None

    def begun(self, query: RunningQuery) -> None:
        """Count a query that has begun."""
        self.find(query.caller).queries[query.caller.request or query.identifier] += 1

    def ended(self, query: RunningQuery) -> None:
        """Count a query that has ended."""
        client = self.find(query.caller)
        request = query.caller.request or query.identifier
        client.queries[request] -= 1
        if not client.queries[request]:
            del client.queries[request]
        use = client.use()
        use.queries += 1
        use.refused += query.outcome in _REFUSED

    def accounts(
        self, running: Iterable[RunningQuery], connections: Mapping[str, int], most: int
    ) -> list[Account]:
        """Return the accounts of the ``most`` clients that used most, the first one most of all.

        The client with most ``connections``, which are counted by client, is among them in any case.
        """
        used = {name: use for name, client in self._clients.items() if (use := client.used()) != _NOTHING}
        queries = Counter((query.client, query.phase == "waiting") for query in running)
        names = {*used, *connections, *(name for name, _ in queries)}

        def cost(name: str) -> tuple[float, int, int]:
            use = used.get(name, _NOTHING)
            return use.seconds, use.queries, connections.get(name, 0)

        chosen = nlargest(most, names, key=cost)
        crowded = max(connections, key=lambda name: connections[name], default=None)
        if crowded is not None and crowded not in chosen:
            chosen[-1] = crowded
        return [
            self._account(
                *(name, used.get(name, Use()), queries[name, False], queries[name, True]),
                connections.get(name, 0),
            )
            for name in chosen
        ]

    def _account(self, name: str, used: Use, running: int, waiting: int, connections: int) -> Account:
        client = self._clients.get(name)
        quota = left = client.quota if client is not None else self.budget or math.inf
        if client is not None and quota != math.inf:
            left = client.allowance().left
        return Account(name, used, running, waiting, connections, quota, left)


_NOTHING: Final = Use()


def _exhausted(client: Client) -> BudgetExhausted:
    allowance = client.allowance()
    seconds = math.floor(-allowance.left * WINDOW / client.quota) + 1
    who = f'the token "{client.name.partition(":")[2]}"' if client.name.startswith("token:") else client.name
    return BudgetExhausted(
        f"The queries of {who} have used the {client.quota:g} seconds of evaluation that one client has per "
        f"minute. Ask again in {seconds} second{'s' * (seconds > 1)}, and for less at once.",
        seconds,
        client.quota,
    )
