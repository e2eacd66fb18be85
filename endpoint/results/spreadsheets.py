"""Rows for spreadsheet programs, as CSV that Excel reads right and as XLSX.

XLSX is written here (ECMA-376 part 1, SpreadsheetML) because it has to stream: the libraries keep
the sheet in memory or in a temporary file until it is whole, and cost a worker's start.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from itertools import chain, islice
from typing import IO, Final, Protocol, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pyoxigraph import Literal, NamedNode

from endpoint.results.rows import Row, Rows, Term, native, shown
from endpoint.vocabulary import XSD

# Rows of a sheet with its heading, and characters of a cell, at most (Excel specifications and limits).
SHEET_ROWS: Final = 1_048_576
CELL: Final = 32_767
# Beyond this a number has more digits than Excel keeps.
_PRECISE: Final = 10**15
# A text in a formula, at most; longer addresses stay text.
_FORMULA_TEXT: Final = 255

# Characters at which a program reads a cell as a formula, also at full width (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
# Excel treats 1900 as a leap year, so its day numbers are those of the calendar only from here on.
_FIRST_DAY: Final = datetime(1900, 3, 1)
_DAY_ZERO: Final = datetime(1899, 12, 30)
# No XML 1.0 document may hold these, and _xHHHH_ is how SpreadsheetML writes them (ST_Xstring).
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


def excel_csv(rows: Rows) -> Iterator[str]:
    """Yield CSV (RFC 4180) with a byte order mark, no cell of which a spreadsheet takes for a formula.

    A text that looks like a formula gets an apostrophe before it; numbers are unchanged.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    for row in chain([rows.names], (map(_guarded, row) for row in rows.rows)):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _guarded(term: Term | None) -> str:
    text = shown(term)
    if text.startswith(_FORMULA) and isinstance(native(term), str):
        return "'" + text
    return text


def write_xlsx(rows: Rows, target: _Sink) -> None:
    """Write a workbook; rows beyond the end of a sheet go on in the next one.

    Numbers, booleans, dates and addresses are cells of their kind. What Excel would round stays text,
    and a text that is too long for a cell ends in "…".
    """
    with ZipFile(cast("IO[bytes]", target), "w", ZIP_DEFLATED, compresslevel=3) as book:
        sheets = 0
        left: Iterator[Row] | None = rows.rows
        while left is not None:
            sheets += 1
            left = _write_sheet(book, sheets, rows.names, left)
        for name, text in _parts(sheets):
            with book.open(_entry(name), "w") as part:
                part.write(text.encode())


def _entry(name: str) -> ZipInfo:
    # Without the time of writing the same rows give the same bytes.
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _write_sheet(book: ZipFile, number: int, names: list[str], rows: Iterator[Row]) -> Iterator[Row] | None:
    """Write one sheet; return the rows that are left, or None."""
    with book.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w") as sheet:
        sheet.write(_SHEET_HEAD.encode())
        heading = "".join(_text_cell(name, ' s="4"') for name in names)
        sheet.write(f"<row>{heading}</row>".encode())
        for row in islice(rows, SHEET_ROWS - 1):
            sheet.write(f"<row>{''.join(map(_cell, row))}</row>".encode("utf-8", "replace"))
        sheet.write(b"</sheetData></worksheet>")
    following = next(rows, None)
    return None if following is None else chain([following], rows)


def _cell(term: Term | None) -> str:
    if term is None:
        return "<c/>"
    value = native(term)
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        precise = math.isfinite(value) and (isinstance(value, float) or abs(value) < _PRECISE)
        return f"<c><v>{value!r}</v></c>" if precise else _text_cell(str(value))
    if isinstance(term, Literal) and (serial := _serial(term)) is not None:
        return f'<c s="{2 if ":" in term.value else 1}"><v>{serial!r}</v></c>'
    if isinstance(term, NamedNode):
        return _link_cell(term.value)
    return _text_cell(shown(term))


def _serial(term: Literal) -> float | None:
    """Return the number of a date or a date and time without time zone, in days; None for everything else."""
    kind, text = term.datatype.value, term.value
    if not (
        (kind == XSD + "date" and _DATE.fullmatch(text))
        or (kind == XSD + "dateTime" and _DATE_TIME.fullmatch(text))
    ):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment - _DAY_ZERO).total_seconds() / 86400 if moment >= _FIRST_DAY else None


def _link_cell(iri: str) -> str:
    # A link that is no formula needs an entry in another part, which would have to be kept until the end.
    if len(iri) > _FORMULA_TEXT or not iri.lower().startswith(("http://", "https://")):
        return _text_cell(iri)
    quoted = escape(iri.replace('"', '""'))
    return f'<c s="3" t="str"><f>HYPERLINK("{quoted}")</f><v>{escape(iri)}</v></c>'


def _text_cell(text: str, style: str = "") -> str:
    if len(text) > CELL:
        text = text[: CELL - 1] + "…"
    written = escape(_UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", text))
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# The heading stays in sight.
_SHEET_HEAD: Final = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15" defaultColWidth="24"/><sheetData>'
)
# Cell formats by index: 0 general, 1 date, 2 date and time, 3 link, 4 heading.
_STYLES: Final = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="3"><font><sz val="11"/></font><font><u/><sz val="11"/><color rgb="FF0563C1"/></font>'
    '<font><b/><sz val="11"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5">'
    '<xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/><xf fontId="2" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _parts(sheets: int) -> Iterable[tuple[str, str]]:
    """Return the other parts of the package, which name the sheets (ECMA-376 part 2)."""
    numbers = range(1, sheets + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{overrides}</Types>',
    )
    yield (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    named = "".join(f'<sheet name="Result {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>',
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship Id="rId0" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES
