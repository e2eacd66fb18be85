"""CSV and TSV (RFC 4180): rows with the line they begin on, whatever quoted cells hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TextIO

from endpoint.ingest.tabular.records import Row, Unreadable

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 10_000_000
_SAMPLE = 1 << 16

_SENTENCES = {
    "unexpected end of data": "A quoted cell begins in this row and never ends; close the quotation mark.",
    "field larger than": "A cell is longer than 10 million characters; is a quotation mark missing?",
    "expected after": "A quoted cell is followed by text; write a quotation mark within a cell twice.",
}


def read_rows(text: TextIO, delimiter: str) -> Iterator[Row]:
    """The rows of ``text``, blank lines left out. ``text`` must not translate line ends.

    A row that breaks the quoting has an :class:`Unreadable` for its cells; reading goes on after it.
    """
    # A setting of the whole process, which its other readers share; none here wants less.
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            found = (sentence for part, sentence in _SENTENCES.items() if part in str(error))
            yield Row(line, Unreadable(next(found, f"The row cannot be read: {error}.")))
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)


def first_rows(text: TextIO, delimiter: str, count: int) -> list[Row]:
    """The first rows as they would be with ``delimiter``; leaves ``text`` at its beginning."""
    sample = io.StringIO(text.read(_SAMPLE), newline="")
    text.seek(0)
    rows: list[Row] = []
    for row in read_rows(sample, delimiter):
        if isinstance(row.cells, Unreadable) or len(rows) == count:
            break
        rows.append(row)
    return rows
