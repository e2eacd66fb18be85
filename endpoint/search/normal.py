"""One form for texts that read the same: the first step of indexing, querying and highlighting.

Compatibility forms are unified (NFKC), case is folded, Chinese characters take their Korean reading,
Latin letters lose their marks, abbreviations their points, and the middle dots of Korean lists fall
away where they join single syllables: ``미·중`` is ``미중``, as many write it.
"""

from __future__ import annotations

import re
import unicodedata

from endpoint.search.hanja import to_hangul

# NFKC would make a full stop of U+2024 and an old vowel of U+318D; all of these are used as middle dots.
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


def normalise(text: str) -> str:
    """``text`` in the form in which it is compared; its length may differ."""
    if text.isascii():
        folded = text.lower().replace("`", "'")
    else:
        unified = _RARE.sub(lambda match: _REPLACED[match[0]], text)
        folded = unicodedata.normalize("NFKC", unified).casefold()
        folded = _MARKED.sub(_without_marks, to_hangul(_APOSTROPHE.sub("'", folded)))
    return ABBREVIATION.sub(_without_points, folded)


def joined(normal: str) -> str:
    """A normalised text without the dots and hyphens that follow a single syllable."""
    return _JOINING.sub("", normal)


def _without_marks(match: re.Match[str]) -> str:
    decomposed = unicodedata.normalize("NFD", match[0])
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.translate(_STROKES)


def _without_points(match: re.Match[str]) -> str:
    return match[0].replace(".", "")
