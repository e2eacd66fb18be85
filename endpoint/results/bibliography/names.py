"""Names of persons, citation keys, and white space, as reference managers take them.

A name is split only where its parts are certain.
A name in Hangul stays whole: Korean is cited by the whole name, and no style writes a space or a comma
into it. A romanised name is split where the family name is marked: a comma, capitals
(``SONG Tae Eun``), or a common Korean family name at one end only (``Lee Seo Hang``). All others stay
whole, because the order of a Korean name in Latin letters cannot be guessed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final


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
_BETWEEN_HANGUL: Final = re.compile(r"(?<!\s)\s*+[,;·․・ㆍ/]\s*")
_NAME_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-])*")


def parse_names(text: str) -> list[Name]:
    """Parse the names in one value: several between semicolons, or Hangul names between commas or dots."""
    whole = single_line(text)
    parts = [part for part in _BETWEEN_HANGUL.split(whole) if part]
    if not all(_HANGUL.fullmatch(part) for part in parts):
        parts = [part for piece in whole.split(";") if (part := piece.strip())]
    return [parse_name(part) for part in parts]


def parse_name(text: str) -> Name:
    """Return one name; whole where its parts are not certain."""
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
    """Return a name without its capitals, which only mark which name it is."""
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), name)


def _by_family_name(words: list[str]) -> Name | None:
    first, last = words[0].lower() in _FAMILIES, words[-1].lower() in _FAMILIES
    if first == last:
        return None
    if all(map(str.isupper, words)):
        words = [_lowered(word) for word in words]
    return Name(words[0], " ".join(words[1:])) if first else Name(words[-1], " ".join(words[:-1]))


# Citation keys are short, ASCII, the same in every file, and unique within a file.
# RFC 3986 appendix B: what is before the path, the path, and the rest. It fits every text.
_PARTS: Final = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)(.*)", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def key_of(iri: str) -> str:
    """Return the last two segments of the IRI's path: ``Publication-14209`` of ``…/Publication/14209``.

    Where that omits something (other characters, a query, a fragment), a digest of the IRI follows.
    """
    match = _PARTS.fullmatch(iri)
    path, rest = match.groups() if match else (iri, "")
    plain = "-".join([segment for segment in path.split("/") if segment][-2:])
    key = _UNSAFE.sub("-", plain).strip("-.")
    if key and key == plain and not rest:
        return key
    return with_digest(key or "document", iri)


def with_digest(key: str, iri: str) -> str:
    """Return the key followed by eight characters that depend on the whole IRI."""
    return f"{key}-{hashlib.blake2b(iri.encode(), digest_size=4).hexdigest()}"


# White space of any kind, and the control characters, which neither BibTeX nor RIS knows.
_BLANK: Final = r"\s\x00-\x1f\x7f-\x9f\u200b\ufeff"
_BLANKS: Final = re.compile(f"[{_BLANK}]+")
_VISIBLE: Final = re.compile(f"[^{_BLANK}]")
_ENDS: Final = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]+")


def single_line(text: str) -> str:
    """Return the text with every run of white space and control characters as one blank."""
    return _BLANKS.sub(" ", text).strip()


def paragraphs(text: str) -> list[str]:
    """Return the lines that are not blank, each as a single line."""
    return [line for part in _ENDS.split(text) if (line := single_line(part))]


def is_blank(text: str) -> bool:
    """Return whether the text is empty as a single line, without reading a long text to its end."""
    return _VISIBLE.search(text) is None
