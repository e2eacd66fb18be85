"""Matches of an expression in the segments of an index, with their scores.

The score is BM25 over all fields, each occurrence counted with the weight of its field (Robertson and
Zaragoza, The Probabilistic Relevance Framework, section 3.6, with k1 = 1.2 and b = 0.75; as SQLite FTS5
computes it). All numbers are those of the living documents, so that scores do not depend on the segments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from endpoint.search.expression import Both, Expression, Phrase, Without
from endpoint.search.inverted.files import Numbers
from endpoint.search.inverted.reader import Postings, starts_of

_K1: Final = 1.2
_B: Final = 0.75
# Of a phrase that most documents have.
_LEAST: Final = 1e-6
# Of the least score of words as they are written, the most that another name can have.
_BELOW: Final = 0.99

Flags = NDArray[np.bool_]
Scores = NDArray[np.float64]


class Living(Protocol):
    """The part of a segment that is searched. ``alive`` has for each number whether it is a document."""

    postings: Postings
    alive: Flags
    complete: bool


class Matches(NamedTuple):
    """The matches in one segment: numbers of documents, ascending, and their scores."""

    numbers: NDArray[np.integer[Any]]
    scores: Scores

    def at(self, kept: NDArray[Any]) -> Matches:
        """Return those matches."""
        return Matches(self.numbers[kept], self.scores[kept])


class _Occurrences(NamedTuple):
    """The fields with a phrase in one segment: the numbers of document and field, and the weighted number of
    times."""

    numbers: Numbers
    fields: Numbers
    times: Scores

    def at(self, kept: Flags) -> _Occurrences:
        """Return those of them."""
        return _Occurrences(self.numbers[kept], self.fields[kept], self.times[kept])


class _Found(NamedTuple):
    """The documents of one segment with a phrase, and the weighted number of times that each has it."""

    numbers: Numbers
    times: Scores


class Ranking:
    """Evaluations of expressions over ``segments``; what they look up is remembered until :meth:`forget`.

    ``weights`` are those of the fields, by name, in their order.
    """

    def __init__(self, segments: Sequence[Living], weights: Mapping[str, float]) -> None:
        self._segments = segments
        self._places = {name: place for place, name in enumerate(weights)}
        self._weights = np.array(list(weights.values()), np.float64)
        documents = sum(int(np.count_nonzero(segment.alive)) for segment in segments)
        self.documents = documents
        length = sum(int(segment.postings.lengths[segment.alive].sum(dtype=np.int64)) for segment in segments)
        average = length / documents if length else 1.0
        self._norms = [
            _K1 * (1 - _B + _B * segment.postings.lengths.astype(np.float64) / average)
            for segment in segments
        ]
        self._occurrences: dict[Phrase, list[_Occurrences]] = {}
        self._found: dict[Phrase, list[_Found]] = {}

    def forget(self) -> None:
        """Forget what was looked up."""
        self._occurrences.clear()
        self._found.clear()

    def occurs(self, tokens: Sequence[str]) -> bool:
        """Return whether a document has these tokens, one after another."""
        return any(len(found.numbers) for found in self._documents(Phrase(tuple(tokens))))

    def matching(self, expression: Expression) -> list[Flags]:
        """Return for each segment which of its documents match, by their numbers."""
        if isinstance(expression, Phrase):
            return [self._flags(at, found.numbers) for at, found in enumerate(self._documents(expression))]
        if isinstance(expression, Without):
            parts = self.matching(expression.part), self.matching(expression.excluded)
            return [part & ~excluded for part, excluded in zip(*parts, strict=True)]
        join = np.logical_and if isinstance(expression, Both) else np.logical_or
        first, *others = map(self.matching, expression.parts)
        for other in others:
            for flags, more in zip(first, other, strict=True):
                join(flags, more, out=flags)
        return first

    def scores(self, expression: Expression) -> list[Scores]:
        """Return for each segment the scores of its documents, by number; no match has none that counts."""
        scores = [np.zeros(len(segment.alive)) for segment in self._segments]
        for phrase in _phrases(expression):
            found = self._documents(phrase)
            number = sum(len(each.numbers) for each in found)
            rarity = max(_LEAST, math.log((self.documents - number + 0.5) / (number + 0.5))) if number else 0
            for total, each, norms in zip(scores, found, self._norms, strict=True):
                total[each.numbers] += rarity * (_K1 + 1) * each.times / (each.times + norms[each.numbers])
        return scores

    def _flags(self, segment: int, numbers: Numbers) -> Flags:
        flags = np.zeros(len(self._segments[segment].alive), bool)
        flags[numbers] = True
        return flags

    def _documents(self, phrase: Phrase) -> list[_Found]:
        if phrase not in self._found:
            everywhere = Phrase(phrase.tokens, phrase.prefix)
            if everywhere not in self._occurrences:
                self._occurrences[everywhere] = [
                    self._occurring(segment, everywhere) for segment in self._segments
                ]
            self._found[phrase] = [self._in(phrase.field, each) for each in self._occurrences[everywhere]]
        return self._found[phrase]

    def _occurring(self, segment: Living, phrase: Phrase) -> _Occurrences:
        slots, counts = segment.postings.phrase(phrase.tokens, phrase.prefix)
        numbers = slots // np.uint32(len(self._weights))
        fields = slots - numbers * np.uint32(len(self._weights))
        found = _Occurrences(numbers, fields, self._weights[fields] * counts)
        return found if segment.complete else found.at(segment.alive[numbers])

    def _in(self, field: str, found: _Occurrences) -> _Found:
        numbers, fields, times = found
        if field:
            numbers, _, times = found.at(fields == self._places[field])
        if not len(numbers):
            return _Found(numbers, times)
        begins = starts_of(numbers)
        return _Found(numbers[begins], np.add.reduceat(times, begins))


def followed(first: Sequence[Matches], other: Sequence[Matches]) -> list[Matches]:
    """Return the ``first`` matches and after these the ``other`` ones that are not among them.

    Scores of the others are lowered, all by the same factor, to below the least of the first.
    """
    pairs = list(zip(first, other, strict=True))
    others = [more.at(~np.isin(more.numbers, found.numbers, True)) for found, more in pairs]
    least = min((float(found.scores.min()) for found in first if len(found.scores)), default=math.inf)
    most = max((float(more.scores.max()) for more in others if len(more.scores)), default=0.0)
    factor = min(1.0, _BELOW * least / most) if most else 1.0
    together = []
    for found, more in zip(first, others, strict=True):
        numbers = np.concatenate((found.numbers, more.numbers))
        scores = np.concatenate((found.scores, more.scores * factor))
        together.append(Matches(numbers, scores).at(np.argsort(numbers)))
    return together


def _phrases(expression: Expression) -> list[Phrase]:
    """Return the phrases that may be in a match, repetitions too."""
    if isinstance(expression, Phrase):
        return [expression]
    parts = (expression.part,) if isinstance(expression, Without) else expression.parts
    return [phrase for part in parts for phrase in _phrases(part)]
