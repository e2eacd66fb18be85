"""Normal forms of texts from outside, in time linear in their length.

Unicode normalisation sorts the combining marks of a run, which takes quadratic time: a run of 100,000
takes seconds. No language writes more than a few marks on one letter, so that longer runs are cut to what
the Stream-Safe Text Format allows (UAX #15, section 13).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

# Combining marks in a row, at most (UAX #15, UAX15-D4).
MOST_MARKS: Final = 30

# Whatever is a mark is none of the excluded; two marks of Katakana are letters until they are decomposed.
_MARK: Final = r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f])"
# From the beginning of a run on only, or each run would be tried from each of its marks.
_RUN: Final = re.compile(rf"(?<!{_MARK}){_MARK}{{{MOST_MARKS + 1},}}+")
# Marks by their decomposition only.
_DECOMPOSED: Final = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")


def stream_safe(text: str) -> str:
    """Return ``text`` with at most :data:`MOST_MARKS` combining marks in a row; the rest is left out."""
    return text if text.isascii() else _RUN.sub(_cut, text)


def is_mark(character: str) -> bool:
    """Return whether a long run with this character is cut by :func:`stream_safe`."""
    return bool(unicodedata.combining(character)) or character in _DECOMPOSED


def normalized(text: str, form: Form = "NFC") -> str:
    """Return ``text``, :func:`stream_safe`, in a normal form (UAX #15)."""
    return text if text.isascii() else unicodedata.normalize(form, stream_safe(text))


def folded(text: str) -> str:
    """Return ``text`` for comparison without letter case.

    Form D, as keyboards on macOS send Korean, equals the data's form C.
    """
    return normalized(text).casefold()


def _cut(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if is_mark(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
