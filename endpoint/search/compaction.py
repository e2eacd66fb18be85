"""Segments merged into one, without the documents that are gone.

A new segment is merged with the one before it as soon as it is a fourth as large, so that there are few of
them (about the logarithm of the number of documents) and each document is rarely copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from endpoint.search import SearchConfiguration, schema
from endpoint.search.inverted import merging
from endpoint.search.inverted.files import Indices
from endpoint.search.segment import Segment
from endpoint.search.segment_writer import COUNT_WORDS, finish_tables

# A segment is merged into the one before that is less than so many times as large, and rewritten where less
# than this part of it is alive.
_TIMES: Final = 4
_ALIVE: Final = 0.75


def due(sizes: Sequence[tuple[int, int]]) -> slice | None:
    """Return the segments that are to be merged next, None where all can stay.

    ``sizes`` are for each segment, the oldest first, the numbers of its documents and of those alive.
    """
    for at in range(len(sizes) - 1, 0, -1):
        if sizes[at][1] * _TIMES > sizes[at - 1][1]:
            return slice(at - 1, at + 1)
    for at, (documents, alive) in enumerate(sizes):
        if alive < documents * _ALIVE:
            return slice(at, at + 1)
    return None


def merge_segments(segments: Sequence[Segment], folder: Path, configuration: SearchConfiguration) -> None:
    """Write the living documents of ``segments`` as one segment into the new ``folder``."""
    folder.mkdir()
    moved = _moved(segments)
    connection = schema.create(folder / schema.FILE)
    try:
        for segment, numbers in zip(segments, moved, strict=True):
            _copy_tables(segment, numbers, connection)
        finish_tables(connection, [facet.name for facet in configuration.facets])
    finally:
        connection.close()
    _merge_postings(segments, moved, folder, len(configuration.fields))


def _moved(segments: Sequence[Segment]) -> list[Indices]:
    """Return the new number of each document of each segment, 0 where it is gone."""
    moved, last = [], 0
    for segment in segments:
        numbers = np.where(segment.alive, last + np.cumsum(segment.alive), 0)
        last += int(np.count_nonzero(segment.alive))
        moved.append(numbers)
    return moved


def _copy_tables(segment: Segment, moved: Indices, connection: sqlite3.Connection) -> None:
    rows = segment.connection.execute("SELECT * FROM document ORDER BY id")
    connection.executemany(
        "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((int(moved[number]), *rest) for number, *rest in rows if moved[number]),
    )
    connection.executemany(COUNT_WORDS, segment.connection.execute("SELECT text, documents FROM word"))


def _merge_postings(segments: Sequence[Segment], moved: Sequence[Indices], folder: Path, fields: int) -> None:
    known = [
        {segment.postings.token(number): number for number in range(len(segment.postings))}
        for segment in segments
    ]
    tokens = sorted(set().union(*known))
    sources = [
        merging.opened(
            segment.folder, np.array([numbers.get(token, -1) for token in tokens], np.int64), of_segment
        )
        for segment, numbers, of_segment in zip(segments, known, moved, strict=True)
    ]
    lengths = [np.zeros((1, fields), np.int64)]
    for segment in segments:
        of_documents = merging.slot_lengths(segment.postings.slot_starts).reshape(-1, fields)
        lengths.append(of_documents[segment.alive])
    starts = merging.slot_starts(np.concatenate(lengths).ravel())
    merging.merge(sources, tokens, folder, starts, fields)
