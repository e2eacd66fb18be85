from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.formats import QueryForm
from endpoint.sparql.operation import Operation, classify, projected

NESTING = 50


def look(text: str) -> Operation:
    return classify(text, NESTING)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", QueryForm.SELECT),
        ("select*{}", QueryForm.SELECT),
        ("SELECTDISTINCT?s{}", QueryForm.SELECT),
        ("ASK{}", QueryForm.ASK),
        ("aSk { ?s ?p ?o }", QueryForm.ASK),
        ("CONSTRUCT { } WHERE { }", QueryForm.CONSTRUCT),
        ("DESCRIBE <a:b>", QueryForm.DESCRIBE),
        (" \r\n\t# SELECT\n# ASK\rDESCRIBE <a:b>", QueryForm.DESCRIBE),
        ("BASE <http://a/> PREFIX a: <b> PREFIX : <c> ASK {}", QueryForm.ASK),
        ("BASE<http://a/>PREFIXa:<b>ASK{}", QueryForm.ASK),
        ("PREFIX select: <ask> # '\nASK {}", QueryForm.ASK),
        ('VERSION "1.2" PREFIX a: <b> SELECT * {}', QueryForm.SELECT),
        ("PREFIX 가-나.다: <http://한.kr/#> SELECT * {}", QueryForm.SELECT),
    ],
)
def test_query_form(text: str, form: QueryForm) -> None:
    assert look(text).form is form
    assert look(text).query_form is form


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:b> <a:c> 1 }",
        "INSERTDATA{}",
        "DELETE WHERE { ?s ?p ?o }",
        "PREFIX a: <b:c> # SELECT\nWITH a:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "LOAD <a:b>",
        "clear all",
        "DROP GRAPH <a:b>",
        "CREATE GRAPH <a:b>",
        "ADD <a:b> TO <a:c>",
        "MOVE <a:b> TO <a:c>",
        "COPY <a:b> TO <a:c>",
    ],
)
def test_update(text: str) -> None:
    assert look(text).form is None
    with pytest.raises(ValueError, match="no query form"):
        look(text).query_form  # noqa: B018


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "The query is empty."),
        (" \n# nothing\n", 1, 1, "The query is empty."),
        ("SELCT * {}", 1, 1, 'Expected SELECT, ASK, CONSTRUCT or DESCRIBE|"SELCT" is not expected here.'),
        ("SELCT * {}", 1, 1, "Did you mean SELECT?"),
        ("PREFIX a: <b>\n  CONTRUCT {}", 2, 3, "Did you mean CONSTRUCT?"),
        ("PREFIX a: <b:c>", 1, 16, "The query ends after its prologue"),
        ("PREFIX a <b:c> ASK {}", 1, 8, "Write PREFIX a: <…>."),
        ("{ ?s ?p ?o }", 1, 1, "Expected SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("PREFIX%20a:%20%3Cb%3E%20ASK%20%7B%7D", 1, 7, "percent-encoded twice"),
        ("SELECT '\ud800' {}", 1, 9, "half of a surrogate pair"),
        ("\x00", 1, 1, "invisible character here (U+0000)"),
    ],
)
def test_no_form(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(MalformedQuery) as caught:
        look(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert any(part in caught.value.detail for part in words.split("|"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT * {" + "{" * 50, "Line 1, column 60"),
        ("SELECT *\n{ FILTER(" + "(" * 50, "Line 2, column 58"),
        ("SELECT * { ?s ?p " + "[" * 50, "Line 1, column 67"),
        ("SELECT * { ?s ?p '" + "(" * 60 + "' " + "(" * 50, "Line 1, column 130"),
    ],
)
def test_deep_nesting_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(QueryTooComplex, match=place) as caught:
        look(text)
    assert "50 levels" in caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {" + "()" * 100 + "}",
        "SELECT * { ?s ?p '" + "(" * 100 + "' }",
        "SELECT * { ?s ?p '''" + "{'" * 100 + "''' }",
        "SELECT * { # " + "(" * 100 + "\n}",
        "SELECT * { ?s <http://a/" + "(" * 100 + "> ?o }",
        "SELECT * { ?s ex:" + "\\(" * 100 + " ?o }",
        "SELECT * {" + "{" * 49 + "}" * 50,
    ],
    ids=[
        "in a row",
        "in a string",
        "in a long string",
        "in a comment",
        "in an IRI",
        "escaped",
        "at the limit",
    ],
)
def test_brackets_that_do_not_nest_too_deep(text: str) -> None:
    assert look(text).form is QueryForm.SELECT


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("SELECT (NOW() AS ?t) {}", True),
        ("SELECT * { FILTER(?x < now ( )) }", True),
        ("SELECT * { BIND(1+RAND() AS ?x) }", True),
        ("SELECT (COUNT(DISTINCTRAND()) AS ?x) {}", True),
        ("SELECT * {} ORDER BY UUID # (\n()", True),
        ("SELECT (STRUUID() AS ?x) {}", True),
        ("SELECT (BNODE('a') AS ?x) {}", True),
        ("SELECT * { SERVICE <a:b> {} }", True),
        ("SELECT * { SERVICE text:search {} SERVICE <a:b> {} }", True),
        ("SELECT * { SERVICE text:search {} BIND(NOW() AS ?t) }", True),
        ("SELECT * { SERVICE text:search {} SERVICE <urn:endpoint:text:search> {} }", False),
        ("SELECT * { ?s foaf:knows ?rand }", False),
        ("SELECT * { ?s ?p 'now()' ; ex:now (1) }", False),
        ("SELECT * { ?s ?p ?o } # RAND()", False),
        ("SELECT ?uuid { ?s <http://a/now()> ?uuid }", False),
    ],
)
def test_volatile(text: str, volatile: bool) -> None:
    assert look(text).volatile is volatile


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("SELECT * FROM <a:b> { ?s ?p ?o }", True),
        ("SELECT * FROM NAMED <a:b> { ?s ?p ?o }", True),
        ("SELECT*FROM<a:b>{}", True),
        ("ASKFROM<a:b>{}", True),
        ("PREFIX ex: <a:b> DESCRIBE ?x FROMex:g {}", True),
        ("PREFIX from: <a:b> DESCRIBE from:x { ?s from:x ?o }", False),
        ("SELECT ?from { ?s ?p 'from' } # FROM <a:b>", False),
        ("SELECT * { ?s ?p ?o }", False),
    ],
)
def test_dataset_clause(text: str, clause: bool) -> None:
    assert look(text).dataset_clause is clause


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {" + "service " * 20_000,
        "SELECT * {" + "ex:service " * 20_000,
        "SELECT * {" + "SERVICE SILENT" + "SILENT" * 20_000 + ":a {}",
        "SELECT * {" + "service\n#" * 20_000,
        "SELECT * {" + "'''service#" * 20_000,
        "SERVICE" * 20_000,
        "PREFIX a:<b>" * 20_000 + "ASK {}",
        "ASK {" + "now(" * 20_000,
    ],
    ids=lambda text: text[:24],
)
def test_hostile_texts_are_classified(text: str) -> None:
    try:
        found = classify(text, 10**9)
    except MalformedQuery:
        assert text.startswith("SERVICE")
    else:
        assert isinstance(found.form, QueryForm)


@pytest.mark.parametrize(
    "text",
    ["SELECT * { ?s ex:" + "service" * 200, "SELECT * { (?a<'service'>) " + "service " * 200],
    ids=["in one name", "in doubt"],
)
def test_too_many_possible_keywords_are_refused(text: str) -> None:
    with pytest.raises(QueryTooComplex, match="more than 100 times"):
        look(text)


@given(st.text())
def test_any_text_is_classified_or_refused(text: str) -> None:
    for candidate in (text, f"SELECT * {{ SERVICE {text} }}", f"LOAD {text}"):
        try:
            found = look(candidate)
        except (MalformedQuery, QueryTooComplex) as error:
            assert error.detail
        else:
            assert found.form is None or not found.loads


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PREFIX : <urn:> SELECT ?a $b FROM :g { ?a :p ?b, ?c }", ["a", "b"]),
        (
            "select distinct ?a(COUNT(*)AS ?n) (IF(?x, ?y, ?z) as $last) where { ?a ?x ?y }",
            ["a", "n", "last"],
        ),
        ("SELECT (COUNT(?a) AS ?n) { SELECT ?a ?b { ?a ?b ?c } }", ["n"]),
        ("SELECT * { SELECT ?a { ?a ?b ?c } }", []),
        ("DESCRIBE ?a { ?a ?b ?c }", []),
    ],
)
def test_the_variables_of_the_outermost_select_clause(text: str, names: list[str]) -> None:
    assert projected(text) == names


def test_an_operation_over_other_graphs_and_on_another_generation() -> None:
    operation = classify("SELECT * FROM <urn:g> {}", NESTING, "http://base/")
    moved = operation.over(("urn:a",), ("urn:b",)).on(3)
    assert (moved.default_graphs, moved.named_graphs, moved.generation) == (("urn:a",), ("urn:b",), 3)
    assert (moved.text, moved.star, moved.dataset_clause) == (operation.text, operation.star, True)
    assert moved.over(()).on(None) == operation
    assert operation.over(()) is operation.on(None) is operation
