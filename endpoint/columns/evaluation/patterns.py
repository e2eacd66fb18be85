"""Texts that stand for a regular expression, or that each of its matches has in it.

Regular expressions are those of the engine (the syntax of Rust's regex crate). What is not certain to be read
here as there has no such texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

# Alternatives that are searched for one after another.
_MOST: Final = 16
_SIGNS: Final = frozenset("\\.+*?()|[]{}^$")
_ESCAPED: Final = re.compile(r"\\([\\.+*?()|\[\]{}^$/-])")
_CLASS: Final = re.compile(r"\[\^?\]?(?:[^\[\]\\&~]|\\.)*\]", re.DOTALL)
_REPEATED: Final = frozenset("?*{")
# Letters that stand for classes of characters and borders of words after a backslash.
_SIMPLE: Final = frozenset("dDsSwWbB")


class _Other(Exception):
    """This is no text, nor a choice of texts."""


def literals_of(pattern: str) -> frozenset[str] | None:
    """Return the texts of which whatever matches has one, and nothing else; None where there are none."""
    try:
        reader = _Reader(pattern)
        found = reader.alternatives()
        return frozenset(found) if reader.place == len(pattern) else None
    except _Other:
        return None


class _Reader:
    """A reader of characters, groups and alternatives."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.place = 0

    def alternatives(self) -> list[str]:
        """Return the texts up to the end of a group, or of the pattern."""
        found = self._sequence()
        while self._pattern[self.place : self.place + 1] == "|":
            self.place += 1
            found += self._sequence()
        if len(found) > _MOST:
            raise _Other
        return found

    def _sequence(self) -> list[str]:
        found = [""]
        while self.place < len(self._pattern) and self._pattern[self.place] not in "|)":
            found = ["".join(both) for both in product(found, self._one())]
            if len(found) > _MOST:
                raise _Other
        return found

    def _one(self) -> list[str]:
        pattern, place = self._pattern, self.place
        if pattern[place] == "(":
            self.place += 3 if pattern.startswith("(?:", place) else 1
            found = self.alternatives()
            if pattern[self.place : self.place + 1] != ")":
                raise _Other
            self.place += 1
        elif (match := _ESCAPED.match(pattern, place)) is not None:
            found = [match[1]]
            self.place = match.end()
        elif pattern[place] in _SIGNS:
            raise _Other
        else:
            found = [pattern[place]]
            self.place += 1
        return found


def required_of(pattern: str) -> str:
    """Return the longest text that certainly is in whatever matches; it may be empty."""
    try:
        return max(_runs(pattern), key=len, default="")
    except _Other:
        return ""


def _runs(pattern: str) -> Iterator[str]:
    """Yield the runs of characters that a match has, one after another."""
    run, place = "", 0
    while place < len(pattern):
        letter, end = _character(pattern, place)
        repeated = pattern[end : end + 1] in _REPEATED
        if letter is not None and not repeated:
            run += letter
        if letter is None or repeated or pattern[end : end + 1] == "+":
            yield run
            run = ""
        place = end
    yield run


def _character(pattern: str, place: int) -> tuple[str | None, int]:
    """Return the character at a place, None for anything else, and where the next one begins."""
    letter = pattern[place]
    if letter == "\\":
        match = _ESCAPED.match(pattern, place)
        if match is not None:
            return match[1], match.end()
        if pattern.startswith(("\\p{", "\\P{"), place):
            return None, _after_brace(pattern, place)
        if pattern[place + 1 : place + 2] in _SIMPLE:
            return None, place + 2
        raise _Other
    if letter == "[":
        match = _CLASS.match(pattern, place)
        if match is None:
            raise _Other
        return None, match.end()
    if letter == "(":
        return None, _end_of_group(pattern, place)
    if letter in "|)":
        raise _Other
    if letter == "{":
        # How often something before is repeated.
        return None, _after_brace(pattern, place)
    return (None if letter in _SIGNS else letter), place + 1


def _after_brace(pattern: str, place: int) -> int:
    end = pattern.find("}", place) + 1
    if not end:
        raise _Other
    return end


def _end_of_group(pattern: str, place: int) -> int:
    """Return where a group ends, in which anything may stand but flags."""
    if pattern.startswith("(?", place) and not pattern.startswith("(?:", place):
        raise _Other
    place += 3 if pattern.startswith("(?:", place) else 1
    while place < len(pattern) and pattern[place] != ")":
        if pattern[place] == "|":
            place += 1
        else:
            _, place = _character(pattern, place)
    if place == len(pattern):
        raise _Other
    return place + 1
