"""Tables of every kind into quads, and the errors of tables that are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, parse

from endpoint.errors import DataErrors
from endpoint.ingest.tables.mapping import TableMapping, read_mappings
from tests.ingest.tables.publication_tables import (
    DATASET,
    EXPECTED,
    FIRST,
    HEADER,
    PREFIXES,
    ROWS,
    SECOND,
    delimited,
    errors,
    objects,
    objects_of,
    publication,
    read,
    term,
    workbook,
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
        ("a.txt", delimited(ROWS, "\t", "\n").encode()),
        ("a.tsv", TEXT.encode()),
        ("b.zip!a.tsv.gz", TEXT.encode()),
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


def test_korean_windows_is_read_and_said() -> None:
    rows = [KOREAN, ["14168", "주요국제문제분석", "서동만", "한 해를 넘긴 전쟁", "요약", "20230103"]]
    quads, notices = read(delimited(rows).encode("cp949"), "발간자료.csv")
    assert set(quads) == {quad for quad in EXPECTED if str(quad.subject).endswith("14168>")}
    assert [notice.partition(", which")[0] for notice in notices] == [
        "발간자료.csv: read as CP949 (Korean Windows)"
    ]


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


def test_columns_without_a_place_are_reported() -> None:
    rows = [[*HEADER, "memo", ""], [*FIRST, "x", ""]]
    _, notices = read(delimited(rows).encode(), "a.csv")
    assert notices == ["a.csv: columns that ifans.toml does not know were left out: “memo”."]


def test_a_subject_may_not_be_repeated_on_another_sheet() -> None:
    (message,) = errors(workbook(one=[HEADER, FIRST], two=[HEADER, SECOND, FIRST]), "a.xlsx")
    assert message.startswith(
        "a.xlsx:3:1: Sheet “two”: Column “idx_no” repeats that of line 2 of sheet “one”."
    )


def test_mistakes_name_line_column_and_text_and_all_are_reported() -> None:
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
    messages = errors(delimited(rows).encode(), "a.csv")
    assert len(messages) == 22
    assert messages[-2:] == [
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


def test_a_header_without_rows_is_reported() -> None:
    assert read(delimited([HEADER]).encode(), "a.csv") == ([], ["a.csv: the table has a header and no rows."])


def test_without_mappings_no_table_can_be_read() -> None:
    (message,) = errors(TEXT.encode(), "a.csv", ())
    assert message.startswith("a.csv: The dataset has no mapping file for tables (seed/tables/*.toml).")


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("a.xls", b"", "a.xls: This is an old or a protected Excel file;"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx: This is an old or a protected Excel file;"),
        ("a.xlsx", b"PK\x03\x04", "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.xlsx", workbook(S=ROWS)[:-100], "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.xlsx", b"idx_no,title", "a.xlsx: The file is not an XLSX workbook, or it was cut off."),
        ("a.csv", "编號".encode("gb18030") + "номер".encode("cp1251"), "a.csv:1: The text is not UTF-8"),
    ],
)
def test_files_of_another_kind(name: str, content: bytes, start: str) -> None:
    (message,) = errors(content, name)
    assert message.startswith(start)


CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@cache
def plain_mapping() -> TableMapping:
    (mapping,) = read_mappings([Path(__file__).parent / "plain.toml"], PREFIXES)
    return mapping


@given(st.lists(CELL, min_size=1, max_size=5), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_any_text_of_a_cell_comes_back(texts: list[str], delimiter: str, end: str) -> None:
    plain = plain_mapping()
    rows = [["id", "text"], *([str(number), text] for number, text in enumerate(texts))]
    quads, _ = read(delimited(rows, delimiter, end, quote_all=True).encode(), "a.csv", [plain])
    assert [quad.object for quad in quads] == [Literal(text) for text in texts if text.strip()]
    lines = "\n".join(json.dumps({"id": number, "text": text}) for number, text in enumerate(texts))
    quads, _ = read(lines.encode(), "a.jsonl", [plain])
    assert [quad.object for quad in quads] == [Literal(text) for text in texts if text.strip()]


QUOTES = 'id\ttext\n1\t"가람" 극장의 봄\n2\t"전체 따옴표"\n3\t나루 "다리" 이야기\n'


@pytest.mark.parametrize(
    ("quoting", "first"), [(False, '"가람" 극장의 봄'), (True, None)], ids=["as they are", "as Excel writes"]
)
def test_quotation_marks_in_tab_separated_values(quoting: bool, first: str | None) -> None:
    mapping = replace(plain_mapping(), quoting=quoting)
    content = QUOTES if first else delimited([["id", "text"], ["1", '"가람"\t극장']], "\t")
    quads, _ = read(content.encode(), "quotes.tsv", [mapping])
    values = {quad.object.value for quad in quads if isinstance(quad.object, Literal)}
    expected = {first, '"전체 따옴표"', '나루 "다리" 이야기'} if first else {'"가람"\t극장'}
    assert expected <= values


@given(CELL.filter(str.strip))
def test_any_text_makes_a_subject(number: str) -> None:
    quads, _ = read(
        delimited([["id", "text"], [number, "x"]], quote_all=True).encode(), "a.csv", [plain_mapping()]
    )
    assert len(quads) == 1


@pytest.mark.parametrize("extension", [".csv", ".tsv", ".json", ".jsonl", ".xlsx", ""])
@given(content=st.binary(max_size=300) | st.text(alphabet='[]{}":,ab1\n\r;"\t', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(extension: str, content: bytes) -> None:
    try:
        read(content, f"a{extension}")
    except DataErrors as error:
        assert error.errors
