"""The parts of a person's name, where they are certain.

A name in Hangul stays whole: Korean is cited by the whole name, and no style writes a space or a comma
into it. A romanised name is split where something tells the family name: a comma, capitals
(``SONG Tae Eun``), or a common Korean family name at one end only (``Lee Seo Hang``). All others stay
whole, because the order of a Korean name in Latin letters cannot be guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from endpoint.results.bibliography.text import single_line


@dataclass(frozen=True, slots=True)
class Name:
    """A name in two parts, or a whole one in ``family`` with an empty ``given``."""

    family: str
    given: str = ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Usual spellings of the family names that nearly all Koreans have.
_FAMILIES: Final = _words("""
    ahn an bae baek bai bak ban bang bong byun byeon cha chae chang cheon cheong cho choe choi chon chong
    choo chu chun chung do eom eum gang gil go goo gu gwak gwon ha hahm ham han heo ho hong huh hur hwang
    hyun im jang jeon jeong ji jin jo joo ju jun jung kang keum ki kil kim ko koh koo kook ku kwak kwon lee
    lim ma maeng min moon mun na nam namgung namkoong noh oh ok paek paik pak park pyo rhee rim roh ryoo ryu
    sa seo seok seol seon seong shim shin sim sin so sohn son song suh suk sun sung um wang woo yang yeo yeom
    yi yim yoo yoon you yu yun
""")
_COLLECTIVE: Final = _words("""
    academy agency and association bureau center centre college commission committee council department
    division editorial embassy faculty for foundation government group institute ministry of office
    organisation organization press research school secretariat society staff team the university
""")
_HANGUL: Final = re.compile(r"[가-힣]{2,5}")
_SOME_HANGUL: Final = re.compile(r"[가-힣]")
_BETWEEN_HANGUL: Final = re.compile(r"\s*[,;·․・ㆍ/]\s*")
_NAME_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-])*")


def parse_names(text: str) -> list[Name]:
    """The names in one value: several where semicolons part them, or commas or dots part Hangul names."""
    whole = single_line(text)
    parts = [part for part in _BETWEEN_HANGUL.split(whole) if part]
    if not all(_HANGUL.fullmatch(part) for part in parts):
        parts = [part for piece in whole.split(";") if (part := piece.strip())]
    return [parse_name(part) for part in parts]


def parse_name(text: str) -> Name:
    """One name; whole where its parts are not certain."""
    if _SOME_HANGUL.search(text):
        return Name(text)
    family, comma, given = (part.strip() for part in text.partition(","))
    if comma:
        return Name(family, given) if _is_inverted(family, given) else Name(text)
    words = text.split()
    if len(words) < 2 or not all(map(_NAME_WORD.fullmatch, words)):
        return Name(text)
    if _COLLECTIVE.intersection(word.lower() for word in words):
        return Name(text)
    return _by_capitals(words) or _by_family_name(words) or Name(text)


def _is_inverted(family: str, given: str) -> bool:
    words = [*family.split(), *given.split()]
    collective = _COLLECTIVE.intersection(word.lower() for word in words)
    return bool(family and given) and not collective and all(map(_NAME_WORD.fullmatch, words))


def _by_capitals(words: list[str]) -> Name | None:
    capitals = [len(word) > 1 and word.isupper() and "." not in word for word in words]
    if capitals.count(True) != 1:
        return None
    if capitals[0]:
        return Name(_lowered(words[0]), " ".join(words[1:]))
    return Name(_lowered(words[-1]), " ".join(words[:-1])) if capitals[-1] else None


def _lowered(name: str) -> str:
    """Capitals only marked which name it is: a reader's style decides how it is printed."""
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), name)


def _by_family_name(words: list[str]) -> Name | None:
    first, last = words[0].lower() in _FAMILIES, words[-1].lower() in _FAMILIES
    if first == last:
        return None
    if all(map(str.isupper, words)):
        words = [_lowered(word) for word in words]
    return Name(words[0], " ".join(words[1:])) if first else Name(words[-1], " ".join(words[:-1]))
