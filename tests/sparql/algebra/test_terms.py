"""Terms: each lexical form is the term that the engine reads."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, QuerySolutions, Store

from endpoint.sparql import algebra
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.syntax.parser import Unsupported, parse

PROLOGUE = (
    "PREFIX ex: <http://example.org/> PREFIX : <urn:x:> BASE <http://example.org/a/b/c?d#e> PREFIX r: <r/> "
)
XSD = "http://www.w3.org/2001/XMLSchema#"


def both(written: str) -> tuple[object, object]:
    """The term of a text as an expression: that of the translation, and that of the engine."""
    text = f"{PROLOGUE}SELECT ({written} AS ?x) {{}}"
    pattern = translate(parse(text)).pattern
    assert isinstance(pattern, algebra.Project)
    assert isinstance(pattern.pattern, algebra.Extend)
    (row,) = cast(QuerySolutions, Store().query(text))
    return pattern.pattern.expression, row["x"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<http://example.org/x>", "<http://example.org/x>"),
        ("<d>", "<http://example.org/a/b/d>"),
        ("<>", "<http://example.org/a/b/c?d>"),
        ("<#f>", "<http://example.org/a/b/c?d#f>"),
        ("<?f>", "<http://example.org/a/b/c?f>"),
        ("<../../../f/./g>", "<http://example.org/f/g>"),
        ("<//other.example/f>", "<http://other.example/f>"),
        ("<http:f>", "<http:f>"),
        ("<http://example.org/%7e/./x>", "<http://example.org/%7e/./x>"),
        ("<\\u0066\\U00000067>", "<http://example.org/a/b/fg>"),
        ("<외교>", "<http://example.org/a/b/외교>"),
        ("ex:a", "<http://example.org/a>"),
        (":", "<urn:x:>"),
        (":a:b", "<urn:x:a:b>"),
        ("r:s", "<http://example.org/a/b/r/s>"),
        ("ex:%41\\~\\.b.c", "<http://example.org/%41~.b.c>"),
        ("ex:1a", "<http://example.org/1a>"),
        ("'a'", '"a"'),
        ('""', '""'),
        ("''", '""'),
        ("''''''", '""'),
        ("'''a'b''c\n'''", "\"a'b''c\\n\""),
        ('"""a"b\\""""', '"a\\"b\\""'),
        ("'\\t\\b\\n\\r\\f\\\\\\'\\\"'", '"\\t\\b\\n\\r\\f\\\\\'\\""'),
        ("'\\u0041\\U0001F600\\u0022'", '"A😀\\""'),
        ("'a'@EN-gb", '"a"@en-gb'),
        ("'a'^^<http://www.w3.org/2001/XMLSchema#string>", '"a"'),
        ("'x'^^ex:t", '"x"^^<http://example.org/t>'),
        ("1", f'"1"^^<{XSD}integer>'),
        (".5", f'".5"^^<{XSD}decimal>'),
        ("1.50", f'"1.50"^^<{XSD}decimal>'),
        ("1e3", f'"1e3"^^<{XSD}double>'),
        ("1.E+3", f'"1.E+3"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
    ],
)
def test_terms(written: str, expected: str) -> None:
    ours, engines = both(written)
    assert str(ours) == expected
    # The engine shows numbers in canonical form, whichever way they were written.
    assert both(str(ours))[1] == engines


def test_numbers_with_signs() -> None:
    pattern = translate(parse("SELECT * { VALUES ?x { -1 +2.5 } }")).pattern
    assert isinstance(pattern, algebra.Project)
    assert isinstance(pattern.pattern, algebra.Values)
    assert [str(row[0]) for row in pattern.pattern.rows] == [
        f'"-1"^^<{XSD}integer>',
        f'"+2.5"^^<{XSD}decimal>',
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'\\\n\r\t"), max_size=12))
def test_any_string(value: str) -> None:
    quoted = "".join(f"\\U{ord(char):08X}" if char in "\"'\\\n\r" else char for char in value)
    for quotes in ("'", '"', "'''", '"""'):
        ours, engines = both(f"{quotes}{quoted}{quotes}")
        assert ours == engines == Literal(value)


@given(st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), max_size=8))
def test_any_iri(value: str) -> None:
    written = f"<{value}>"
    try:
        ours, engines = both(written)
    except Unsupported:
        with pytest.raises(SyntaxError):
            Store().query(f"{PROLOGUE}SELECT * {{ ?s ?p {written} }}")
    else:
        assert ours == engines
