"""Inverted indexes merged into one: parts of the same token behind each other, without what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.search.inverted.files import Indices, Numbers, load, parts_path, save, write_part

# Positions that are merged at once.
_AT_ONCE: Final = 2**20
# Positions before those of the first slot, so that a position less a place in a phrase is none of another.
_FIRST: Final = 2**16


@dataclass(frozen=True, slots=True)
class Source:
    """An inverted index to merge.

    ``local`` has for each token of the whole its number here, -1 where it has none. ``moved`` has for each
    document here its number in the whole, 0 where it is gone; None leaves slots and positions as they are.
    """

    local: Indices
    slot_begins: Indices
    position_begins: Indices
    slots: Numbers
    counts: NDArray[np.unsignedinteger[Any]]
    positions: Numbers
    slot_starts: Numbers
    moved: Indices | None = None


class _Part(NamedTuple):
    """The occurrences of some tokens: for each slot its token; the positions of one slot after another."""

    tokens: Indices
    slots: Numbers
    counts: Indices
    positions: Numbers


def slot_starts(lengths: Indices) -> Numbers:
    """Return the first position of each slot with so many tokens, and the one after the last slot."""
    ends = np.cumsum(lengths + 1)
    return (_FIRST + np.concatenate((np.zeros(1, np.int64), ends))).astype(np.uint32)


def slot_lengths(starts: Numbers) -> Indices:
    """Return the numbers of tokens of slots that begin at ``starts``."""
    ends = starts.astype(np.int64)
    return ends[1:] - ends[:-1] - 1


def spread(begins: Indices, sizes: Indices) -> Indices:
    """Return the places of ranges, each from one of ``begins`` and of one of ``sizes``, one after another."""
    ends = np.cumsum(sizes)
    places: Indices = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - (ends - sizes), sizes)
    return places


def mapped(folder: Path, name: str, kind: NDArray[Any]) -> NDArray[Any]:
    """Map a whole large array into memory, with the type of the members of ``kind``."""
    path = parts_path(folder, name)
    if not path.stat().st_size:
        return np.empty(0, kind.dtype)
    return np.asarray(np.memmap(path, kind.dtype, "r"))


def merge(
    sources: Sequence[Source], tokens: Sequence[bytes], folder: Path, starts: Numbers, fields: int
) -> None:
    """Write the inverted index of all ``sources`` to ``folder``.

    ``tokens`` are those of the whole, sorted; tokens that stand nowhere are left out. The documents of a
    source come before those of the next in the whole.
    """
    most = max((int(source.counts.max(initial=0)) for source in sources), default=0)
    count_kind = np.empty(0, np.min_scalar_type(most))
    with ExitStack() as closing:
        streams = [
            closing.enter_context(parts_path(folder, name).open("wb", 2**20))
            for name in ("slots", "counts", "positions")
        ]
        sizes = [(np.empty(0, np.int64), np.empty(0, np.int64))]
        for begin, end in _chunks(sources, len(tokens)):
            part = _joined([_part(source, begin, end, starts, fields) for source in sources])
            write_part(streams[0], part.slots, np.dtype(np.uint32))
            write_part(streams[1], part.counts, count_kind.dtype)
            write_part(streams[2], part.positions, np.dtype(np.uint32))
            sizes.append(_sizes(part, begin, end))
    slots, positions = map(np.concatenate, zip(*sizes, strict=True))
    kept = np.flatnonzero(slots)
    _write_tokens(folder, [tokens[number] for number in kept.tolist()])
    save(folder, "slot_begins", _begins(slots[kept]))
    save(folder, "position_begins", _begins(positions[kept]))
    save(folder, "slot_starts", starts)
    lengths = slot_lengths(starts).reshape(-1, fields).sum(axis=1)
    save(folder, "lengths", lengths.astype(np.uint32))
    save(folder, "count_kind", count_kind)


def _sizes(part: _Part, begin: int, end: int) -> tuple[Indices, Indices]:
    """Return the numbers of slots and of positions of each token from ``begin`` to before ``end``."""
    tokens, most = part.tokens - begin, end - begin
    positions = np.bincount(tokens, part.counts, most)
    return np.bincount(tokens, minlength=most), positions.astype(np.int64)


def _write_tokens(folder: Path, tokens: Sequence[bytes]) -> None:
    (folder / "tokens.txt").write_bytes(b"".join(tokens))
    save(folder, "ends", _begins(np.array([len(token) for token in tokens], np.int64)))


def _begins(sizes: Indices) -> Indices:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))


def _chunks(sources: Sequence[Source], tokens: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of tokens with about :data:`_AT_ONCE` positions, or of one token with more."""
    total = np.zeros(tokens, np.int64)
    for source in sources:
        here = np.flatnonzero(source.local >= 0)
        local = source.local[here]
        total[here] += source.position_begins[local + 1] - source.position_begins[local]
    cuts = np.flatnonzero(np.diff(np.cumsum(total) // _AT_ONCE)) + 1
    ends = [*cuts.tolist(), tokens]
    yield from ((begin, end) for begin, end in zip([0, *cuts.tolist()], ends, strict=True) if end > begin)


def _part(source: Source, begin: int, end: int, starts: Numbers, fields: int) -> _Part:
    """Return the occurrences of the tokens from ``begin`` to before ``end``, with the slots of the whole."""
    local = source.local[begin:end]
    here = np.flatnonzero(local >= 0)
    local = local[here]
    first, positions_first = source.slot_begins[local], source.position_begins[local]
    sizes = source.slot_begins[local + 1] - first
    chosen = spread(first, sizes)
    slots, counts = source.slots[chosen], source.counts[chosen].astype(np.int64)
    chosen = spread(positions_first, source.position_begins[local + 1] - positions_first)
    part = _Part(np.repeat(here + begin, sizes), slots, counts, source.positions[chosen])
    return part if source.moved is None else _moved(part, source, starts, fields)


def _moved(part: _Part, source: Source, starts: Numbers, fields: int) -> _Part:
    """Return ``part`` without the documents that are gone, and with the numbers of the whole."""
    documents = source.moved[part.slots // fields] if source.moved is not None else part.slots // fields
    alive = documents > 0
    slots = (documents * fields + part.slots % fields).astype(np.uint32)[alive]
    counts = part.counts[alive]
    distance = starts[slots].astype(np.int64) - source.slot_starts[part.slots[alive]]
    positions = part.positions[np.repeat(alive, part.counts)] + np.repeat(distance, counts)
    return _Part(part.tokens[alive], slots, counts, positions.astype(np.uint32))


def _joined(parts: Sequence[_Part]) -> _Part:
    """Return the occurrences of all ``parts`` by token, and for one token in the order of the parts."""
    if len(parts) == 1:
        return parts[0]
    tokens, slots, counts, positions = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(tokens, kind="stable")
    chosen = spread((np.cumsum(counts) - counts)[order], counts[order])
    return _Part(tokens[order], slots[order], counts[order], positions[chosen])


def opened(folder: Path, local: Indices, moved: Indices | None = None) -> Source:
    """Return the finished inverted index in ``folder`` as a source."""
    numbers = np.empty(0, np.uint32)
    return Source(
        local,
        load(folder, "slot_begins"),
        load(folder, "position_begins"),
        mapped(folder, "slots", numbers),
        mapped(folder, "counts", load(folder, "count_kind")),
        mapped(folder, "positions", numbers),
        load(folder, "slot_starts"),
        moved,
    )
