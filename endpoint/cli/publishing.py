"""A change published or rehearsed, as ``endpoint load`` and ``endpoint remove`` do, and its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import DefaultGraph

from endpoint.cli.options import RETENTION
from endpoint.cli.output import printable, say
from endpoint.dataset import Dataset
from endpoint.ingest.change import Change, Effect
from endpoint.ingest.publish import publish, rehearse
from endpoint.ingest.recipe import Recipe
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.lock import PATIENCE
from endpoint.storage.retention import Retention

# The settings of a publication.
PUBLISHING: Final = ("dataset", "data", "derive", "columns", *RETENTION)


def published(change: Change, dataset: Dataset, settings: Settings) -> str:
    """Publish, and return a sentence about the outcome."""
    recipe = Recipe.read(dataset, settings.derive, settings.columns)
    before = generations.current(settings.data)
    try:
        made = publish(change, recipe, settings.data, say, Retention.of(settings), PATIENCE)
    finally:
        _say_notices(change)
    return f"Generation {made.number} holds {made.quads:,} quads{_difference(before, made)}."


def rehearsed(change: Change, dataset: Dataset, settings: Settings) -> str:
    """Do everything but publish, and return lines about the effect."""
    try:
        found = rehearse(change, Recipe.read(dataset, settings.derive), settings.data)
    finally:
        _say_notices(change)
    return "\n".join(["Nothing is wrong with the sources. Nothing was published.", *effect_lines(found)])


def effect_lines(effect: Effect) -> Iterator[str]:
    """Yield lines about the effect of a change: how much in each graph, and a sample."""
    if not effect.graphs:
        yield "No statement would be added or removed."
    for graph in effect.graphs:
        name = "the default graph" if isinstance(graph, DefaultGraph) else printable(str(graph))
        yield f"{name}: {effect.added[graph]:,} added, {effect.removed[graph]:,} removed"
    if effect.sample:
        shown, whole = len(effect.sample), effect.added.total() + effect.removed.total()
        yield "" if shown == whole else f"\n{shown} of these {whole:,}, before anything is derived:"
        yield from map(printable, effect.sample)


def _difference(before: Generation | None, made: Generation) -> str:
    if before is None:
        return ""
    if before.quads == made.quads:
        return f", as many as generation {before.number}"
    comparison = "more" if made.quads > before.quads else "fewer"
    return f", {abs(made.quads - before.quads):,} {comparison} than generation {before.number}"


def _say_notices(change: Change) -> None:
    for notice in change.notices:
        say(notice)
