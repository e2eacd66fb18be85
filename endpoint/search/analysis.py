"""From text to the tokens of the index.

A Hangul word becomes its overlapping pairs of syllables: ``국제정세`` is ``국제 제정 정세``, so that a word
is found within any compound and before any particle without a dictionary. A word of one syllable is a
token of its own. English words are stemmed, numbers are kept; letters and digits are separate tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

from snowballstemmer.english_stemmer import EnglishStemmer  # type: ignore[import-untyped]

from endpoint.search.normal import joined, normalise
from endpoint.search.particles import after

SYLLABIC = "가-힣ぁ-ゖァ-ヺー㐀-鿿"
WORD = re.compile(rf"[{SYLLABIC}]+|[a-z]+(?:'[a-z]+)*|[0-9]+|[^\W\d_a-z{SYLLABIC}]+")
_SYLLABIC_WORD = re.compile(rf"[{SYLLABIC}]+")
_SPACE = re.compile(r"\s+")
# Between tokens that nobody wrote in a row, so that no phrase is found across: no query holds this sign.
BREAK = "¦"
#: Another number means that the same texts may have other tokens.
TOKENS = 2
_LISTED = (
    re.compile("(?<=(?<![가-힣])([가-힣]))[·-](?=[가-힣])"),
    re.compile("(?<=[가-힣])[·-](?=([가-힣])(?![가-힣]))"),
)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


_english = cast("Callable[[], _Stemmer]", EnglishStemmer)()


def is_syllabic(word: str) -> bool:
    """Whether a word is written in syllables (Hangul, Kana, Chinese characters)."""
    return _SYLLABIC_WORD.match(word) is not None


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of an English word in normal form; a possessive ending and apostrophes go first."""
    return _english.stemWord(_plain(word))


def pairs(word: str) -> list[str]:
    """The overlapping pairs of syllables of a word, or the one syllable."""
    return [word] if len(word) == 1 else [word[at : at + 2] for at in range(len(word) - 1)]


@lru_cache(maxsize=1 << 17)
def _tokens(word: str) -> str:
    if is_syllabic(word):
        return " ".join(pairs(word))
    return stem(word) if word[0].isascii() and word[0].isalpha() else word


def words(normal: str) -> list[str]:
    """The words of a normalised text, as they were written."""
    return WORD.findall(joined(normal))


def analyse(text: str) -> str:
    """The tokens of ``text``, separated by spaces."""
    return " ".join(map(_tokens, words(normalise(text))))


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document as it is indexed: the tokens of each field, and words worth suggesting."""

    tokens: tuple[str, ...]
    words: frozenset[str]


def analyse_document(fields: Mapping[str, Sequence[str]], names: Sequence[str], long: str) -> Analysed:
    """The tokens of ``fields``, one text for each of ``names``; words of all but the field ``long``.

    Of a text that repeats another without white space only letters and digits count: its pairs of
    syllables across the ends of words would be found where nobody wrote them.
    """
    normal = {name: [normalise(text) for text in fields.get(name, ())] for name in names}
    short = (text for name in names if name != long for text in normal[name])
    spaced = {_SPACE.sub("", text) for text in short if _SPACE.search(text)}
    tokens = []
    vocabulary: set[str] = set()
    for name in names:
        pieces: list[str] = []
        for text in normal[name]:
            found = words(text)
            if text in spaced:
                pieces.append(" ".join(_tokens(word) for word in found if not is_syllabic(word)))
                continue
            pieces.append(" ".join(map(_tokens, found)))
            # Single syllables are words too where a dot joins them, 미 in 미·중, or a particle follows.
            pieces.extend(syllable for listed in _LISTED for syllable in listed.findall(text))
            pieces.extend(map(_noun, found))
            if name != long:
                vocabulary.update(map(_plain, found))
        tokens.append(f" {BREAK} ".join(filter(None, pieces)))
    return Analysed(tuple(tokens), frozenset(word for word in vocabulary if len(word) > 1))


@lru_cache(maxsize=1 << 16)
def _noun(word: str) -> str:
    """The noun of one syllable before a particle, 핵 in 핵을; empty where a word is anything else."""
    return word[0] if "가" <= word[0] <= "힣" and word[1:] in after(word[0]) else ""


def _plain(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")
