"""The particles that follow a Korean noun, taken off where the noun is known without them.

Which form a particle has depends on the sound before it (``이`` after a consonant, ``가`` after a vowel),
which tells most words that only end like one; the index tells the rest: ``정상회의`` stays whole where
nothing is called ``정상회``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

_AFTER_ANY = """
에서부터 에서의 에서는 에서도 에게서 에게는 에서 에게 에의 에는 에도 까지의 까지는 까지
부터의 부터는 부터 처럼 만큼 보다 마다 조차 마저 하고 에 의 도 만 들
"""
_AFTER_CONSONANT = """
으로부터 으로서의 으로서 으로써 으로의 으로는 으로도 으로 이라는 이란 이나 이며 과의 과는
은 이 을 과
"""
_AFTER_VOWEL = "로부터 로서의 로서 로써 로의 로는 로도 로 라는 란 나 며 와의 와는 는 가 를 와"
_ANY, _CONSONANT, _VOWEL = (tuple(forms.split()) for forms in (_AFTER_ANY, _AFTER_CONSONANT, _AFTER_VOWEL))
#: How ABC is read aloud nobody can tell, so any form may follow it; 3도 and 2과 are no particles.
AFTER_LETTERS = frozenset((*_ANY, *_CONSONANT, *_VOWEL))
AFTER_NUMBER = AFTER_LETTERS.difference("도만들이가과나며란라")
_LONGEST = 4
_DEEPEST = 3
_FINAL_RIEUL = 8


def bare(word: str, is_word: Callable[[str, str], bool]) -> str:
    """A Hangul word without its particles.

    ``is_word(noun, particle)`` tells whether ``noun`` occurs without that ``particle``; it is asked only
    about nouns of two syllables and more.
    """
    for _ in range(_DEEPEST):
        shorter = next((noun for noun, particle in _splits(word) if is_word(noun, particle)), None)
        if shorter is None:
            return word
        word = shorter
    return word


@cache
def _after(final: int) -> tuple[str, ...]:
    own = _CONSONANT if final else _VOWEL
    # After ㄹ it is 로, as after a vowel.
    extra = [particle for particle in _VOWEL if particle[0] == "로"] if final == _FINAL_RIEUL else []
    return tuple(sorted((*_ANY, *own, *extra), key=len, reverse=True))


def after(noun: str) -> tuple[str, ...]:
    """The particles that may follow ``noun``, longest first."""
    return _after((ord(noun[-1]) - 0xAC00) % 28)


def without_particle(word: str) -> str:
    """``word`` without the longest particle that it may end in, known or not, and at least one syllable."""
    return next((noun for noun, _ in _splits(word, 1)), word)


def _splits(word: str, shortest: int = 2) -> list[tuple[str, str]]:
    longest = min(_LONGEST, len(word) - shortest)
    pairs = ((word[:-length], word[-length:]) for length in range(longest, 0, -1))
    return [(noun, particle) for noun, particle in pairs if particle in after(noun)]
