"""The statements that have arrived so far, as columns in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.intake import Intake, Terms
from endpoint.columns.numbering import Numbering
from endpoint.columns.reader import Arrays, Columns, Dictionary, Pairs
from endpoint.columns.sets import Indices, Numbers
from endpoint.columns.terms import TermClass, content_of, count_characters


@dataclass(frozen=True, slots=True)
class Arrived:
    """The union of all graphs as ``columns``; ``order`` has for each of their terms its number in the intake.

    A triple is one number, its key: that of the predicate's place, the subject, and the object.
    """

    columns: Columns
    order: Numbers
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, intake: Intake, numbering: Numbering) -> Self | None:
        """Return the statements of the ``intake``; None where there are more terms than keys have numbers."""
        size = len(numbering.order)
        subjects, predicates, objects, _ = intake.columns()
        renumbered = np.empty(size, np.uint32)
        renumbered[numbering.order] = np.arange(size, dtype=np.uint32)
        names, ranks = np.unique(renumbered[predicates], return_inverse=True)
        if len(names) * size**2 >= 2**64:
            return None
        keys = np.unique(_key((ranks, renumbered[subjects], renumbered[objects]), (size, size)))
        rank, subject, value = _parts(keys, size, size)
        inverse = _parts(np.sort(_key((rank, value, subject), (size, size))), size, size)
        triples = _parts(np.sort(_key((subject, rank, value), (len(names), size))), len(names), size)
        arrays = Arrays(
            [b""],
            [[0]],
            len(keys),
            names,
            np.searchsorted(rank, np.arange(len(names) + 1)),
            Pairs(subject, value),
            Pairs(*inverse[1:]),
            np.zeros(len(keys), np.uint8),
            np.stack([triples[0], names[triples[1]], triples[2]]),
        )
        terms = _ArrivedTerms(intake.terms, numbering)
        return cls(Columns(terms, arrays, _nothing), numbering.order, keys)

    def missing(self, rows: Numbers) -> Numbers:
        """Return those of the triples, in the numbers of the intake, that have not arrived."""
        size = len(self.order)
        renumbered = np.empty(size, np.uint32)
        renumbered[self.order] = np.arange(size, dtype=np.uint32)
        places = np.flatnonzero((rows < size).all(axis=0))
        subjects, predicates, objects = renumbered[rows[:, places]]
        names = self.columns.predicates
        ranks = np.searchsorted(names, predicates)
        known = np.append(names, np.uint32(2**32 - 1))[ranks] == predicates
        keys = _key((ranks[known], subjects[known], objects[known]), (size, size))
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        there = np.zeros(rows.shape[1], bool)
        there[places[known]] = self.keys[at] == keys
        missing: Numbers = rows[:, ~there]
        return missing


def _nothing() -> None:
    """Ensure that columns are intact that are in no file."""


def _key(parts: tuple[NDArray[np.integer], ...], sizes: tuple[int, int]) -> NDArray[np.uint64]:
    """Return each triple as one number; ``sizes`` are those of its second and third part."""
    first, second, third = (part.astype(np.uint64) for part in parts)
    key: NDArray[np.uint64] = (first * np.uint64(sizes[0]) + second) * np.uint64(sizes[1]) + third
    return key


def _parts(keys: NDArray[np.uint64], *sizes: int) -> tuple[Numbers, Numbers, Numbers]:
    rest, third = np.divmod(keys, np.uint64(sizes[1]))
    first, second = np.divmod(rest, np.uint64(sizes[0]))
    return first.astype(np.uint32), second.astype(np.uint32), third.astype(np.uint32)


class _ArrivedTerms(Dictionary):
    """The terms of an intake by their numbers in the order of columns."""

    def __init__(self, terms: Terms, numbering: Numbering) -> None:
        self._terms = terms
        self._places = numbering.order.data
        self._sizes = terms.sizes(numbering.order)
        begins = [0, *numbering.ends]
        self.classes = {of: range(begins[of], begins[of + 1]) for of in TermClass}
        self.kind_names, self.kinds = numbering.kind_names, numbering.kinds
        self.numbers, self.times = numbering.numbers, numbering.times

    def __len__(self) -> int:
        return len(self._places)

    def term(self, number: int) -> bytes:
        """Return a term as N-Triples writes it."""
        return self._terms[self._places[number]]

    @cached_property
    def characters(self) -> Numbers:  # type: ignore[override]
        """The number of characters of each term of the class TEXT."""
        texts = map(self.term, self.classes[TermClass.TEXT])
        return np.array([count_characters(content_of(text)) for text in texts], np.uint32)

    def texts(self, begin: int, end: int) -> bytes:
        """Return the terms from one number to before another, as N-Triples writes them, without a space."""
        return b"".join(map(self.term, range(begin, end)))

    def length(self, number: int) -> int:
        """Return how many bytes a term has as N-Triples writes it."""
        return self._terms.size(self._places[number])

    def lengths(self, numbers: NDArray[np.integer]) -> Indices:
        """Return how many bytes each term has as N-Triples writes it."""
        found: Indices = self._sizes[numbers]
        return found

    def contents(self, numbers: NDArray[np.integer]) -> list[bytes]:
        """Return the texts of IRIs and literals, with escapes."""
        return [content_of(self.term(number)) for number in numbers.tolist()]

    def signature(self, number: int) -> bytes:
        """Return no signature: none was written."""
        return b""

    def possible(self, numbers: Indices, runs: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Return for each term that it may have all of these runs of bytes."""
        return np.ones(len(numbers), bool)

    def among(self, numbers: range, pattern: bytes) -> Indices:
        """Return those of ``numbers`` whose terms have a match of the regular expression, as N-Triples writes
        them; a match is within one term."""
        search = re.compile(pattern).search
        return np.array([number for number in numbers if search(self.term(number))], np.int64)
