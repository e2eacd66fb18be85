"""Expressions of queries, on an index of a few words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from endpoint.search.expression import (
    Both,
    Compiler,
    Either,
    Expression,
    NoWords,
    Phrase,
    Without,
    Words,
)
from endpoint.search.query import parse

KNOWN = ("한국", "외교", "핵", "협상", "핵협상", "핵심")


def occurs(tokens: Sequence[str]) -> bool:
    return {"국제", "제정", "정세", "한국", "외교"}.issuperset(tokens)


def continuations(beginning: str) -> list[str]:
    longer = len(beginning) + 1
    return [word[len(beginning) :] for word in KNOWN if word.startswith(beginning) and len(word) > longer]


WORDS = Words(occurs, KNOWN.__contains__, continuations)


def phrase(text: str, field: str = "") -> Phrase:
    return Phrase(tuple(text.split()), field=field)


COMPILED: list[tuple[str, Expression]] = [
    ("korea exports", Both((phrase("korea"), phrase("export")))),
    ("korea OR exports", Either((phrase("korea"), phrase("export")))),
    ("korea korea", phrase("korea")),
    ("korea -exports", Without(phrase("korea"), phrase("export"))),
    ("title:korea", phrase("korea", "title")),
    ("title:(korea OR japan)", Either((phrase("korea", "title"), phrase("japan", "title")))),
    ("poli*", Either((Phrase(("poli",), prefix=True), phrase("poli")))),
    ("2023-05", phrase("2023 05")),
    ("KF-21", phrase("kf 21")),
    ("국제정세", Either((phrase("국제 제정 정세"), phrase("국제 정세")))),
    ('"국제 정세"', Either((phrase("국제 정세"), phrase("국제 제정 정세")))),
    ("한국의", phrase("한국")),
    ("IPEF의", phrase("ipef")),
    ("FTA협상", Both((phrase("fta"), phrase("협상")))),
    ("핵", Either((phrase("핵"), phrase("핵협")))),
]


@pytest.mark.parametrize(("query", "expression"), COMPILED)
def test_expressions(query: str, expression: Expression) -> None:
    assert Compiler(WORDS).node(parse(query, {"title": "title"})) == expression


@pytest.mark.parametrize("query", ["-korea", "…", "(-a -b)"])
def test_nothing_to_look_up(query: str) -> None:
    with pytest.raises(NoWords):
        Compiler(WORDS).node(parse(query))


def test_the_words_of_the_title_count_once_more() -> None:
    query = parse("korea author:kim title:exports", {"title": "title", "author": "author"})
    expected = Either((phrase("korea", "title"), phrase("export", "title")))
    assert Compiler(WORDS).in_title(query, "title") == expected


def test_a_syllable_is_marked_before_particles_and_known_words() -> None:
    compiler = Compiler(WORDS)
    compiler.node(parse("핵"))
    (mark,) = compiler.marks
    assert (mark.words, mark.field, mark.prefix) == (("핵",), "", False)
    assert {"을", "은", "협"} <= set(mark.before)
    assert "심" not in mark.before
