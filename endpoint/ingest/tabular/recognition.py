"""Which mapping reads a table, and on which line its header stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from endpoint.ingest.tabular.mapping import Column, TableMapping, normal_name
from endpoint.ingest.tabular.records import Row, Unreadable, excerpt

# A title, a date, an empty line and a header of two lines may stand above the data.
HEADER_ROWS = 10
_LIKENESS = 0.6
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Header:
    """A recognised header: ``names`` by place, found in row ``index`` (from 0) of those looked at."""

    mapping: TableMapping
    names: tuple[str, ...]
    index: int


class NotRecognised(Exception):
    """No mapping reads the table, or two do alike; the text says why, in full sentences."""


def recognise(names: Iterable[str], mappings: Sequence[TableMapping]) -> TableMapping | None:
    """The mapping whose required columns are all there; of several the one that knows more of the columns.

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
    """The first row that is a header by itself or completed from the row above it (a header of two lines).

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
    """The row with the most texts: what to show as columns where none is recognised."""
    return max((_texts(row) for row in rows), key=lambda names: sum(map(bool, names)), default=())


def explain(names: Sequence[str], mappings: Sequence[TableMapping]) -> str:
    """Why no mapping reads a table with these columns, which columns each lacks, and the closest names."""
    found = ", ".join(excerpt(name) for name in names[:_LISTED] if name.strip())
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    if not mappings:
        return (
            f"The dataset has no mapping file for tables (seed/tables/*.toml). Columns found: {found}{more}."
        )
    nearest = sorted(mappings, key=lambda mapping: -mapping.matched(names))
    lacks = [f"{mapping.file.name} lacks {_lacking(mapping, names)}" for mapping in nearest]
    return (
        f"No mapping file recognises the table. Columns found: {found or 'none'}{more}. "
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
