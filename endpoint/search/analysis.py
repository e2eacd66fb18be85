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
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar, cast

from snowballstemmer.english_stemmer import EnglishStemmer  # type: ignore[import-untyped]

from endpoint.characters import is_mark, normalized
from endpoint.search.korean import after, to_hangul

T = TypeVar("T")

# NFKC would turn U+2024 into a full stop and U+318D into an old vowel; all of these are used as middle dots.
_DOTS = "\u00b7\u2024\u2027\u22c5\u2219\u30fb\u318d\uff65\u119e"
_APOSTROPHES = "\u2018\u2019\u02bc\u2032\u0060"
_IGNORED = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_REPLACED = dict.fromkeys(_DOTS, "·") | dict.fromkeys(_IGNORED, "")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
# Letters whose stroke is no combining mark, so that decomposition leaves them as they are.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_MARKED = re.compile("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]+")
# Whatever is neither ASCII nor a syllable, nor one of the signs that texts are full of; of all these only the
# space has another form (NFKC).
_UNUSUAL = re.compile(
    "[^\x00-\x7f\uac00-\ud7a3\u00a0\u00b7\u2013-\u2014\u2018-\u2019\u201c-\u201d\u2022\u25a1\u25cb\u25cf]"
)
# What every abbreviation has, and most texts have not.
_POINT_WITHIN = re.compile(r"\.[a-z]")
ABBREVIATION = re.compile(r"\b(?:[a-z]\.)+[a-z]\b\.?")
# What stands before is looked at last: so the search is for the few signs, not at each character.
_JOINING = re.compile("[·\u2010-\u2015-](?<=(?<![가-힣])[가-힣].)(?=[가-힣])")

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
    re.compile("[·-](?<=(?<![가-힣])([가-힣]).)(?=[가-힣])"),
    re.compile("[·-](?<=[가-힣].)(?=([가-힣])(?![가-힣]))"),
)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


_english = cast("Callable[[], _Stemmer]", EnglishStemmer)()


class _Steps(dict[str, int]):
    """For each character the steps of :func:`normalise` that a text with it may need, as bits."""

    REPLACED, COMBINING, APOSTROPHE, MARKED, CHINESE = 1, 2, 4, 8, 16
    # Remembered characters: more than any language has.
    _MOST = 1 << 15

    def __missing__(self, character: str) -> int:
        # What it becomes counts as well, alone; beside others it becomes more only where one is a mark.
        forms = character + unicodedata.normalize("NFKC", character).casefold()
        steps = (
            (character in _REPLACED) * self.REPLACED
            | any(map(is_mark, forms)) * self.COMBINING
            | (_APOSTROPHE.search(forms) is not None) * self.APOSTROPHE
            | (_MARKED.search(forms) is not None) * self.MARKED
            | (to_hangul(forms) != forms) * self.CHINESE
        )
        if len(self) < self._MOST:
            self[character] = steps
        return steps


_steps = _Steps()


def normalise(text: str) -> str:
    """Return ``text`` in its normal form, whose length may differ."""
    folded = _unified(text) if _UNUSUAL.search(text) else _usual(text)
    return ABBREVIATION.sub(_without_points, folded) if _POINT_WITHIN.search(folded) else folded


def plain(text: str) -> str | None:
    """Return the normal form where each of its characters is that of ``text`` at the same place, without
    looking for it where that takes time; else None."""
    if _UNUSUAL.search(text):
        return None
    folded = _usual(text)
    return None if _POINT_WITHIN.search(folded) else folded


def _usual(text: str) -> str:
    """Return the normal form, but for points, of a text without unusual characters."""
    return _APOSTROPHE.sub("'", text.lower().replace("\u00a0", " "))


def _unified(text: str) -> str:
    """Return the normal form, but for points, by those steps that the characters of ``text`` need."""
    # Of the usual characters only apostrophes need a step.
    characters = set(_UNUSUAL.findall(text))
    steps = _Steps.APOSTROPHE
    for character in characters:
        steps |= _steps[character]
    if steps & _Steps.REPLACED:
        for character in characters & _REPLACED.keys():
            text = text.replace(character, _REPLACED[character])
    safe = normalized(text, "NFKC") if steps & _Steps.COMBINING else unicodedata.normalize("NFKC", text)
    folded = safe.casefold()
    if steps & _Steps.APOSTROPHE:
        folded = _APOSTROPHE.sub("'", folded)
    if steps & _Steps.CHINESE:
        folded = to_hangul(folded)
    return _MARKED.sub(_without_marks, folded) if steps & _Steps.MARKED else folded


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


class _Remembered(dict[str, T]):
    """The results of ``make`` by word; all are forgotten where there are too many."""

    _MOST = 1 << 17

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, word: str) -> T:
        if len(self) >= self._MOST:
            self.clear()
        made = self[word] = self._make(word)
        return made


def _make_tokens(word: str) -> str:
    if is_syllabic(word):
        return " ".join(pairs(word))
    return stem(word) if word[0].isascii() and word[0].isalpha() else word


def _make_noun(word: str) -> str:
    """Return the noun of one syllable before a particle, 핵 in 핵을; empty where a word is anything else."""
    return word[0] if "가" <= word[0] <= "힣" and word[1:] in after(word[0]) else ""


# Look-ups by this take a third of the time of lru_cache.
_tokens = _Remembered(_make_tokens).__getitem__


def words(normal: str) -> list[str]:
    """Return the words of a normalised text, as they were written."""
    return WORD.findall(joined(normal))


def analyse(text: str) -> str:
    """Return the tokens of ``text``, separated by spaces."""
    return " ".join(map(_tokens, words(normalise(text))))


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document for the index: the numbers of the tokens of each field, and words for suggestions.

    A number is an unsigned integer of 32 bits, as an array of the type ``I`` has it.
    """

    tokens: tuple[bytes, ...]
    words: frozenset[str]


class Tokens(dict[str, int]):
    """The numbers of tokens, in the ``order`` in which they came; the first is that of :data:`BREAK`."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        super().__init__()
        self.order: list[str] = []
        self.number(BREAK, *tokens)

    def __missing__(self, token: str) -> int:
        number = self[token] = len(self.order)
        self.order.append(token)
        return number

    def number(self, *tokens: str) -> None:
        """Number those that are new, in their order."""
        for token in tokens:
            self[token]


class Analyser:
    """The analysis of documents: ``tokens`` numbers what has come so far.

    A document has texts for some of the fields ``names``; words of all but the field ``long`` are suggested.
    Each word is looked up once for the numbers of all its tokens, which takes a fraction of the time of the
    tokens one by one.
    """

    def __init__(self, names: Sequence[str], long: str, tokens: Iterable[str] = ()) -> None:
        self._names, self._long = names, long
        self.tokens = Tokens(tokens)
        self._break = self._numbered(BREAK)
        self._numbers = _Remembered(lambda word: self._numbered(_make_tokens(word))).__getitem__
        self._noun = _Remembered(self._numbered_noun).__getitem__

    def analyse(self, fields: Mapping[str, Sequence[str]]) -> Analysed:
        """Return the tokens of a document, those of one text for each field, and its words.

        Of a text that repeats another without white space only letters and digits count: its pairs of
        syllables across the ends of words would match where nobody wrote them.
        """
        texts = _texts(fields, self._names, self._long)
        tokens = (self._of_field(texts[name]) for name in self._names)
        return Analysed(tuple(tokens), _words(texts, self._long))

    def words(self, fields: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return the words of a document alone."""
        return _words(_texts(fields, self._names, self._long), self._long)

    def _of_field(self, texts: Sequence[_Text]) -> bytes:
        pieces: list[bytes] = []
        numbers = self._numbers
        for text in texts:
            if text.repeats:
                pieces.append(b"".join([numbers(word) for word in text.words if not is_syllabic(word)]))
                continue
            pieces.append(b"".join(map(numbers, text.words)))
            # Single syllables are words too where a dot joins them, 미 in 미·중, or a particle follows.
            if "·" in text.normal or "-" in text.normal:
                pieces.extend(
                    numbers(syllable) for listed in _LISTED for syllable in listed.findall(text.normal)
                )
            pieces.append(b"".join(map(self._noun, text.words))[len(self._break) :])
        return self._break.join(filter(None, pieces))

    def _numbered(self, tokens: str) -> bytes:
        return array("I", [self.tokens[token] for token in tokens.split(" ")]).tobytes()

    def _numbered_noun(self, word: str) -> bytes:
        noun = _make_noun(word)
        return self._break + self._numbered(noun) if noun else b""


class _Text(NamedTuple):
    """A text in its normal form, its words, and whether it repeats another without white space."""

    normal: str
    words: list[str]
    repeats: bool


def _texts(fields: Mapping[str, Sequence[str]], names: Sequence[str], long: str) -> dict[str, list[_Text]]:
    normal = {name: [normalise(text) for text in fields.get(name, ())] for name in names}
    short = (text for name in names if name != long for text in normal[name])
    spaced = {_SPACE.sub("", text) for text in short if _SPACE.search(text)}
    return {
        name: [_Text(text, words(text), text in spaced) for text in texts] for name, texts in normal.items()
    }


def _words(texts: Mapping[str, Sequence[_Text]], long: str) -> frozenset[str]:
    short = (text for name, of_field in texts.items() if name != long for text in of_field)
    plain_words = {_plain(word) for text in short if not text.repeats for word in text.words}
    return frozenset(word for word in plain_words if len(word) > 1)


def _plain(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")


def _without_marks(match: re.Match[str]) -> str:
    decomposed = normalized(match[0], "NFD")
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.translate(_STROKES)


def _without_points(match: re.Match[str]) -> str:
    return match[0].replace(".", "")
