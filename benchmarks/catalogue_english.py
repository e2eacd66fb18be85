"""Inflections of English words."""

from __future__ import annotations

from typing import Final

_IRREGULAR_PAST: Final = {"build": "built", "seek": "sought"}
_DOUBLED: Final = {"deter", "ship", "plan"}


def plural(noun: str) -> str:
    """The plural of a regular noun: ``strategies`` for ``strategy``."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def third_person(verb: str) -> str:
    """``strengthens`` for ``strengthen``; the rule is that of plurals."""
    return plural(verb)


def participle(verb: str) -> str:
    """``sharing`` for ``share``."""
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


def past(verb: str) -> str:
    """``signed`` for ``sign``, ``sought`` for ``seek``."""
    if verb in _IRREGULAR_PAST:
        return _IRREGULAR_PAST[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def ordinal(number: int) -> str:
    """``22nd`` for 22."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def title_case(text: str) -> str:
    """Capitals as headlines have them; short function words stay small."""
    small = {
        "of",
        "the",
        "and",
        "in",
        "on",
        "for",
        "to",
        "with",
        "a",
        "an",
        "its",
        "between",
        "after",
        "under",
        "toward",
    }
    words = text.split(" ")
    return " ".join(
        word if index and word in small else word[:1].upper() + word[1:] for index, word in enumerate(words)
    )
