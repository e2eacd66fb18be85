"""FTS5 expressions of queries, on an index of a few words."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import pytest

from endpoint.search.expression import Compiler, NoWords, Words
from endpoint.search.query import parse

KNOWN = ("한국", "외교", "핵", "협상", "핵협상", "핵심")


def occurs(tokens: Sequence[str]) -> bool:
    return {"국제", "제정", "정세", "한국", "외교"}.issuperset(tokens)


def continuations(beginning: str) -> list[str]:
    longer = len(beginning) + 1
    return [word[len(beginning) :] for word in KNOWN if word.startswith(beginning) and len(word) > longer]


WORDS = Words({"title": "f0"}, occurs, KNOWN.__contains__, continuations)

COMPILED = [
    ("korea exports", '("korea" AND "export")'),
    ("korea OR exports", '("korea" OR "export")'),
    ("korea -exports", '("korea" NOT "export")'),
    ("title:korea", 'f0 : ("korea")'),
    ("title:(korea OR japan)", '(f0 : ("korea") OR f0 : ("japan"))'),
    ("poli*", '("poli" * OR "poli")'),
    ("2023-05", '"2023 05"'),
    ("KF-21", '"kf 21"'),
    ("국제정세", '("국제 제정 정세" OR "국제 정세")'),
    ('"국제 정세"', '("국제 정세" OR "국제 제정 정세")'),
    ("한국의", '"한국"'),
    ("IPEF의", '"ipef"'),
    ("FTA협상", '("fta" AND "협상")'),
    ("핵", '("핵" OR "핵협")'),
]


@pytest.mark.parametrize(("query", "expression"), COMPILED)
def test_expressions(query: str, expression: str) -> None:
    assert Compiler(WORDS).node(parse(query, {"title": "title"})) == expression


@pytest.mark.parametrize("query", [query for query, _ in COMPILED])
def test_sqlite_takes_every_expression(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE inverted USING fts5(f0, f1, content='', tokenize='ascii')")
    expression = Compiler(WORDS).node(parse(query, {"title": "title"}))
    rows = connection.execute("SELECT rowid FROM inverted WHERE inverted MATCH ?", (expression,))
    assert rows.fetchall() == []
    connection.close()


@pytest.mark.parametrize("query", ["-korea", "…", "(-a -b)"])
def test_nothing_to_look_up(query: str) -> None:
    with pytest.raises(NoWords):
        Compiler(WORDS).node(parse(query))


def test_the_words_of_the_title_count_once_more() -> None:
    query = parse("korea author:kim title:exports", {"title": "title", "author": "author"})
    assert Compiler(WORDS).in_title(query, "title") == 'f0 : ("korea" OR "export")'


def test_a_syllable_is_marked_before_particles_and_known_words() -> None:
    compiler = Compiler(WORDS)
    compiler.node(parse("핵"))
    (mark,) = compiler.marks
    assert (mark.words, mark.field, mark.prefix) == (("핵",), "", False)
    assert {"을", "은", "협"} <= set(mark.before)
    assert "심" not in mark.before
