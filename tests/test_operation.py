from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.formats import QueryForm
from endpoint.operation import Classified, classify

NESTING = 50
# A port that the engine refuses at once, so that nothing is ever called.
HOST = "http://127.0.0.1:1/"
PREFIXES = (
    f"PREFIX ex:<{HOST}> PREFIX e:<http://127.0.0.1:> PREFIX :<{HOST}d> PREFIX SERVICEex:<{HOST}b> "
    f"PREFIX SERVIXEex:<{HOST}k> PREFIX SILENTex:<{HOST}c> "
)


def look(text: str) -> Classified:
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
    found = look(text)
    assert (found.form, found.update) == (form, False)


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
    found = look(text)
    assert (found.form, found.update) == (None, True)


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


# The group elements of a query, and what they call: each is proved below to be SERVICE to the engine.
CALLS = {
    "plain": (f"SERVICE <{HOST}x> {{}}", [f"<{HOST}x>"]),
    "silent": (f"service silent <{HOST}x> {{}}", [f"<{HOST}x>"]),
    "name": ("SERVICE ex:x {}", [f"<{HOST}x>"]),
    "variable": ("SERVICE ?x {}", ["?x"]),
    "escapes in the IRI": (f"SERVICE <{HOST}\\u0078\\U00000079> {{}}", [f"<{HOST}xy>"]),
    "escapes in the name": ("SERVICE ex:x\\-y%20 {}", [f"<{HOST}x-y%20>"]),
    "no blank": (f"SERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "comments between": (f"SERVICE# {{\nSILENT#'\n<{HOST}x>#\n{{}}", [f"<{HOST}x>"]),
    "keyword runs into the name": ("SERVICEex:x{}", [f"<{HOST}x>"]),
    "keyword runs into the empty prefix": ("SERVICE:x{}", [f"<{HOST}dx>"]),
    "both keywords run into the name": ("SERVICESILENTex:x{}", [f"<{HOST}cx>", f"<{HOST}x>"]),
    "silent runs into the name": ("SERVICE SILENTex:x{}", [f"<{HOST}cx>", f"<{HOST}x>"]),
    "runs into a boolean": (f"?s ?p trueSERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "runs into a number": (f"?s ?p 1.SERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "runs into a string": (f"?s ?p 'a'SERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "after dots in a name": (f"?s ?p ex:a.b.SERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "after a prefix that is an IRI only alone": (f"?s ?p e:SERVICE<{HOST}x>{{}}", [f"<{HOST}x>"]),
    "behind a comparison that looks like an IRI": (
        f"BIND(1 AS ?a) FILTER(?a<?b)SERVICE#>\n<{HOST}x>{{}}",
        [f"<{HOST}x>"],
    ),
    "behind a string that looks like an IRI": (
        f"BIND(1 AS ?a) FILTER(?a<'>')SERVICE<{HOST}x>{{}} FILTER(?a='x')",
        [f"<{HOST}x>"],
    ),
    "behind a call": (f"FILTER COALESCE(?a<'>')SERVICE<{HOST}x>{{}} FILTER(?a='x')", [f"<{HOST}x>"]),
    "behind an unclosed long string": (
        f"VALUES ?x {{'''a'ex:\\-}} SERVICE<{HOST}x>{{}} #'''\n",
        [f"<{HOST}x>"],
    ),
    "behind a surrogate in a long string": (
        f"VALUES ?x {{'''a'}} SERVICE<{HOST}x>{{}} #\\uD800'''\n",
        [f"<{HOST}x>"],
    ),
    "in a filter": (f"FILTER NOT EXISTS {{ SERVICE <{HOST}x> {{}} }}", [f"<{HOST}x>"]),
    "two": (f"SERVICE <{HOST}x> {{}} SERVICE ex:y {{}} SERVICE ex:x {{}}", [f"<{HOST}x>", f"<{HOST}y>"]),
}


def parses(text: str) -> bool:
    """Whether the engine takes the text. Nothing is evaluated: no solution is asked for."""
    try:
        Store().query(text)
    except SyntaxError:
        return False
    return True


def renamed(text: str) -> str:
    """The text with another word for SERVICE in its group, for which a prefix is declared as well."""
    return PREFIXES + re.sub("service", "SERVIXE", text.removeprefix(PREFIXES), flags=re.IGNORECASE)


@pytest.mark.parametrize(("element", "targets"), CALLS.values(), ids=CALLS)
def test_services_are_found(element: str, targets: list[str]) -> None:
    text = f"{PREFIXES}SELECT * {{ {element} }}"
    assert parses(text)
    assert not parses(renamed(text))
    assert list(look(text).services) == targets


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?service ?p $service }",
        "SELECT * { ?s ex:service ?o . ?s service:name ?o ; a ex:Service }",
        "SELECT * { ?s ?p 'SERVICE <a:b> {}', \"SERVICE\", '''\nSERVICE <a:b> {}''' }",
        "SELECT * { ?s ?p ?o # SERVICE <a:b> {}\n}",
        "SELECT * { ?s <http://a/SERVICE> ?o . <service> ?p ?o }",
        "SELECT * FROM service:g { ?s ?p ?o GRAPH service:g { ?s ?p 'a'@service } }",
        "PREFIX service: <a:b> ASK { ?s ?p _:service }",
    ],
)
def test_what_only_looks_like_a_service(text: str) -> None:
    assert look(text).services == ()


PIECES = st.sampled_from(
    [element for element, _ in CALLS.values()]
    + ["FILTER(?a<?b)", "FILTER(?a<'>')", "FILTER(?a<'>'", "?s ?p 1", "?s ?p true", "?s ?p e:", "?s ?p 'x'"]
    + ["VALUES ?x {'''a'}", "VALUES ?x {'''a'ex:\\-}", "#>\n", "#'\n", "#'''\n", "#\\uD800'''\n", "}", "{"]
    + ["FILTER(?a<<http://x#y>)", "?s a (?x <urn:y>)", "?s a (?x <urn:y#')>)", "FILTER(?a<(1)&&?b>(2))"]
    + ["FILTER(<urn:x'>=1)", "FILTER(1=1||<urn:a#>=2)", "BIND(1<<<(?s ?p ?o)>> AS ?q)", "'", '"', "<urn:x>"]
    + ["FILTER(COALESCE(?a<?b,?c>?d))", "?s <urn:x> <urn:it's>", "FILTER(?a<''''>'''')", "VALUES(?x){(1)}"]
)
JOINTS = st.sampled_from(["", " ", ".", "\n", "#\n", "true", "1", "?v", "ex:", " a ", "'"])


AROUND = st.lists(st.tuples(PIECES, JOINTS), max_size=2).map(lambda parts: "".join(map("".join, parts)))


@settings(max_examples=500, deadline=None)
@given(AROUND, st.sampled_from([element for element, _ in CALLS.values()]), JOINTS, AROUND)
def test_no_service_escapes_whatever_stands_around_it(before: str, call: str, joint: str, after: str) -> None:
    text = f"{PREFIXES}SELECT * {{{before}{call}{joint}{after}}}"
    if parses(text) and not parses(renamed(text)):
        assert look(text).services


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ("LOAD <a:b>", ["<a:b>"]),
        ("LOAD SILENT <a:b> INTO GRAPH <a:c>", ["<a:b>"]),
        ("LOADSILENT<a:b>", ["<a:b>"]),
        ("CREATE GRAPH <a:g>;load<a:b>;\n# LOAD <a:x>\nLOAD <a:c>", ["<a:b>", "<a:c>"]),
        ("PREFIX ex: <a:b> LOADex:c", ["<a:bc>"]),
        ("PREFIX ex: <a:b> LOADSILENTex:c", ["SILENTex:c", "<a:bc>"]),
        ("INSERT DATA { <a:load> load:x 'LOAD <a:b>' ; load:y <a:b> }", []),
        ("COPY load:x TO load:y ; DROP GRAPH load:x", []),
        ("SELECT * { ?s load:x <a:b> }", []),
        ("PREFIX e: <a:> INSERT {} WHERE { VALUES ?x {'''a'e:\\-} } ; LOAD <a:b> #'''", ["<a:b>"]),
        ("INSERT {} WHERE { VALUES ?x {'''a'} } ; LOAD <a:b> #\\uD800'''\n", ["<a:b>"]),
    ],
)
def test_loads(text: str, loads: list[str]) -> None:
    assert list(look(text).loads) == loads


def test_services_of_an_update() -> None:
    found = look("PREFIX ex: <a:b> INSERT { ?s ?p ?o } WHERE { SERVICEex:c { ?s ?p ?o } }")
    assert (found.services, found.loads, found.update) == (("<a:bc>",), (), True)


@pytest.mark.parametrize(
    ("prologue", "target", "expected"),
    [
        ("", "ex:a", "ex:a"),
        ("PREFIX ex: <rel/>", "ex:a", "ex:a"),
        ("BASE <http://evil/> PREFIX ex: <>", "ex:http:\\/\\/good\\/", "ex:http:\\/\\/good\\/"),
        ("BASE <http://evil/>", "<good>", "<good>"),
        ("PREFIX ex: <a:1> PREFIX ex: <a:2>", "ex:x", "<a:2x>"),
        ("PREFIX ex: <a:1> PREFIXex:<a:2>", "ex:x", "<a:2x>"),
        ("PREFIX ex: <a:\\u0031>", "ex:", "<a:1>"),
    ],
)
def test_a_target_is_resolved_only_where_that_is_sure(prologue: str, target: str, expected: str) -> None:
    assert look(f"{prologue} SELECT * {{ SERVICE {target} {{}} }}").services == (expected,)


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
            assert found.update is (found.form is None)
