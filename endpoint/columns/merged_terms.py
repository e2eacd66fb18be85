"""The terms of columns that a delta has changed: those of the files, without some and with others between."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.reader import Dictionary
from endpoint.columns.sets import Indices, Numbers, spliced
from endpoint.columns.terms import TIMES, Term, TermClass, count_characters, kind_order, read_term

_Value = TypeVar("_Value", np.float64, np.int64, np.uint32)
_NUMBERS: Final = range(TermClass.NUMBER, TermClass.NUMBER + 1)
_TEXTS: Final = range(TermClass.TEXT, TermClass.TEXT + 1)


class Located(NamedTuple):
    """A term and its number in a dictionary, or the one that it would have; ``known``: it is there."""

    number: int
    term: Term
    known: bool

    @classmethod
    def of(cls, text: bytes, dictionary: Dictionary) -> Self:
        """Look the term up that N-Triples writes so. Raises ValueError for what is none."""
        term = read_term(text)
        number = dictionary.place_of(term)
        return cls(number, term, number < len(dictionary) and dictionary.term(number) == text)


class MergedDictionary(Dictionary):
    """The terms of ``old`` but those with the numbers ``gone``, and the terms ``come``, which it has not.

    ``renumbered`` has the number of each term of ``old`` here; that of one that is gone means nothing.
    ``new`` are the numbers of terms that came. ``moved``: there are terms that went or came.
    """

    def __init__(self, old: Dictionary, gone: Collection[int], come: Mapping[bytes, Located]) -> None:
        ranked = sorted((at.number, at.term.of, at.term.rank(), text, at.term) for text, at in come.items())
        places = np.array([row[0] for row in ranked], np.int64)
        new = [row[4] for row in ranked]
        dropped = np.array(sorted(gone), np.int64)
        numbers = places + np.arange(len(places)) - np.searchsorted(dropped, places)
        self.new = {row[3]: number for row, number in zip(ranked, numbers.tolist(), strict=True)}
        self.moved = bool(len(dropped) or new)
        self._before = old
        self._come = [row[3] for row in ranked]
        self._contents = [text[1:-1] if text[:1] == b"<" else term.text for *_, text, term in ranked]
        self._kept = np.ones(len(old), bool)
        self._kept[dropped] = False
        moved = np.zeros(len(old) + 1, np.int64)
        np.add.at(moved, places, 1)
        np.subtract.at(moved, dropped + 1, 1)
        self.renumbered: Numbers = (np.arange(len(old)) + np.cumsum(moved)[:-1]).astype(np.uint32)
        # For each number that of the same term before; below zero the place among those that came.
        self._old = spliced(np.arange(len(old), dtype=np.int32), dropped, places, ~np.arange(len(new)))
        self._olds = self._old.data
        self._merge_classes(dropped, new)
        self._merge_kinds(dropped, places, new)
        self.numbers = self._values(old.numbers, _NUMBERS, dropped, places, new)
        self.times = self._values(old.times, TIMES, dropped, places, new)
        self.characters = self._values(old.characters, _TEXTS, dropped, places, new)

    def _merge_classes(self, dropped: NDArray[np.int64], new: list[Term]) -> None:
        self.classes, end = {}, 0
        for of, numbers in self._before.classes.items():
            begin, stop = np.searchsorted(dropped, [numbers.start, numbers.stop]).tolist()
            size = len(numbers) - (stop - begin) + sum(term.of is of for term in new)
            self.classes[of] = range(end, end := end + size)

    def _merge_kinds(self, dropped: NDArray[np.int64], places: NDArray[np.int64], new: list[Term]) -> None:
        before, kinds = self._before.kind_names, self._before.kinds
        names = sorted({*before, *(term.kind for term in new)}, key=kind_order)
        known = {name: place for place, name in enumerate(names)}
        if names != list(before):
            kinds = np.array([known[name] for name in before], np.min_scalar_type(len(names)))[kinds]
        self.kind_names = names
        self.kinds = spliced(
            kinds, dropped, places, np.array([known[term.kind] for term in new], kinds.dtype)
        )

    def _values(
        self,
        values: NDArray[_Value],
        of: range,
        dropped: NDArray[np.int64],
        places: NDArray[np.int64],
        new: list[Term],
    ) -> NDArray[_Value]:
        """Return the values of the classes ``of``, whose values before are ``values``; a text has the number
        of its characters."""
        begin = self._before.classes[TermClass(of[0])].start
        gone = dropped - begin
        coming = [
            (place - begin, count_characters(term.text) if of is _TEXTS else term.value)
            for place, term in zip(places, new, strict=True)
            if term.of in of
        ]
        return spliced(
            values,
            gone[(gone >= 0) & (gone < len(values))],
            np.array([place for place, _ in coming], np.int64),
            np.array([value for _, value in coming], values.dtype),
        )

    def __len__(self) -> int:
        return len(self._olds)

    def term(self, number: int) -> bytes:
        """Return a term as N-Triples writes it."""
        old = self._olds[number]
        return self._before.term(old) if old >= 0 else self._come[~old]

    def texts(self, begin: int, end: int) -> bytes:
        """Return the terms from one number to before another, as N-Triples writes them, without a space."""
        old = self._old[begin:end]
        cuts = [0, *(np.flatnonzero(np.diff(old) != 1) + 1).tolist(), len(old)]
        runs = [old[[at, to - 1]].tolist() for at, to in pairwise(cuts) if at < to]
        return b"".join(
            self._before.texts(first, last + 1) if first >= 0 else self._come[~first] for first, last in runs
        )

    def length(self, number: int) -> int:
        """Return how many bytes a term has as N-Triples writes it."""
        old = self._olds[number]
        return self._before.length(old) if old >= 0 else len(self._come[~old])

    def lengths(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many bytes each term has as N-Triples writes it."""
        old = self._old[numbers]
        came = old < 0
        found = self._before.lengths(np.where(came, 0, old))
        found[came] = [len(self._come[~place]) for place in old[came].tolist()]
        return found

    def contents(self, numbers: NDArray[np.integer]) -> list[bytes]:
        """Return the texts of IRIs and literals, with escapes."""
        old = self._old[numbers]
        before = iter(self._before.contents(old[old >= 0]))
        return [next(before) if number >= 0 else self._contents[~number] for number in old.tolist()]

    def signature(self, number: int) -> bytes:
        """Return the signature of a term, empty where it has none, as those that came."""
        old = self._olds[number]
        return self._before.signature(old) if old >= 0 else b""

    def possible(self, numbers: Indices, runs: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Return for each term whether it may have all of these runs of bytes."""
        old = self._old[numbers]
        found = old < 0
        found[~found] = self._before.possible(old[~found].astype(np.int64), runs)
        return found

    def among(self, numbers: range, pattern: bytes) -> NDArray[np.int64]:
        """Return those of ``numbers`` whose terms have a match of the regular expression, as N-Triples writes
        them; a match is within one term."""
        old = self._old[numbers.start : numbers.stop]
        known, came = old[old >= 0], np.flatnonzero(old < 0)
        found = np.empty(0, np.int64)
        if len(known):
            matches = self._before.among(range(int(known[0]), int(known[-1]) + 1), pattern)
            found = self.renumbered[matches[self._kept[matches]]].astype(np.int64)
        search = re.compile(pattern).search
        places = [place for place in came.tolist() if search(self._come[~int(old[place])])]
        return np.sort(np.concatenate([found, numbers.start + np.array(places, np.int64)]))
