"""XLSX and CSV for Excel, read back by libraries that did not write them."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from pyoxigraph import Literal, NamedNode

from endpoint.results import spreadsheets
from endpoint.results.rows import Rows, Term
from endpoint.results.spreadsheets import CELL, excel_csv, write_xlsx
from tests.results.test_serializers import Sink, typed


def book(*column: Term | None) -> openpyxl.Workbook:
    sink = Sink()
    write_xlsx(Rows(["x"], iter([[term] for term in column])), sink)
    return openpyxl.load_workbook(io.BytesIO(sink.getvalue()))


def cell(term: Term | None) -> object:
    sheet = book(term).active
    assert sheet is not None
    value = sheet["A2"].value
    # Excel reads _xHHHH_ in every text; this reader does so only in shared ones.
    return unescape(value) if isinstance(value, str) else value


CELLS: list[tuple[Term | None, object]] = [
    (None, None),
    (Literal("책"), "책"),
    (Literal("=1+1"), "=1+1"),
    (Literal("a\rb\x01_x0041_"), "a\rb\x01_x0041_"),
    (Literal("<&>\"'"), "<&>\"'"),
    (Literal("x" * (CELL + 1)), "x" * (CELL - 1) + "…"),
    (typed("12", "integer"), 12),
    (typed("999999999999999", "integer"), 999999999999999),
    (typed("1000000000000000", "integer"), "1000000000000000"),
    (typed("-0.5", "decimal"), -0.5),
    (typed("INF", "double"), "INF"),
    (typed("true", "boolean"), True),
    (typed("2023-05-22", "date"), datetime(2023, 5, 22)),
    (typed("1900-03-01", "date"), datetime(1900, 3, 1)),
    (typed("1900-02-28", "date"), "1900-02-28"),
    (typed("2023-02-30", "date"), "2023-02-30"),
    (typed("2023-05-22Z", "date"), "2023-05-22Z"),
    (typed("2023-05-22T12:30:15", "dateTime"), datetime(2023, 5, 22, 12, 30, 15)),
    (typed("2023-05-22T12:30:15+09:00", "dateTime"), "2023-05-22T12:30:15+09:00"),
    (typed("2023", "gYear"), "2023"),
    (NamedNode("http://a/?b&c"), '=HYPERLINK("http://a/?b&c")'),
    (NamedNode("javascript:alert(1)"), "javascript:alert(1)"),
    (NamedNode("http://a/" + "x" * 300), "http://a/" + "x" * 300),
]


@pytest.mark.parametrize(("term", "value"), CELLS, ids=[str(term)[:40] for term, _ in CELLS])
def test_a_cell_of_its_kind(term: Term | None, value: object) -> None:
    found = cell(term)
    assert found == value
    assert type(found) is type(value)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_comes_back(text: str) -> None:
    # The reader gives nothing for an empty text, and a line break as Unix has it.
    assert (cell(Literal(text)) or "") == text


def test_rows_beyond_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 4)
    found = book(*(typed(str(n), "integer") for n in range(7)))
    columns = [[row[0].value for row in sheet.iter_rows()] for sheet in found.worksheets]
    assert columns == [["x", 0, 1, 2], ["x", 3, 4, 5], ["x", 6]]
    assert len(book(*(Literal("a"),) * 3).worksheets) == 1
    assert len(book().worksheets) == 1


def test_a_heading_that_stays_in_sight_and_dates_that_look_like_dates() -> None:
    sheet = book(typed("2023-05-22", "date")).active
    assert sheet is not None
    assert (sheet.freeze_panes, sheet["A1"].font.bold) == ("A2", True)
    assert sheet["A2"].number_format.replace("\\", "") == "yyyy-mm-dd"


GUARDED = [
    (Literal("=1"), "'=1"),
    (Literal("\uff1d1"), "'\uff1d1"),
    (Literal("\n=1"), "'\n=1"),
    (Literal("@a", language="ko"), "'@a"),
    (typed("-1", "integer"), "-1"),
    (typed("-1.5", "decimal"), "-1.5"),
    (typed("-x", "integer"), "'-x"),
    (typed("-INF", "double"), "'-INF"),
    (Literal("a=1"), "a=1"),
    (Literal('a "b", c\r\nd'), 'a "b", c\r\nd'),
    (None, ""),
]


@pytest.mark.parametrize(("term", "text"), GUARDED)
def test_no_cell_is_a_formula(term: Term | None, text: str) -> None:
    written = "".join(excel_csv(Rows(["x", "y"], iter([[term, Literal("z")]]))))
    assert written.startswith("\ufeffx,y\r\n")
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert rows[1:] == [[text, "z"]]
