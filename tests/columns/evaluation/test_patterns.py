"""Texts of regular expressions: what stands for one, and what each match has in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, Store

from endpoint.columns.evaluation.patterns import literals_of, required_of


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("abc", {"abc"}),
        ("a|b|", {"a", "b", ""}),
        ("(China|Russia) and", {"China and", "Russia and"}),
        ("a(?:b|c(d|e))\\.f", {"ab.f", "acd.f", "ace.f"}),
        ("외교|정책", {"외교", "정책"}),
        ("()", {""}),
        *(
            (pattern, None)
            for pattern in ("^a", "a$", "a.c", "a+", "(a|b)*", "[ab]", "a{2}", "(a", "a)", "\\d", "\\")
        ),
        *((pattern, None) for pattern in ("(?i)a", "(a|b)(c|d)(e|f)(g|h)(i|j)", "a**")),
    ],
)
def test_a_pattern_without_signs_is_a_choice_of_texts(pattern: str, texts: set[str] | None) -> None:
    assert literals_of(pattern) == texts


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^abc$", "abc"),
        ("ab+cde", "cde"),
        ("abcd?e", "abc"),
        ("abx{2}c", "ab"),
        ("a[bc]def", "def"),
        ("[]ab]cd", "cd"),
        ("(a|b)*cde\\p{Lu}f", "cde"),
        ("ab\\.c.d", "ab.c"),
        ("외교.*정책들", "정책들"),
        *(
            (pattern, "")
            for pattern in ("a|b", "(?i)abc", "abc[", "abc(", "[[:alpha:]]bc", "x{3,}", "\\x41bc", "a{")
        ),
    ],
)
def test_a_match_has_a_text_in_it(pattern: str, text: str) -> None:
    assert required_of(pattern) == text


@given(st.text("ab.*+?()[]|^$\\{}1,-dp", max_size=12), st.text("ab.1-", max_size=8))
def test_what_the_engine_matches_has_the_text(pattern: str, text: str) -> None:
    query = f"SELECT (REGEX({Literal(text)}, {Literal(pattern)}) AS ?r) {{}}"
    ((found,),) = Store().query(query)  # type: ignore[misc]
    if found is None:
        return
    literals = literals_of(pattern)
    matches = found.value == "true"
    assert required_of(pattern) in text or not matches
    if literals is not None:
        assert any(literal in text for literal in literals) == matches
