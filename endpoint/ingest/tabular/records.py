"""What the readers of CSV, JSON and XLSX have in common: sheets of records, and mistakes by their cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from endpoint.errors import DataError, DataErrors

SHOWN_PER_CAUSE = 10
_EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell or row that has no value; ``detail`` is the sentence why."""

    detail: str


Cell = str | tuple[str, ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Row:
    """Cells by their place. ``line`` is the line of the file, or the row of the sheet, that it begins on."""

    line: int
    cells: Sequence[Cell] | Unreadable


@dataclass(frozen=True, slots=True)
class Record:
    """Cells by the name of their column; ``line`` as in :class:`Row`. A column that is absent is empty."""

    line: int
    cells: Mapping[str, Cell] | Unreadable


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows whose header is not known yet: a CSV file or one sheet of a workbook (``name``)."""

    name: str | None
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Objects:
    """Records that name their columns themselves: an array of JSON objects at ``name``."""

    name: str | None
    records: Iterator[Record]


class Problems:
    """The mistakes of a file: the first ten of each cause, and how many more there are."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._errors: list[DataError] = []
        self._causes: Counter[str] = Counter()

    def add(self, cause: str, detail: str, line: int | None = None, column: int | None = None) -> None:
        """``cause`` is a noun phrase that also reads well after "more of"."""
        self._causes[cause] += 1
        if self._causes[cause] <= SHOWN_PER_CAUSE:
            self._errors.append(DataError(detail, self.file, line, column))

    def raise_if_any(self) -> None:
        """Raise :class:`DataErrors` with all that was added."""
        if not self._errors:
            return
        more = [
            DataError(f"There are {count - SHOWN_PER_CAUSE:,} more of these: {cause}.", self.file)
            for cause, count in self._causes.items()
            if count > SHOWN_PER_CAUSE
        ]
        raise DataErrors([*self._errors, *more])


def excerpt(text: str) -> str:
    """``text`` in quotes on one line, cut where it is long."""
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return f"“{line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + '…'}”"
