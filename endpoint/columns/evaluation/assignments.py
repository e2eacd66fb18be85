"""Runs of assignments (BIND and expressions of SELECT) that are computed together."""

from __future__ import annotations

from collections.abc import Sequence, Set

from endpoint.columns.evaluation.conditions import at_once, reduces
from endpoint.columns.evaluation.scalars import Assignment, variables_of
from endpoint.columns.evaluation.tables import Key


def number_together(steps: Sequence[Assignment], known: Set[Key]) -> int:
    """Return how many of the first steps are computed of the same ``known`` variables, at least one."""
    over: Set[Key] | None = None
    for place, (_, expression) in enumerate(steps):
        named = known & set(variables_of(expression))
        if at_once(expression) or reduces(expression) or (over is not None and not named <= over):
            return max(place, 1)
        over = named if over is None else over
    return len(steps)
