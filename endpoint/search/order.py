"""The order of matches: the best of them, over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.search.ranking import Matches
from endpoint.search.segment import Key, Segment


class Place(NamedTuple):
    """A match: a number in one of the segments, by its place among them, and its score."""

    segment: int
    number: int
    score: float


def page(
    segments: Sequence[Segment], matches: Sequence[Matches], sort: str, offset: int, limit: int
) -> list[Place]:
    """Return the matches from ``offset`` on, at most ``limit``, in the order ``sort`` and then by IRI.

    ``sort`` is one of :data:`endpoint.search.SORTS`; what has no date or title comes last in each.
    """
    wanted = offset + limit
    parts = [
        (at, found.at(_best(segments[at], found, sort, wanted)))
        for at, found in enumerate(matches)
        if len(found.numbers) and wanted
    ]
    places = [
        Place(at, number, score)
        for at, found in parts
        for number, score in zip(found.numbers.tolist(), found.scores.tolist(), strict=True)
    ]
    if len(parts) > 1:
        keys = (key for at, found in parts for key in segments[at].keys(found.numbers.tolist()))
        places = _sorted(list(zip(places, keys, strict=True)), sort)
    return places[offset:wanted]


def _best(segment: Segment, found: Matches, sort: str, wanted: int) -> NDArray[np.integer[Any]]:
    """Return the indices of the best matches in a segment, in order."""
    first: NDArray[Any] = -found.scores
    if sort == "title":
        first = segment.places("title")[found.numbers]
        first = np.where(first == 0, len(segment.alive) + 1, first)
    elif sort in ("newest", "oldest"):
        first = segment.places("date")[found.numbers].astype(np.int64)
        undated = first == 0
        first = np.where(undated, len(segment.alive) + 1, first if sort == "oldest" else -first)
    ties = segment.places("iri")[found.numbers]
    chosen = _smallest(first, ties, wanted)
    return chosen[np.lexsort((ties[chosen], first[chosen]))][:wanted]


def _smallest(first: NDArray[Any], ties: NDArray[np.integer[Any]], wanted: int) -> NDArray[np.integer[Any]]:
    """Return the indices of the ``wanted`` smallest by both, in no order."""
    if wanted >= len(first):
        return np.arange(len(first))
    last = np.partition(first, wanted - 1)[wanted - 1]
    smaller, equal = np.flatnonzero(first < last), np.flatnonzero(first == last)
    rest = wanted - len(smaller)
    if rest < len(equal):
        equal = equal[np.argpartition(ties[equal], rest - 1)[:rest]]
    return np.concatenate((smaller, equal))


def _sorted(found: list[tuple[Place, Key]], sort: str) -> list[Place]:
    found.sort(key=lambda each: each[1].iri)
    if sort == "relevance":
        found.sort(key=lambda each: -each[0].score)
    elif sort == "title":
        found.sort(key=lambda each: (not each[1].title, each[1].title))
    elif sort == "oldest":
        found.sort(key=lambda each: (not each[1].date, each[1].date))
    else:
        # Reversed, equal ones stay in their order.
        found.sort(key=lambda each: each[1].date, reverse=True)
    return [place for place, _ in found]
