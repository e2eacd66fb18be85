"""The queries that wait for a worker: in turn by what their clients have used, not by who came first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from endpoint.engine.clients import Client
from endpoint.engine.connection import WorkerConnection
from endpoint.errors import Overloaded

RETRY_AFTER: Final = 5

Begin = Callable[[WorkerConnection], None]


class Waiter(asyncio.Future[WorkerConnection]):
    """A worker to come. ``begin`` is called with it at once, even where the task that waits is put off."""

    begin: Begin | None = None

    def hand(self, worker: WorkerConnection) -> None:
        """Resolve it."""
        if self.begin is not None:
            self.begin(worker)
        self.set_result(worker)


class FairQueue:
    """At most ``most`` waiting queries. The client that used least lately comes first; equal ones take turns.

    When it is full, a query of a client that has fewer in it takes the place of the newest of the client
    that has most.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._waiters: dict[Client, deque[Waiter]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, client: Client, begin: Begin | None = None) -> Waiter:
        """Let a query wait; return its worker to come. Raises :class:`Overloaded`."""
        own = self._waiters.get(client)
        if self._count >= self.most:
            self._make_room(len(own) if own else 0)
        if (own := self._waiters.get(client)) is None:
            own = self._waiters[client] = deque()
        waiter = Waiter(loop=asyncio.get_running_loop())
        waiter.begin = begin
        own.append(waiter)
        self._count += 1
        return waiter

    def _make_room(self, own: int) -> None:
        refused = Overloaded(
            f"All workers are busy and {self._count} queries wait already. "
            f"Try again in {RETRY_AFTER} seconds.",
            RETRY_AFTER,
        )
        if not self._waiters:
            raise refused
        longest = max(self._waiters, key=lambda client: len(self._waiters[client]))
        if len(self._waiters[longest]) <= own + 1:
            raise refused
        newest = self._waiters[longest][-1]
        self.remove(longest, newest)
        if not newest.done():
            newest.set_exception(refused)

    def pop(self, eligible: Callable[[Client], bool] | None = None) -> tuple[Client, Waiter] | None:
        """Return whose turn it is among the eligible clients, and take it out; None without one."""
        while clients := [client for client in self._waiters if eligible is None or eligible(client)]:
            client = clients[0] if len(clients) == 1 else min(clients, key=Client.recent)
            waiters = self._waiters.pop(client)
            waiter = waiters.popleft()
            self._count -= 1
            if waiters:
                self._waiters[client] = waiters  # behind those that used as little
            if not waiter.done():
                return client, waiter
        return None

    def remove(self, client: Client, waiter: Waiter) -> bool:
        """Take a query out; return whether it was in."""
        waiters = self._waiters.get(client)
        if waiters is None or waiter not in waiters:
            return False
        waiters.remove(waiter)
        self._count -= 1
        if not waiters:
            del self._waiters[client]
        return True

    def move(self, client: Client, other: FairQueue) -> bool:
        """Let a client's queries wait in another queue, as far as that has room. Return whether one does."""
        waiters = self._waiters.pop(client, deque())
        moved = list(waiters)[: max(0, other.most - len(other))]
        if kept := deque(list(waiters)[len(moved) :]):
            self._waiters[client] = kept
        if moved:
            other._waiters.setdefault(client, deque()).extend(moved)
            self._count -= len(moved)
            other._count += len(moved)
        return bool(moved)

    def fail(self, error: Exception) -> None:
        """Fail all that wait."""
        for waiters in self._waiters.values():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)

    def others(self, client: Client) -> bool:
        """Return whether a query of another client waits."""
        return len(self._waiters) > (client in self._waiters)

    def counts(self) -> dict[Client, int]:
        """Return how many queries of each client wait."""
        return {client: len(waiters) for client, waiters in self._waiters.items()}
