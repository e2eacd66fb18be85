"""The inverted index of one segment, read: tokens, words in a row, and where they stand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.search.inverted.files import Indices, Numbers, PartedArray, load, parts_path

_NONE = np.empty(0, np.uint32)
# Positions of a block of marks, and numbers that are looked up one by one.
_BLOCK: Final = 2**20
_FEW: Final = 20_000


class Occurrences(NamedTuple):
    """The ``slots`` that have something, ascending, and how often each has it."""

    slots: Numbers
    counts: Numbers


NOWHERE = Occurrences(_NONE, _NONE)


def starts_of(numbers: Numbers) -> Indices:
    """Return where in ascending numbers each first stands."""
    new = np.ones(len(numbers), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=new[1:])
    return np.flatnonzero(new)


class Postings:
    """The inverted index in ``folder``; open it after a fork.

    ``lengths`` has the number of tokens of each document, by its number; its first is 0.

    :raises OSError: a file cannot be opened.
    :raises ValueError: a file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._tokens = (folder / "tokens.txt").read_bytes()
        # For a single number twice as fast as an array.
        self._ends = load(folder, "ends").data
        self._slot_begins: Indices = load(folder, "slot_begins")
        self._position_begins: Indices = load(folder, "position_begins")
        self.slot_starts: Numbers = load(folder, "slot_starts")
        self.lengths: Numbers = load(folder, "lengths")
        self._slots, self._counts, self._positions = (
            PartedArray(parts_path(folder, name), np.dtype(kind))
            for name, kind in (
                ("slots", np.uint32),
                ("counts", load(folder, "count_kind").dtype),
                ("positions", np.uint32),
            )
        )

        last = self._slot_begins[-1], self._slot_begins[-1], self._position_begins[-1]
        if last != (len(self._slots), len(self._counts), len(self._positions)):
            self.close()
            raise ValueError("a file has another size than it was written with")

    def close(self) -> None:
        """Close the files."""
        for array in (self._slots, self._counts, self._positions):
            array.close()

    def __len__(self) -> int:
        """Return the number of different tokens."""
        return len(self._ends) - 1

    def token(self, number: int) -> bytes:
        """Return the token with a number, as UTF-8."""
        return self._tokens[self._ends[number] : self._ends[number + 1]]

    def numbers(self, token: str, prefix: bool = False) -> range:
        """Return the numbers of the token, or of all that begin with it where it is a ``prefix``."""
        wanted = token.encode("utf-8", "surrogatepass")
        every = range(len(self))
        begin = bisect_left(every, wanted, key=self.token)
        if not prefix:
            found = begin < len(every) and self.token(begin) == wanted
            return range(begin, begin + found)
        # No byte of UTF-8 is 255, so this is after all that begin with it.
        return range(begin, bisect_left(every, wanted + b"\xff", lo=begin, key=self.token))

    def phrase(self, tokens: Sequence[str], prefix: bool = False) -> Occurrences:
        """Return where ``tokens`` follow each other; the last is the beginning of one for a ``prefix``."""
        last = len(tokens) - 1
        wanted = [self.numbers(token, prefix and at == last) for at, token in enumerate(tokens)]
        if not all(wanted):
            return NOWHERE
        if len(wanted) == 1:
            return self.occurrences(wanted[0])
        return self._following(wanted)

    def occurrences(self, numbers: range) -> Occurrences:
        """Return where any of the tokens with these ``numbers`` stands."""
        found = self.parts(numbers)
        return found if len(numbers) == 1 else _united(found)

    def parts(self, numbers: range) -> Occurrences:
        """Return where the tokens with these ``numbers`` stand, one token after another."""
        begin, end = self._slot_begins[numbers.start], self._slot_begins[numbers.stop]
        return Occurrences(self._slots.read(begin, end), self._counts.read(begin, end))

    def size(self, numbers: range) -> int:
        """Return how often the tokens with these ``numbers`` stand anywhere."""
        return int(self._position_begins[numbers.stop] - self._position_begins[numbers.start])

    def positions(self, numbers: range) -> Numbers:
        """Return the positions of the tokens with these ``numbers``, one token after another."""
        begin, end = self._position_begins[numbers.start], self._position_begins[numbers.stop]
        return self._positions.read(begin, end)

    def _following(self, wanted: Sequence[range]) -> Occurrences:
        """Return where a token of each of ``wanted`` follows one of the range before it."""
        # The rarest first: what is left is looked up in the others.
        first, *others = sorted(range(len(wanted)), key=lambda at: self.size(wanted[at]))
        starts, slots = self._places(wanted[first])
        starts = starts - np.uint32(first)
        for at in others:
            if not len(starts):
                return NOWHERE
            kept = _are_in(self._positions_of(wanted[at]), starts + np.uint32(at))
            starts, slots = starts[kept], slots[kept]
        begins = starts_of(slots)
        return Occurrences(slots[begins], np.diff(begins, append=len(slots)).astype(np.uint32))

    def _positions_of(self, numbers: range) -> Numbers:
        """Return the positions of any of the tokens, ascending."""
        positions = self.positions(numbers)
        return positions if len(numbers) == 1 else np.sort(positions)

    def _places(self, numbers: range) -> tuple[Numbers, Numbers]:
        """Return the positions of any of the tokens, ascending, and the slot of each."""
        positions, found = self.positions(numbers), self.parts(numbers)
        slots = np.repeat(found.slots, found.counts)
        if len(numbers) == 1:
            return positions, slots
        order = np.argsort(positions)
        return positions[order], slots[order]


def _are_in(positions: Numbers, wanted: Numbers) -> NDArray[np.bool_]:
    """Return for each of ``wanted`` whether it is among ``positions``; both are ascending."""
    if len(wanted) < max(_FEW, len(positions) // 8):
        places = np.searchsorted(positions, wanted)
        places[places == len(positions)] = 0
        among: NDArray[np.bool_] = positions[places] == wanted
        return among
    # Searching for each takes longer than marking all, block by block, as each is to stay in the cache.
    flags, found = np.zeros(_BLOCK, bool), np.zeros(len(wanted), bool)
    edges = np.arange(0, int(wanted[-1]) + _BLOCK + 1, _BLOCK)
    begins, ends = (np.searchsorted(each, edges).tolist() for each in (positions, wanted))
    # As indices, which would be made of other numbers again and again.
    marks, places = (each.astype(np.int64) & (_BLOCK - 1) for each in (positions, wanted))
    for at in range(len(edges) - 1):
        here, asked = slice(begins[at], begins[at + 1]), slice(ends[at], ends[at + 1])
        flags[marks[here]] = True
        flags.take(places[asked], out=found[asked], mode="clip")
        flags[marks[here]] = False
    return found


def _united(found: Occurrences) -> Occurrences:
    """Return occurrences of several tokens, one after another, by slot."""
    order = np.argsort(found.slots, kind="stable")
    slots, counts = found.slots[order], found.counts[order]
    begins = starts_of(slots)
    if not len(begins):
        return NOWHERE
    return Occurrences(slots[begins], np.add.reduceat(counts, begins, dtype=np.uint32))
