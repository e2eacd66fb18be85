"""Korean particles, joined as the last sound of a word requires."""

from __future__ import annotations

from typing import Final

# After a final consonant, after a vowel.
_PAIRS: Final = {
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "과": ("과", "와"),
    "으로": ("으로", "로"),
    "이라는": ("이라는", "라는"),
    "의": ("의", "의"),
    "에": ("에", "에"),
    "에서": ("에서", "에서"),
    "도": ("도", "도"),
    "까지": ("까지", "까지"),
    "간": (" 간", " 간"),
}
PARTICLES: Final = tuple(_PAIRS)
_LIEUL: Final = 8  # the number of the final consonant ㄹ within a syllable
# Letters and digits whose Korean names end in a consonant; of these L, 1, 7 and 8 end in ㄹ, R as well.
_CLOSED: Final = set("LMNRlmnr013678")
_LIEUL_NAMES: Final = set("LRlr178")


def final(word: str) -> int:
    """0 when the word ends in a vowel as it is read, 8 when in ㄹ, another number for other consonants."""
    for character in reversed(word):
        if "가" <= character <= "힣":
            return (ord(character) - ord("가")) % 28
        if character.isalnum():
            if character in _LIEUL_NAMES:
                return _LIEUL
            return 1 if character in _CLOSED else 0
    return 0


def join(word: str, particle: str) -> str:
    """``한국은`` and ``미국과의`` need no thought; ``러시아는``, ``서울로`` and ``NATO와`` do.

    ``particle`` is written as it is after a consonant and may go on: ``과의``, ``으로부터``.
    """
    for known in sorted(_PAIRS, key=len, reverse=True):
        if particle.startswith(known):
            closed, opened = _PAIRS[known]
            end = final(word)
            takes_open = end == 0 or (known == "으로" and end == _LIEUL)
            return word + (opened if takes_open else closed) + particle[len(known) :]
    return word + particle
