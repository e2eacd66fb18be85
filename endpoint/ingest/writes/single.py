"""One SPARQL Update published as a generation of its own, by a command, without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import Quad

from endpoint.errors import ConfigurationError
from endpoint.ingest.change import Change, Effect
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.writes.evaluation import Update, evaluate
from endpoint.ingest.writes.ledger import Graph, Ledger, Permission
from endpoint.storage.delta import Delta
from endpoint.storage.generations import Generation
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Transaction

# Statements of each kind that are shown.
_SAMPLE: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an update: the numbers of statements ``added`` and ``removed``.

    ``generation`` is None where nothing was published. ``effect`` tells it by graph, where it is not too much
    to remember.
    """

    added: int
    removed: int
    effect: Effect | None
    generation: Generation | None


def publish_update(
    update: Update,
    recipe: Recipe,
    data: Path,
    report: Callable[[str], None],
    retention: Retention,
    patience: float,
    dry_run: bool = False,
) -> Outcome:
    """Evaluate ``update`` on what is published in ``data``, and publish the result, unless nothing changes.

    With ``dry_run`` nothing is published. The other arguments are those of
    :func:`~endpoint.ingest.publish.publish`, which raises the same errors.

    :raises EndpointError: the update is malformed or cannot be evaluated; nothing was published.
    """
    ledgers: list[Ledger] = []

    def edit(transaction: Transaction) -> tuple[Delta | None, Iterable[Quad] | None]:
        ledger = Ledger(transaction.store, Permission("", (), recipe.graph))
        evaluate(update, ledger, _refuse_load)
        ledgers.append(ledger)
        if dry_run or not ledger.changed:
            raise _NotPublished
        return ledger.delta, ledger.touched

    made = None
    with suppress(_NotPublished):
        made = publish(Change(edit=edit, command="update"), recipe, data, report, retention, patience)
    (ledger,) = ledgers
    return Outcome(ledger.added, ledger.removed, _effect(ledger.delta), made)


class _NotPublished(Exception):
    """Ends a transaction that is not to be published."""


def _refuse_load(iri: str, graph: Graph, ledger: Ledger) -> None:
    raise ConfigurationError(f"LOAD <{iri}> is not for this command: fetch the file, and use endpoint load.")


def _effect(delta: Delta | None) -> Effect | None:
    if delta is None:
        return None
    counts = [Counter(quad.graph_name for quad in quads) for quads in (delta.added, delta.removed)]
    gone = [f"D {quad} ." for quad in islice(delta.removed, _SAMPLE)]
    return Effect(counts[0], counts[1], (*gone, *(f"A {quad} ." for quad in islice(delta.added, _SAMPLE))))
