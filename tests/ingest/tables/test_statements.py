"""Statements made of records, and values that make none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyoxigraph import Quad

from endpoint.errors import DataErrors
from endpoint.ingest.tables import read_table
from tests.ingest.tables.mapping_files import GOOD, made, read


def test_several_rows_may_be_about_one_subject(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, "unique = false\n" + GOOD)
    assert {str(quad.object) for quad in made(mapping, "id,title\n1,a\n1,b\n")} == {'"a"', '"b"'}


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ('datatype = "xsd:integer"', "1.5", "is no xsd:integer"),
        ('datatype = "xsd:decimal"', "1,5", "is no xsd:decimal"),
        ('datatype = "xsd:boolean"', "yes", "is no xsd:boolean"),
        ('datatype = "xsd:date"', "2023-02-30", "is no xsd:date"),
        ('datatype = "xsd:gYear"', "23", "is no xsd:gYear"),
        ('datatype = "xsd:anyURI"', "a b", "is no xsd:anyURI"),
        ("link = true", "example", "is no absolute IRI"),
    ],
)
def test_values_that_do_not_fit_their_kind(tmp_path: Path, kind: str, text: str, message: str) -> None:
    (mapping,) = read(tmp_path, GOOD + kind)
    with pytest.raises(DataErrors) as caught:
        made(mapping, f'id,제목\n1,"{text}"\n')
    (error,) = caught.value.errors
    assert (error.line, error.column) == (2, 2)
    assert error.detail == f"Column “제목” {message}. Found: “{text}”"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ('datatype = "xsd:integer"', "-12"),
        ('datatype = "xsd:decimal"', "1.50"),
        ('datatype = "xsd:boolean"', "true"),
        ('datatype = "xsd:date"', "2024-02-29"),
        ('datatype = "xsd:gYearMonth"', "2023-05"),
        ('datatype = "http://example.org/any"', "anything at all"),
        ('language = "ko-KR"', "글"),
        ("link = true", "urn:a:b"),
    ],
)
def test_values_that_fit_their_kind(tmp_path: Path, kind: str, text: str) -> None:
    (mapping,) = read(tmp_path, GOOD + kind)
    (quad,) = made(mapping, f"id,title\n1,{text}\n")
    assert not isinstance(quad.object, Quad) and getattr(quad.object, "value", None) == text


def test_values_outside_a_list_and_split_subjects(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, GOOD + '[columns.kind.values]\nA = "a"\n"나" = "b"\n')
    with pytest.raises(DataErrors) as caught:
        made(mapping, "id,title,kind\n1,t,A\n2,t,C\n")
    assert str(caught.value) == "a.csv:3:3: Column “kind” is none of A, 나. Found: “C”"


@pytest.mark.parametrize(
    ("subject", "content", "message"),
    [
        ("http://example.org/{id|date}", '{"id": "x"}', "Column “id” is no date such as 2023-05-22,"),
        ("http://example.org/{id}", '{"id": ["1", "2"]}', "Column “id” holds several values, but is part of"),
        ("{id}", '{"id": "relative"}', "Column “id” is no absolute IRI. Found: “relative”"),
        ("{id}", '{"id": "http://example.org/\\ud800"}', "Column “id” holds half of a character"),
        ("http://example.org/{id}", '{"id": []}', "Column “id” is empty, but must have a value."),
        ("http://example.org/{id}", "[" * 100_000, "The line is nested too deeply."),
    ],
)
def test_subjects_that_cannot_be_made(tmp_path: Path, subject: str, content: str, message: str) -> None:
    (mapping,) = read(tmp_path, GOOD.replace("http://example.org/{id}", subject))
    good = '{"id": "http://example.org/1", "title": "t"}' if subject == "{id}" else '{"id": "20230522"}'
    with pytest.raises(DataErrors) as caught:
        list(read_table(io.BytesIO(f"{good}\n{content}".encode()), "a.jsonl", [mapping], []))
    (error,) = caught.value.errors
    assert error.detail.startswith(message)
    assert error.line == 2
