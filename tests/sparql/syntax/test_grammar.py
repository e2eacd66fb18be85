from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from endpoint.sparql.syntax.grammar import recognize, sparql

QUERIES = [
    "SELECT (?a<?b AS ?c) {}",
    "SELECT * { ?s ^<a:p>/(<a:q>|!(<a:r>|^a))+/<a:t>? ?o }",
    "SELECT * { ?s <a:p>* ?o. ?s <a:p>+ ?o. ?s (<a:p>/<a:q>)? ?o . ?s !<a:p> ?o . ?s !(^<a:p>) ?x }",
    "SELECT * { [] a <a:b>; <a:p> (1 2 [<a:q> 3]), -1.5e3, 'x'@en--ltr . }",
    "SELECT * { <<?s ?p ?o ~ ?r>> <a:q> 1 . ?a ?b ?c ~ <a:r> {| <a:x> 1; <a:y> 2 |} }",
    "SELECT * { VALUES (?a ?b) { (1 UNDEF) (<<( <a:b> <a:c> 1 )>> true) } VALUES () { () } }",
    "SELECT * { BIND(<<(?s ?p ?o)>> AS ?t) BIND(triple(?a,?b,?c) as ?d) }",
    "SELECT DISTINCT ?s (GROUP_CONCAT(DISTINCT ?x; SEPARATOR=', ') AS ?y) (COUNT(*) as ?n) { } GROUP BY ?s",
    "SELECT REDUCED * FROM <a:b> FROM NAMED <a:c> WHERE { {?s ?p ?x} UNION {?s ?q ?x} MINUS {?s a ?z} }",
    "SELECT * { FILTER NOT EXISTS {?s ?p 1} FILTER(?x NOT IN (1,2) || -?x < +3 && !bound(?z)) }",
    "SELECT * { OPTIONAL {?s ?p ?y FILTER(?y>1)} GRAPH ?g {?s ?p ?o} LATERAL {?s ?p ?l} }",
    "SELECT * { SERVICE SILENT <a:s> {} { SELECT ?s WHERE {} LIMIT 1 } }",
    "SELECT ?s { } GROUP BY ?s (str(?x) AS ?k) HAVING (COUNT(?s)>1) (1=1) ORDER BY DESC(?s) ?k LIMIT 1",
    "SELECT * { } ORDER BY str(?s) OFFSET 2 LIMIT 1 VALUES ?s { <a:b> }",
    "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1",
    "CONSTRUCT { } FROM <a:b> WHERE { }",
    "CONSTRUCT FROM <a:b> WHERE { ?s ?p ?o }",
    "DESCRIBE * { ?s ?p ?o }",
    "DESCRIBE <a:b> ?x FROM <a:c>",
    "ASK { }",
    "SELECT * { FILTER(regex(?s,'x','i') && replace(?a,'b','c')='' && substr(?a,1)='' && if(true,1,2)=1) }",
    "SELECT * { FILTER(coalesce()=1 && concat()='' && bnode()=?x && bnode('a')=?y && rand()<1) }",
    "SELECT * { FILTER(iri('x')=<a:b> && sameTerm(?a,?b) && isNumeric(?x) && STRLANG('a','b')='') }",
    "SELECT * { ?s ?p 1,2;;<a:q> 3;. ?a ?b ?c }",
    "SELECT (1+2*-3/4 AS ?x) (-?x AS ?y) { ?s ?p 1. ?s ?q .5 }",
    "VERSION '1.2' BASE <x:y> PREFIX : <a:b> SELECT * { :a :b :c ; a :d . _:x a _:y . [ a :z ] . () :p [] }",
]
UPDATES = [
    "INSERT DATA { <a:b> <a:c> 1 . GRAPH <a:g> { <a:b> <a:c> 2 } <a:b> <a:c> 3 }",
    "DELETE DATA { <a:b> <a:c> 1 } ; DELETE WHERE { ?s ?p ?o }",
    "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } USING <a:b> USING NAMED <a:c> WHERE { ?s ?p ?o }",
    "WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o } ; INSERT { } WHERE { } ;",
    "CLEAR SILENT ALL ; DROP SILENT GRAPH <a:b> ; CREATE GRAPH <a:b> ; CLEAR DEFAULT ; CLEAR NAMED",
    "ADD DEFAULT TO <a:b> ; MOVE SILENT <a:c> TO GRAPH <a:d> ; COPY <a:b> TO DEFAULT",
]


@pytest.mark.parametrize("text", QUERIES)
def test_queries_that_the_engine_takes_are_recognized(text: str) -> None:
    Store().query(text)
    assert recognize(text) is None


@pytest.mark.parametrize("text", UPDATES)
def test_updates_that_the_engine_takes_are_recognized(text: str) -> None:
    store = Store()
    store.update("CREATE SILENT GRAPH <a:b> ; CREATE GRAPH <a:c> ; DROP GRAPH <a:b>")
    store.update(text)
    assert recognize(text) is None


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("SELECT * WHER { }", 2, {"FROM", "WHERE", "{"}),
        ("SELECT * { } LIMIT ten", 5, {"INTEGER"}),
        ("SELECT * { GRAPH", 4, {"VARIABLE", "IRIREF", "NAME", "NAMESPACE"}),
        ("SELECT * { ?s ?p ?o ORDER", 6, None),
        ("NAME VARIABLE IRIREF", 0, None),
        ("Unit Where the end", 0, None),
    ],
)
def test_the_place_of_a_rejection(text: str, at: int, expected: set[str] | None) -> None:
    rejection = recognize(text)
    assert rejection is not None
    assert rejection.at == at
    assert expected is None or rejection.expected == expected


@pytest.mark.parametrize(
    "text", ["ASK" + "{" * 50_000, "ASK{FILTER(" + "(" * 50_000, "ASK{?s ?p" + "[?p " * 50_000]
)
def test_deep_nesting_needs_no_stack(text: str) -> None:
    rejection = recognize(text)
    assert rejection is not None
    assert rejection.at == len(rejection.tokens)


WORDS = [*sorted(sparql().keywords), "?x", "<a:b>", "a:b", "a:", "'x'", "1", "1.5", "@en", "_:x", "a", "true"]
SIGNS = [*"(){}[].,;=<>!*/+-^|?~", "^^", "||", "&&", "!=", "<=", ">=", "<<", ">>", "{|", "|}", "“", "'"]


@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=30))
def test_what_is_expected_fits(words: list[str]) -> None:
    text = " ".join(words)
    rejection = recognize(text)
    if rejection is not None:
        assert rejection.expected
        assert recognize(text[: rejection.offset]) is None or rejection.at <= len(rejection.tokens)
