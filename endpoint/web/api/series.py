"""The series that the rows of a result form: bars by year, date or name, or a matrix of two of them.

It is decided from the rows alone. They are a series where one column distinguishes the rows and another one
counts or measures; lists of things with titles, dates and addresses are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Value = str | int | float | bool | None
Row = Mapping[str, Value]

# Bars and, in a matrix, kinds of bars, at most; others are left out, or added up as the rest.
MOST_BARS: Final = 25
MOST_TIMES: Final = 120
MOST_KINDS: Final = 8
# A list of things has more columns than that, and longer texts.
MOST_COLUMNS: Final = 6
_LONGEST: Final = 60

_DATE: Final = re.compile(r"[12][0-9]{3}(?:-[0-9]{2}(?:-[0-9]{2}(?:T.*)?)?)?")
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
# Whole numbers that are days, as 20230522.
_DAYS: Final = range(1000_01_01, 3000_00_00)
_YEARS: Final = range(1000, 3000)


@dataclass(frozen=True, slots=True)
class Series:
    """A series to draw: for each of ``labels`` a bar of each of ``measures``.

    ``stacked``: the measures are the parts of a whole, by ``kind``. ``time``: the labels are years or dates,
    in their order. ``left_out`` is the number of further labels, ``rest`` the number of kinds that were added
    up in the last measure.
    """

    axis: str
    labels: tuple[str, ...]
    measures: Mapping[str, tuple[float | None, ...]]
    kind: str = ""
    stacked: bool = False
    time: bool = False
    left_out: int = 0
    rest: int = 0


def series_of(
    columns: Sequence[str], rows: Sequence[Row], prefixes: Mapping[str, str] = MappingProxyType({})
) -> Series | None:
    """Return the series that the rows form, None where they form none; ``prefixes`` shorten IRIs."""
    if not rows or not 2 <= len(columns) <= MOST_COLUMNS:
        return None
    kinds = {name: _kind([row[name] for row in rows]) for name in columns}
    if "mixed" in kinds.values():
        return None
    times = [name for name in columns if kinds[name] in ("year", "date")]
    texts = [name for name in columns if kinds[name] in ("text", "iri")]
    measures = [name for name in columns if kinds[name] == "number"]
    if not measures and len(times) > 1:
        # A number between 1000 and 3000 is no year where it is the only measure.
        measures = [times.pop()]
    if not measures:
        return None
    if times and len(measures) == 1 and (matrix := _matrix(rows, times[0], texts, measures[0])):
        return matrix
    axis = _axis(rows, times, [name for name in texts if kinds[name] == "text"], texts)
    if axis is None:
        return None
    return _bars(rows, axis, measures, axis in times, prefixes)


def _kind(values: Sequence[Value]) -> str:
    """Return the kind of a column: "number", "year", "date", "iri", "text", "empty" or "mixed"."""
    present = [value for value in values if value is not None and value != ""]
    if not present:
        return "empty"
    numbers = [value for value in present if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(present):
        if all(isinstance(value, int) and value in _YEARS for value in numbers):
            return "year"
        return "empty" if all(isinstance(value, int) and value in _DAYS for value in numbers) else "number"
    texts = [value for value in present if isinstance(value, str)]
    if len(texts) < len(present) or sum(len(text) > _LONGEST for text in texts) > len(texts) // 4:
        # An IRI is shown in short form, whatever its length.
        return "iri" if texts and all(_IRI.fullmatch(text) for text in texts) else "mixed"
    if all(_DATE.fullmatch(text) for text in texts):
        return "date"
    return "iri" if all(_IRI.fullmatch(text) for text in texts) else "text"


def _axis(rows: Sequence[Row], times: list[str], texts: list[str], labels: list[str]) -> str | None:
    """Return the column that distinguishes the rows: a time, else a name, else an IRI."""
    for name in (*times, *texts, *labels):
        values = [row[name] for row in rows]
        if None not in values and len(set(values)) == len(values):
            return name
    return None


def _bars(
    rows: Sequence[Row], axis: str, measures: list[str], time: bool, prefixes: Mapping[str, str]
) -> Series:
    chosen = sorted(rows, key=lambda row: str(row[axis])) if time else list(rows)
    # The latest times, and of names those that the query has first.
    kept = chosen[-MOST_TIMES:] if time else chosen[:MOST_BARS]
    return Series(
        axis=axis,
        labels=tuple(_short(str(row[axis]), prefixes) for row in kept),
        measures={name: tuple(_number(row[name]) for row in kept) for name in measures},
        time=time,
        left_out=len(chosen) - len(kept),
    )


def _matrix(rows: Sequence[Row], axis: str, texts: list[str], measure: str) -> Series | None:
    """Return bars by time of parts by a text, where only the pair of both distinguishes the rows."""
    kind = texts[0] if len(texts) == 1 else None
    if kind is None or len({row[axis] for row in rows}) == len(rows):
        return None
    cells = {(str(row[axis]), str(row[kind])): _number(row[measure]) or 0 for row in rows}
    if len(cells) < len(rows):
        return None
    every = sorted({label for label, _ in cells})
    labels = every[-MOST_TIMES:]
    sums = {name: 0.0 for _, name in cells}
    for (label, name), number in cells.items():
        sums[name] += number if label in labels else 0
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    names, others = ranked, ranked[len(ranked) :]
    if len(ranked) > MOST_KINDS:
        names, others = ranked[: MOST_KINDS - 1], ranked[MOST_KINDS - 1 :]
    measures = {name: tuple(cells.get((label, name)) for label in labels) for name in names}
    if others:
        measures[""] = tuple(sum(cells.get((label, name)) or 0 for name in others) for label in labels)
    left_out = len(every) - len(labels)
    return Series(axis, tuple(labels), measures, kind, True, True, left_out, len(others))


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) else None


def _short(text: str, prefixes: Mapping[str, str]) -> str:
    """Return the label of a bar: for an IRI its prefixed name, else its end."""
    if _IRI.fullmatch(text) is None:
        return text
    for prefix, namespace in prefixes.items():
        if text.startswith(namespace) and text[len(namespace) :].isidentifier():
            return f"{prefix}:{text[len(namespace) :]}"
    return re.split(r"[/#]", text.rstrip("/#"))[-1] or text
