"""Signatures of long texts: which runs of four bytes one may have, so that a search reads few of them.

The signature of a text is a Bloom filter with one hash function over all of its runs, in small letters of
ASCII, as N-Triples writes them. A text that lacks a run of the wanted one does not have it; about a third
of the bits are set, so few texts have all runs of a word by chance. A signature takes an eighth of its text
or less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.sets import Indices
from endpoint.columns.terms import content_of

# Bytes of a run.
RUN: Final = 4
# Bytes of the terms that have a signature, as N-Triples writes them, and of the longest signature.
SHORTEST: Final = 2**9
LONGEST: Final = 2**20
_MOST: Final = 2**12
# A number of a run is the sum of its bytes by these, of which the high bits depend on all.
_FACTORS: Final = np.array([40503, 24137, 57149, 30011], np.uint16)
_BITS: Final = 16
# Bytes of texts that are signed together: what is made of them stays in a cache of the processor.
_BATCH: Final = 2**16


def sizes_of(lengths: NDArray[np.integer]) -> Indices:
    """Return how many bytes the signatures of terms of these lengths have, 0 for none."""
    _, exponents = np.frexp(lengths.astype(np.float64))
    # An eighth, rounded down to a power of two.
    sizes = np.left_shift(1, np.maximum(exponents.astype(np.int64) - 4, 0))
    return np.where((lengths < SHORTEST) | (lengths > LONGEST), 0, np.minimum(sizes, _MOST))


def runs_of(text: bytes) -> NDArray[np.uint16]:
    """Return the number of each run of a text, in their order; two different ones may have the same."""
    if len(text) < RUN:
        return np.zeros(0, np.uint16)
    read = np.frombuffer(text.lower(), np.uint8).astype(np.uint16)
    stop = len(read) - RUN + 1
    found: NDArray[np.uint16] = read[:stop] * _FACTORS[0]
    for place in range(1, RUN):
        found += read[place : stop + place] * _FACTORS[place]
    return found


def signatures_of(terms: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the signatures of those of the literals that have one, some at a time."""
    lengths = np.array([*map(len, terms)], np.int64)
    sizes = sizes_of(lengths)
    signed = np.flatnonzero(sizes)
    cuts = np.flatnonzero(np.diff(np.cumsum(lengths[signed]) // _BATCH)) + 1
    for places in np.split(signed, cuts):
        yield _signatures([content_of(terms[place]) for place in places.tolist()], sizes[places].tolist())


def _signatures(texts: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """Return the signatures of texts, each of so many bytes, one after another."""
    runs = runs_of(b"".join(texts))
    ends = np.cumsum([0, *map(len, texts)]).tolist()
    written = []
    for (begin, end), size in zip(pairwise(ends), sizes, strict=True):
        bits = np.zeros(8 * size, bool)
        bits[runs[begin : max(begin, end - RUN + 1)] >> _shift(size)] = True
        written.append(np.packbits(bits, bitorder="little").tobytes())
    return b"".join(written)


def _shift(size: Any) -> Any:
    """Return how many of the low bits of the number of a run are not used; ``size`` may be an array."""
    return (_BITS - 2 - np.frexp(size)[1]).astype(np.uint16)


class Signatures:
    """The signatures ``written`` of terms that have these ``numbers``, which rise, and these lengths."""

    def __init__(self, written: NDArray[np.uint8], numbers: Indices, lengths: Indices) -> None:
        sizes = sizes_of(lengths)
        signed = sizes > 0
        self._numbers, self._sizes = numbers[signed], sizes[signed]
        self._begins = np.cumsum(self._sizes) - self._sizes
        self._shifts = _shift(self._sizes)
        self._written = written

    def of(self, number: int) -> bytes:
        """Return the signature of a term, empty where it has none."""
        place = int(np.searchsorted(self._numbers, number))
        if place == len(self._numbers) or self._numbers[place] != number:
            return b""
        begin = self._begins[place]
        return self._written[begin : begin + self._sizes[place]].tobytes()

    def possible(self, numbers: Indices, runs: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Return for each term whether it may have all of these runs; of one without a signature it may."""
        found = np.ones(len(numbers), bool)
        places = np.searchsorted(self._numbers, numbers)
        rows = np.flatnonzero(places < len(self._numbers))
        rows = rows[self._numbers[places[rows]] == numbers[rows]]
        for run in np.unique(runs):
            bits = run >> self._shifts[places[rows]]
            bytes_ = self._written[self._begins[places[rows]] + (bits >> 3)]
            held = (bytes_ >> (bits & 7).astype(np.uint8)) & 1 == 1
            found[rows[~held]] = False
            rows = rows[held]
        return found
