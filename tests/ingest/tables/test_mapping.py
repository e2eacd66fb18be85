"""Mapping files: what they mean, what is wrong with them, and that their documentation is true."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from endpoint.errors import DataErrors
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import COLUMN_KEYS, STATEMENT_KEYS, TOP_KEYS, read_mappings
from endpoint.ingest.tables.templates import FILTERS
from tests.ingest.tables.mapping_files import DATASET, GOOD, made, read

DOCUMENT = Path(__file__).parents[3] / "docs" / "tables.md"


def errors(tmp_path: Path, *texts: str) -> list[tuple[int | None, str]]:
    with pytest.raises(DataErrors) as caught:
        read(tmp_path, *texts)
    assert all(error.file is not None and "\n" not in str(error) for error in caught.value.errors)
    return [(error.line, error.detail) for error in caught.value.errors]


def test_all_mapping_files_of_the_dataset_are_sound() -> None:
    assert DATASET.tables
    mappings = read_mappings(DATASET.tables, DATASET.prefixes)
    graphs = {graph.iri for graph in DATASET.graphs}
    for mapping in mappings:
        assert {"ko", "en"} <= set(mapping.title)
        assert mapping.graph.value in graphs


def block(language: str) -> str:
    found = re.search(
        rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


def test_the_documented_example_is_true(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, block("toml"))
    expected = {quad.triple for quad in parse(block("turtle").encode(), RdfFormat.TURTLE)}
    quads = made(mapping, block("csv"))
    assert {quad.triple for quad in quads} == expected
    assert {quad.graph_name for quad in quads} == {NamedNode("http://example.org/reports")}


@pytest.mark.parametrize("name", [*TOP_KEYS, *COLUMN_KEYS, *STATEMENT_KEYS, *FILTERS])
def test_every_key_and_filter_is_documented(name: str) -> None:
    assert f"\n| `{name}` |" in DOCUMENT.read_text(encoding="utf-8")


def test_nothing_else_is_documented() -> None:
    documented = set(re.findall(r"^\| `([\w-]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == {*TOP_KEYS, *COLUMN_KEYS, *STATEMENT_KEYS, *FILTERS}


def test_a_set_encoding_is_used_for_its_own_tables_only(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, 'encoding = "cp1252"\n' + GOOD)
    western = list(read_table(io.BytesIO("id;title\n1;Müller\n".encode("cp1252")), "a.csv", [mapping], []))
    assert [str(quad.object) for quad in western] == ['"Müller"']
    with pytest.raises(DataErrors, match="not UTF-8"):
        list(read_table(io.BytesIO("x;y\n1;Война\n".encode("cp1251")), "a.csv", [mapping], []))


def test_the_mapping_that_knows_more_columns_reads_the_table(tmp_path: Path) -> None:
    first, second = read(tmp_path, GOOD, GOOD.replace("/g", "/h") + '[columns.note]\nnames = ["비고"]\n')
    quads = list(read_table(io.BytesIO("id,제목,비고\n1,a,b\n".encode()), "a.csv", [first, second], []))
    assert [quad.graph_name for quad in quads] == [NamedNode("http://example.org/h")]
    with pytest.raises(DataErrors, match=r"The mappings 1\.toml and 2\.toml fit this table equally well"):
        list(read_table(io.BytesIO(b"id,title\n1,a\n"), "a.csv", [first, second], []))


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('graph = "http://example.org/g"\n', "", 1, "graph is missing."),
        ("graph =", "grahp =", 1, "grahp is not a key of this table; did you mean 'graph'?"),
        ('"http://example.org/g"', "1", 1, "graph must be a string, but is an integer."),
        ('"http://example.org/g"', '""', 1, "graph must not be empty."),
        ('"http://example.org/g"', '"g g"', 1, "graph has 'g g', whose prefix the manifest does not declare"),
        ('"http://example.org/g"', '"http://example.org/a b"', 1, "graph must be an IRI"),
        ("/{id}", "/{idd}", 2, "subject names no column by 'idd'; did you mean 'id'?"),
        ("/{id}", "/", 2, "subject needs a column in braces, such as {id}."),
        ("/{id}", "/{id", 2, "subject has a single '{' in 'http://example.org/{id'; write '{{' for the char"),
        ("/{id}", "/{|trim}", 2, "subject has a placeholder without a column's name."),
        ("title.en", "title.fr-", 3, "title.fr- is not a language tag."),
        ('title.en = "Test"', "", 1, "title is missing."),
        ("title.en = \"Test\"", 'title = "Test"', 3, "title must be a table, but is a string."),
        ('required = "value"', 'required = "yes"', 5, "columns.id.required must be one of no, column, value"),
        ('required = "value"', 'required = "column"', 4, "columns.id is part of the subject, so it needs re"),
        ('required = "value"', 'required = "value"\nsplit = ";"', 6, "columns.id.split is part of the subje"),
        ('required = "value"', 'required = "value"\npattern = "("', 6, "columns.id.pattern is not a regular"),
        ('required = "value"', "required = true", 5, "columns.id.required must be a string, but is true or"),
        ('names = ["제목"]', "names = [1]", 7, "columns.title.names must be a string, but is an integer."),
        ('names = ["제목"]', 'names = ["I D"]', 6, "columns.title has the name 'id', as column 'id' has."),
        ('names = ["제목"]', 'name = ["제목"]', 7, "columns.title.name is not a key of this table; did"),
        ('"rdfs:label"', '"rdf:label", "x"', 9, "This is not TOML"),
        ('"rdfs:label"', '"rdsf:label"', 9, "[[statement]] 1: property has 'rdsf:label', whose prefix the m"),
        ('property = "rdfs:label"\n', "", 8, "[[statement]] 1: property is missing."),
        ('"{title}"', '"{titel}"', 10, "[[statement]] 1: value names no column by 'titel'; did you mean 'ti"),
        ('"{title}"', '"{title|trimm}"', 10, "[[statement]] 1: value uses the filter 'trimm', which does no"),
        ('"{title}"', '"{title}"\nlanguage = "k_o"', 11, "[[statement]] 1: language must be a language tag"),
        ('"{title}"', '"{title}"\nlink = 1', 11, "[[statement]] 1: link must be true or false, but is an in"),
        ('"{title}"', '"{title}"\nlink = true\nlanguage = "ko"', 11, '[[statement]] 1: link stands beside "'),
        ("[[statement]]", "[statement]", 8, "statement must be written as [[statement]] tables."),
        ("graph =", 'encoding = "cp9490"\ngraph =', 1, "encoding is no encoding that is known here: 'cp9490"),
        ("graph =", 'encoding = "base64"\ngraph =', 1, "encoding is no encoding that is known here: 'base64"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_with_their_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    first, *_ = errors(tmp_path, GOOD.replace(old, new, 1))
    assert first[1].startswith(message)
    assert first[0] == line


def test_all_mistakes_of_all_files_are_reported(tmp_path: Path) -> None:
    first = GOOD.replace('"rdfs:label"', '"x:y"').replace('required = "value"', 'patern = "a"')
    assert [line for line, _ in errors(tmp_path, first, "a = [", GOOD, GOOD.replace("graph", "graf"))] == [
        5, 9, 1, 1,
    ]  # fmt: skip


def test_a_mapping_must_recognise_and_say_something(tmp_path: Path) -> None:
    silent = GOOD[: GOOD.index("[[statement]]")]
    assert errors(tmp_path, silent) == [(1, 'The file makes no statement; write "class" or a [[statement]].')]
    without_required = errors(tmp_path, GOOD.replace('required = "value"\n', ""))
    assert without_required[0] == (
        1,
        'columns needs a column with required = "column" or "value", to be recognised by.',
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataErrors, match="The file cannot be read"):
        read_mappings([tmp_path / "none.toml"], {})
