"""Syntax trees: what each construct becomes; building one takes and refuses what recognizing does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import grammar, tree
from endpoint.sparql.syntax.building import STEPS
from endpoint.sparql.syntax.grammar import recognize
from endpoint.sparql.syntax.parser import Unsupported, parse
from tests.columns.differential.author import compose
from tests.columns.differential.data import generate
from tests.linear import assert_linear
from tests.properties import examples
from tests.sparql.syntax.test_grammar import QUERIES, SIGNS, UPDATES, WORDS


def shown(node: object) -> Any:
    """A node without places: tokens as they are written, other nodes as tuples that begin with their name."""
    if isinstance(node, Token):
        return node.text
    if not isinstance(node, tuple):
        return node
    rows = [shown(row) for row in node]
    return tuple(rows) if type(node) is tuple else (type(node).__name__, *rows)


def elements(body: str) -> tuple[Any, ...]:
    """The elements of a group."""
    where = parse(f"SELECT * {{ {body} }}").query.where
    assert where is not None
    return tuple(shown(element) for element in where.elements)


def triples(body: str) -> list[tuple[Any, Any, Any]]:
    """All triples of a group; the labels of brackets are their offsets in it."""
    text = f"SELECT * {{ {body} }}"
    where = parse(text).query.where
    assert where is not None
    found: list[tuple[Any, Any, Any]] = []
    for element in where.elements:
        assert isinstance(element, tree.TriplesSameSubject)
        found += [shown(tuple(triple)) for triple in element.triples]
    return found


def expression(text: str) -> Any:
    """An expression."""
    ((_, _, _, named),) = [shown(parse(f"SELECT ({text} AS ?x) {{}}").query.clause)]  # type: ignore[union-attr]
    return named[0][1]


FIRST, REST, NIL, REIFIES = tree.RDF_FIRST, tree.RDF_REST, tree.RDF_NIL, tree.RDF_REIFIES


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("?s a :C ; :p 1 , ?x .", [("?s", "a", ":C"), ("?s", ":p", "1"), ("?s", ":p", "?x")]),
        ("?s ?p -2", [("?s", "?p", ("SignedNumber", "-", "2"))]),
        ("?s ?p 'x'@en", [("?s", "?p", ("RDFLiteral", "'x'", "@en", None))]),
        ("?s ?p 'y'^^:t", [("?s", "?p", ("RDFLiteral", "'y'", None, ":t"))]),
        ("?s :p [ :q ?o ] ; :r []", [("_:[17", ":q", "?o"), ("?s", ":p", "_:[17"), ("?s", ":r", "_:[32")]),
        ("[ :p ?o ] :q 1", [("_:[11", ":p", "?o"), ("_:[11", ":q", "1")]),
        ("() :p ()", [(NIL, ":p", NIL)]),
        (
            "( 1 [ :p 2 ] ) :q 3",
            [
                *(("_:[15", ":p", "2"), ("_:[11.0", FIRST, "1"), ("_:[11.0", REST, "_:[11.1")),
                *(("_:[11.1", FIRST, "_:[15"), ("_:[11.1", REST, NIL), ("_:[11.0", ":q", "3")),
            ],
        ),
        ("<< ?s ?p ?o ~ :r >> :q 1", [(("ReifiedTriple", "<<", "?s", "?p", "?o", ":r"), ":q", "1")]),
        ("?x :p <<( ?s ?p ?o )>>", [("?x", ":p", ("TripleTerm", "<<", "?s", "?p", "?o"))]),
        (
            "?s :p 1 ~ :r {| :q 2 |} {| :q 3 |}",
            [
                *(("?s", ":p", "1"), (":r", REIFIES, ("TripleTerm", ":r", "?s", ":p", "1"))),
                *((":r", ":q", "2"), ("_:[35", REIFIES, ("TripleTerm", "{|", "?s", ":p", "1"))),
                ("_:[35", ":q", "3"),
            ],
        ),
    ],
)
def test_triples(body: str, expected: list[tuple[Any, Any, Any]]) -> None:
    assert triples(body) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (":p|:q/:r|:s", ("PathAlternative", ("PathAlternative", ":p", ("PathSequence", ":q", ":r")), ":s")),
        ("^(:p/a)*", ("PathInverse", ("PathRepeated", ("PathSequence", ":p", "a"), "*"))),
        ("!(:p|^:q|a)", ("PathNegatedPropertySet", (":p", ("PathInverse", ":q"), "a"))),
        ("!^:p", ("PathNegatedPropertySet", (("PathInverse", ":p"),))),
        ("?v", "?v"),
    ],
)
def test_paths(path: str, expected: object) -> None:
    assert triples(f"?s {path} ?o") == [("?s", expected, "?o")]


EMPTY = ("GroupGraphPattern", "{", ())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{} UNION {} UNION {}", ("UnionGraphPattern", (EMPTY, EMPTY, EMPTY))),
        ("{ }", EMPTY),
        ("OPTIONAL {}", ("OptionalGraphPattern", "OPTIONAL", EMPTY)),
        ("MINUS {} .", ("MinusGraphPattern", "MINUS", EMPTY)),
        ("GRAPH ?g {}", ("GraphGraphPattern", "GRAPH", "?g", EMPTY)),
        ("SERVICE SILENT <a:b> {}", ("ServiceGraphPattern", "SERVICE", "<a:b>", EMPTY)),
        ("BIND(1 AS ?x)", ("Bind", "BIND", "1", "?x")),
        ("VALUES ?x { 1 UNDEF }", ("InlineData", "VALUES", ("?x",), (("1",), (None,)))),
        ("VALUES (?x ?y) { (1 2) () }", ("InlineData", "VALUES", ("?x", "?y"), (("1", "2"), ()))),
        ("FILTER NOT EXISTS {}", ("Filter", "FILTER", ("Exists", "NOT", EMPTY))),
        ("FILTER :f(1)", ("Filter", "FILTER", ("FunctionCall", ":f", False, ("1",)))),
    ],
)
def test_elements_of_groups(body: str, expected: object) -> None:
    assert elements(body) == (expected,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 - 2 - ?x", ("Call", "-", (("Call", "-", ("1", "2")), "?x"))),
        ("1 + 2 * 3", ("Call", "+", ("1", ("Call", "*", ("2", "3"))))),
        ("!?a || ?b && ?c", ("Call", "||", (("Call", "!", ("?a",)), ("Call", "&&", ("?b", "?c"))))),
        ("-?x", ("Call", "-", ("?x",))),
        ("?x NOT IN (1, 2)", ("Call", "NOT IN", ("?x", "1", "2"))),
        ("?x IN ()", ("Call", "IN", ("?x",))),
        ("?a <= ?b", ("Call", "<=", ("?a", "?b"))),
        ("if(true, now(), BNODE())", ("Call", "IF", ("true", ("Call", "NOW", ()), ("Call", "BNODE", ())))),
        ("regex('a', 'b', 'i')", ("Call", "REGEX", ("'a'", "'b'", "'i'"))),
        ("concat('a', coalesce())", ("Call", "CONCAT", ("'a'", ("Call", "COALESCE", ())))),
        ("<a:b>(DISTINCT ?x)", ("FunctionCall", "<a:b>", True, ("?x",))),
        ("COUNT(DISTINCT *)", ("Aggregate", "COUNT", True, None, None)),
        ("GROUP_CONCAT(?x ; SEPARATOR = ',')", ("Aggregate", "GROUP_CONCAT", False, "?x", "','")),
        ("sum(?x)", ("Aggregate", "sum", False, "?x", None)),
    ],
)
def test_expressions(text: str, expected: object) -> None:
    assert expression(text) == expected


def test_the_parts_of_a_query() -> None:
    unit = parse(
        "BASE <a:> PREFIX p: <b:> SELECT DISTINCT ?x (1 AS ?y) FROM <a:b> FROM NAMED p:c { ?x ?p ?o } "
        "GROUP BY ?x (STR(?o) AS ?z) HAVING (1) (2) ORDER BY DESC(?x) ?y LIMIT 3 OFFSET 4 VALUES ?x {}"
    )
    assert shown(unit.prologue) == (("BaseDecl", "<a:>"), ("PrefixDecl", "p:", "<b:>"))
    clause, dataset, _, modifiers = map(shown, unit.query)
    assert clause == ("SelectClause", "SELECT", "DISTINCT", ("?x", ("Named", "1", "?y")))
    assert dataset == (("DatasetClause", "<a:b>", False), ("DatasetClause", "p:c", True))
    assert modifiers == (
        "SolutionModifiers",
        ("GroupBy", "GROUP", ("?x", ("Named", ("Call", "STR", ("?o",)), "?z"))),
        ("Having", ("1", "2")),
        ("OrderBy", "ORDER", (("OrderCondition", "?x", True), ("OrderCondition", "?y", False))),
        ("Limit", "3"),
        ("Offset", "4"),
        ("InlineData", "VALUES", ("?x",), ()),
    )


def test_the_forms() -> None:
    construct = parse("CONSTRUCT WHERE { ?s ?p ?o }").query
    assert isinstance(construct, tree.ConstructQuery)
    assert construct.template is construct.where
    construct = parse("CONSTRUCT { ?s ?p 1 } FROM <a:b> WHERE {}").query
    assert isinstance(construct, tree.ConstructQuery)
    assert len(construct.template.elements) == len(construct.dataset) == 1
    describe = parse("DESCRIBE ?x <a:b> LIMIT 1").query
    assert isinstance(describe, tree.DescribeQuery)
    assert (shown(describe.terms), describe.where) == (("?x", "<a:b>"), None)
    ask = parse("ASK FROM <a:b> { SELECT * {} }").query
    assert isinstance(ask, tree.AskQuery)
    assert isinstance(ask.where.elements[0], tree.SubSelect)


def test_every_step_of_the_rules_is_known_and_used() -> None:
    symbols = {symbol for bodies in grammar.building_rules().values() for body in bodies for symbol in body}
    assert {symbol[1:] for symbol in symbols if symbol[0] == "@"} == set(STEPS)


@pytest.mark.parametrize("text", QUERIES)
def test_what_the_grammar_takes_has_a_tree(text: str) -> None:
    unit = parse(text)
    written = {token for token in unit.tokens if token.kind in (Kind.VAR, Kind.STRING, Kind.NUMBER)}
    leaves = {node for node in tree.nodes((unit.prologue, unit.query)) if isinstance(node, Token)}
    assert {token for token in written - leaves if not re.fullmatch("'1.2'", token.text)} == set()


NO_QUERIES = ["", "SELECT", "SELECT * { ?s ?p }", "nothing", "ASK { FILTER(CONCAT (1)) }"]


@pytest.mark.parametrize("text", [*NO_QUERIES, *UPDATES])
def test_other_texts_have_none(text: str) -> None:
    with pytest.raises(Unsupported):
        parse(text)


@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=30).map(" ".join) | st.sampled_from(QUERIES))
def test_a_tree_is_built_of_what_is_recognized(text: str) -> None:
    try:
        parse(text)
    except Unsupported as error:
        assert recognize(text) is not None or str(error) != "the text is no query"
    else:
        assert recognize(text) is None


@pytest.mark.parametrize(
    ("before", "part", "after"),
    [
        ("ASK", "{", "}"),
        ("ASK{FILTER(", "!", "1)}"),
        ("ASK{FILTER(1", "+1", ")}"),
        ("ASK{?s ?p ", "[?p ", "1"),
        ("ASK{?s ?p (", "1 ", ")}"),
        ("ASK{?s a", "/a", " ?o}"),
        ("ASK{", "?s ?p ?o.", "}"),
        ("ASK{VALUES ?x {", "1 ", "}}"),
        ("ASK{{}", "UNION{}", "}"),
    ],
)
def test_building_is_linear_and_needs_no_stack(before: str, part: str, after: str) -> None:
    def made(length: int) -> str:
        count = (length - len(before)) // len(part)
        closing = {"{": "}" * count, "[?p ": "1" + "]" * count + "}"}.get(part, after)
        return before + part * count + closing

    assert_linear(parse, made, 30_000)


def test_what_the_engine_takes_has_a_tree() -> None:
    """Queries of all shapes, written in many ways."""
    data = generate(1)
    store = data.store()
    for seed in range(examples(300)):
        text = compose(data, seed).text()
        try:
            store.query(text, base_iri="http://example.org/")
        except SyntaxError:
            continue
        parse(text)
