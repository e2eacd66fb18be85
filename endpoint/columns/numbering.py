"""The numbers of terms: by class, and within a class as ORDER BY compares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.intake import Terms
from endpoint.columns.sets import Numbers
from endpoint.columns.terms import TIMES, TermClass, kind_order, read_term

# Bytes of a text that are compared first; where they are the same, texts of so many bytes are read at once.
_KEY: Final = 96
_TEXTS: Final = 2**24


@dataclass(slots=True)
class Numbering:
    """The order of terms: ``order`` has the number that each had in the intake, by its new number.

    ``ends`` are those of the classes; ``kinds`` are places in ``kind_names``, by the new number; ``numbers``
    and ``times`` are the values of the terms of these classes, in their order.
    """

    order: Numbers
    ends: list[int]
    kinds: NDArray[np.unsignedinteger]
    kind_names: list[bytes]
    numbers: NDArray[np.float64]
    times: NDArray[np.int64]


@dataclass(slots=True)
class _Bucket:
    """The terms of one class and kind: their numbers in the intake, and their ranks or how they begin."""

    terms: list[int] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)


class _Whole:
    """A term that is compared by all of its text."""

    __slots__ = ("number", "terms")

    def __init__(self, terms: Terms, number: int) -> None:
        self.terms, self.number = terms, number

    def text(self) -> bytes:
        """Return the text, which may be long and is not kept."""
        return read_term(self.terms[self.number]).content()

    def __lt__(self, other: _Whole) -> bool:
        return self.text() < other.text()


class Numberer:
    """Numbers terms, each of which is read once, however often those that came since are numbered too."""

    def __init__(self) -> None:
        self._buckets: list[defaultdict[bytes, _Bucket]] = [defaultdict(_Bucket) for _ in TermClass]
        self._read = 0
        self._numbering: Numbering | None = None

    def number(self, terms: Terms) -> Numbering:
        """Return the numbers of all terms; they begin with those of the last time."""
        if self._numbering is not None and self._read == len(terms):
            return self._numbering
        for number in range(self._read, len(terms)):
            term = read_term(terms[number])
            bucket = self._buckets[term.of][term.kind]
            bucket.terms.append(number)
            bucket.keys.append(term.rank() if term.valued else term.content(_KEY))
        self._read = len(terms)
        self._numbering = _numbered(terms, self._buckets)
        return self._numbering


def _numbered(terms: Terms, buckets: Sequence[Mapping[bytes, _Bucket]]) -> Numbering:
    names = sorted({kind for of_class in buckets for kind in of_class}, key=kind_order)
    order, kinds = np.empty(len(terms), np.uint32), np.empty(len(terms), np.min_scalar_type(len(names)))
    ends: list[int] = []
    values: dict[int, list[Any]] = {}
    at = 0
    for of in TermClass:
        merged = _Bucket()
        kinds_of: list[int] = []
        for place, kind in enumerate(names):
            bucket = buckets[of].get(kind, _Bucket())
            merged.terms += bucket.terms
            merged.keys += bucket.keys
            kinds_of += [place] * len(bucket.terms)
        sequence = _sequence(merged, terms)
        end = at + len(sequence)
        order[at:end] = np.array(merged.terms, np.uint32)[sequence]
        kinds[at:end] = np.array(kinds_of, kinds.dtype)[sequence]
        if TermClass.BOOLEAN <= of <= TermClass.LOCAL_YEAR:
            values[of] = [merged.keys[place][0] for place in sequence]
        ends.append(at := end)
    times = [value for of in TIMES for value in values[of]]
    numbers = np.array(values[TermClass.NUMBER], np.float64)
    return Numbering(order, ends, kinds, names, numbers, np.array(times, np.int64))


def _sequence(bucket: _Bucket, terms: Terms) -> list[int]:
    """Return the places in the bucket in the order of the keys, then of whole texts, then of kinds."""
    keys = bucket.keys
    sequence = sorted(range(len(keys)), key=keys.__getitem__)
    begin = 0
    for end in range(1, len(sequence) + 1):
        key = keys[sequence[begin]]
        if end < len(sequence) and keys[sequence[end]] == key:
            continue
        # Beginnings that are the same do not decide.
        if end - begin > 1 and len(key) == _KEY:
            sequence[begin:end] = _by_text(sequence[begin:end], bucket.terms, terms)
        begin = end
    return sequence


def _by_text(places: list[int], numbers: list[int], terms: Terms) -> list[int]:
    small = sum(terms.size(numbers[place]) for place in places) <= _TEXTS
    wholes = [_Whole(terms, numbers[place]) for place in places]
    keys = [whole.text() for whole in wholes] if small else wholes
    return [places[rank] for rank in sorted(range(len(places)), key=keys.__getitem__)]
