"""The reader of tables (CSV, TSV, JSON, JSON Lines, XLSX), by the mapping files of the dataset.

Rows stream: one record is in memory, and a hash for each subject. An error in one row does not hide those in
the next; all of them are raised at the end.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import BinaryIO, TextIO

from pyoxigraph import Quad

from endpoint.errors import DataError
from endpoint.ingest.sources.text_encoding import open_text, rewindable
from endpoint.ingest.tables.mapping import Column, TableMapping, normal_name
from endpoint.ingest.tables.records import (
    DELIMITERS,
    Cell,
    Grid,
    Objects,
    Problems,
    Record,
    Row,
    Unreadable,
    excerpt,
    first_rows,
    read_objects,
    read_rows,
)
from endpoint.ingest.tables.statements import StatementMaker

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

# A title, a date, an empty line and a header of two lines may stand above the data.
HEADER_ROWS = 10
_LIKENESS = 0.6
_LISTED = 20


def read_table(
    stream: BinaryIO,
    name: str,
    mappings: Sequence[TableMapping],
    notices: list[str],
    encoding: str | None = None,
) -> Iterator[Quad]:
    """Yield the quads of a table, in the graph that its mapping names; close ``stream``.

    The kind of file is known by the extension of ``name``, else by the content. ``encoding`` is
    a Python codec, in place of the one of the mapping and of any that is detected. ``notices`` takes remarks
    for the owner: the encoding, sheets and columns that were left out.

    :raises DataErrors: at the end, all mistakes; quads of sound rows were yielded by then.
    """
    problems = Problems(Path(name))
    try:
        yield from _quads(rewindable(stream), name, mappings, notices, encoding, problems)
    except NotRecognised as error:
        problems.add("tables", str(error))
    except DataError as error:
        problems.add("file", error.detail, error.line, error.column)
    problems.raise_if_any()


def _quads(
    stream: BinaryIO,
    name: str,
    mappings: Sequence[TableMapping],
    notices: list[str],
    encoding: str | None,
    problems: Problems,
) -> Iterator[Quad]:
    left_out: list[str] = []
    makers: list[StatementMaker] = []
    for table in _tables(stream, name, mappings, notices, encoding):
        where = f"{name}: " + (f"“{table.name}”: " if table.name else "")
        try:
            known = _recognised(table, mappings)
        except NotRecognised as error:
            left_out.append(f"{where}{error}")
            continue
        notices.extend(f"{where}{notice}" for notice in known.notices)
        maker = StatementMaker(known.mapping, problems, known.places, table.name, makers)
        makers.append(maker)
        for record in known.records:
            yield from maker.quads(record)
        notices.extend(f"{where}{notice}" for notice in maker.notices())
    if makers:
        notices.extend(f"{notice} This table was left out." for notice in left_out)
        return
    for notice in left_out:
        problems.add("tables without a mapping", notice.removeprefix(f"{name}: "))


def _tables(
    stream: BinaryIO,
    name: str,
    mappings: Sequence[TableMapping],
    notices: list[str],
    encoding: str | None,
) -> Iterator[Grid | Objects]:
    stream.seek(0)
    start = stream.read(64)
    # The name may end with the extension of a compression: a.csv.gz.
    suffixes = [suffix for suffix in PurePath(name.lower()).suffixes if suffix in _EXTENSIONS]
    extension = suffixes[-1] if suffixes else ""
    if start.startswith(_COMPOUND) or extension in _OLD_EXTENSIONS:
        raise DataError("This is an old or a protected Excel file; save it as .xlsx without a password.")
    if start.startswith(_ZIP) or extension in _WORKBOOK_EXTENSIONS:
        # openpyxl takes 20 MB and a fifth of a second: only a workbook loads it, not every server.
        read_grids: Callable[[BinaryIO, str], Iterator[Grid]] = import_module(
            "endpoint.ingest.tables.spreadsheet"
        ).read_grids
        yield from read_grids(stream, name)
        return
    if extension in _JSON_EXTENSIONS or (
        extension not in _TEXT_EXTENSIONS and start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    ):
        yield from read_objects(
            open_text(stream, name, notices, encoding), name, extension in _LINES_EXTENSIONS
        )
        return
    text = open_text(stream, name, notices, encoding or _fixed_encoding(stream, mappings))
    delimiter = _delimiter(text, mappings, extension)
    # The media type text/tab-separated-values has no quoting: a mapping tells of a program that quotes.
    plain = delimiter == "\t" and extension in _TAB_EXTENSIONS
    header = _header(text, delimiter, [mapping for mapping in mappings if mapping.quoting])
    quoting = header is not None or not plain
    yield Grid(None, read_rows(text, delimiter, quoting))


def _fixed_encoding(stream: BinaryIO, mappings: Sequence[TableMapping]) -> str | None:
    """Return the encoding that a mapping sets for its tables, where it recognises the header read in it."""
    stream.seek(0)
    start = stream.read(_SAMPLE)
    for mapping in mappings:
        if mapping.encoding is not None:
            text = io.StringIO(start.decode(mapping.encoding, "replace"), newline="")
            if any(_header(text, delimiter, [mapping]) for delimiter in DELIMITERS):
                return mapping.encoding
    return None


def _delimiter(text: TextIO, mappings: Sequence[TableMapping], extension: str) -> str:
    """Return the delimiter with which a mapping has most of its columns, else the one with most columns."""
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


@dataclass(frozen=True, slots=True)
class Header:
    """A recognised header: ``names`` by place, in row ``index`` (from 0) of the first rows."""

    mapping: TableMapping
    names: tuple[str, ...]
    index: int


class NotRecognised(Exception):
    """Raised where no mapping recognises the table, or two do equally; the text explains it in sentences."""


def recognise(names: Iterable[str], mappings: Sequence[TableMapping]) -> TableMapping | None:
    """Return the mapping whose required columns are all there; of several the one that knows most columns.

    :raises NotRecognised: two know equally many.
    """
    names = list(names)
    fitting = [mapping for mapping in mappings if not mapping.missing(names)]
    if not fitting:
        return None
    most = max(mapping.matched(names) for mapping in fitting)
    best = [mapping for mapping in fitting if mapping.matched(names) == most]
    if len(best) > 1:
        files = " and ".join(mapping.file.name for mapping in best[:2])
        raise NotRecognised(f"The mappings {files} fit this table equally well; require more columns in one.")
    return best[0]


def find_header(rows: Sequence[Row], mappings: Sequence[TableMapping]) -> Header | None:
    """Return the first row that is a header, by itself or with the row above it (a header of two lines).

    :raises NotRecognised: as :func:`recognise`.
    """
    above: tuple[str, ...] = ()
    for index, row in enumerate(rows):
        names = _texts(row)
        for candidate in (names, _completed(names, above)):
            mapping = recognise(candidate, mappings)
            if mapping is not None:
                return Header(mapping, candidate, index)
        above = names
    return None


def likely_header(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the row with the most texts, to show as columns where none is recognised."""
    return max((_texts(row) for row in rows), key=lambda names: sum(map(bool, names)), default=())


def explain(names: Sequence[str], mappings: Sequence[TableMapping]) -> str:
    """Explain why no mapping reads a table with these columns: what each lacks, and the closest names."""
    listed = ", ".join(excerpt(name) for name in names[:_LISTED] if name.strip())
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    if not mappings:
        return (
            f"The dataset has no mapping file for tables (seed/tables/*.toml). Columns found: {listed}{more}."
        )
    nearest = sorted(mappings, key=lambda mapping: -mapping.matched(names))
    lacks = [f"{mapping.file.name} lacks {_lacking(mapping, names)}" for mapping in nearest]
    return (
        f"No mapping file recognises the table. Columns found: {listed or 'none'}{more}. "
        f"{'; '.join(lacks)}. Rename the columns, or add their names to a mapping file."
    )


def _lacking(mapping: TableMapping, names: Sequence[str]) -> str:
    return ", ".join(column.key + _hint(column, mapping, names) for column in mapping.missing(names))


def _hint(column: Column, mapping: TableMapping, names: Sequence[str]) -> str:
    free = [name for name in names if name.strip() and mapping.column_of(name) is None]
    likeness = [
        (SequenceMatcher(None, normal_name(name), known).ratio(), name)
        for name in free
        for known in column.names
    ]
    best = max(likeness, default=(0.0, ""))
    return f" (did you mean {excerpt(best[1])}?)" if best[0] >= _LIKENESS else ""


def _texts(row: Row) -> tuple[str, ...]:
    if isinstance(row.cells, Unreadable):
        return ()
    return tuple(cell if isinstance(cell, str) else "" for cell in row.cells)


def _completed(names: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    padded = above + ("",) * (len(names) - len(above))
    return tuple(name if name.strip() else upper for name, upper in zip(names, padded, strict=False))
