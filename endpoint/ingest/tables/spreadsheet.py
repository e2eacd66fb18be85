"""XLSX workbooks (ECMA-376): the rows of each sheet as texts, in bounded memory.

Dates become ``2023-05-22``, numbers their shortest form. The value of a formula is the result that was
saved with it. The value of a vertical merge is the value of each of its rows.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice, zip_longest
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import TYPE_ERROR, TYPE_FORMULA
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from endpoint.errors import DataError
from endpoint.ingest.sources.byte_streams import EXPANDS, expands
from endpoint.ingest.tables.records import Cell, Grid, Row, Unreadable

# The most bytes that the table of texts may have.
MOST_TEXT = 1 << 27
_PIECE = 1 << 20
_OVERLAP = 256
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=\"([A-Z]+\d+:[A-Z]+\d+)\"")

_BATCH = 500

# The library raises any exception of its parsers for a damaged file.
_DAMAGE = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError),
    *(OSError, TypeError, ValueError, struct.error, zlib.error, InvalidFileException),
)

_AnyCell = ReadOnlyCell | EmptyCell


class _Sheet(Protocol):
    """The part of openpyxl's read-only worksheet in use; its published types are those of another class."""

    _worksheet_path: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self) -> Iterator[tuple[_AnyCell, ...]]: ...


@dataclass(slots=True)
class _Merge:
    """A vertical merge in ``column`` (from 0): the value of its ``first`` row counts down to ``last``."""

    column: int
    first: int
    last: int
    value: Cell = ""


def read_grids(stream: BinaryIO, name: str) -> Iterator[Grid]:
    """Yield the sheets of a workbook in their order.

    :raises DataError: not an XLSX file, or damaged.
    """
    file = Path(name)
    with _explained(file):
        _check_sizes(stream, file)
        workbook = load_workbook(stream, read_only=True, data_only=True)
        names = [sheet.title for sheet in workbook.worksheets]
    for sheet in names:
        yield Grid(sheet, _rows(workbook, stream, sheet, file))


def _check_sizes(stream: BinaryIO, file: Path) -> None:
    """Refuse a workbook whose parts are larger than their place in the file can explain.

    :raises DataError: it is.
    """
    with ZipFile(stream) as parts:
        for part in parts.infolist():
            if expands(part.file_size, part.compress_size):
                raise DataError(EXPANDS, file)
            # These are all kept in memory, in five times their size.
            if part.filename.lower().endswith("sharedstrings.xml") and part.file_size > MOST_TEXT:
                raise DataError(
                    f"The texts of the workbook take more than {MOST_TEXT >> 20} MB. Save its sheets as "
                    "CSV and load these.",
                    file,
                )


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn what openpyxl raises into a :class:`DataError`, and silence its remarks on styles."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except BadZipFile:
        raise DataError("The file is not an XLSX workbook, or it was cut off.", file) from None
    except _DAMAGE as error:
        raise DataError(f"The workbook is damaged: {' '.join(str(error).split())}.", file) from error


def _rows(workbook: Workbook, stream: BinaryIO, name: str, file: Path) -> Iterator[Row]:
    sheet = cast(_Sheet, workbook[name])
    with _explained(file):
        formulas, merges = _survey(stream, sheet)
        shown = _cells(sheet)
        written = _cells(cast(_Sheet, load_workbook(stream, read_only=True)[name])) if formulas else iter(())
    line, current = 0, list[_Merge]()
    while batch := _batch(shown, file):
        for row, formula in zip_longest(batch, _batch(written, file), fillvalue=()):
            line += 1
            cells = [_cell(cell, line, number) for number, cell in enumerate(row)]
            _mark_formulas(cells, formula, line)
            _spread(cells, line, merges, current)
            if any(cells):
                yield Row(line, cells)


def _cells(sheet: _Sheet) -> Iterator[tuple[_AnyCell, ...]]:
    # The size that a sheet states is often wrong, and rows beyond it would be lost.
    sheet.reset_dimensions()
    return iter(sheet.iter_rows())


def _batch(rows: Iterator[tuple[_AnyCell, ...]], file: Path) -> list[tuple[_AnyCell, ...]]:
    batch: list[tuple[_AnyCell, ...]] = []
    with _explained(file):
        batch.extend(islice(rows, _BATCH))
    return batch


def _survey(stream: BinaryIO, sheet: _Sheet) -> tuple[bool, list[_Merge]]:
    """Return whether a sheet has formulas, and its vertical merges, which are stored after its rows."""
    formulas, ranges, rest = False, set[str](), b""
    with ZipFile(stream) as archive, archive.open(sheet._worksheet_path) as part:
        while piece := part.read(_PIECE):
            window = rest + piece
            formulas = formulas or _FORMULA.search(window) is not None
            ranges.update(match[1].decode() for match in _MERGE.finditer(window))
            rest = window[-_OVERLAP:]
    merges = [_merge(each) for each in ranges]
    return formulas, sorted(
        (merge for merge in merges if merge.last > merge.first), key=lambda merge: -merge.first
    )


def _merge(cells: str) -> _Merge:
    left, top, _, bottom = range_boundaries(cells)
    return _Merge((left or 1) - 1, top or 1, bottom or 1)


def _cell(cell: _AnyCell, line: int, number: int) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == TYPE_ERROR:
        return Unreadable(f"holds the error {value} (cell {get_column_letter(number + 1)}{line})")
    if isinstance(value, str):
        return unescape(value) if "_x" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _mark_formulas(cells: list[Cell], written: tuple[_AnyCell, ...], line: int) -> None:
    """Mark formulas whose result was never saved as unreadable: they are no empty cells."""
    for number, cell in enumerate(written[: len(cells)]):
        if cell.data_type == TYPE_FORMULA and cells[number] == "":
            place = f"{get_column_letter(number + 1)}{line}"
            cells[number] = Unreadable(
                f"holds a formula without a saved result (cell {place}); "
                "open the file in Excel or LibreOffice and save it"
            )


def _spread(cells: list[Cell], line: int, waiting: list[_Merge], current: list[_Merge]) -> None:
    """Fill the cells that merges hide. ``waiting`` begin below, next one last; ``current`` reach this row."""
    while waiting and waiting[-1].first == line:
        merge = waiting.pop()
        merge.value = cells[merge.column] if merge.column < len(cells) else ""
        current.append(merge)
    current[:] = [merge for merge in current if merge.last >= line]
    for merge in current:
        # Rows end with their last cell that is written, which hidden ones may not be.
        cells.extend("" for _ in range(merge.column + 1 - len(cells)))
        cells[merge.column] = merge.value
