"""Mapping files: what they mean, what is wrong with them, and that their documentation is true."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DataErrors
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import COLUMN_KEYS, STATEMENT_KEYS, TOP_KEYS, TableMapping, read_mappings
from endpoint.ingest.tables.templates import FILTERS, UnreadableValue, parse_template

DATASET = read_dataset(default_root())
DOCUMENT = Path(__file__).parents[3] / "docs" / "tables.md"

GOOD = """\
graph = "http://example.org/g"
subject = "http://example.org/{id}"
title.en = "Test"
[columns.id]
required = "value"
[columns.title]
names = ["제목"]
[[statement]]
property = "rdfs:label"
value = "{title}"
"""


def read(tmp_path: Path, *texts: str) -> tuple[TableMapping, ...]:
    files = [tmp_path / f"{number}.toml" for number, _ in enumerate(texts, 1)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return read_mappings(files, DATASET.prefixes)


def errors(tmp_path: Path, *texts: str) -> list[tuple[int | None, str]]:
    with pytest.raises(DataErrors) as caught:
        read(tmp_path, *texts)
    assert all(error.file is not None and "\n" not in str(error) for error in caught.value.errors)
    return [(error.line, error.detail) for error in caught.value.errors]


def made(mapping: TableMapping, table: str) -> set[Quad]:
    return set(read_table(io.BytesIO(table.encode()), "a.csv", [mapping], []))


def test_all_mapping_files_of_the_dataset_are_sound() -> None:
    assert DATASET.tables
    mappings = read_mappings(DATASET.tables, DATASET.prefixes)
    graphs = {graph.iri for graph in DATASET.graphs}
    for mapping in mappings:
        assert {"ko", "en"} <= set(mapping.title)
        assert mapping.graph.value in graphs


# The documentation.


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
    told = set(re.findall(r"^\| `([\w-]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {*TOP_KEYS, *COLUMN_KEYS, *STATEMENT_KEYS, *FILTERS}


# Templates.


@pytest.mark.parametrize(
    ("filters", "text", "expected"),
    [
        ("", " a\tB ", " a\tB "),
        ("|trim", " \u00a0a  b\n", "a  b"),
        ("|collapse-space", " a \n b ", "a b"),
        ("|remove-space|lower", "IFANS  Focus\u00a0\t한 글", "ifansfocus한글"),
        ("|upper", "eng", "ENG"),
        ("|date", "2023-05-22", "2023-05-22"),
        ("|date", "20230522", "2023-05-22"),
        ("|date", "2023.5.22", "2023-05-22"),
        ("|date", " 2023. 05. 22. ", "2023-05-22"),
        ("|date", "2023/5/22", "2023-05-22"),
        ("|date", "2023년 5월 22일", "2023-05-22"),
        ("|date", "2023-05-22 09:30:00", "2023-05-22"),
        ("|date", "2023-05-22T09:30:00.000+09:00", "2023-05-22"),
        ("|date-to-integer", "2024-02-29", "20240229"),
        ("|date-to-integer", "0999-01-02", "09990102"),
        ("|year", "2023", "2023"),
        ("|year", "1999.07", "1999"),
        ("|year", "199907", "1999"),
        ("|year", "20230522", "2023"),
        ("|year", "2023년 5월", "2023"),
    ],
)
def test_filters(filters: str, text: str, expected: str) -> None:
    assert parse_template(f"{{c{filters}}}").fill({"c": (text,)}) == [expected]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2023-02-29"),
        ("date", "2023-13-01"),
        ("date", "1999.07"),
        ("date", "22.5.2023"),
        ("date", "45068"),
        ("date", "２０２３-05-22"),
        ("date", "2023-05-22 and more"),
        ("date-to-integer", "00000000"),
        ("year", "May 2023"),
        ("year", "23"),
        ("year", "20230"),
    ],
)
def test_what_is_no_date_is_told(name: str, text: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        parse_template(f"{{c|{name}}}").fill({"c": (text,)})
    assert caught.value.args[1:] == ("c", text)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("constant", ["constant"]),
        ("{{{a}}}", ["{x y}"]),
        ("{a}-{b}", ["x y-1", "x y-2"]),
        ("{a}{missing}", []),
        ("{blank}", []),
        ("{b}", ["1", "2"]),
    ],
)
def test_templates(template: str, expected: list[str]) -> None:
    cells = {"a": ("x y",), "b": ("1", "2"), "blank": (" ",)}
    assert parse_template(template).fill(cells) == expected


def test_what_columns_add_to_an_iri_is_encoded() -> None:
    template = parse_template("http://example.org/{a}")
    assert template.fill({"a": ('한글 A/B?#%<>"{}|\\^`·(1)',)}, encode=True) == [
        "http://example.org/한글%20A%2FB%3F%23%25%3C%3E%22%7B%7D%7C%5C%5E%60%C2%B7(1)"
    ]
    assert parse_template("{a}").fill({"a": ("http://example.org/a?b",)}, encode=True) == [
        "http://example.org/a?b"
    ]


# Meaning.


def test_several_rows_may_be_about_one_subject(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, "unique = false\n" + GOOD)
    assert {str(quad.object) for quad in made(mapping, "id,title\n1,a\n1,b\n")} == {'"a"', '"b"'}


def test_a_set_encoding_is_used_for_its_own_tables_only(tmp_path: Path) -> None:
    (mapping,) = read(tmp_path, 'encoding = "cp1252"\n' + GOOD)
    western = list(read_table(io.BytesIO("id;title\n1;Müller\n".encode("cp1252")), "a.csv", [mapping], []))
    assert [str(quad.object) for quad in western] == ['"Müller"']
    with pytest.raises(DataErrors, match="neither UTF-8 nor Korean"):
        list(read_table(io.BytesIO("x;y\n1;Müller\n".encode("cp1252")), "a.csv", [mapping], []))


def test_the_mapping_that_knows_more_columns_reads_the_table(tmp_path: Path) -> None:
    first, second = read(tmp_path, GOOD, GOOD.replace("/g", "/h") + '[columns.note]\nnames = ["비고"]\n')
    quads = list(read_table(io.BytesIO("id,제목,비고\n1,a,b\n".encode()), "a.csv", [first, second], []))
    assert [quad.graph_name for quad in quads] == [NamedNode("http://example.org/h")]
    with pytest.raises(DataErrors, match=r"The mappings 1\.toml and 2\.toml fit this table equally well"):
        list(read_table(io.BytesIO(b"id,title\n1,a\n"), "a.csv", [first, second], []))


@pytest.mark.parametrize(
    ("kind", "text", "told"),
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
def test_values_that_do_not_fit_their_kind(tmp_path: Path, kind: str, text: str, told: str) -> None:
    (mapping,) = read(tmp_path, GOOD + kind)
    with pytest.raises(DataErrors) as caught:
        made(mapping, f'id,제목\n1,"{text}"\n')
    (error,) = caught.value.errors
    assert (error.line, error.column) == (2, 2)
    assert error.detail == f"Column “제목” {told}. Found: “{text}”"


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
    ("subject", "content", "told"),
    [
        ("http://example.org/{id|date}", '{"id": "x"}', "Column “id” is no date such as 2023-05-22,"),
        ("http://example.org/{id}", '{"id": ["1", "2"]}', "Column “id” holds several values, but is part of"),
        ("{id}", '{"id": "relative"}', "Column “id” is no absolute IRI. Found: “relative”"),
        ("{id}", '{"id": "http://example.org/\\ud800"}', "Column “id” holds half of a character"),
        ("http://example.org/{id}", '{"id": []}', "Column “id” is empty, but must have a value."),
        ("http://example.org/{id}", "[" * 100_000, "The line is nested too deeply."),
    ],
)
def test_subjects_that_cannot_be_made(tmp_path: Path, subject: str, content: str, told: str) -> None:
    (mapping,) = read(tmp_path, GOOD.replace("http://example.org/{id}", subject))
    good = '{"id": "http://example.org/1", "title": "t"}' if subject == "{id}" else '{"id": "20230522"}'
    with pytest.raises(DataErrors) as caught:
        list(read_table(io.BytesIO(f"{good}\n{content}".encode()), "a.jsonl", [mapping], []))
    (error,) = caught.value.errors
    assert error.detail.startswith(told)
    assert error.line == 2


# Mistakes.


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
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
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    assert old in GOOD
    first, *_ = errors(tmp_path, GOOD.replace(old, new, 1))
    assert first[1].startswith(told)
    assert first[0] == line


def test_all_mistakes_of_all_files_are_told(tmp_path: Path) -> None:
    first = GOOD.replace('"rdfs:label"', '"x:y"').replace('required = "value"', 'patern = "a"')
    assert [line for line, _ in errors(tmp_path, first, "a = [", GOOD, GOOD.replace("graph", "graf"))] == [
        5, 9, 1, 1,
    ]  # fmt: skip


def test_a_mapping_must_recognise_and_say_something(tmp_path: Path) -> None:
    silent = GOOD[: GOOD.index("[[statement]]")]
    assert errors(tmp_path, silent) == [(1, 'The file makes no statement; write "class" or a [[statement]].')]
    told = errors(tmp_path, GOOD.replace('required = "value"\n', ""))
    assert told[0] == (1, 'columns needs a column with required = "column" or "value", to be recognised by.')


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataErrors, match="The file cannot be read"):
        read_mappings([tmp_path / "none.toml"], {})
