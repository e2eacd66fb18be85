"""A mistake as the author of a text reads it: sentence, hint, and the line with a caret under the place."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_WIDTH = 110
_BEFORE = 70
_LINE_END = re.compile(r"\r\n|\r|\n")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Mistake(NamedTuple):
    """One mistake: its offset, a sentence about it, and a hint on how to mend it, which may be empty."""

    offset: int
    sentence: str
    hint: str = ""


def quoted(text: str) -> str:
    """Return a token as a sentence shows it."""
    line = text.split("\n")[0]
    return f'"{line}"' if len(line) <= 60 else f'"{line[:59]}…"'


def excerpt(text: str, offset: int) -> str:
    """Return the line of ``offset`` and a line with a caret, indented; a long line is cut around the caret.

    Tabs stay tabs in both lines, East Asian wide characters take two columns, combining marks none.
    Characters that cannot be seen are shown as U+FFFD, so that none can disturb a terminal.
    """
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    end = _LINE_END.search(text, offset)
    line = text[start : end.start() if end else len(text)]
    place = offset - start
    first, last = 0, len(line)
    if len(line) > _WIDTH:
        first = max(0, min(place - _BEFORE, len(line) - _WIDTH))
        last = first + _WIDTH
    before = ("…" if first else "") + line[first:place]
    after = line[place:last] + ("…" if last < len(line) else "")
    gap = "".join(map(_gap, before))
    return f"    {visible(before + after)}\n    {gap}^"


def visible(line: str) -> str:
    """Return ``line`` with U+FFFD for each invisible character, tabs apart."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in _INVISIBLE and character != "\t" else character
        for character in line
    )


def _gap(character: str) -> str:
    if character == "\t":
        return "\t"
    if unicodedata.category(character) in ("Mn", "Me"):
        return ""
    return "  " if unicodedata.east_asian_width(character) in ("W", "F") else " "
