"""The years of a search as bars: geometry for an SVG that a template draws, each bar a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# The drawing in its own units.
WIDTH: Final = 300
HEIGHT: Final = 72
# Years of a longer span get no bar each: nobody could hit one.
_MOST: Final = 120
# What is there at all can be seen.
_LOWEST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One year: where its bar is, what it stands for, where choosing it leads."""

    year: int
    count: int
    url: str
    selected: bool
    x: float
    y: float
    width: float
    height: float


def histogram(years: Sequence[tuple[int, int, str, bool]]) -> tuple[Bar, ...]:
    """The bars of ``(year, count, url, selected)`` in the order of time; none for too long a span."""
    first, last = min(row[0] for row in years), max(row[0] for row in years)
    span = last - first + 1
    if span > _MOST:
        return ()
    step = WIDTH / span
    most = max(row[1] for row in years) or 1
    bars = []
    for year, count, url, selected in sorted(years):
        height = max(round(HEIGHT * count / most, 1), _LOWEST) if count else 0.0
        x = round((year - first) * step + step * 0.1, 2)
        bars.append(
            Bar(year, count, url, selected, x, round(HEIGHT - height, 1), round(step * 0.8, 2), height)
        )
    return tuple(bars)
