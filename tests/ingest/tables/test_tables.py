"""Tables of every kind into quads, and what is said of tables that are wrong."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyoxigraph import Literal, NamedNode, Quad, parse

from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DataErrors
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import TableMapping, read_mappings

DATASET = read_dataset(default_root())
PREFIXES = DATASET.prefixes
(IFANS,) = read_mappings([DATASET.root / "seed" / "tables" / "ifans.toml"], PREFIXES)
GRAPH = NamedNode("http://opendata.mofa.go.kr/mofapub")
PUBLICATION = "http://opendata.mofa.go.kr/mofapub/resource/Publication/"
XSD = PREFIXES["xsd"]

HEADER = ["idx_no", "ctgry_nm", "author", "title", "description", "pub_date"]
FIRST = ["14209", "IFANS Focus", "SONG Tae Eun", "Arms  Exports", "One.\n\n“Two”, three.", "20230522"]
SECOND = ["14168", "주요국제문제분석", "서동만", "한 해를 넘긴 전쟁", "요약", "20230103"]
ROWS = [HEADER, FIRST, SECOND]


def read(
    content: bytes, name: str, mappings: Sequence[TableMapping] = (IFANS,)
) -> tuple[list[Quad], list[str]]:
    notices: list[str] = []
    return list(read_table(io.BytesIO(content), name, mappings, notices)), notices


def errors(content: bytes, name: str, mappings: Sequence[TableMapping] = (IFANS,)) -> list[str]:
    with pytest.raises(DataErrors) as caught:
        read(content, name, mappings)
    assert all(error.file == Path(name) and "\n" not in str(error) for error in caught.value.errors)
    return [str(error) for error in caught.value.errors]


def delimited(
    rows: Sequence[Sequence[str]], delimiter: str = ",", line_end: str = "\r\n", quote_all: bool = False
) -> str:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    return text.getvalue()


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def objects(rows: Sequence[Sequence[str]] = ROWS) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def publication(number: str, *pairs: tuple[str, str]) -> set[Quad]:
    subject = NamedNode(PUBLICATION + number)
    quads = {Quad(subject, term("rdf:type"), term("mofapub:Publication"), GRAPH)}
    for name, text in pairs:
        integer = name in ("mofapub:pubDate", "mofa:yearOfData")
        value = Literal(text, datatype=NamedNode(XSD + "integer")) if integer else Literal(text)
        quads.add(Quad(subject, term(name), value, GRAPH))
    return quads


EXPECTED = publication(
    "14209",
    ("rdfs:label", "Arms  Exports"),
    ("skos:prefLabel", "Arms  Exports"),
    ("skos:altLabel", "Arms  Exports"),
    ("skos:altLabel", "armsexports"),
    ("bibo:abstract", "One.\n\n“Two”, three."),
    ("mofadocu:category", "IFANS Focus"),
    ("mofapub:hasAuthor", "SONG Tae Eun"),
    ("mofapub:pubDate", "20230522"),
    ("mofa:yearOfData", "2023"),
) | publication(
    "14168",
    ("rdfs:label", "한 해를 넘긴 전쟁"),
    ("skos:prefLabel", "한 해를 넘긴 전쟁"),
    ("skos:altLabel", "한 해를 넘긴 전쟁"),
    ("skos:altLabel", "한해를넘긴전쟁"),
    ("bibo:abstract", "요약"),
    ("mofadocu:category", "주요국제문제분석"),
    ("mofapub:hasAuthor", "서동만"),
    ("mofapub:pubDate", "20230103"),
    ("mofa:yearOfData", "2023"),
)

TEXT = delimited(ROWS, line_end="\n")
KOREAN = ["번호", "분류", "저자", "제목", "내용", "발행일"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TEXT.encode()),
        ("a.csv", TEXT.encode("utf-8-sig")),
        ("a.csv", TEXT.encode("utf-16")),
        ("a.csv", delimited(ROWS, ";", "\n").encode()),
        ("a.csv", delimited(ROWS, "\t", "\n").encode()),
        ("a.csv", delimited(ROWS, "|", "\n").encode()),
        ("a.csv", b"sep=;\n" + delimited(ROWS, ";", "\n").encode()),
        ("a.tsv", delimited(ROWS, "\t", "\n").encode()),
        ("a.tsv", TEXT.encode()),
        ("b.zip!a.tsv.gz", delimited(ROWS, "\t", "\n").encode()),
        ("a.csv", delimited([KOREAN, FIRST, SECOND], line_end="\n").encode()),
        ("A.CSV", delimited([["ID", "Ctgry-Nm", "저자", "TITLE", "요 약", "PubDate"], *ROWS[1:]]).encode()),
        ("a.csv", f"발간자료 목록,,,,,\n2023년 6월,,,,,\n\n{TEXT}".encode()),
        ("no-extension", TEXT.encode()),
        ("a.json", json.dumps(objects()).encode()),
        ("a.json", json.dumps(objects(), ensure_ascii=False, indent=2).encode("utf-8-sig")),
        ("a.json", json.dumps({"data": objects(), "totalCount": 2}).encode()),
        ("a.json", json.dumps({"response": {"header": {"resultCode": "00", "resultMsg": "OK"}, "body": {
            "items": {"item": objects()}, "numOfRows": 10, "pageNo": 1}}}).encode()),
        ("a.jsonl", "\n".join(json.dumps(item) for item in objects()).encode()),
        ("a.ndjson", "\r\n\r\n".join(json.dumps(item, ensure_ascii=False) for item in objects()).encode()),
        ("a.json", "\n".join(json.dumps(item) for item in objects()).encode()),
        ("no-extension", json.dumps(objects()).encode()),
        ("a.xlsx", workbook(Sheet1=ROWS)),
        ("a.xlsx", workbook(Sheet1=[["발간자료 목록"], [], KOREAN, FIRST, [], SECOND])),
        ("a.xlsx", workbook(one=[HEADER, FIRST], two=[HEADER, SECOND], three=[])),
        ("no-extension", workbook(Sheet1=ROWS)),
    ],
)  # fmt: skip
def test_a_table_of_every_kind(name: str, content: bytes) -> None:
    quads, _ = read(content, name)
    assert len(quads) == len(EXPECTED)
    assert set(quads) == EXPECTED


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_of_rows_and_within_cells(line_end: str) -> None:
    quads, _ = read(delimited(ROWS, line_end=line_end).encode(), "a.csv")
    assert set(quads) == EXPECTED


def test_korean_windows_is_read_and_said() -> None:
    rows = [KOREAN, ["14168", "주요국제문제분석", "서동만", "한 해를 넘긴 전쟁", "요약", "20230103"]]
    quads, notices = read(delimited(rows).encode("cp949"), "발간자료.csv")
    assert set(quads) == {quad for quad in EXPECTED if str(quad.subject).endswith("14168>")}
    assert notices == ["발간자료.csv: read as CP949 (Korean Windows)."]


def test_the_record_that_is_known_comes_out_of_its_row() -> None:
    known = {quad.triple for quad in parse(path=DATASET.root / "seed" / "mofapub" / "publication-14209.ttl")}

    def value(name: str) -> str:
        (found,) = {triple.object for triple in known if triple.predicate == term(name)}
        assert isinstance(found, Literal)
        return found.value

    row = [
        "14209", value("mofadocu:category"), value("mofapub:hasAuthor"), value("rdfs:label"),
        value("bibo:abstract"), value("mofapub:pubDate"), value("mofapub:pubNumber"), "ENG", "P11", "P11",
    ]  # fmt: skip
    header = [*HEADER, "pub_number", "koreanEngSe", "menuCl", "clCode"]
    quads, notices = read(delimited([header, row]).encode(), "ifans.csv")
    spaceless = Literal("".join(value("rdfs:label").split()).lower())
    assert {quad.triple for quad in quads if quad.object != spaceless} == known
    assert [quad.predicate for quad in quads if quad.object == spaceless] == [term("skos:altLabel")]
    assert not notices


def objects_of(quads: Sequence[Quad], name: str) -> list[str]:
    found = [quad.object for quad in quads if quad.predicate == term(name)]
    return [value.value for value in found if isinstance(value, Literal)]


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("A; B ;C", ["A", "B", "C"]),
        ("Lee, Seo Hang", ["Lee, Seo Hang"]),
        ("김철수·이영희", ["김철수·이영희"]),
        (" ; ", []),
        ("null", []),
    ],
)
def test_authors_are_divided_at_semicolons_only(authors: str, expected: list[str]) -> None:
    quads, _ = read(delimited([HEADER, ["1", "c", authors, "t", "", ""]]).encode(), "a.csv")
    assert objects_of(quads, "mofapub:hasAuthor") == expected


def test_absent_and_empty_cells_make_no_statement() -> None:
    quads, notices = read(delimited([HEADER, ["1", "", " ", "제목", "null", ""]]).encode(), "a.csv")
    assert set(quads) == publication(
        "1", ("rdfs:label", "제목"), ("skos:prefLabel", "제목"), ("skos:altLabel", "제목")
    )
    assert not notices


def test_columns_without_a_place_are_told() -> None:
    rows = [[*HEADER, "memo", ""], [*FIRST, "x", ""]]
    _, notices = read(delimited(rows).encode(), "a.csv")
    assert notices == ["a.csv: columns that ifans.toml does not know were left out: “memo”."]


def test_json_values_keep_their_digits() -> None:
    content = (
        '[{"idx_no": 14209, "ctgry_nm": null, "author": ["A", "B"], "title": 1.50, "pub_date": 20230522}]'
    )
    quads, _ = read(content.encode(), "a.json")
    assert objects_of(quads, "rdfs:label") == ["1.50"]
    assert objects_of(quads, "mofapub:hasAuthor") == ["A", "B"]
    assert str(quads[0].subject) == f"<{PUBLICATION}14209>"


def test_one_item_may_come_without_its_array() -> None:
    item = objects()[0]
    content = {"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": item}, "count": 1}}}
    quads, _ = read(json.dumps(content).encode(), "a.json")
    assert {str(quad.subject) for quad in quads} == {f"<{PUBLICATION}14209>"}


def test_json_is_read_in_pieces() -> None:
    item = objects()[0]
    items = [{**item, "idx_no": number, "description": "가" * 30_000} for number in range(100)]
    quads, _ = read(json.dumps({"meta": ["x"], "data": items}, ensure_ascii=False).encode(), "a.json")
    assert len({quad.subject for quad in quads}) == 100


# Workbooks.


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


def test_an_error_of_excel_is_told() -> None:
    (told,) = errors(workbook(S=[HEADER, ["1", "c", "a", "#N/A", "", ""]]), "a.xlsx")
    assert told == "a.xlsx:2:4: Sheet “S”: Column “title” holds the error #N/A (cell D2)."


def test_sheets_that_no_mapping_knows_are_left_out_and_told() -> None:
    quads, notices = read(workbook(Data=ROWS, Notes=[["remarks"], ["none"]], Empty=[]), "a.xlsx")
    assert set(quads) == EXPECTED
    assert [notice.split(": ")[1] for notice in notices] == ["“Notes”", "“Empty”"]
    assert all(notice.endswith("This table was left out.") for notice in notices)


def test_a_subject_may_not_be_repeated_on_another_sheet() -> None:
    (told,) = errors(workbook(one=[HEADER, FIRST], two=[HEADER, SECOND, FIRST]), "a.xlsx")
    assert told.startswith("a.xlsx:3:1: Sheet “two”: Column “idx_no” repeats that of line 2 of sheet “one”.")


# What is wrong with tables.


def test_mistakes_name_line_column_and_text_and_all_are_told() -> None:
    rows = [
        HEADER,
        ["1", "c", "a", "two\nlines\r\nand three", "", "2023-02-30"],
        ["x", "c", "a", "", "", "yesterday"],
        ["2", "c", "a", "good", "", "2023-05-22"],
        ["1", "c", "a", "again", "", ""],
        ["3", "c", "a", "good", "", "", "more"],
    ]
    assert errors(delimited(rows, line_end="\n").encode(), "a.csv") == [
        "a.csv:2:6: Column “pub_date” is not a day of the calendar. Found: “2023-02-30”",
        "a.csv:5:1: Column “idx_no” does not have the form [0-9]+. Found: “x”",
        "a.csv:5:4: Column “title” is empty, but must have a value.",
        "a.csv:5:6: Column “pub_date” is no date such as 2023-05-22, 2023.5.22, 2023년 5월 22일 or 20230522. "
        "Found: “yesterday”",
        "a.csv:7:1: Column “idx_no” repeats that of line 2. "
        "Found: “http://opendata.mofa.go.kr/mofapub/resource/Publication/1”",
        "a.csv:8: The row has 7 cells, the header 6; is a quotation mark missing?",
    ]


def test_ten_of_a_kind_are_shown_and_the_rest_counted() -> None:
    rows = [HEADER, *([f"x{number}", "c", "a", "", "", ""] for number in range(1_500))]
    told = errors(delimited(rows).encode(), "a.csv")
    assert len(told) == 22
    assert told[-2:] == [
        "a.csv: There are 1,490 more of these: wrong forms of idx_no.",
        "a.csv: There are 1,490 more of these: empty cells of title.",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            TEXT + '3,"c,a\n',
            ["a.csv:6: A quoted cell begins in this row and never ends; close the quotation mark."],
        ),
        (
            TEXT + '3,c,"a"b,t,,\n4,"c"c,a,t,,\nx,c,a,t,,\n',
            [
                "a.csv:6: A quoted cell is followed by text; write a quotation mark within a cell twice.",
                "a.csv:7: A quoted cell is followed by text; write a quotation mark within a cell twice.",
                "a.csv:8:1: Column “idx_no” does not have the form [0-9]+. Found: “x”",
            ],
        ),
        ("", ["a.csv: The table is empty."]),
        ("\n \n", ["a.csv: The table is empty."]),
        (
            "idx_no,titel,author,ctgry_nm,pub_dat\n",
            [
                "a.csv: No mapping file recognises the table. Columns found: “idx_no”, “titel”, “author”, "
                "“ctgry_nm”, “pub_dat”. ifans.toml lacks title (did you mean “titel”?), pub_date (did you "
                "mean “pub_dat”?). Rename the columns, or add their names to a mapping file."
            ],
        ),
        (
            "번호,제목,저자,분류,발행일,제목\n",
            ["a.csv:1: The header has “제목” 2 times; rename or remove the others."],
        ),
        (
            "번호,제목,저자,분류,발행일,title\n1,가,나,다,,라\n",
            ["a.csv:2: Both “제목” and “title” are title; rename one of them."],
        ),
    ],
)  # fmt: skip
def test_broken_tables(content: str, expected: list[str]) -> None:
    assert errors(content.encode(), "a.csv") == expected


def test_a_header_without_rows_is_told() -> None:
    assert read(delimited([HEADER]).encode(), "a.csv") == ([], ["a.csv: the table has a header and no rows."])


def test_without_mappings_no_table_can_be_read() -> None:
    (told,) = errors(TEXT.encode(), "a.csv", ())
    assert told.startswith("a.csv: The dataset has no mapping file for tables (seed/tables/*.toml).")


# Of a comma before a brace Python's decoder reports the comma from 3.13 on, and the brace before.
OFFENDER = 14 if sys.version_info >= (3, 13) else 15


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"idx_no": 1,}]', f"a.json:1:{OFFENDER}: This is not JSON."),
        ('[{"idx_no": 1}\n {"idx_no": 2}]', "a.json:2:2: A comma or ] is expected. Found: “{"),
        ('[{"idx_no": 1},]', "a.json:1:16: A comma stands before the closing bracket."),
        ('{"data": [{"idx_no": 1}', "a.json:1:24: A comma or ] is expected. The file ends here."),
        ('{"data" [', "a.json:1:9: A key and a colon are expected."),
        ("[1, 2]", "a.json: The file holds no records; an array of objects is expected."),
        ("[] []", "a.json:1:4: The file goes on after its JSON value;"),
        (
            '{"response": {"header": {"resultCode": "30", "resultMsg": "SERVICE KEY NOT REGISTERED"}}}',
            "a.json: The file holds a service's answer without records: resultMsg 'SERVICE KEY NOT REG",
        ),
        ('{"a":' * 30 + "1" + "}" * 30, "a.json:1:106: The envelope around the records is nested"),
        ("[" * 100_000, "a.json:1:2: A value is nested too deeply."),
        ('{"a": [{"b": 1}]}', "a.json: “a”: No mapping file recognises the table. Columns found: “b”."),
    ],
)  # fmt: skip
def test_broken_json(content: str, expected: str) -> None:
    (told,) = errors(content.encode(), "a.json")
    assert told.startswith(expected)


def test_broken_records_of_json() -> None:
    good = json.dumps(objects()[0])
    nested, half = '{"idx_no": {"a": 1}, "title": "t"}', '{"idx_no": 5, "title": "\\ud800"}'
    lines = [good, '{"idx_no": }', "[1]", nested, half]
    assert errors("\n".join(lines).encode(), "a.jsonl") == [
        "a.jsonl:2: The line is not JSON from character 12 on.",
        "a.jsonl:3: This is no JSON object; a record is written {…}.",
        "a.jsonl:4: Column “idx_no” holds a nested object; a cell is a text, a number or a list of them.",
        "a.jsonl:5: Column “title” holds half of a character (a lone surrogate). Found: “”",
    ]


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("a.xls", b"", "a.xls: This is an old or a protected Excel file;"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx: This is an old or a protected Excel file;"),
        ("a.xlsx", b"PK\x03\x04", "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.xlsx", workbook(S=ROWS)[:-100], "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.xlsx", b"idx_no,title", "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.csv", "numéro".encode("cp1252"), "a.csv:1: The text is neither UTF-8 nor Korean in CP949"),
    ],
)
def test_files_of_another_kind(name: str, content: bytes, start: str) -> None:
    (told,) = errors(content, name)
    assert told.startswith(start)


def test_a_damaged_part_of_a_workbook_is_told() -> None:
    source, target = workbook(S=ROWS), io.BytesIO()
    with ZipFile(io.BytesIO(source)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part[: len(part) // 2] if name.endswith("sheet1.xml") else part)
    (told,) = errors(target.getvalue(), "a.xlsx")
    assert told.startswith("a.xlsx: The workbook is damaged: ")


# Any text, any bytes.

CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@cache
def plain_mapping() -> TableMapping:
    (mapping,) = read_mappings([Path(__file__).parent / "plain.toml"], PREFIXES)
    return mapping


@settings(deadline=None)
@given(st.lists(CELL, min_size=1, max_size=5), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_any_text_of_a_cell_comes_back(texts: list[str], delimiter: str, end: str) -> None:
    plain = plain_mapping()
    rows = [["id", "text"], *([str(number), text] for number, text in enumerate(texts))]
    quads, _ = read(delimited(rows, delimiter, end, quote_all=True).encode(), "a.csv", [plain])
    assert [quad.object for quad in quads] == [Literal(text) for text in texts if text.strip()]
    lines = "\n".join(json.dumps({"id": number, "text": text}) for number, text in enumerate(texts))
    quads, _ = read(lines.encode(), "a.jsonl", [plain])
    assert [quad.object for quad in quads] == [Literal(text) for text in texts if text.strip()]


@settings(deadline=None)
@given(CELL.filter(str.strip))
def test_any_text_makes_a_subject(number: str) -> None:
    quads, _ = read(
        delimited([["id", "text"], [number, "x"]], quote_all=True).encode(), "a.csv", [plain_mapping()]
    )
    assert len(quads) == 1


@pytest.mark.parametrize("extension", [".csv", ".tsv", ".json", ".jsonl", ".xlsx", ""])
@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.text(alphabet='[]{}":,ab1\n\r;"\t', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(extension: str, content: bytes) -> None:
    try:
        read(content, f"a{extension}")
    except DataErrors as error:
        assert error.errors
