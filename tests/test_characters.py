from __future__ import annotations

import sys
import time
import unicodedata

import pytest

from endpoint.characters import MOST_MARKS, Form, folded, normalized, stream_safe

FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")
LONG = "a" + "\u0301\u0316" * 50_000


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("plain (ASCII) text", "plain (ASCII) text"),
        ("외교 정책, 第1次", "외교 정책, 第1次"),
        ("a" + "\u0301" * 30 + "b", "a" + "\u0301" * 30 + "b"),
        ("a" + "\u0301" * 31 + "b", "a" + "\u0301" * 30 + "b"),
        ("a" + "\u0301\u0316" * 40 + "b" + "\u0301" * 2, "a" + "\u0301\u0316" * 15 + "b" + "\u0301" * 2),
        ("カ" + "\uff9e\u0316" * 40, "カ" + "\uff9e\u0316" * 15),
        ("\u0f71" + "\u0f73" * 40, "\u0f71" + "\u0f73" * 29),
        ("…" * 100, "…" * 100),
        ("👩\u200d" * 50, "👩\u200d" * 50),
    ],
)
def test_runs_of_marks_are_cut(text: str, safe: str) -> None:
    assert stream_safe(text) == safe


def test_every_character_that_sorts_among_marks_is_counted() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
            assert len(stream_safe("a" + character * 40)) == 1 + MOST_MARKS, f"U+{code:04X}"


@pytest.mark.parametrize("form", FORMS)
def test_what_has_few_marks_is_normalised_as_ever(form: Form) -> None:
    text = "\u00c7, C\u0327, \u1112\u1161\u11ab, \ufb01, \u0344"
    assert normalized(text, form) == unicodedata.normalize(form, text)


def test_folding_joins_forms_and_letter_case() -> None:
    assert folded("Stra\u00dfe \u1112\u1161\u11ab") == "strasse \ud55c"


def test_a_long_run_takes_no_longer_than_other_text() -> None:
    started = time.thread_time()
    for form in FORMS:
        normalized(LONG, form)
    # Without the cut each of them takes ten seconds.
    assert time.thread_time() - started < 2
