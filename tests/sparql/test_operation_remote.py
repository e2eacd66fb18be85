"""Remote targets of a text: SERVICE and LOAD, in every way of writing them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from endpoint.sparql.operation import Operation, classify, read_prologue
from tests.properties import examples

# A port that the engine refuses at once, so that nothing is ever called.
HOST = "http://127.0.0.1:1/"
PREFIXES = (
    f"PREFIX ex:<{HOST}> PREFIX e:<http://127.0.0.1:> PREFIX :<{HOST}d> PREFIX SERVICEex:<{HOST}b> "
    f"PREFIX SERVIXEex:<{HOST}k> PREFIX SILENTex:<{HOST}c> "
)


def look(text: str) -> Operation:
    return classify(text, 50)


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
    """Return whether the engine accepts the text. Nothing is evaluated, since no solution is read."""
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


@settings(max_examples=examples(500))
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
    assert (found.services, found.loads, found.form) == (("<a:bc>",), (), None)


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
    ("group", "foreign"),
    [
        ("SERVICE text:search {}", []),
        ("SERVICE text:search {} SERVICE ex:x {}", [f"<{HOST}x>"]),
        ("SERVICE ex:x {} SERVICE text:search {} SERVICE ?x {}", [f"<{HOST}x>", "?x"]),
        ("SERVICE text:other {}", ["<urn:endpoint:text:other>"]),
    ],
)
def test_the_search_of_the_text_index_is_not_foreign(group: str, foreign: list[str]) -> None:
    assert list(look(f"{PREFIXES}SELECT * {{ {group} }}").foreign) == foreign


def test_the_prologue() -> None:
    text = "BASE <http://a/> PREFIX a: <b\\u0063> base<d#>PREFIX:<> PREFIX a: <e> ASK { ?PREFIX ?BASE <f> }"
    assert read_prologue(text) == (("http://a/", "d#"), {"a": "e", "": ""})
