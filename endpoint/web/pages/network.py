"""Pairs drawn as a network: names around a circle, partners side by side, a curve for each pair."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# The drawing in its own units; names stand outside the circle.
SIZE: Final = 760
RADIUS: Final = 215
# Names on the circle, at most: more could not be read.
MOST: Final = 72
_WIDEST: Final = 7.0
_LARGEST: Final = 9.0

Pair = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Node:
    """One name: the place of its point, and how its text is turned (degrees) and anchored there."""

    name: str
    weight: int
    x: float
    y: float
    radius: float
    turn: float
    anchor: str
    offset: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One pair: the path of its curve (SVG path data), and its width."""

    first: str
    second: str
    weight: int
    path: str
    width: float


@dataclass(frozen=True, slots=True)
class Network:
    """What to draw. ``left_out`` is how many pairs did not fit."""

    nodes: tuple[Node, ...]
    curves: tuple[Curve, ...]
    left_out: int


def network_of(pairs: Sequence[Pair]) -> Network:
    """The drawing of ``(first, second, weight)``, the heaviest pairs first; of as many as fit."""
    kept: list[Pair] = []
    names: dict[str, int] = {}
    for first, second, weight in pairs:
        added = {first, second} - names.keys()
        if len(names) + len(added) > MOST:
            continue
        kept.append((first, second, weight))
        for name in (first, second):
            names[name] = names.get(name, 0) + weight
    order = _around(kept)
    heaviest = max(names.values(), default=1)
    nodes = tuple(_node(name, place / len(order), names[name], heaviest) for place, name in enumerate(order))
    by_name = {node.name: node for node in nodes}
    widest = _WIDEST / max((weight for _, _, weight in kept), default=1)
    curves = tuple(
        Curve(first, second, weight, _path(by_name[first], by_name[second]), round(widest * weight, 1))
        for first, second, weight in kept
    )
    return Network(nodes, curves, len(pairs) - len(kept))


def _around(pairs: Sequence[Pair]) -> list[str]:
    """The names in the order of the circle: group by group, each walked from its busiest name outwards."""
    near: dict[str, dict[str, int]] = defaultdict(dict)
    for first, second, weight in pairs:
        near[first][second] = near[second][first] = weight
    order: list[str] = []
    seen: set[str] = set()
    for start in sorted(near, key=lambda name: (-sum(near[name].values()), name)):
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            order.append(name)
            # The closest is visited next, so that it comes to stand beside its partner.
            waiting += sorted(near[name], key=lambda other: (near[name][other], other))
    return order


def _node(name: str, share: float, weight: int, heaviest: int) -> Node:
    """The node after this share of the circle, which begins at the top."""
    angle = 2 * math.pi * share - math.pi / 2
    left = math.cos(angle) < 0
    radius = round(2.5 + (_LARGEST - 2.5) * math.sqrt(weight / heaviest), 1)
    turn = math.degrees(angle) + (180 if left else 0)
    return Node(
        name=name,
        weight=weight,
        x=round(SIZE / 2 + RADIUS * math.cos(angle), 1),
        y=round(SIZE / 2 + RADIUS * math.sin(angle), 1),
        radius=radius,
        turn=round(turn, 1),
        anchor="end" if left else "start",
        offset=round(-radius - 5 if left else radius + 5, 1),
    )


def _path(first: Node, second: Node) -> str:
    """A curve that bends towards the middle, so that pairs across the circle do not touch names."""
    middle = SIZE / 2
    pull = 0.35
    x = round(middle + ((first.x + second.x) / 2 - middle) * pull, 1)
    y = round(middle + ((first.y + second.y) / 2 - middle) * pull, 1)
    return f"M{first.x},{first.y}Q{x},{y} {second.x},{second.y}"
