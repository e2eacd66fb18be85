"""Tables of publications in several formats, and the statements that they make."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook
from pyoxigraph import Literal, NamedNode, Quad

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


def objects_of(quads: Sequence[Quad], name: str) -> list[str]:
    found = [quad.object for quad in quads if quad.predicate == term(name)]
    return [value.value for value in found if isinstance(value, Literal)]
