"""The file format of a source by its name and by how it begins."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat

from endpoint.ingest import sources
from endpoint.ingest.sources import (
    BY_EXTENSION,
    FILE_FORMATS,
    FileFormat,
    SourceKind,
    format_of_name,
    refine,
    sniff,
)

A = "<http://example.org/a>"


def test_every_rdf_format_of_the_engine_can_be_loaded() -> None:
    ours = {known.rdf for known in FILE_FORMATS if known.kind is SourceKind.RDF}
    assert ours == {getattr(RdfFormat, name) for name in dir(RdfFormat) if name.isupper()} - {
        RdfFormat.STREAMING_JSON_LD
    }
    assert all(known.rdf is None for known in FILE_FORMATS if known.kind is not SourceKind.RDF)
    assert len(BY_EXTENSION) == sum(len(known.extensions) for known in FILE_FORMATS)


@pytest.mark.parametrize("file_format", FILE_FORMATS, ids=lambda file_format: file_format.name)
def test_a_format_is_found_by_name_and_extension(file_format: FileFormat) -> None:
    assert format_of_name(file_format.name.upper()) is file_format
    for extension in file_format.extensions:
        assert format_of_name(extension) is file_format
        assert format_of_name(f" {extension[1:]}") is file_format


@pytest.mark.parametrize("name", ["", ".", "word", "turtl", "gz", "zip"])
def test_other_names_are_none(name: str) -> None:
    assert format_of_name(name) is None


BEGINNINGS: list[tuple[str, FileFormat | None]] = [
    (f"{A} {A} {A} .\n", sources.N_QUADS),
    (f'# comment\n\n_:a {A} "a \\" b" .\n_:a {A} _:b {A} .', sources.N_QUADS),
    (f'{A} {A} "2023"^^{A} .', sources.N_QUADS),
    (f'{A} {A} "2023"@ko {A} .', sources.N_QUADS),
    (f'{A} {A} "a, b\tc" .', sources.N_QUADS),
    (f"{A} {A} {A} ; {A} {A} .", sources.TRIG),
    (f"{A} {A} {A} ,\n {A} .", sources.TRIG),
    (f"{A} a {A} .", sources.TRIG),
    ("<urn:a> <urn:b> <urn:c> .", sources.N_QUADS),
    ("<urn:a> a <urn:xmlns> .", sources.TRIG),
    ("<urn:a>\n  a <urn:b> .", sources.TRIG),
    (f"{A}\n  {A} 1 .", sources.TRIG),
    ("@prefix a: <http://a/> .", sources.TRIG),
    ("# comment\n# another\nPREFIX a: <http://a/>", sources.TRIG),
    ("base <http://a/>", sources.TRIG),
    ('@version "1.2" .', sources.TRIG),
    (f"GRAPH {A} {{ }}", sources.TRIG),
    (f"{A} {{ }}", sources.TRIG),
    (f"{{ {A} {A} 1 }}", sources.TRIG),
    (f"[] a {A} .", sources.TRIG),
    (f"[ {A} 1 ] {A} 2 .", sources.TRIG),
    (f"(1 2) {A} 3 .", sources.TRIG),
    ("", None),
    (
        '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
        sources.RDF_XML,
    ),
    ("<!-- a -->\n<rdf:RDF\n xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>", sources.RDF_XML),
    ("<!DOCTYPE rdf:RDF [<!ENTITY a 'b'>]>", sources.RDF_XML),
    ("<!doctype html>\n<title>a</title>", sources.HTML),
    ("<html lang='ko'><head>", sources.HTML),
    ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a"><html>', sources.HTML),
    ('{"@context": {}}', sources.JSON_LD),
    ('[\n {"@id": "a"}]', sources.JSON_LD),
    ('[{"http://example.org/p": [{"@value" : 1}]}]', sources.JSON_LD),
    ('[{"idx_no": 1}, {"idx_no": 2}]', sources.JSON),
    ('{"response": {"items": [{"idx_no": 1}]}}', sources.JSON),
    ('[["idx_no"], [1]]', sources.JSON),
    ("{}", sources.JSON),
    ("[]", sources.JSON),
    ('{"idx_no": 1}\n{"idx_no": 2}\n', sources.JSON_LINES),
    ("idx_no,title\n1,a\n", sources.CSV),
    ('"idx_no","title"\n', sources.CSV),
    ("idx_no\ttitle, long\n", sources.TSV),
    ("A Title ( http://example.org/a ) at Linked Data\n\nProperty Value\nrdf:type\n", sources.TEXT),
    ("A title, with a comma\r\n\r\nProperty Value\r\nrdfs:label\r\n", sources.TEXT),
    ("Lorem ipsum", None),
    ("\x00\x01\x02", None),
]


@pytest.mark.parametrize(("text", "file_format"), BEGINNINGS, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("before", ["", "\ufeff", "\r\n  "], ids=["plain", "byte order mark", "space"])
def test_a_format_is_known_by_its_beginning(before: str, text: str, file_format: FileFormat | None) -> None:
    assert sniff(before.encode() + text.encode()) is file_format


def test_a_workbook_is_known_and_another_zip_is_not() -> None:
    for member, file_format in (("[Content_Types].xml", sources.XLSX), ("a.ttl", None)):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(member, "")
        assert sniff(packed.getvalue()) is file_format


def test_only_json_is_refined() -> None:
    assert refine(sources.JSON, b'{"@id": "a"}') is sources.JSON_LD
    assert refine(sources.JSON, b'{"id": "a@id"}') is sources.JSON
    assert refine(sources.CSV, b'{"@id": "a"}') is sources.CSV


SEED = Path(__file__).parents[3] / "seed"
FILES = sorted(file for file in SEED.rglob("*.ttl"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_files_of_the_dataset_are_known_by_their_beginning(file: Path) -> None:
    assert sniff(file.read_bytes()[: sources.SNIFFED]) is sources.TRIG
