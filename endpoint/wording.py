"""Parts of the sentences that tell what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

_SHOWN: Final = 60


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that is closest to ``word``, letter case aside; None where none is close."""
    # The namespace that all IRIs share would make them all similar.
    namespace = word[: max(word.rfind("/"), word.rfind("#")) + 1].lower()
    start = len(namespace) if all(row.lower().startswith(namespace) for row in known) else 0
    by_case = {row.lower()[start:]: row for row in known}
    close = get_close_matches(word[start : start + _SHOWN].lower(), list(by_case), 1)
    return by_case[close[0]] if close else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``'; did you mean "x"?'`` where one of the known words is close, else a full stop."""
    near = nearest(word, known)
    return "." if near is None else f'; did you mean "{near}"?'


def shown(text: str) -> str:
    """Return a text fit for a message: shortened, what cannot be printed written as ``\\uXXXX``."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04X}" for char in cut)
