"""Text analysis: from text to its normal form, and from that to the tokens of the index.

Texts that read the same have one normal form, in which they are indexed, searched and highlighted:
compatibility forms are unified (NFKC), case is folded, Chinese characters take their Korean reading, Latin
letters lose their marks, abbreviations their points, and the middle dots of Korean lists are removed where
they join single syllables: ``미·중`` is ``미중``, a common spelling.

A Hangul word becomes its overlapping pairs of syllables: ``국제정세`` is ``국제 제정 정세``, so that a word
matches within any compound and before any particle without a dictionary. A word of one syllable is a
token of its own. English words are stemmed, numbers are kept; letters and digits are separate tokens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

from snowballstemmer.english_stemmer import EnglishStemmer  # type: ignore[import-untyped]

from endpoint.characters import normalized
from endpoint.search.korean import after, to_hangul

# NFKC would turn U+2024 into a full stop and U+318D into an old vowel; all of these are used as middle dots.
_DOTS = "\u00b7\u2024\u2027\u22c5\u2219\u30fb\u318d\uff65\u119e"
_APOSTROPHES = "\u2018\u2019\u02bc\u2032\u0060"
_IGNORED = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_REPLACED = dict.fromkeys(_DOTS, "·") | dict.fromkeys(_IGNORED, "")
_RARE = re.compile(f"[{_DOTS}{_IGNORED}]")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
# Letters whose stroke is no combining mark, so that decomposition leaves them as they are.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_MARKED = re.compile("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]+")
ABBREVIATION = re.compile(r"\b(?:[a-z]\.)+[a-z]\b\.?")
_JOINING = re.compile("(?<=(?<![가-힣])[가-힣])[·\u2010-\u2015-](?=[가-힣])")

SYLLABIC = "가-힣ぁ-ゖァ-ヺー㐀-鿿"
WORD = re.compile(rf"[{SYLLABIC}]+|[a-z]+(?:'[a-z]+)*|[0-9]+|[^\W\d_a-z{SYLLABIC}]+")
_SYLLABIC_WORD = re.compile(rf"[{SYLLABIC}]+")
_SPACE = re.compile(r"\s+")
# Separates tokens that are not adjacent in the text, so that no phrase matches across: no query has this
# sign.
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


def normalise(text: str) -> str:
    """Return ``text`` in its normal form, whose length may differ."""
    if text.isascii():
        folded = text.lower().replace("`", "'")
    else:
        unified = _RARE.sub(lambda match: _REPLACED[match[0]], text)
        folded = normalized(unified, "NFKC").casefold()
        folded = _MARKED.sub(_without_marks, to_hangul(_APOSTROPHE.sub("'", folded)))
    return ABBREVIATION.sub(_without_points, folded)


def joined(normal: str) -> str:
    """Remove the dots and hyphens that follow a single syllable from a normalised text."""
    return _JOINING.sub("", normal)


def is_syllabic(word: str) -> bool:
    """Return whether a word is written in syllables (Hangul, Kana, Chinese characters)."""
    return _SYLLABIC_WORD.match(word) is not None


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the stem of an English word in normal form; a possessive ending and apostrophes go first."""
    return _english.stemWord(_plain(word))


def pairs(word: str) -> list[str]:
    """Return the overlapping pairs of syllables of a word, or the one syllable."""
    return [word] if len(word) == 1 else [word[at : at + 2] for at in range(len(word) - 1)]


@lru_cache(maxsize=1 << 17)
def _tokens(word: str) -> str:
    if is_syllabic(word):
        return " ".join(pairs(word))
    return stem(word) if word[0].isascii() and word[0].isalpha() else word


def words(normal: str) -> list[str]:
    """Return the words of a normalised text, as they were written."""
    return WORD.findall(joined(normal))


def analyse(text: str) -> str:
    """Return the tokens of ``text``, separated by spaces."""
    return " ".join(map(_tokens, words(normalise(text))))


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document for the index: the tokens of each field, and words for suggestions."""

    tokens: tuple[str, ...]
    words: frozenset[str]


def analyse_document(fields: Mapping[str, Sequence[str]], names: Sequence[str], long: str) -> Analysed:
    """Return the tokens of ``fields``, one text for each of ``names``; words of all but the field ``long``.

    Of a text that repeats another without white space only letters and digits count: its pairs of
    syllables across the ends of words would match where nobody wrote them.
    """
    normal = {name: [normalise(text) for text in fields.get(name, ())] for name in names}
    short = (text for name in names if name != long for text in normal[name])
    spaced = {_SPACE.sub("", text) for text in short if _SPACE.search(text)}
    tokens = []
    vocabulary: set[str] = set()
    for name in names:
        pieces: list[str] = []
        for text in normal[name]:
            split = words(text)
            if text in spaced:
                pieces.append(" ".join(_tokens(word) for word in split if not is_syllabic(word)))
                continue
            pieces.append(" ".join(map(_tokens, split)))
            # Single syllables are words too where a dot joins them, 미 in 미·중, or a particle follows.
            pieces.extend(syllable for listed in _LISTED for syllable in listed.findall(text))
            pieces.extend(map(_noun, split))
            if name != long:
                vocabulary.update(map(_plain, split))
        tokens.append(f" {BREAK} ".join(filter(None, pieces)))
    return Analysed(tuple(tokens), frozenset(word for word in vocabulary if len(word) > 1))


@lru_cache(maxsize=1 << 16)
def _noun(word: str) -> str:
    """Return the noun of one syllable before a particle, 핵 in 핵을; empty where a word is anything else."""
    return word[0] if "가" <= word[0] <= "힣" and word[1:] in after(word[0]) else ""


def _plain(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")


def _without_marks(match: re.Match[str]) -> str:
    decomposed = normalized(match[0], "NFD")
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.translate(_STROKES)


def _without_points(match: re.Match[str]) -> str:
    return match[0].replace(".", "")
