"""Reading a folder of saved queries, and binding what a client sent."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, QuerySolutions, Store

from endpoint.catalog import Catalog, Options, SavedQuery, Source
from endpoint.catalog.parameters import Parameter
from endpoint.catalog.reading import read_catalog
from endpoint.errors import BadParameter, DataError
from endpoint.formats import QueryForm
from endpoint.sparql.lexer import Kind, lex
from endpoint.sparql.operation import Operation
from endpoint.sparql.parameters import variables

GOOD = "#+ summary: Good\nSELECT ?s WHERE { ?s ?p ?_o }\n"
QUERIES = Path(__file__).parents[2] / "queries"


def catalog_of(folder: Path, files: dict[str, str | bytes]) -> Catalog:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_catalog(folder, 64)


def query_of(folder: Path, content: str | bytes) -> SavedQuery:
    catalog = catalog_of(folder, {"q.rq": content})
    assert [str(problem) for problem in catalog.problems] == []
    return catalog.queries["q"]


def problem_of(folder: Path, content: str | bytes) -> DataError:
    """The one problem of a folder with a file that is wrong and one that is right."""
    catalog = catalog_of(folder, {"bad.rq": content, "good.rq": GOOD})
    assert list(catalog.queries) == ["good"]
    (problem,) = catalog.problems
    assert problem.file == folder / "bad.rq"
    return problem


def test_problems_are_in_the_order_of_the_files(tmp_path: Path) -> None:
    # The first compiles not, the second cannot be read, the third compiles not.
    files: dict[str, str | bytes] = {"a.rq": "SELECT", "b.rq": b"\xff", "c.rq": "SELECT"}
    problems = catalog_of(tmp_path, {**files, "d.rq": GOOD}).problems
    assert [problem.file and problem.file.name for problem in problems] == list(files)


def test_a_file_with_everything(tmp_path: Path) -> None:
    query = query_of(
        tmp_path,
        """\
#+ summary: {ko: 나라, en: Countries}
#+ description: >
#+   Two lines
#+   of text.
#+ tags: [a, b]
PREFIX ex: <http://example.org/>
SELECT ?s WHERE { ?s ex:year ?_year_integer ; ex:name ?_name , $__label_ko ; ex:is ?_is_iri }
#+ params:
#+   year: {description: {en: Year}, example: 2023, minimum: 1900, maximum: 2100, enum: [2022, 2023]}
#+   name: {pattern: ^V, default: V.1}
#+   is: {required: false}
""",
    )
    assert query.source.content == (tmp_path / "q.rq").read_bytes()
    assert query.source.modified == (tmp_path / "q.rq").stat().st_mtime
    assert replace(query, source=Source()) == SavedQuery(
        name="q",
        path=tmp_path / "q.rq",
        summary={"ko": "나라", "en": "Countries"},
        description={"": "Two lines of text."},
        tags=("a", "b"),
        parameters=(
            Parameter(
                "year",
                "_year_integer",
                "integer",
                description={"en": "Year"},
                example="2023",
                enum=("2022", "2023"),
                minimum="1900",
                maximum="2100",
            ),
            Parameter("name", "_name", required=False, default="V.1", pattern="^V"),
            Parameter("label", "__label_ko", "langString", "ko", required=False),
            Parameter("is", "_is_iri", "iri", required=False),
        ),
        template=Operation(
            "PREFIX ex: <http://example.org/>\n"
            "SELECT ?s WHERE { ?s ex:year ?_year_integer ; ex:name ?_name , $__label_ko ; ex:is ?_is_iri }\n",
            QueryForm.SELECT,
        ),
        options=Options(),
    )
    assert query.example_values() == {"year": "2023", "name": "V.1"}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * WHERE { ?s ?p ?o }", QueryForm.SELECT),
        ("ASK { ?s ?p ?o }", QueryForm.ASK),
        ("CONSTRUCT WHERE { ?s ?p ?o }", QueryForm.CONSTRUCT),
        ("DESCRIBE ?_x_iri", QueryForm.DESCRIBE),
    ],
)
def test_every_query_form_is_taken(tmp_path: Path, text: str, form: QueryForm) -> None:
    assert query_of(tmp_path, text).form is form


def test_what_the_engine_must_know_is_kept(tmp_path: Path) -> None:
    query = query_of(tmp_path, "SELECT (NOW() AS ?t) FROM <http://example.org/> WHERE {}")
    assert (query.template.volatile, query.template.dataset_clause) == (True, True)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.rstrip("\n").encode(),
        b"\n\n" + GOOD.encode(),
        GOOD.replace("#+ ", "#+").encode(),
    ],
    ids=[
        "byte order mark",
        "CR LF",
        "CR",
        "no last line end",
        "blank lines first",
        "no blank after the mark",
    ],
)
def test_how_an_editor_saves_a_file_makes_no_difference(tmp_path: Path, content: bytes) -> None:
    query = query_of(tmp_path, content)
    assert query.summary == {"": "Good"}
    assert query.text.rstrip("\n") == "SELECT ?s WHERE { ?s ?p ?_o }"
    assert [parameter.name for parameter in query.parameters] == ["o"]


def test_a_file_without_header_loads(tmp_path: Path) -> None:
    query = query_of(tmp_path, "ASK {}")
    assert (query.summary, query.description, query.tags, query.parameters) == ({}, {}, (), ())


def test_a_line_within_a_long_string_is_no_header(tmp_path: Path) -> None:
    text = 'ASK { ?s ?p """\n#+ summary: x\n""" }'
    query = query_of(tmp_path, f"#+ tags: a\n{text}")
    assert (query.text, query.summary, query.tags) == (text, {}, ("a",))


BODY = "SELECT ?s WHERE { ?s ?p ?_year_integer , ?_name }\n"


WRONG: list[tuple[str | bytes, int | None, int | None, str]] = [
    ("#+ - a\n" + BODY, 1, 4, '"header" takes keys with values'),
    ("#+ " + "[" * 5000 + "\n" + BODY, 1, None, "nested too deeply"),
    ("#+ summary: {korean: x}\n" + BODY, 1, 14, '"korean" is no language tag'),
    ("#+ tags: [a, {b: c}]\n" + BODY, 1, 14, '"tags" takes a text'),
    ("#+ params: [a]\n" + BODY, 1, 4, '"params" takes keys'),
    ("#+ params: {year: {example: 1, example: 2}}\n" + BODY, 1, 32, 'The key "example" stands twice'),
    ("INSERT DATA { <a:b> <a:b> 1 }", None, None, "holds an update"),
    ("SELECT * { SERVICE <http://example.org/> {} }", None, None, "calls SERVICE <http://example.org/>"),
    ("SELECT * { " + "(" * 65 + ")" * 65 + " }", None, None, "nest deeper than 64 levels"),
    ("SELECT * {\n ?s ?p \xff }".encode("latin-1"), 2, 8, "not UTF-8"),
    ("ASK {}".encode("utf-16"), 1, 1, "not UTF-8"),
    ("#+ tags: a\nSELECT * {\n ?s ?p }", 3, 8, '"}" is not expected here'),
    ("SELECT * { ?s ?_p ?o }", 1, 15, "is not expected here"),
    ("SELECT * { ?s ?_longer_iri ?_o . ?s ?p }", 1, 40, "is not expected here"),
    ("SELECT * WHERE { ?s ?p ?o", 1, 16, 'This "{" is never closed'),
    (
        "SELECT *\nWHERE { ?s ?p ?o\nORDER BY ?s",
        2,
        7,
        'This "{" is not closed before "ORDER" in line 3, column 1.',
    ),
    ("ASK { ?s nobody:knows ?o }", 1, 10, "The prefix nobody: is not declared"),
    ("PREFIX exa: <http://e/>\nASK { ?s ex:x ?o }", 2, 10, 'ex: is not declared; did you mean "exa"?'),
]


@pytest.mark.parametrize(("content", "line", "column", "sentence"), WRONG, ids=[row[3] for row in WRONG])
def test_a_file_that_is_wrong_is_a_problem_with_a_place(
    tmp_path: Path, content: str | bytes, line: int | None, column: int | None, sentence: str
) -> None:
    problem = problem_of(tmp_path, content)
    assert sentence in problem.detail
    if line is not None:
        assert problem.line == line
    if column is not None:
        assert problem.column == column


NOTICED: list[tuple[str, int, int, str]] = [
    ("#+ summry: x\n" + BODY, 1, 4, 'Unknown key "summry"; did you mean "summary"?'),
    ("#+ frequency: 5\n" + BODY, 1, 4, 'Unknown key "frequency".'),
    ("#+ summary: a: b\n" + BODY, 1, 14, "not YAML: mapping values are not allowed"),
    ("#+ tags: [a\n" + BODY, 1, 12, "not YAML"),
    (BODY + "\n#+ tags: a\n\n#+ summary: ]\n", 5, 13, "not YAML"),
    ("#+ tags: a\n#+ tags: b\n" + BODY, 2, 4, 'The key "tags" stands twice; the last one counts'),
    ("#+ summary:\n" + BODY, 1, 4, '"summary" has no value'),
    ("#+ endpoint: http://example.org/sparql\n" + BODY, 1, 4, "answers from its own data"),
    ("#+ endpoint_in_url: False\n" + BODY, 1, 4, "answers from its own data"),
    ("#+ endpoint-method: POST\n" + BODY, 1, 4, "answers from its own data"),
    ("ASK { ?s ?p ?___x , ?_year_integer, ?_name }", 1, 13, "It stays a variable"),
]


@pytest.mark.parametrize(("content", "line", "column", "sentence"), NOTICED, ids=[row[3] for row in NOTICED])
def test_what_is_odd_is_noticed_and_the_file_loads(
    tmp_path: Path, content: str, line: int, column: int, sentence: str
) -> None:
    catalog = catalog_of(tmp_path, {"q.rq": content})
    assert catalog.problems == ()
    assert [row.name for row in catalog.queries["q"].parameters] == ["year", "name"]
    (notice,) = catalog.notices
    assert sentence in notice.detail
    assert (notice.file, notice.line, notice.column) == (tmp_path / "q.rq", line, column)


@pytest.mark.parametrize("content", ["", "#+ summary: x\n", "# nothing\n"])
def test_a_file_without_a_query_is_a_problem(tmp_path: Path, content: str) -> None:
    problem_of(tmp_path, content)


@pytest.mark.parametrize("name", ["openapi.rq", "docs.sparql"])
def test_a_name_that_the_api_uses_is_a_problem(tmp_path: Path, name: str) -> None:
    catalog = catalog_of(tmp_path, {name: GOOD})
    assert catalog.queries == {}
    assert "the API uses it" in catalog.problems[0].detail


def test_two_files_of_one_name(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, {"a.new.rq": GOOD, "a.rq": GOOD})
    assert catalog.queries["a"].path.name == "a.new.rq"
    (problem,) = catalog.problems
    assert problem.file == tmp_path / "a.rq"
    assert "taken by a.new.rq" in problem.detail


def test_a_name_may_hold_blanks_and_no_sign_that_a_path_gives_a_meaning(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, {"a%b.rq": GOOD, "저자별-2.rq": GOOD, "Get tags (all).v1.rq": GOOD})
    assert list(catalog.queries) == ["Get tags (all)", "저자별-2"]
    assert "Rename the file" in catalog.problems[0].detail


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path, {".#a.rq": b"\xff", "readme.md": "x", "b.rq~": "x", "b.rq": GOOD, "a.rq": GOOD}
    )
    assert (list(catalog.queries), catalog.problems) == (["a", "b"], ())


def test_a_folder_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.rq").mkdir()
    catalog = catalog_of(tmp_path, {"b.rq": GOOD})
    assert list(catalog.queries) == ["b"]
    assert "cannot be read" in catalog.problems[0].detail


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    assert replace(read_catalog(tmp_path, 64), version="") == Catalog({}, ())
    (problem,) = read_catalog(tmp_path / "none", 64).problems
    assert "cannot be read" in problem.detail
    assert problem.file == tmp_path / "none"


def test_an_optional_parameter_that_is_absent_stays_a_variable(tmp_path: Path) -> None:
    query = query_of(tmp_path, "SELECT ?s { ?s ?p ?__o }")
    assert query.operation([]).text == query.text
    assert query.operation([("o", "x")]).text == 'SELECT ?s { ?s ?p "x" }'


def test_a_name_that_begins_another_is_left_alone(tmp_path: Path) -> None:
    query = query_of(tmp_path, "ASK { ?s ?_a_iri ?_ab }")
    with pytest.raises(BadParameter, match="ab"):
        query.operation([("a", "urn:x")])


def test_a_client_is_told_what_a_query_takes(tmp_path: Path) -> None:
    query = query_of(tmp_path, GOOD)
    with pytest.raises(BadParameter) as caught:
        query.operation([("p", "x")])
    assert caught.value.parameter == "p"
    assert caught.value.detail == 'There is no parameter "p". This query takes o.'


ECHO = SavedQuery(
    name="echo",
    path=Path("echo.rq"),
    summary={},
    description={},
    tags=(),
    parameters=(Parameter("x", "_x"),),
    template=Operation('SELECT (?_x AS ?y) WHERE { FILTER(?_x = ?_x) } # ?_x "?_x"', QueryForm.SELECT),
)
BY_AUTHOR = read_catalog(QUERIES, 64).queries["publications-by-author"]


@given(st.text(alphabet=st.characters(), min_size=1))
def test_any_text_arrives_as_itself_or_is_refused(text: str) -> None:
    try:
        bound = ECHO.operation([("x", text)]).text
    except BadParameter:
        return
    found = Store().query(bound)
    assert isinstance(found, QuerySolutions)
    (row,) = found
    assert row["y"] == Literal(unicodedata.normalize("NFC", text))


@given(st.text(alphabet=st.characters() | st.sampled_from(list("\"'\\{}#<>?$\n")), min_size=1))
def test_any_author_leaves_the_query_as_it_is(text: str) -> None:
    try:
        bound = BY_AUTHOR.operation([("author", text)]).text
    except BadParameter:
        return
    assert variables(bound) == variables(BY_AUTHOR.text) - {"_author"}
    before = [token.kind for token in lex(BY_AUTHOR.text).tokens]
    place = [token.text for token in lex(BY_AUTHOR.text).tokens].index("?_author")
    before[place] = Kind.STRING
    assert [token.kind for token in lex(bound).tokens] == before
    found = Store().query(bound)
    assert isinstance(found, QuerySolutions)
    assert list(found) == []
