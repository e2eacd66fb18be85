"""The verification of an index: it is the one that would be built anew of the same documents."""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from endpoint.search import Document, SearchConfiguration, schema
from endpoint.search.build import build_index, read_names
from endpoint.search.other_names import Table
from endpoint.search.segment import Segment
from endpoint.search.segment_writer import computed_arrays

# Tokens of which the positions are read at once.
_AT_ONCE: Final = 1_000
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_COLUMNS: Final = "iri, digest, title, date, facets, fields"


def verify_index(
    documents: Iterable[Document],
    folder: Path,
    configuration: SearchConfiguration,
    scratch: Path,
    names: Table,
) -> int:
    """Check that the index in ``folder`` is that of ``documents``; return their number.

    ``scratch`` is a folder that does not exist, in which an index is built anew.

    :raises ValueError: it is not; the message tells what differs.
    :raises StoreError: the index cannot be read, or the new one cannot be written.
    """
    number = build_index(documents, scratch, configuration, names=names)
    if read_names(folder) != dict(names):
        raise ValueError("the other names differ")
    facets = [facet.name for facet in configuration.facets]
    with ExitStack() as closing:
        try:
            _compare(_opened(folder, closing), _opened(scratch, closing), facets)
        except (sqlite3.Error, OSError, IndexError, zlib.error) as error:
            raise schema.damaged(folder, error) from error
    return number


def _opened(folder: Path, closing: ExitStack) -> list[Segment]:
    segments = []
    for name in schema.read_description(folder)["segments"]:
        segments.append(Segment(folder / name, schema.read_gone(folder, name)))
        closing.callback(segments[-1].close)
    return segments


def _compare(found: Sequence[Segment], made: Sequence[Segment], facets: Sequence[str]) -> None:
    for segment in found:
        (state,) = segment.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if state != "ok":
            raise ValueError(f"its file is damaged ({state})")
    for one, other in zip_longest(_documents(found), _documents(made)):
        if one is None or other is None or one[:-1] != other[:-1]:
            raise ValueError("the fields of documents differ")
        if one[-1] != other[-1]:
            raise ValueError("the texts of documents differ")
    if _words(found) != _words(made):
        raise ValueError("the words for suggestions differ")
    if _tokens(found) != _tokens(made):
        raise ValueError("the tokens of documents differ")
    for segment in found:
        _check_arrays(segment, facets)


def _documents(segments: Sequence[Segment]) -> Iterator[tuple[object, ...]]:
    """Yield all rows by IRI, with the texts last."""
    for at, number in _by_iri(segments):
        query = f"SELECT {_COLUMNS} FROM document WHERE id = ?"  # noqa: S608 (names of columns)
        *row, fields = segments[at].connection.execute(query, (number,)).fetchone()
        yield (*row, schema.unpack(fields))


def _by_iri(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """Return the living documents in the order of their IRIs: the place of the segment, and the number."""
    found = [
        (iri, at, number)
        for at, segment in enumerate(segments)
        for number, iri in segment.connection.execute("SELECT id, iri FROM document")
        if segment.alive[number]
    ]
    return [(at, number) for _, at, number in sorted(found)]


def _words(segments: Sequence[Segment]) -> dict[str, int]:
    words: Counter[str] = Counter()
    for segment in segments:
        for word, documents in segment.connection.execute("SELECT text, documents FROM word"):
            words[word] += documents
    return {word: documents for word, documents in words.items() if documents}


def _tokens(segments: Sequence[Segment]) -> list[int]:
    """Return a sum of all tokens and their places for each document, in the order of the IRIs."""
    sums = [_sums(segment) for segment in segments]
    return [int(sums[at][number]) for at, number in _by_iri(segments)]


def _sums(segment: Segment) -> NDArray[np.uint64]:
    postings = segment.postings
    fields = (len(postings.slot_starts) - 1) // len(segment.alive)
    # Begun with the lengths of fields, which have the signs between texts.
    lengths = np.diff(postings.slot_starts.astype(np.int64)).astype(np.uint64).reshape(-1, fields)
    places = np.arange(1, fields + 1, dtype=np.uint64) * _ODD
    sums: NDArray[np.uint64] = (lengths * places).sum(axis=1, dtype=np.uint64)
    for begin in range(0, len(postings), _AT_ONCE):
        _add_tokens(segment, range(begin, min(begin + _AT_ONCE, len(postings))), fields, sums)
    return sums


def _add_tokens(segment: Segment, tokens: range, fields: int, sums: NDArray[np.uint64]) -> None:
    postings = segment.postings
    slots, counts = postings.parts(tokens)
    if counts.sum(dtype=np.int64) != postings.size(tokens):
        raise ValueError("the tokens of documents differ")
    starts = postings.slot_starts[slots].astype(np.int64)
    within = postings.positions(tokens).astype(np.int64) - np.repeat(starts, counts)
    sizes = np.array([postings.size(range(number, number + 1)) for number in tokens], np.int64)
    digests = np.array([_digest(postings.token(number)) for number in tokens], np.uint64)
    places = np.repeat(slots % fields, counts).astype(np.uint64) << np.uint64(40) | within.astype(np.uint64)
    mixed = (np.repeat(digests, sizes) ^ (places * _ODD)) * _ODD
    np.add.at(sums, np.repeat(slots // fields, counts), mixed ^ (mixed >> np.uint64(29)))


def _digest(token: bytes) -> int:
    return int.from_bytes(blake2b(token, digest_size=8).digest(), "big")


def _check_arrays(segment: Segment, facets: Sequence[str]) -> None:
    """Check the arrays of a segment against its documents. Raises ValueError."""
    stored = segment.connection.execute("SELECT name, numbers, texts FROM arrays ORDER BY name").fetchall()
    computed = sorted(computed_arrays(segment.connection, facets))
    if [name for name, _, _ in stored] != [name for name, _, _ in computed]:
        raise ValueError("the names of arrays differ")
    for one, other in zip(stored, computed, strict=True):
        if one != other:
            raise ValueError(f"the array {one[0]!r} differs")
