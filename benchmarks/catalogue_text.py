"""Sentences from patterns: ``{noun:을}`` is a noun with its particle, ``{verb.ing}`` an English participle.

A slot takes its word from a table in which frequent words stand more often, as Zipf's law has it; one draw of
random bits picks an entry, which keeps a hundred megabytes of text a matter of a minute. Words of the
publication's own subject (``{topic1:의}``, ``{country1}``) come from its :class:`Subject`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

BITS: Final = 13  # of an index into a table
_SLOT: Final = re.compile(r"\{([^}]+)\}")

Table = tuple[str, ...]
Form = Callable[[str, str], str]


def spread(items: Sequence[str], bits: int = BITS) -> Table:
    """A table of ``2**bits`` entries in which the item of rank n stands in proportion to 1 / (n + 6)."""
    size = 2**bits
    weights = [1 / (rank + 6) for rank in range(len(items))]
    total = sum(weights)
    table: list[str] = []
    for item, weight in zip(items, weights, strict=True):
        table += [item] * max(1, int(size * weight / total))
    # What rounding leaves open is shared by all; where it takes too much, the rarest fall out.
    while len(table) < size:
        table.append(items[len(table) % len(items)])
    return tuple(table[:size])


class Subject(dict[str, str | Table]):
    """The subject of one publication: words by the name of the slot, with forms made on first use."""

    def __init__(self, words: Mapping[str, str | Table], form: Form) -> None:
        super().__init__(words)
        self._form = form

    def __missing__(self, key: str) -> str | Table:
        name, _, form = key.partition(":")
        word = self[name]
        found = self._form(word, form) if isinstance(word, str) else word
        self[key] = found
        return found


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: what stands before each slot, and the slot's table or its name in the subject."""

    parts: tuple[tuple[str, Table | str], ...]
    tail: str

    def say(self, bits: Callable[[int], int], subject: Subject) -> str:
        """One sentence or title."""
        out: list[str] = []
        for before, slot in self.parts:
            found = subject[slot] if isinstance(slot, str) else slot
            out.append(before)
            out.append(found if isinstance(found, str) else found[bits(BITS)])
        out.append(self.tail)
        return "".join(out)


class Tables:
    """The word tables of one language; a table with a form (``noun:을``) is made when first asked for."""

    def __init__(self, words: Mapping[str, Sequence[str]], form: Form) -> None:
        self._words = words
        self._form = form
        self._tables: dict[str, Table] = {}

    def table(self, slot: str) -> Table | str:
        """The table of ``slot``; the slot itself where the subject has to fill it."""
        name, _, form = slot.partition(":")
        if name not in self._words:
            return slot
        if slot not in self._tables:
            plain = self._tables.get(name) or spread(self._words[name])
            self._tables[name] = plain
            formed = {word: self._form(word, form) for word in set(plain)} if form else {}
            self._tables[slot] = tuple(formed[word] for word in plain) if form else plain
        return self._tables[slot]

    def compile(self, patterns: Sequence[str]) -> tuple[Pattern, ...]:
        """The patterns, ready to be filled."""
        return tuple(self._compile(text) for text in patterns)

    def _compile(self, text: str) -> Pattern:
        pieces = _SLOT.split(text)
        slots = tuple(map(self.table, pieces[1::2]))
        return Pattern(tuple(zip(pieces[:-1:2], slots, strict=True)), pieces[-1])


def pick(rng: random.Random, items: Sequence[str]) -> str:
    """One of the items, all alike likely."""
    return items[int(rng.random() * len(items))]


# Length of an abstract in characters: quantiles of a distribution that is about log-normal.
_LENGTHS: Final = (
    (0.0, 120), (0.05, 380), (0.25, 850), (0.5, 1500), (0.75, 2800),
    (0.9, 5000), (0.97, 9500), (0.993, 16000), (0.999, 30000), (1.0, 40000),
)  # fmt: skip


def abstract_length(rng: random.Random) -> int:
    """Characters of an abstract, up to 40,000; only sums and products, so the same on every machine."""
    at = rng.random()
    for (low, shortest), (high, longest) in pairwise(_LENGTHS):
        if at < high:
            return shortest + int((at - low) / (high - low) * (longest - shortest))
    return _LENGTHS[-1][1]
