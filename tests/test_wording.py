"""Parts of sentences: the known word that was meant, and texts of others made fit to be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.wording import did_you_mean, nearest, shown

CLASSES = ["http://example.org/ns#Publication", "http://example.org/ns#Person"]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("autor", ["author", "year"], "author"),
        ("AUTHOR", ["author", "year"], "author"),
        ("zzz", ["author", "year"], None),
        ("autor", [], None),
        # Only what follows the namespace is compared: all of these would be close otherwise.
        ("http://example.org/ns#Publicaton", CLASSES, CLASSES[0]),
        ("http://example.org/ns#zzz", CLASSES, None),
        ("http://example.org/ns#", CLASSES, None),
        ("http://example.org/ns#publication", CLASSES, CLASSES[0]),
        ("auhtor", ["year", "author"], "author"),
    ],
)
def test_the_nearest_known_word(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant
    assert did_you_mean(word, known) == ("." if meant is None else f'; did you mean "{meant}"?')


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("한글 and é", "한글 and é"),
        ("a\x00\u202eb\ud800", "a\\u0000\\u202Eb\\uD800"),
        ("a\nb\x1b[0m", "a\\u000Ab\\u001B[0m"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_what_is_shown_of_a_text(text: str, fit: str) -> None:
    assert shown(text) == fit


@given(st.text())
def test_whatever_is_shown_can_be_printed_on_one_line(text: str) -> None:
    assert shown(text).isprintable()


@given(st.text(), st.lists(st.text(), max_size=5))
def test_only_a_known_word_is_meant(word: str, known: list[str]) -> None:
    assert nearest(word, known) in {*known, None}
