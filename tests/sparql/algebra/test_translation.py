"""The algebra of each construct; what is refused as the engine refuses it; what is left to the engine."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.dataset import read_dataset
from endpoint.formats import QueryForm
from endpoint.sparql import algebra
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.algebra.triples import DEEPEST
from endpoint.sparql.syntax.parser import Unsupported, parse
from endpoint.vocabulary import PREFIXES
from tests.sparql.algebra.test_differential import check
from tests.sparql.syntax.test_grammar import QUERIES
from tests.sparql.test_slow_shapes import CASES

ROOT = Path(__file__).parents[3]
KNOWN = {**PREFIXES, **read_dataset(ROOT).prefixes}
EX = {"": "http://example.org/"}


def query(text: str) -> algebra.Query:
    """The algebra of a text, in which the empty prefix is known."""
    return translate(parse(text), EX)


def shown(value: object) -> str:
    """A pattern in short: names of operators, and terms in the syntax of SPARQL."""
    if is_dataclass(value):
        name = type(value).__name__
        rows = [shown(getattr(value, field.name)) for field in fields(value)]
        return rows[0] + "".join(rows[1:]) if name == "Call" else f"{name}({' '.join(rows)})"
    if isinstance(value, tuple):
        return f"[{' '.join(map(shown, value))}]"
    return str(value).replace("http://example.org/", ":").replace("http://www.w3.org/2001/XMLSchema#", "xsd:")


def where(body: str) -> str:
    """The pattern of a WHERE clause in short, without the projection."""
    pattern = query(f"SELECT * {{ {body} }}").pattern
    assert isinstance(pattern, algebra.Project)
    return shown(pattern.pattern)


def modified(text: str) -> str:
    return shown(query(text).pattern)


P = "TriplePattern(?s <:p> ?o)"
Q = "TriplePattern(?s <:q> ?x)"
ONE = '"1"^^<xsd:integer>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "BGP([])"),
        ("?s :p ?o . ?s :q ?x", f"BGP([{P} {Q}])"),
        # Sections 18.2.2.5 and 18.2.2.6: a filter holds for its group, and does not part a basic graph
        # pattern.
        ("?s :p ?o FILTER(1) ?s :q ?x", f"Filter(BGP([{P} {Q}]) {ONE})"),
        ("FILTER(1) FILTER(?o) ?s :p ?o", f"Filter(BGP([{P}]) &&[{ONE} ?o])"),
        ("?s :p ?o { ?s :q ?x }", f"BGP([{P} {Q}])"),
        ("?s :p ?o { ?s :q ?x FILTER(1) }", f"Join(BGP([{P}]) Filter(BGP([{Q}]) {ONE}))"),
        ("?s :p ?o OPTIONAL { ?s :q ?x }", f"LeftJoin(BGP([{P}]) BGP([{Q}]) None)"),
        ("?s :p ?o OPTIONAL { ?s :q ?x FILTER(1) }", f"LeftJoin(BGP([{P}]) BGP([{Q}]) {ONE})"),
        (
            "?s :p ?o OPTIONAL { { ?s :q ?x FILTER(1) } }",
            f"LeftJoin(BGP([{P}]) Filter(BGP([{Q}]) {ONE}) None)",
        ),
        ("{ ?s :p ?o } UNION {} UNION {}", f"Union(Union(BGP([{P}]) BGP([])) BGP([]))"),
        ("?s :p ?o MINUS { ?s :q ?x }", f"Minus(BGP([{P}]) BGP([{Q}]))"),
        ("GRAPH ?g { ?s :p ?o }", f"Graph(?g BGP([{P}]))"),
        ("?s :p ?o BIND(1 AS ?x)", f"Extend(BGP([{P}]) ?x {ONE})"),
        ("VALUES (?x ?y) { (1 UNDEF) }", f"Values([?x ?y] [[{ONE} None]])"),
        ("FILTER NOT EXISTS { ?s :p ?o }", f"Filter(BGP([]) ![Exists(BGP([{P}]))])"),
        ("{ SELECT ?s { ?s :p ?o } }", f"Project(BGP([{P}]) [?s])"),
        # Section 18.2.2.4.
        ("?s ^:p ?o", "BGP([TriplePattern(?o <:p> ?s)])"),
        ("?s :p/:q ?o", "BGP([TriplePattern(?s <:p> _:b0) TriplePattern(_:b0 <:q> ?o)])"),
        (
            "?s :p+/^:q ?o",
            "Join(PathPattern(?s OneOrMore(<:p>) _:b0) BGP([TriplePattern(?o <:q> _:b0)]))",
        ),
        ("?s !(:p|^:q) ?o", "PathPattern(?s Alternative(NegatedPropertySet([<:p>]) "
         "Inverse(NegatedPropertySet([<:q>]))) ?o)"),
        ("?s !^:q ?o", "PathPattern(?o NegatedPropertySet([<:q>]) ?s)"),
        ("_:a :p [ :q 1 ]", f"BGP([TriplePattern(_:b0 <:q> {ONE}) TriplePattern(_:b1 <:p> _:b0)])"),
    ],
)  # fmt: skip
def test_groups(body: str, expected: str) -> None:
    assert where(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The engine shows the variables of SELECT * in the order of their names.
        ("SELECT * { ?s :p ?o }", f"Project(BGP([{P}]) [?o ?s])"),
        ("SELECT DISTINCT ?s { } LIMIT 1", "Slice(Distinct(Project(BGP([]) [?s])) 0 1)"),
        ("SELECT REDUCED ?s { } OFFSET 2", "Slice(Reduced(Project(BGP([]) [?s])) 2 None)"),
        ("SELECT ?s { } ORDER BY DESC(?s) ?o", "Project(OrderBy(BGP([]) [[?s True] [?o False]]) [?s])"),
        (
            "SELECT (?s AS ?x) (?x AS ?y) {}",
            "Project(Extend(Extend(BGP([]) ?x ?s) ?y ?x) [?x ?y])",
        ),
        (
            "SELECT ?s (COUNT(*) AS ?n) { } GROUP BY ?s HAVING (COUNT(*) > 1)",
            f"Project(Extend(Filter(Group(BGP([]) [?s] [[?v2 Aggregate(COUNT False None None)]]) "
            f">[?v2 {ONE}]) ?n ?v2) [?s ?n])",
        ),
        (
            "SELECT ?k { } GROUP BY (STR(?s) AS ?k) (?o AS ?x) VALUES ?k { 1 }",
            f"Project(Join(Group(Extend(BGP([]) ?k STR[?s]) [?k ?o] []) Values([?k] [[{ONE}]])) [?k])",
        ),
        (
            "SELECT (SUM(DISTINCT ?o) + MIN(?v0) AS ?x) { }",
            "Project(Extend(Group(BGP([]) [] [[?v3 Aggregate(SUM True ?o None)] "
            "[?v4 Aggregate(MIN False ?v0 None)]]) ?x +[?v3 ?v4]) [?x])",
        ),
        ("DESCRIBE ?s :a", "Project(Extend(BGP([]) ?v1 <:a>) [?s ?v1])"),
        ("ASK { ?s :p ?o }", f"Project(BGP([{P}]) [?o ?s])"),
    ],
)
def test_modifiers(text: str, expected: str) -> None:
    assert modified(text) == expected


def test_templates() -> None:
    found = query("CONSTRUCT { _:a :p [] } WHERE { _:a :p ?o } LIMIT 1")
    assert found.form is QueryForm.CONSTRUCT
    assert shown(found.template) == "[TriplePattern(_:b0 <:p> _:b1)]"
    assert shown(found.pattern) == "Slice(Project(BGP([TriplePattern(_:b0 <:p> ?o)]) [?o]) 0 1)"
    short = query("CONSTRUCT WHERE { ?s :p ?o }")
    assert shown(short.template) == f"[{P}]"
    assert shown(short.pattern) == f"Project(BGP([{P}]) [?o ?s])"


def test_the_dataset_and_the_base() -> None:
    found = query("BASE <http://example.org/a/> ASK FROM <b> FROM NAMED <../c> {}")
    assert shown(found.dataset) == "Dataset([<:a/b>] [<:c>])"
    assert found.base_iri == "http://example.org/a/"


def test_equal_queries_are_one_key_and_others_are_not() -> None:
    texts = ["SELECT * { ?s :p [] }", "PREFIX e: <http://example.org/>\nselect*{?s e:p _:x.}"]
    for head in ("SELECT DISTINCT *", "SELECT REDUCED *", "ASK"):
        texts += (f"{head} {{ ?s :p 1 }}", f"{head} {{ ?s :p 1.0 }}")
    assert len({query(text) for text in texts}) == len(texts) - 1


# Refused here, and by the engine too.
REFUSED = [
    "SELECT * { ?s ?p ?x BIND(1 AS ?x) }",
    "SELECT * { OPTIONAL { ?s ?p ?x } BIND(1 AS ?x) }",
    "SELECT (1 AS ?x) { ?s ?p ?x }",
    "SELECT ?x ?x {}",
    "SELECT (1 AS ?x) (2 AS ?x) {}",
    "SELECT * { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?o { ?s ?p ?o } GROUP BY ?s",
    "SELECT (STR(?o) AS ?x) { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }",
    "ASK { } GROUP BY ?s",
    "ASK { } HAVING (COUNT(*) > 1)",
    "DESCRIBE ?x ?x",
    "SELECT * { _:a ?p ?o . { _:a ?q ?x } }",
    "SELECT * { _:a ?p ?o OPTIONAL { } _:a ?q ?x }",
    "SELECT * { VALUES (?x ?x) { (1 1) } }",
    "SELECT * { VALUES (?x ?y) { (1) } }",
    "SELECT * { [] }",
    "CONSTRUCT { () } WHERE { }",
    "CONSTRUCT { ?s <a:p>/<a:q> ?o } WHERE { }",
    "SELECT * { ?s !() ?o }",
    "SELECT * { ?s none:p ?o }",
    "SELECT * { ?s <relative> ?o }",
    "SELECT * { ?s <a:b\\u0020c> ?o }",
    "SELECT * { ?s <//[/> ?o }",
    "PREFIX a: <a:> SELECT * { ?s a:b.c.d ?o }",
    "SELECT * { ?s ?p 'x'@toolongatag }",
    "SELECT * { ?s ?p ?\U00010400 }",
    "SELECT * { } LIMIT 18446744073709551616",
    "SELECT (<a:f>(DISTINCT ?x) AS ?y) {}",
    "SELECT (-!?x AS ?y) {}",
    "SELECT (CONCAT ('a') AS ?y) {}",
]
# The engine takes them, and they are left to it.
LEFT = [
    "SELECT * { SERVICE <a:b> {} }",
    "SELECT * { ?s ?p ?o LATERAL { ?s ?q ?x } }",
    "SELECT * { << ?s ?p ?o >> ?q ?x }",
    "SELECT * { ?x ?y <<( ?s ?p ?o )>> }",
    "SELECT * { ?s ?p 'x'@en--ltr }",
    "SELECT (SUM(COUNT(?o)) AS ?x) {}",
    "SELECT (COUNT(*) AS ?n) { FILTER(COUNT(?o) > 1) }",
    "SELECT (STR(?x) AS ?y) { VALUES ?x { 1 } } GROUP BY (STR(?x) AS ?x)",
    "SELECT * { VALUES ?x { - 5 } }",
    "SELECT (- -1 AS ?x) {}",
    "SELECT (BOUND(?x) || STR(EXISTS { _:a ?p ?o }) AS ?y) {}",
    "SELECT*{}LIMIT1",
    "INSERT DATA {}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_engine_refuses_is_refused(text: str) -> None:
    with pytest.raises(SyntaxError):
        Store().query(text)
    with pytest.raises(Unsupported):
        translate(parse(text))


@pytest.mark.parametrize("text", LEFT)
def test_what_only_the_engine_reads_is_left_to_it(text: str) -> None:
    if not text.startswith("INSERT") and "SERVICE" not in text:
        Store().query(text, base_iri="http://example.org/")
    with pytest.raises(Unsupported):
        translate(parse(text), {}, "http://example.org/")


DEEP = {
    "groups": lambda n: "ASK" + "{" * n + "}" * n,
    "optionals": lambda n: "ASK {" + "?s ?p ?o OPTIONAL { ?s ?p ?o }" * n + "}",
    "unions": lambda n: "ASK { {}" + "UNION {}" * n + "}",
    "sums": lambda n: "ASK { FILTER(1" + "+1" * n + ") }",
    "negations": lambda n: "ASK { FILTER(" + "!" * n + "1) }",
    "paths": lambda n: "ASK { ?s <a:p>" + "/<a:p>" * n + " ?o }",
    "alternatives": lambda n: "ASK { ?s <a:p>" + "|<a:p>" * n + " ?o }",
    "subqueries": lambda n: "ASK" + "{SELECT * {" * n + "}}" * n,
    "EXISTS": lambda n: "ASK {" + "FILTER EXISTS {" * n + "}" * n + "}",
}


@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP)
def test_nesting_is_bounded(make: object) -> None:
    assert callable(make)
    translated = translate(parse(make(DEEPEST // 4)))
    assert translated in {translated}
    with pytest.raises(Unsupported):
        translate(parse(make(5000)))


@pytest.mark.parametrize("text", [*QUERIES, *(text for row in CASES for text in row[1:] if len(text) < 1000)])
def test_the_engine_reads_the_same_in_the_texts_of_other_tests(text: str) -> None:
    if any(part in text for part in ("<<", "SERVICE", "LATERAL", "--ltr")):
        with pytest.raises(Unsupported):
            translate(parse(text), KNOWN)
    else:
        check(Store(), f"PREFIX ex: <http://example.org/> {text}" if "ex:" in text else text)


# The rules and the saved queries of the project, and those of the tests of other modules.
FILES = sorted(file for name in ("ontology", "queries", "tests") for file in (ROOT / name).rglob("*.rq"))


def test_there_are_files() -> None:
    assert len(FILES) > 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_engine_takes_the_same_files(file: Path) -> None:
    text = file.read_text("utf-8")
    left = "SERVICE" in text
    try:
        Store().query(text, prefixes=KNOWN)
    except (SyntaxError, OSError, RuntimeError):
        # No query, or it calls a function or a service that is not there.
        left = True
    with pytest.raises(Unsupported) if left else nullcontext():
        translate(parse(text), KNOWN)
