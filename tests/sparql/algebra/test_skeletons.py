"""Skeletons: a text that is read through one has the algebra that it has when it is parsed anew."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endpoint.sparql import algebra
from endpoint.sparql.algebra import skeletons
from endpoint.sparql.algebra.skeletons import Skeletons, pieces
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.lexer import Kind, lex
from endpoint.sparql.syntax.parser import Unsupported, parse
from endpoint.sparql.syntax.tree import QueryUnit
from tests.linear import assert_linear
from tests.properties import examples
from tests.sparql.algebra.generated import BASE, Author

PREFIXES = {"": "urn:x:", "xsd": "http://www.w3.org/2001/XMLSchema#"}
# About as long as a text that a worker reads so.
LONGEST = 9_900
XSD = "http://www.w3.org/2001/XMLSchema#"
# By kinds: constants of several lexical forms, some of which are equal terms and some are refused.
OTHERS: dict[Kind, tuple[str, ...]] = {
    Kind.IRIREF: (
        "<http://example.org/a>",
        "<a>",
        "<>",
        "<../b#c>",
        "<http://[>",
        "<http://example.org/\\u0061>",
        f"<{XSD}integer>",
        "<=>",
    ),
    Kind.PNAME: (
        "ex:a",
        "ex:a.b..c.d",
        "ex:",
        ":",
        ":외교",
        "xsd:integer",
        "none:a",
        "ex:\\~a",
        "ex:%41",
        "ex:\U00010400",
    ),
    Kind.STRING: (
        "'x'",
        '"x"',
        "'''x'''",
        '"""x"""',
        "'\\u0041\\n'",
        "''",
        f"'{'외교' * 300}'",
        "'a\tb'",
        '"\'"',
        "'#'",
    ),
    Kind.NUMBER: (
        "1",
        "1.0",
        "1e0",
        ".5",
        "01",
        "1.E3",
        "18446744073709551615",
        "18446744073709551616",
        "9" * 30,
    ),
    Kind.LANGTAG: ("@en", "@EN", "@en-GB", "@en--ltr", "@abcdefghijk"),
    Kind.BLANK: ("_:a", "_:b", "_:a.b"),
    Kind.VAR: ("?a", "$a", "?b", "?\U00010400"),
}


def accept(query: algebra.Query) -> algebra.Query:
    """Prepare nothing."""
    return query


def anew(text: str, base_iri: str | None) -> algebra.Query | None:
    """The algebra of a text; None where it is left to the engine."""
    try:
        return translate(parse(text), PREFIXES, base_iri)
    except Unsupported:
        return None


def check(known: Skeletons, text: str, base_iri: str | None = BASE) -> None:
    """Compare what a text is read to with its algebra, and the types of all in it."""
    try:
        found = known.read(text, base_iri)
    except Unsupported:
        found = None
    assert repr(found) == repr(anew(text, base_iri)), text
    assert found == anew(text, base_iri), text


def varied(text: str, random: Random, rate: float) -> str:
    """A text with some of its tokens exchanged for others, mostly of the same kind."""
    written, end = [], 0
    for token in lex(text).tokens:
        if token.kind in OTHERS and random.random() < rate:
            kind = token.kind if random.random() < 0.9 else random.choice([*OTHERS])
            written += [text[end : token.start], random.choice(OTHERS[kind])]
            end = token.end
    return "".join(written) + text[end:]


@given(st.integers(0, 2**32))
@settings(max_examples=examples(300))
def test_generated_texts_with_other_constants(seed: int) -> None:
    random = Random(seed)
    text = Author(random).query()
    texts = [text, *(varied(text, random, rate) for rate in (0, 0.1, 0.2, 0.2, 0.5))]
    known = Skeletons(PREFIXES, accept)
    for each in texts + texts[::-1]:
        check(known, each, random.choice((BASE, BASE, None)))


def test_most_generated_texts_have_a_skeleton(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counted(text: str) -> QueryUnit:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(skeletons, "parse", counted)
    asked = 0
    for seed in range(100):
        random = Random(seed)
        text, known = Author(random).query(), Skeletons(PREFIXES, accept)
        if anew(text, BASE) is None:
            continue
        check(known, text)
        check(known, text)
        parsed.clear()
        for _ in range(5):
            asked += 1
            check(known, varied(text, random, 0.1))
    assert 0 < len(parsed) < asked


def read(*texts: str, base_iri: str | None = BASE) -> list[algebra.Query | None]:
    """Read the first text twice, so that it has a skeleton, then the others; the algebra of each."""
    known = Skeletons(PREFIXES, accept)
    for text in (texts[0], *texts):
        check(known, text, base_iri)
    return [anew(text, base_iri) for text in texts]


CASES: dict[str, tuple[str, ...]] = {
    "numbers of rows": tuple(
        f"SELECT * {{ ?s ?p 1 }} LIMIT {number} OFFSET {number}"
        for number in (
            "1",
            "2",
            "0",
            "007",
            "1.0",
            "1e0",
            "-1",
            "18446744073709551615",
            "18446744073709551616",
        )
    ),
    "numbers of other kinds": tuple(
        f"SELECT * {{ ?s ?p {number} FILTER(?s > {number}) }}"
        for number in ("1", "2", "1.0", "1e0", ".5", "1.", "-1")
    ),
    "signs": (
        "SELECT * { ?s ?p -1 }",
        "SELECT * { ?s ?p -2.5 }",
        "SELECT * { ?s ?p - 1 }",
        "SELECT * { ?s ?p -x }",
    ),
    "strings": tuple(
        f"SELECT * {{ ?s ?p {string} }}"
        for string in (
            "'a'",
            '"b"',
            "'''c\n'd'''",
            '"""e"""',
            "'\\t\\u0041'",
            "'\\x'",
            "'",
            "'''a'",
            "'<'",
            "'#'",
            "''",
        )
    ),
    "language tags": tuple(
        f"SELECT * {{ ?s ?p 'a'{tag} }}" for tag in ("@en", "@EN", "@ko", "@en--ltr", "@abcdefghijk", "")
    ),
    "datatypes": (
        "SELECT * { ?s ?p '1'^^xsd:integer }",
        "SELECT * { ?s ?p '2'^^xsd:integer }",
        "SELECT * { ?s ?p '1'^^xsd:string }",
        f"SELECT * {{ ?s ?p '1'^^<{XSD}integer> }}",
        "SELECT * { ?s ?p '1'^^<http://[> }",
    ),
    "names": tuple(
        f"PREFIX ex: <http://example.org/> SELECT * {{ ?s ?p {name} }}"
        for name in (
            "ex:a",
            "ex:b",
            ":b",
            "none:a",
            "ex:",
            "ex:a.b..c.d",
            "ex:\\~",
            "ex:%41",
            "ex:\U00010400",
            "<ex:a>",
        )
    ),
    "other prefixes": tuple(
        f"PREFIX ex: <{iri}> SELECT * {{ ?s ?p ex:a }}"
        for iri in ("http://example.org/", "http://example.net/", "../", "http://[")
    ),
    "other bases": tuple(
        f"BASE <{iri}> SELECT * {{ ?s ?p <a> }}" for iri in ("http://a/", "http://b/c/d", "e", "http://[")
    ),
    "relative IRIs": tuple(
        f"SELECT * {{ ?s ?p <{iri}> }}"
        for iri in ("a", "../b", "", "#c", "http://[", "\\u0061", "a b", "urn:x")
    ),
    "predicates": tuple(
        f"SELECT * {{ ?s {name} 1 . 1 {name}/:b ?o }}" for name in (":a", ":b", "<a>", "a", "none:a")
    ),
    "labels": tuple(
        f"SELECT * {{ {a} :p {b} . :s :p/:q {a} }}"
        for a, b in (("_:a", "_:b"), ("_:b", "_:a"), ("_:a", "_:a"))
    ),
    "labels of two groups": (
        "SELECT * { { _:a :p 1 } { _:b :p 2 } }",
        "SELECT * { { _:a :p 1 } { _:a :p 2 } }",
    ),
    "variables": (
        "SELECT ?a ?b { ?a :p ?b }",
        "SELECT ?a ?a { ?a :p ?b }",
        "SELECT ?a (1 AS ?a) { ?a :p ?b }",
    ),
    "aggregates": tuple(
        f"SELECT (SUM(?x + {a}) AS ?y) (SUM(?x + {b}) AS ?z) {{ ?s ?p ?x , {a} }}"
        for a, b in ("11", "12", "21", "22", "33")
    ),
    "separators": tuple(
        f"SELECT (GROUP_CONCAT(?x; SEPARATOR={a}) AS ?y) (GROUP_CONCAT(?x; SEPARATOR={b}) AS ?z) {{}}"
        for a, b in (("','", "';'"), ("','", "','"), ("';'", "','"), ("','", '","'))
    ),
    "groups": tuple(
        f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?x }} GROUP BY (?x + {a}) HAVING (COUNT(*) > {b})"
        for a, b in ("12", "34", "11")
    ),
    "casts": tuple(
        f"SELECT (xsd:{name}({value}) AS ?x) {{}}"
        for name, value in (("integer", 1), ("integer", 2), ("int", 1))
    ),
    "functions": tuple(
        f"SELECT * {{ FILTER(CONTAINS(?x, '{value}') || {value} IN (1, {value})) }}" for value in (1, 2, 1)
    ),
    "data": tuple(
        f"SELECT * {{ VALUES (?x ?y) {{ ({a} UNDEF) ('b'@en {b}) }} }}"
        for a, b in (("<a>", 1), ("<b>", 2), (":a", -1), ("1", 1))
    ),
    "datasets": tuple(
        f"SELECT * FROM <{a}> FROM NAMED <{b}> {{ GRAPH <{b}> {{ ?s ?p ?o }} }}"
        for a, b in ("ab", "ba", "aa")
    ),
    "forms": tuple(
        f"CONSTRUCT {{ ?s :p <{a}> ; a :C }} WHERE {{ ?s :p <{b}> }}" for a, b in ("ab", "ba", "aa")
    ),
    "short forms": tuple(f"CONSTRUCT WHERE {{ ?s :p <{a}> , {a!r} }}" for a in "ab"),
    "descriptions": tuple(f"DESCRIBE <{a}> ?x :a {{ ?x :p true , () , ( <{a}> 1 ) }}" for a in "abc"),
    "less than": (
        "SELECT * { FILTER(?a<2) }",
        "SELECT * { FILTER(?a<3) }",
        "SELECT * { FILTER(?a<2&&?b>3) }",
        "SELECT * { FILTER(?a<x>3) }",
        "SELECT * { FILTER(?a=<x>) }",
    ),
    "comments": tuple(
        f"SELECT * {{ ?s :p 1 # {comment}\n }} # '{comment}" for comment in ("a", "b <c> 'd", "", "\0")
    ),
    "comments that are none": (
        "SELECT * { ?s :p <a> #\n}",
        "SELECT * { ?s :p <a#> \n}",
        "SELECT * { ?s :p '#'\n}",
    ),
    "no tokens": (
        "SELECT * { ?s :p 1 }",
        "SELECT * { ?s :p ² }",
        "SELECT * { ?s :p ' }",
        "SELECT * { ?s :p @ }",
        "²",
    ),
    "versions": ("VERSION '1.2' SELECT * { ?s ?p 1 }", "VERSION '1.1' SELECT * { ?s ?p 1 }"),
    "declarations without blanks": ("PREFIXex:<a>SELECT*{?s ?p ex:b}", "prefix ex:<a>SELECT*{?s ?p ex:b}"),
    "triple terms": (
        "SELECT * { ?s :p <<( :a :b 1 )>> }",
        "SELECT * { << :a :b 1 ~ :c >> :p 2 }",
        "SELECT * { :a :b 1 ~ :c }",
    ),
    "nothing": ("", "ASK {}", "LOAD <a>"),
}


@pytest.mark.parametrize("texts", CASES.values(), ids=CASES)
def test_other_constants(texts: Sequence[str]) -> None:
    for first in range(len(texts)):
        read(*texts[first:], *texts[:first])
        read(*texts[first:], *texts[:first], base_iri=None)


def test_some_cases_are_refused_and_some_are_not() -> None:
    for name in ("numbers of rows", "strings", "names", "casts", "variables", "labels of two groups"):
        found = read(*CASES[name])
        assert found[0] is not None
        assert None in found


def test_a_text_is_not_parsed_when_two_others_had_its_skeleton(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Skeletons(PREFIXES, accept)
    text = "PREFIX ex: <http://example.org/> SELECT ?s { ?s a ex:C ; :year %d ; :title '%s' } LIMIT %d # %d"
    for number in range(2):
        check(known, text % (number, number, number, number))
    monkeypatch.setattr(skeletons, "parse", None)
    for number in range(2, 9):
        read = known.read(text % (number, "abcd"[: number % 4], number * 10, number), BASE)
        assert isinstance(read.pattern, algebra.Slice)
        assert read.pattern.limit == number * 10


def test_a_refused_query_is_refused_through_its_skeleton(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(query: algebra.Query) -> algebra.Query:
        raise Unsupported("nothing is wanted")

    known = Skeletons(PREFIXES, refuse)
    for number in range(4):
        with pytest.raises(Unsupported, match="nothing is wanted"):
            known.read(f"SELECT * {{ ?s :p {number} }}")
        if number:
            monkeypatch.setattr(skeletons, "parse", None)


def test_a_query_is_prepared_with_its_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Skeletons(PREFIXES, lambda query: replace(query, pattern=algebra.Distinct(query.pattern)))
    for number in range(4):
        text = f"SELECT * {{ ?s :p {number} }} LIMIT {number}"
        plain = translate(parse(text), PREFIXES)
        if number > 1:
            monkeypatch.setattr(skeletons, "parse", None)
        assert known.read(text) == replace(plain, pattern=algebra.Distinct(plain.pattern))


def test_what_is_remembered_is_bounded() -> None:
    known = Skeletons(PREFIXES, accept)
    for number in range(200):
        text = f"SELECT * {{ ?v{number} :p '%s' , '{'a' * 5000}' }}"
        for value in "abc":
            known.read(text % value)
    for predicate in range(20):
        known.read(f"SELECT * {{ ?s :p{predicate} 1 }}")
    kept = known._kept
    assert 0 < kept.size <= skeletons._MOST
    assert 20 < len(kept) < 100
    variants = [variants for variants, _ in kept._kept.values()]
    assert max(len(each.skeletons) for each in variants) == skeletons._VARIANTS


def test_pieces_are_all_of_a_text() -> None:
    for seed in range(50):
        text = Author(Random(seed)).query()
        assert "".join(between + constant for between, constant in pieces(text, 0)) == text


@pytest.mark.parametrize("part", ["?a ?b 'c' . ", "a:", "a.", "<a", "'a", "_:", "##\n", "1.", "@a-", "\\"])
def test_reading_is_linear(part: str) -> None:
    def reading(text: str) -> None:
        known = Skeletons(PREFIXES, accept)
        for number in range(3):
            with suppress(Unsupported):
                known.read(f"{text} }} # {number}")

    assert_linear(reading, lambda length: "SELECT * { " + part * (length // len(part)), LONGEST)
