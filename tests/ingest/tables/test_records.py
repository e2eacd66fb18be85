"""Rows and records of CSV and JSON, sound and broken."""

from __future__ import annotations

import json
import sys

import pytest

from tests.ingest.tables.publication_tables import (
    EXPECTED,
    PUBLICATION,
    ROWS,
    delimited,
    errors,
    objects,
    objects_of,
    read,
)


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_of_rows_and_within_cells(line_end: str) -> None:
    quads, _ = read(delimited(ROWS, line_end=line_end).encode(), "a.csv")
    assert set(quads) == EXPECTED


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
    (message,) = errors(content.encode(), "a.json")
    assert message.startswith(expected)


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
