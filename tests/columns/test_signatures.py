"""Signatures of long texts: they exclude no text that has what is wanted, and most that have it not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from pyoxigraph import Literal

from endpoint.columns.signatures import LONGEST, SHORTEST, Signatures, runs_of, signatures_of, sizes_of

WORDS = (
    "외교",
    "정책",
    "China",
    "Korea",
    "trade",
    "security",
    "and",
    "of",
    "the",
    'said "so"',
    "line\nbreak",
    "😀",
)


def texts(seed: int) -> list[bytes]:
    """Literals of many lengths, as N-Triples writes them."""
    choose = random.Random(seed)
    made = []
    for number in range(60):
        words = [choose.choice(WORDS) for _ in range(choose.randrange(1, 2000))]
        own = "".join(choose.choices("abcdefghijklmnopqrstuvwxyz", k=8))
        kind = "@en" if number % 3 else "^^<http://example.org/" + "x" * 600 + ">"
        made.append(str(Literal(" ".join([*words, own]))).encode() + kind.encode())
    return made


def signed(terms: list[bytes]) -> Signatures:
    written = np.frombuffer(b"".join(signatures_of(terms)), np.uint8)
    return Signatures(written, np.arange(len(terms)) * 2, np.array([*map(len, terms)]))


@pytest.mark.parametrize("seed", range(3))
def test_a_text_is_never_excluded_by_a_part_of_it(seed: int) -> None:
    terms = texts(seed)
    signatures, numbers = signed(terms), np.arange(len(terms)) * 2
    choose = random.Random(seed)
    for number, term in enumerate(terms):
        text = term[1 : term.rindex(b'"')]
        begin = choose.randrange(len(text))
        for part in (text[begin : begin + 20], text[-4:], text[:5], b""):
            for case in (part, part.lower(), part.upper()):
                assert signatures.possible(numbers, runs_of(case))[number], case


def test_most_texts_without_a_word_are_excluded() -> None:
    terms = texts(1)
    signatures, numbers = signed(terms), np.arange(len(terms)) * 2
    possible = having = 0
    for term in terms:
        own = term[: term.rindex(b'"')][-8:]
        possible += int(signatures.possible(numbers, runs_of(own)).sum())
        having += sum(own in other or not size for other, size in zip(terms, sizes(terms), strict=True))
    assert having <= possible < having * 1.5


def sizes(terms: list[bytes]) -> list[int]:
    found: list[int] = sizes_of(np.array([*map(len, terms)])).tolist()
    return found


def test_terms_that_are_not_signed_may_have_anything() -> None:
    signatures = signed(texts(1))
    assert signatures.possible(np.array([1, 3, 10**6]), runs_of(b"absent")).all()
    assert signatures.of(1) == signatures.of(10**6) == b""


def test_a_signature_is_the_same_alone_and_beside_others() -> None:
    terms = texts(2)
    signatures = signed(terms)
    for number, term in enumerate(terms):
        assert signatures.of(2 * number) == b"".join(signatures_of([term]))


def test_a_signature_takes_an_eighth_of_its_text_or_less() -> None:
    lengths = np.array([0, 1, SHORTEST - 1, SHORTEST, 1023, 1024, 10_000, LONGEST, LONGEST + 1])
    assert sizes_of(lengths).tolist() == [0, 0, 0, 64, 64, 128, 1024, 4096, 0]
