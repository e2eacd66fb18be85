"""Tables (CSV, TSV, JSON, JSON Lines, XLSX) into quads, by the mapping files of the dataset.

Rows stream: memory holds one record, and a hash for each subject. What goes wrong in one row does not hide
what is wrong in the next; everything is told at the end.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import BinaryIO, TextIO

from pyoxigraph import Quad

from endpoint.errors import DataError
from endpoint.ingest.encodings import open_text, rewindable
from endpoint.ingest.tabular.delimited import DELIMITERS, first_rows, read_rows
from endpoint.ingest.tabular.json_records import read_objects
from endpoint.ingest.tabular.mapping import TableMapping
from endpoint.ingest.tabular.recognition import (
    HEADER_ROWS,
    Header,
    NotRecognised,
    explain,
    find_header,
    likely_header,
    recognise,
)
from endpoint.ingest.tabular.records import Cell, Grid, Objects, Problems, Record, Row, Unreadable, excerpt
from endpoint.ingest.tabular.statements import Writer

_TAB_EXTENSIONS = (".tsv", ".tab")
_TEXT_EXTENSIONS = (".csv", *_TAB_EXTENSIONS)
_LINES_EXTENSIONS = (".jsonl", ".ndjson")
_JSON_EXTENSIONS = (".json", *_LINES_EXTENSIONS)
_WORKBOOK_EXTENSIONS = (".xlsx", ".xlsm")
_OLD_EXTENSIONS = (".xls",)
_EXTENSIONS = (*_TEXT_EXTENSIONS, *_JSON_EXTENSIONS, *_WORKBOOK_EXTENSIONS, *_OLD_EXTENSIONS)

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB]: Excel before 2007, or a workbook with a password
_LOOKAHEAD = 100
_SAMPLE = 1 << 16


def read_table(
    stream: BinaryIO, name: str, mappings: Sequence[TableMapping], notices: list[str]
) -> Iterator[Quad]:
    """The quads of a table, in the graph that its mapping names; closes ``stream``.

    ``name`` tells the kind of file by its extension, else the content does. ``notices`` gets what the
    owner should know: the encoding, sheets and columns that were left out.

    :raises DataErrors: at the end, all that is wrong; quads of sound rows were given by then.
    """
    problems = Problems(Path(name))
    try:
        yield from _quads(rewindable(stream), name, mappings, notices, problems)
    except NotRecognised as error:
        problems.add("tables", str(error))
    except DataError as error:
        problems.add("file", error.detail, error.line, error.column)
    problems.raise_if_any()


def _quads(
    stream: BinaryIO, name: str, mappings: Sequence[TableMapping], notices: list[str], problems: Problems
) -> Iterator[Quad]:
    left_out: list[str] = []
    writers: list[Writer] = []
    for table in _tables(stream, name, mappings, notices):
        where = f"{name}: " + (f"“{table.name}”: " if table.name else "")
        try:
            known = _recognised(table, mappings)
        except NotRecognised as error:
            left_out.append(f"{where}{error}")
            continue
        notices.extend(f"{where}{notice}" for notice in known.notices)
        writer = Writer(known.mapping, problems, known.places, table.name, writers)
        writers.append(writer)
        for record in known.records:
            yield from writer.quads(record)
        notices.extend(f"{where}{notice}" for notice in writer.notices())
    if writers:
        notices.extend(f"{notice} This table was left out." for notice in left_out)
        return
    for notice in left_out:
        problems.add("tables without a mapping", notice.removeprefix(f"{name}: "))


def _tables(
    stream: BinaryIO, name: str, mappings: Sequence[TableMapping], notices: list[str]
) -> Iterator[Grid | Objects]:
    stream.seek(0)
    start = stream.read(64)
    # The name may go on with that of a compression: a.csv.gz.
    suffixes = [suffix for suffix in PurePath(name.lower()).suffixes if suffix in _EXTENSIONS]
    extension = suffixes[-1] if suffixes else ""
    if start.startswith(_COMPOUND) or extension in _OLD_EXTENSIONS:
        raise DataError("This is an old or a protected Excel file; save it as .xlsx without a password.")
    if start.startswith(_ZIP) or extension in _WORKBOOK_EXTENSIONS:
        # openpyxl takes 20 MB and a fifth of a second: only a workbook loads it, not every server.
        read_grids: Callable[[BinaryIO, str], Iterator[Grid]] = import_module(
            "endpoint.ingest.tabular.spreadsheet"
        ).read_grids
        yield from read_grids(stream, name)
        return
    if extension in _JSON_EXTENSIONS or (
        extension not in _TEXT_EXTENSIONS and start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    ):
        yield from read_objects(open_text(stream, name, notices), name, extension in _LINES_EXTENSIONS)
        return
    text = open_text(stream, name, notices, _fixed_encoding(stream, mappings))
    yield Grid(None, read_rows(text, _delimiter(text, mappings, extension)))


def _fixed_encoding(stream: BinaryIO, mappings: Sequence[TableMapping]) -> str | None:
    """The encoding that a mapping file sets for its tables, where the header read in it is its own."""
    stream.seek(0)
    start = stream.read(_SAMPLE)
    for mapping in mappings:
        if mapping.encoding is not None:
            text = io.StringIO(start.decode(mapping.encoding, "replace"), newline="")
            if any(_header(text, delimiter, [mapping]) for delimiter in DELIMITERS):
                return mapping.encoding
    return None


def _delimiter(text: TextIO, mappings: Sequence[TableMapping], extension: str) -> str:
    """The delimiter by which a mapping knows most of the columns, else the one that makes most columns."""
    preferred = sorted(
        DELIMITERS, key=lambda delimiter: (delimiter == "\t") != (extension in _TAB_EXTENSIONS)
    )

    def fitness(delimiter: str) -> tuple[int, int]:
        header = _header(text, delimiter, mappings)
        known = header.mapping.matched(header.names) if header else 0
        return known, len(likely_header(first_rows(text, delimiter, HEADER_ROWS)))

    return max(preferred, key=fitness)


def _header(text: TextIO, delimiter: str, mappings: Sequence[TableMapping]) -> Header | None:
    return find_header(first_rows(text, delimiter, HEADER_ROWS), mappings)


@dataclass(frozen=True, slots=True)
class _Known:
    """A table with its mapping. ``places`` are the numbers of its columns, where they have any."""

    mapping: TableMapping
    records: Iterator[Record]
    places: Mapping[str, int]
    notices: tuple[str, ...] = ()


def _recognised(table: Grid | Objects, mappings: Sequence[TableMapping]) -> _Known:
    return _grid(table, mappings) if isinstance(table, Grid) else _objects(table, mappings)


def _grid(grid: Grid, mappings: Sequence[TableMapping]) -> _Known:
    first = list(islice(grid.rows, HEADER_ROWS))
    if not first:
        raise NotRecognised("The table is empty.")
    header = find_header(first, mappings)
    if header is None:
        raise NotRecognised(explain(likely_header(first), mappings))
    line = first[header.index].line
    for name, count in Counter(header.names).items():
        if count > 1 and header.mapping.column_of(name):
            raise DataError(
                f"The header has {excerpt(name)} {count} times; rename or remove the others.", line=line
            )
    above = f"the header is line {line}; what stands above it is left out." if header.index else None
    rows = chain(first[header.index + 1 :], grid.rows)
    return _Known(
        header.mapping,
        _records(header.names, rows),
        {name: place for place, name in reversed(list(enumerate(header.names, 1)))},
        () if above is None else (above,),
    )


def _records(names: tuple[str, ...], rows: Iterable[Row]) -> Iterator[Record]:
    for row in rows:
        if isinstance(row.cells, Unreadable):
            yield Record(row.line, row.cells)
        elif any(map(_is_filled, row.cells[len(names) :])):
            detail = (
                f"The row has {len(row.cells)} cells, the header {len(names)}; is a quotation mark missing?"
            )
            yield Record(row.line, Unreadable(detail))
        elif any(map(_is_filled, row.cells)):
            yield Record(row.line, dict(zip(names, row.cells, strict=False)))


def _is_filled(cell: Cell) -> bool:
    return not isinstance(cell, str) or bool(cell.strip())


def _objects(objects: Objects, mappings: Sequence[TableMapping]) -> _Known:
    first = list(islice(objects.records, _LOOKAHEAD))
    keys = (record.cells for record in first if not isinstance(record.cells, Unreadable))
    names = list(dict.fromkeys(chain.from_iterable(keys)))
    mapping = recognise(names, mappings)
    if mapping is None:
        for _ in objects.records:
            pass  # what follows it in the file is read from where it ends
        raise NotRecognised(explain(names, mappings) if names else "The table is empty.")
    return _Known(mapping, chain(first, objects.records), {})
