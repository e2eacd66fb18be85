"""Workbooks: dates, formulas, merged cells, sheets and damage."""

from __future__ import annotations

import io
from datetime import date, datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from endpoint.errors import DataError
from tests.ingest.tables.publication_tables import (
    EXPECTED,
    FIRST,
    HEADER,
    PUBLICATION,
    ROWS,
    SECOND,
    errors,
    objects_of,
    read,
    saved,
    workbook,
)


def test_dates_and_numbers_of_a_workbook() -> None:
    rows: list[list[object]] = [
        [*HEADER],
        [1, "c", "a", 2023, True, date(2023, 5, 22)],
        [2.0, "c", "a", 1.5, "", datetime(2023, 5, 22, 13, 0)],
        [3, "c", "a", "a_x000D_b", None, "2023. 5. 22."],
    ]
    quads, _ = read(workbook(Sheet1=rows), "a.xlsx")
    assert {str(quad.subject) for quad in quads} == {f"<{PUBLICATION}{number}>" for number in (1, 2, 3)}
    assert objects_of(quads, "rdfs:label") == ["2023", "1.5", "a\rb"]
    assert objects_of(quads, "bibo:abstract") == ["true"]
    assert objects_of(quads, "mofapub:pubDate") == ["20230522"] * 3


def test_merged_cells_hold_in_each_of_their_rows() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    rows: list[list[str | int | None]] = [
        ["발간자료 목록"],
        ["번호", "서지", None, None, "발행일"],
        [None, "제목", "저자", "분류", None],
        [1, "하나", "A", "정책연구", 20230101],
        [2, "둘", "B", None, 20230102],
        [3, "셋", "C", "국제정세", 20230103],
    ]
    for row in rows:
        sheet.append(row)
    for merged in ("A1:E1", "A2:A3", "B2:D2", "E2:E3", "D4:D5"):
        sheet.merge_cells(merged)
    quads, notices = read(saved(book), "a.xlsx")
    assert objects_of(quads, "mofadocu:category") == ["정책연구", "정책연구", "국제정세"]
    assert objects_of(quads, "rdfs:label") == ["하나", "둘", "셋"]
    assert notices == ["a.xlsx: “Sheet”: the header is line 3; what stands above it is left out."]


def formulas(result: str | None) -> bytes:
    """A workbook whose F2 is a formula, with the result that a program stored, or none."""
    source = workbook(Sheet1=[HEADER, [*FIRST[:5], "=DATE(2023,5,22)"], SECOND])
    target = io.BytesIO()
    with ZipFile(io.BytesIO(source)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml") and result is not None:
                assert part.count(b"<v></v>") + part.count(b"<v />") + part.count(b"<v/>") == 1
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    part = part.replace(empty, f"<v>{result}</v>".encode())
            new.writestr(name, part)
    return target.getvalue()


def test_a_formula_counts_with_its_saved_result() -> None:
    quads, _ = read(formulas("20230522"), "a.xlsx")
    assert objects_of(quads, "mofapub:pubDate") == ["20230522", "20230103"]


def test_a_formula_without_a_result_is_no_empty_cell() -> None:
    assert errors(formulas(None), "a.xlsx") == [
        "a.xlsx:2:6: Sheet “Sheet1”: Column “pub_date” holds a formula without a saved result (cell F2); "
        "open the file in Excel or LibreOffice and save it."
    ]


def test_an_error_of_excel_is_reported() -> None:
    (message,) = errors(workbook(S=[HEADER, ["1", "c", "a", "#N/A", "", ""]]), "a.xlsx")
    assert message == "a.xlsx:2:4: Sheet “S”: Column “title” holds the error #N/A (cell D2)."


def test_sheets_that_no_mapping_knows_are_left_out_with_a_notice() -> None:
    quads, notices = read(workbook(Data=ROWS, Notes=[["remarks"], ["none"]], Empty=[]), "a.xlsx")
    assert set(quads) == EXPECTED
    assert [notice.split(": ")[1] for notice in notices] == ["“Notes”", "“Empty”"]
    assert all(notice.endswith("This table was left out.") for notice in notices)


def test_a_damaged_part_of_a_workbook_is_reported() -> None:
    source, target = workbook(S=ROWS), io.BytesIO()
    with ZipFile(io.BytesIO(source)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part[: len(part) // 2] if name.endswith("sheet1.xml") else part)
    (message,) = errors(target.getvalue(), "a.xlsx")
    assert message.startswith("a.xlsx: The workbook is damaged: ")


BOMBS = [
    ("xl/sharedStrings.xml", b"<si><t>a</t></si>" * (2**27 // 17 + 1), "more than 128 MB"),
    ("xl/worksheets/sheet1.xml", b" " * (2**26 + 1), "expands to more than 500 times"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), BOMBS, ids=["texts", "sheet"])
def test_a_bomb_is_refused_before_it_is_read(name: str, content: bytes, sentence: str) -> None:
    book = io.BytesIO(workbook(Sheet1=[[*HEADER], [1, "c", "a", 2023, True, date(2023, 5, 22)]]))
    bomb = io.BytesIO()
    with ZipFile(book) as parts, ZipFile(bomb, "w", ZIP_DEFLATED, compresslevel=9) as copy:
        for part in parts.infolist():
            if part.filename != name:
                copy.writestr(part.filename, parts.read(part.filename))
        copy.writestr(name, content)
    with pytest.raises(DataError, match=sentence):
        read(bomb.getvalue(), "a.xlsx")
