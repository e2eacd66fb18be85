"""Words as letters: Hangul taken apart into jamo, and typed with the keyboard in the wrong mode."""

from __future__ import annotations

import re

# The two-set keyboard of South Korea (KS X 5002). Keys that give the same letter with shift are not repeated.
_KEYBOARD = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_KEYS = {letter: key for key, letter in _KEYBOARD.items()}
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_LAST = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_COMPOUNDS = "ㅘㅙㅚㅝㅞㅟㅢㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ"
_TYPED = "ㅗㅏㅗㅐㅗㅣㅜㅓㅜㅔㅜㅣㅡㅣㄱㅅㄴㅈㄴㅎㄹㄱㄹㅁㄹㅂㄹㅅㄹㅌㄹㅍㄹㅎㅂㅅ"
_PARTS = {letter: _TYPED[2 * at : 2 * at + 2] for at, letter in enumerate(_COMPOUNDS)}
_WHOLE = {parts: letter for letter, parts in _PARTS.items()}
_VOWEL_PAIRS = "|".join(parts for parts, letter in _WHOLE.items() if letter in _VOWELS)
_LAST_PAIRS = "|".join(parts for parts, letter in _WHOLE.items() if letter in _LAST)
# A final consonant is one only where no vowel follows, which would take it as its first.
_SYLLABLE = re.compile(
    rf"([{_FIRST}])({_VOWEL_PAIRS}|[{_VOWELS}])((?:{_LAST_PAIRS}|[{_LAST[1:]}])(?![{_VOWELS}]))?"
)
_SYLLABLES = re.compile(rf"(?:{_SYLLABLE.pattern})+")


def letters(word: str) -> str:
    """``word`` with each Hangul syllable as its two or three letters: 한국 is ㅎㅏㄴㄱㅜㄱ."""
    return "".join(map(_apart, word))


def _apart(character: str) -> str:
    if not "가" <= character <= "힣":
        return character
    code = ord(character) - 0xAC00
    return (_FIRST[code // 588] + _VOWELS[code // 28 % 21] + _LAST[code % 28]).rstrip()


def groups(word: str) -> str:
    """The overlapping groups of three letters of a word and its ends, separated by spaces."""
    marked = f"«{letters(word)}»"
    return " ".join(marked[at : at + 3] for at in range(len(marked) - 2))


def hangul_of_keys(typed: str) -> str | None:
    """What the keys of an English text type in Korean mode, ``gksrnr`` 한국; None where that is no Hangul."""
    # With caps lock on, shift means nothing.
    typed = typed.lower() if typed.isupper() else typed
    jamo = "".join(_KEYBOARD.get(key) or _KEYBOARD.get(key.lower(), key) for key in typed)
    if not _SYLLABLES.fullmatch(jamo):
        return None
    return _SYLLABLE.sub(_together, jamo)


def keys_of_hangul(typed: str) -> str:
    """The keys that type a Korean text: ``ㅏㅐㄱㄷㅁ`` is ``korea``."""
    parts = "".join(_PARTS.get(letter, letter) for letter in letters(typed))
    return "".join(_KEYS.get(letter, letter) for letter in parts)


def _together(match: re.Match[str]) -> str:
    first, vowel, last = match[1], match[2], match[3] or " "
    at_vowel, at_last = _VOWELS.index(_WHOLE.get(vowel, vowel)), _LAST.index(_WHOLE.get(last, last))
    return chr(0xAC00 + _FIRST.index(first) * 588 + at_vowel * 28 + at_last)


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or swap with the next to make ``other`` of ``one``."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, previous, row = row, before, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, previous[to - 2] + 1)
            row.append(cost)
    return row[-1]
