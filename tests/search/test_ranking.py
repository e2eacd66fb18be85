"""Matches and scores: those of SQLite FTS5 over the same tokens, whatever the segments."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from endpoint.search import Document, Field, SearchConfiguration
from endpoint.search.build import build_index, update_index
from endpoint.search.expression import Both, Either, Expression, Phrase, Without
from endpoint.search.ranking import Ranking
from endpoint.search.schema import read_description, read_gone
from endpoint.search.segment import Segment
from tests.properties import examples
from tests.search.indexed_publications import tokens_of

WEIGHTS = {"title": 10.0, "abstract": 1.0, "author": 5.0}
CONFIGURATION = SearchConfiguration(
    tuple(Field(name, (), weight) for name, weight in WEIGHTS.items()), snippet="abstract"
)
TOKENS = ("one", "two", "three", "four", "five", "한국", "국제", "정세", "제정")
WORDS = ("one", "two", "three", "four", "five", "한국", "국제정세", "정세", "국제")


def documents(seed: int, number: int) -> list[Document]:
    chance = random.Random(seed)

    def text(most: int) -> tuple[str, ...]:
        texts = range(chance.randrange(3))
        return tuple(" ".join(chance.choices(WORDS, k=chance.randrange(1, most))) for _ in texts)

    return [
        Document(f"d{at:03}", {"title": text(4), "abstract": text(60), "author": text(3)}, {})
        for at in range(number)
    ]


class Engine:
    """The reference: FTS5 (https://www.sqlite.org/fts5.html) and its bm25()."""

    def __init__(self, found: list[Document]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE VIRTUAL TABLE inverted USING fts5(f0, f1, f2, tokenize='ascii')")
        self._iris = [document.iri for document in found]
        for document in found:
            tokens = tokens_of(document.fields, list(WEIGHTS), "abstract")
            self._connection.execute("INSERT INTO inverted VALUES (?, ?, ?)", tokens)

    def scores(self, expression: Expression) -> dict[str, float]:
        """The score of each match."""
        rows = self._connection.execute(
            f"SELECT rowid, -bm25(inverted, {', '.join(map(str, WEIGHTS.values()))}) FROM inverted"
            " WHERE inverted MATCH ?",
            (_written(expression),),
        )
        return {self._iris[number - 1]: score for number, score in rows}

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _written(expression: Expression) -> str:
    if isinstance(expression, Phrase):
        column = f"f{list(WEIGHTS).index(expression.field)} : " if expression.field else ""
        return f'{column}("{" ".join(expression.tokens)}"{" *" if expression.prefix else ""})'
    if isinstance(expression, Without):
        return f"({_written(expression.part)} NOT {_written(expression.excluded)})"
    joint = " AND " if isinstance(expression, Both) else " OR "
    return f"({joint.join(map(_written, expression.parts))})"


def ranked(segments: list[Segment], expression: Expression) -> dict[str, float]:
    ranking = Ranking(segments, WEIGHTS)
    flags, scores = ranking.matching(expression), ranking.scores(expression)
    found = {}
    for segment, each, of in zip(segments, flags, scores, strict=True):
        numbers = np.flatnonzero(each).tolist()
        for key, number in zip(segment.keys(numbers), numbers, strict=True):
            found[key.iri] = float(of[number])
    return found


def opened(folder: Path) -> list[Segment]:
    names = read_description(folder)["segments"]
    return [Segment(folder / name, read_gone(folder, name)) for name in names]


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, tuple[list[Segment], Engine]]]:
    folder = tmp_path_factory.mktemp("ranking")
    before, after = documents(1, 60), documents(2, 64)
    kept = before[:50]
    build_index(before, folder / "before", CONFIGURATION)
    # Four are changed and two are new; of the others of the second set nothing is seen.
    changed = [*after[:4], *after[60:62]]
    update_index(
        changed, [f"d{at:03}" for at in range(50, 60)], folder / "on", CONFIGURATION, folder / "before"
    )
    engines = Engine(before), Engine([*after[:4], *kept[4:], *after[60:62]])
    found = {"before": (opened(folder / "before"), engines[0]), "on": (opened(folder / "on"), engines[1])}
    assert [len(segments) for segments, _ in found.values()] == [1, 2]
    yield found
    for segments, engine in found.values():
        engine.close()
        for segment in segments:
            segment.close()


phrases = st.builds(
    Phrase,
    st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.sampled_from(("", "", "title", "abstract", "author")),
)


@pytest.mark.parametrize("name", ["before", "on"])
@given(phrase=phrases)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(100))
def test_phrases_are_found_and_scored_as_by_fts5(
    indexes: Mapping[str, tuple[list[Segment], Engine]], name: str, phrase: Phrase
) -> None:
    segments, engine = indexes[name]
    assert ranked(segments, phrase) == pytest.approx(engine.scores(phrase))


@pytest.mark.parametrize("name", ["before", "on"])
@given(parts=st.lists(phrases, min_size=2, max_size=4), join=st.sampled_from((Both, Either)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(100))
def test_joined_phrases_are_scored_as_by_fts5(
    indexes: Mapping[str, tuple[list[Segment], Engine]], name: str, parts: list[Phrase], join: type[Both]
) -> None:
    segments, engine = indexes[name]
    expression = join(tuple(parts))
    assert ranked(segments, expression) == pytest.approx(engine.scores(expression))


expressions = st.recursive(
    phrases,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Both(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
        st.builds(Without, inner, inner),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", ["before", "on"])
@given(expression=expressions)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(100))
def test_every_expression_finds_what_fts5_finds(
    indexes: Mapping[str, tuple[list[Segment], Engine]], name: str, expression: Expression
) -> None:
    segments, engine = indexes[name]
    assert ranked(segments, expression).keys() == engine.scores(expression).keys()
