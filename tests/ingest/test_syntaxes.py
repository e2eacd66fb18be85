"""The syntax of a source by its name and by how it begins."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat

from endpoint.ingest import syntaxes
from endpoint.ingest.syntaxes import EXTENSIONS, SYNTAXES, Kind, Syntax, by_name, refined, sniff

A = "<http://example.org/a>"


def test_every_syntax_of_the_engine_is_one_of_ours() -> None:
    ours = {syntax.format for syntax in SYNTAXES if syntax.kind is Kind.RDF}
    assert ours == {getattr(RdfFormat, name) for name in dir(RdfFormat) if name.isupper()} - {
        RdfFormat.STREAMING_JSON_LD
    }
    assert all(syntax.format is None for syntax in SYNTAXES if syntax.kind is not Kind.RDF)
    assert len(EXTENSIONS) == sum(len(syntax.extensions) for syntax in SYNTAXES)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_a_syntax_is_found_by_name_and_extension(syntax: Syntax) -> None:
    assert by_name(syntax.name.upper()) is syntax
    for extension in syntax.extensions:
        assert by_name(extension) is syntax
        assert by_name(f" {extension[1:]}") is syntax


@pytest.mark.parametrize("name", ["", ".", "word", "turtl", "gz", "zip"])
def test_other_names_are_none(name: str) -> None:
    assert by_name(name) is None


BEGINNINGS: list[tuple[str, Syntax | None]] = [
    (f"{A} {A} {A} .\n", syntaxes.N_QUADS),
    (f'# comment\n\n_:a {A} "a \\" b" .\n_:a {A} _:b {A} .', syntaxes.N_QUADS),
    (f'{A} {A} "2023"^^{A} .', syntaxes.N_QUADS),
    (f'{A} {A} "2023"@ko {A} .', syntaxes.N_QUADS),
    (f'{A} {A} "a, b\tc" .', syntaxes.N_QUADS),
    (f"{A} {A} {A} ; {A} {A} .", syntaxes.TRIG),
    (f"{A} {A} {A} ,\n {A} .", syntaxes.TRIG),
    (f"{A} a {A} .", syntaxes.TRIG),
    ("<urn:a> <urn:b> <urn:c> .", syntaxes.N_QUADS),
    ("<urn:a> a <urn:xmlns> .", syntaxes.TRIG),
    ("<urn:a>\n  a <urn:b> .", syntaxes.TRIG),
    (f"{A}\n  {A} 1 .", syntaxes.TRIG),
    ("@prefix a: <http://a/> .", syntaxes.TRIG),
    ("# comment\n# another\nPREFIX a: <http://a/>", syntaxes.TRIG),
    ("base <http://a/>", syntaxes.TRIG),
    ('@version "1.2" .', syntaxes.TRIG),
    (f"GRAPH {A} {{ }}", syntaxes.TRIG),
    (f"{A} {{ }}", syntaxes.TRIG),
    (f"{{ {A} {A} 1 }}", syntaxes.TRIG),
    (f"[] a {A} .", syntaxes.TRIG),
    (f"[ {A} 1 ] {A} 2 .", syntaxes.TRIG),
    (f"(1 2) {A} 3 .", syntaxes.TRIG),
    ("", None),
    (
        '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
        syntaxes.RDF_XML,
    ),
    ("<!-- a -->\n<rdf:RDF\n xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>", syntaxes.RDF_XML),
    ("<!DOCTYPE rdf:RDF [<!ENTITY a 'b'>]>", syntaxes.RDF_XML),
    ("<!doctype html>\n<title>a</title>", syntaxes.HTML),
    ("<html lang='ko'><head>", syntaxes.HTML),
    ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a"><html>', syntaxes.HTML),
    ('{"@context": {}}', syntaxes.JSON_LD),
    ('[\n {"@id": "a"}]', syntaxes.JSON_LD),
    ('[{"http://example.org/p": [{"@value" : 1}]}]', syntaxes.JSON_LD),
    ('[{"idx_no": 1}, {"idx_no": 2}]', syntaxes.JSON),
    ('{"response": {"items": [{"idx_no": 1}]}}', syntaxes.JSON),
    ('[["idx_no"], [1]]', syntaxes.JSON),
    ("{}", syntaxes.JSON),
    ("[]", syntaxes.JSON),
    ('{"idx_no": 1}\n{"idx_no": 2}\n', syntaxes.JSON_LINES),
    ("idx_no,title\n1,a\n", syntaxes.CSV),
    ('"idx_no","title"\n', syntaxes.CSV),
    ("idx_no\ttitle, long\n", syntaxes.TSV),
    ("A Title ( http://example.org/a ) at Linked Data\n\nProperty Value\nrdf:type\n", syntaxes.TEXT),
    ("A title, with a comma\r\n\r\nProperty Value\r\nrdfs:label\r\n", syntaxes.TEXT),
    ("Lorem ipsum", None),
    ("\x00\x01\x02", None),
]


@pytest.mark.parametrize(("text", "syntax"), BEGINNINGS, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("before", ["", "\ufeff", "\r\n  "], ids=["plain", "byte order mark", "space"])
def test_a_syntax_is_known_by_its_beginning(before: str, text: str, syntax: Syntax | None) -> None:
    assert sniff(before.encode() + text.encode()) is syntax


def test_a_workbook_is_known_and_another_zip_is_not() -> None:
    for member, syntax in (("[Content_Types].xml", syntaxes.XLSX), ("a.ttl", None)):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(member, "")
        assert sniff(packed.getvalue()) is syntax


def test_only_json_is_refined() -> None:
    assert refined(syntaxes.JSON, b'{"@id": "a"}') is syntaxes.JSON_LD
    assert refined(syntaxes.JSON, b'{"id": "a@id"}') is syntaxes.JSON
    assert refined(syntaxes.CSV, b'{"@id": "a"}') is syntaxes.CSV


SEED = Path(__file__).parents[2] / "seed"
FILES = sorted(file for file in SEED.rglob("*.ttl"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_files_of_the_dataset_are_known_by_their_beginning(file: Path) -> None:
    assert sniff(file.read_bytes()[: syntaxes.SNIFFED]) is syntaxes.TRIG
