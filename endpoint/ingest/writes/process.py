"""The process that commits writes, started by the server.

It takes one group of writes after another from its socket. All that succeed become one generation. A write
that fails is left out of it. Where it fails after it has changed the store, the transaction is given up and
the others are done again without it. The server ends the process when a write takes too long, which leaves
nothing behind, because a generation is published whole or not at all. The primary store stays open from group
to group, since opening it takes longer than a small write.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn

from pyoxigraph import NamedNode, Quad

from endpoint.dataset import read_dataset
from endpoint.engine import fence, wire
from endpoint.engine.memory import WorkerMemory
from endpoint.engine.writes import (
    BEGUN,
    COMMITTED,
    PUBLISHING,
    Terms,
    Write,
    Written,
    pack_outcome,
)
from endpoint.errors import (
    EndpointError,
    MemoryLimitExceeded,
    NotConfirmed,
    PreconditionFailed,
    WriteFailed,
)
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import LastRecipe, Recipe
from endpoint.ingest.writes.evaluation import Update, evaluate
from endpoint.ingest.writes.ledger import Ledger, Permission
from endpoint.ingest.writes.patch import apply_patch
from endpoint.ingest.writes.remote import Loader
from endpoint.ingest.writes.resources import write_resource
from endpoint.ingest.writes.templates import Names
from endpoint.ingest.writes.uploads import check, graph_of, write_graph
from endpoint.storage import generations
from endpoint.storage.delta import MOST, Delta
from endpoint.storage.primary import Primary
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Transaction

# A quarter of a gigabyte of stack lets updates nested a thousandfold be read; pages are only taken when used.
STACK: Final = 2**28
# Seconds that another writer, such as a load, is waited for.
_LOCK: Final = 60.0
# How likely the kernel ends this process when memory runs out; see the template.
_VICTIM: Final = 600

Outcomes = dict[int, Written | EndpointError]


def main() -> NoReturn:
    """Serve groups until the server closes the socket.

    The first argument is the descriptor of the socket, the second the id of the server's process, the third
    what its fence leaves open, as JSON: the folders ``data`` and ``dataset``, and the ``network``.
    """
    gc.freeze()
    gc.enable()
    descriptor, server = map(int, sys.argv[1:3])
    fence.end_with(server)
    fence.prefer_as_victim(_VICTIM)
    memory = WorkerMemory()
    _enclose(**json.loads(sys.argv[3]))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # For the files that the store writes between two groups too.
    os.umask(0o077)
    threading.stack_size(STACK)
    thread = threading.Thread(target=_serve, args=(socket.socket(fileno=descriptor), memory), daemon=True)
    thread.start()
    thread.join()
    os._exit(0)


def _enclose(data: str, dataset: str, network: bool) -> None:
    readable = [Path(dataset)]
    with suppress(EndpointError):  # each write will be told of it
        graphs = read_dataset(Path(dataset)).graphs
        # Files of a dataset may be links to others.
        readable += [file.resolve() for graph in graphs for file in (*graph.files, *graph.rules)]
    fence.enclose_writer(Path(data), readable, network)


def _serve(sock: socket.socket, memory: WorkerMemory) -> None:
    primary: Primary | None = None
    recipes = LastRecipe()
    with suppress(OSError):
        while (frame := wire.read(sock)) is not None:
            order = json.loads(frame[1])
            terms = Terms(**{**order["terms"], "load_from": tuple(order["terms"]["load_from"])})
            primary = primary or Primary(Path(terms.data))
            received = _receive(sock, order["writes"])
            group = Group(
                order["group"],
                terms,
                [Write.of(members) for members in order["writes"]],
                lambda place: sock.sendall(wire.pack_json(BEGUN, {"place": place})),
                primary,
                recipes,
                memory,
            )
            sock.sendall(wire.pack_json(COMMITTED, group.commit()))
            for descriptor in received:
                os.close(descriptor)


def _receive(sock: socket.socket, writes: Sequence[dict[str, Any]]) -> list[int]:
    """Receive the files of writes, which are opened, and let the writes name them; return the descriptors."""
    received: list[int] = []
    for file in chain.from_iterable(write["files"] for write in writes):
        _, descriptors, _, _ = socket.recv_fds(sock, 1, 1)
        received += descriptors
        file["path"] = f"/proc/self/fd/{descriptors[0]}"
    return received


@dataclass
class Group:
    """Writes that become one generation; ``tell`` is called with the place of each one that begins.

    They are done in the store ``primary``, with the recipe that ``recipes`` reads; ``memory`` is that of this
    process.
    """

    identifier: str
    terms: Terms
    writes: Sequence[Write]
    tell: Callable[[int], None]
    primary: Primary
    recipes: LastRecipe
    memory: WorkerMemory
    outcomes: Outcomes = field(default_factory=dict)

    def commit(self) -> dict[str, Any]:
        """Do them all; return the members of the record, with the outcome of each."""
        try:
            terms = self.terms
            recipe = self.recipes.read(Path(terms.dataset), terms.derive, terms.columns)
            while not self._attempt(recipe):
                pass
        except EndpointError as error:
            changed = isinstance(error, NotConfirmed)
            failure = WriteFailed(str(error) if changed else f"{error} Nothing has changed.")
            for place in range(len(self.writes)):
                if isinstance(self.outcomes.get(place), Written | None):
                    self.outcomes[place] = failure
        return self._record()

    def _attempt(self, recipe: Recipe) -> bool:
        """Do all that has not failed yet; return whether that was published, or nothing was to be."""
        terms = self.terms
        failed = {place for place, one in self.outcomes.items() if isinstance(one, EndpointError)}
        left = [place for place in range(len(self.writes)) if place not in failed]
        self.outcomes = {place: self.outcomes[place] for place in failed}
        names = Names(recipe.dataset.base, recipe.dataset.prefixes)
        attempt = _Attempt(self, recipe.graph, names, left)
        change = Change(edit=attempt.edit, command=self._command(left), author=self._author(left))
        try:
            publish(
                change,
                recipe,
                Path(terms.data),
                report=lambda _: None,
                retention=Retention(terms.retain, terms.retain_age, terms.retain_size),
                patience=_LOCK,
                primary=self.primary,
            )
        except _Unchanged:
            return True
        except _Spoiled:
            return False
        return True

    def _command(self, places: Sequence[int]) -> str:
        kinds = dict.fromkeys(self.writes[place].kind for place in places)
        return f"{' '.join(kinds)} over HTTP"

    def _author(self, places: Sequence[int]) -> str:
        return ", ".join(dict.fromkeys(f"token:{self.writes[place].token}" for place in places))

    def _record(self) -> dict[str, Any]:
        listed = [pack_outcome(self.outcomes[place]) for place in range(len(self.writes))]
        writes = [
            {
                "kind": each.kind,
                "token": each.token,
                "request": each.request,
                "graph": each.graph,
                "resource": each.resource,
            }
            for each in self.writes
        ]
        return {"group": self.identifier, "writes": writes, "outcomes": listed}

    def write_record(self, folder: Path) -> None:
        """Write the record into the folder of the coming generation, from which the server learns the outcome
        where this process ends before it can tell it."""
        (folder / generations.WRITES).write_text(json.dumps(self._record()))


class _Unchanged(Exception):
    """Ends a transaction that has changed nothing."""


class _Spoiled(Exception):
    """Ends a transaction in which a write failed that had changed the store."""


@dataclass
class _Attempt:
    """One transaction of the writes of a group at ``places``."""

    group: Group
    derived: NamedNode | None
    names: Names
    places: Sequence[int]

    def edit(self, transaction: Transaction) -> tuple[Delta | None, Iterator[Quad] | None]:
        """Do the writes in the transaction; return their delta, and the statements that came or went."""
        data = Path(self.group.terms.data)
        before = generations.published(data) or 0
        ledgers: list[Ledger] = []
        for place in self.places:
            self.group.tell(place)
            fresh = not any(ledger.changed for ledger in ledgers)
            ledger = Ledger(transaction.store, self._permission(self.group.writes[place]))
            outcome = self._outcome(place, ledger, transaction, before, fresh)
            self.group.outcomes[place] = outcome
            if isinstance(outcome, Written):
                ledgers.append(ledger)
            elif ledger.changed:
                raise _Spoiled
        if not any(ledger.changed for ledger in ledgers):
            raise _Unchanged
        self.group.tell(PUBLISHING)
        self._number(before)
        self.group.write_record(transaction.folder)
        known = [ledger.touched for ledger in ledgers if ledger.touched is not None]
        return _delta(ledgers), chain.from_iterable(known) if len(known) == len(ledgers) else None

    def _permission(self, write: Write) -> Permission:
        patches = write.kind == "update" and (write.graph or write.target == "default")
        only = graph_of(write) if patches else None
        return Permission(write.token, write.graphs, self.derived, only)

    def _outcome(
        self, place: int, ledger: Ledger, transaction: Transaction, before: int, fresh: bool
    ) -> Written | EndpointError:
        """Do one write; where it is ``fresh``, the store still equals the generation ``before``."""
        write = self.group.writes[place]
        try:
            if write.expects.isdigit() and (int(write.expects) != before or not fresh):
                raise PreconditionFailed(
                    "The data has changed since the answer with this entity tag (If-Match). Read it again."
                )
            created = self._do(write, ledger, transaction)
        except EndpointError as error:
            return error
        except MemoryError:
            limit = self.group.terms.memory
            return MemoryLimitExceeded(
                f"The write needed more than the {limit // 2**20} MB of memory that one may use. Split it.",
                limit,
            )
        return Written(before, ledger.added, ledger.removed, created, ledger.changed)

    def _do(self, write: Write, ledger: Ledger, transaction: Transaction) -> bool:
        if write.kind == "patch":
            apply_patch(write, ledger, transaction.folder, self.group.terms.max_upload)
            return False
        if write.kind != "update":
            put = write_resource if write.resource else write_graph
            return put(write, ledger, transaction.folder, self.group.terms.max_upload)
        terms = self.group.terms
        loader = Loader(terms.load_from, terms.max_upload, terms.timeout, transaction.folder)
        names = Names(write.base or self.names.base, self.names.prefixes)
        graph = None
        if write.graph:
            graph = NamedNode(write.graph)
            check(write.expects, transaction.store.contains_named_graph(graph))
        update = Update(write.text, names, write.default_graphs, write.named_graphs, terms.union, graph)
        # What an upload takes does not depend on its size; an update may take any memory.
        with _limited(self.group.memory, terms.memory):
            evaluate(update, ledger, loader.load)
        return False

    def _number(self, before: int) -> None:
        """Set the number of the coming generation in all outcomes; those without a change have it too."""
        data = Path(self.group.terms.data)
        number = max([before, *generations.numbers(data)]) + 1
        for place, outcome in self.group.outcomes.items():
            if isinstance(outcome, Written):
                self.group.outcomes[place] = replace(outcome, generation=number)


def _delta(ledgers: Sequence[Ledger]) -> Delta | None:
    """Return the deltas of all as one."""
    whole = Delta()
    for ledger in ledgers:
        if (delta := ledger.delta) is None:
            return None
        whole = whole.then(delta)
    return whole if len(whole.added) <= MOST and len(whole.removed) <= MOST else None


@contextmanager
def _limited(memory: WorkerMemory, more: int) -> Iterator[None]:
    """Limit the address space to so many bytes ``more`` than now, while the block lasts."""
    used, (soft, hard) = memory.address_space(), resource.getrlimit(resource.RLIMIT_AS)
    most = used + more
    resource.setrlimit(
        resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
