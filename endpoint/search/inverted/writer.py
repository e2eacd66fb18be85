"""The writer of an inverted index, from the tokens of one document after another."""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from endpoint.search.analysis import BREAK, Tokens
from endpoint.search.inverted.files import Indices, Numbers, load, parts_path, save, write_part
from endpoint.search.inverted.merging import Source, mapped, merge, slot_starts

# Tokens in memory, of 20 bytes each while they are sorted.
_IN_MEMORY: Final = 2**22
#: Tokens of one segment, whose positions are numbers of 32 bits.
MOST: Final = 2**31
_BREAK: Final = Tokens()[BREAK]


class PostingsWriter:
    """A writer of the inverted index of documents with so many ``fields``, into the existing ``folder``.

    Documents get the numbers from 1 in the order in which they come.
    """

    def __init__(self, folder: Path, fields: int) -> None:
        self._folder, self._fields = folder, fields
        self._tokens = array("I")
        # Of each slot the number of tokens; document 0 has none.
        self._lengths = array("I", bytes(4 * fields))
        self._flushed = self._written = 0
        self._runs: list[Path] = []

    @property
    def tokens(self) -> int:
        """The number of tokens so far."""
        return self._written + len(self._tokens)

    def add(self, fields: Sequence[bytes]) -> None:
        """Take the next document: the numbers of the tokens of each field, as :class:`Analysed` has them."""
        for numbers in fields:
            self._tokens.frombytes(numbers)
            self._lengths.append(len(numbers) // self._tokens.itemsize)
        if len(self._tokens) >= _IN_MEMORY:
            self._flush()

    def finish(self, tokens: Iterable[str]) -> None:
        """Write the files of the whole; ``tokens`` are those that were numbered, in order."""
        if self._tokens or not self._runs:
            self._flush()
        encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
        order = np.array(sorted(range(len(encoded)), key=encoded.__getitem__), np.int64)
        starts = self._slot_starts()
        sources = [_run(path, order, starts) for path in self._runs]
        merge(sources, [encoded[number] for number in order.tolist()], self._folder, starts, self._fields)
        del sources
        for path in self._runs:
            shutil.rmtree(path)

    def _slot_starts(self) -> Numbers:
        return slot_starts(np.frombuffer(self._lengths, np.uint32).astype(np.int64))

    def _flush(self) -> None:
        """Write the tokens in memory as a run: sorted by number and position."""
        first, self._flushed = self._flushed, len(self._lengths)
        tokens = np.frombuffer(self._tokens, np.uint32).astype(np.uint64)
        lengths = np.frombuffer(self._lengths, np.uint32)[first:].astype(np.int64)
        slots = np.repeat(np.arange(first, first + len(lengths), dtype=np.uint32), lengths)
        starts = self._slot_starts()[first:-1].astype(np.int64)
        positions = (
            np.arange(len(tokens)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        ).astype(np.uint32)
        # Sorting the pairs as one number is several times as fast as sorting places by tokens.
        keys = np.sort((tokens << np.uint64(32)) | np.arange(len(tokens), dtype=np.uint64))
        keys = keys[np.searchsorted(keys, np.uint64(_BREAK + 1 << 32)) :]
        places, sorted_tokens = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64), keys >> np.uint64(32)
        self._write_run(sorted_tokens.astype(np.int64), slots[places], positions[places])
        self._written += len(self._tokens)
        self._tokens = array("I")

    def _write_run(self, tokens: Indices, slots: Numbers, positions: Numbers) -> None:
        path = self._folder / f"run{len(self._runs)}"
        path.mkdir()
        new = np.ones(len(tokens), bool)
        new[1:] = (tokens[1:] != tokens[:-1]) | (slots[1:] != slots[:-1])
        begins = np.flatnonzero(new)
        counts = np.diff(begins, append=len(tokens)).astype(np.uint32)
        for name, of in (("slot_begins", tokens[begins]), ("position_begins", tokens)):
            save(path, name, np.concatenate(([0], np.cumsum(np.bincount(of)))))
        for name, values in (("slots", slots[begins]), ("counts", counts), ("positions", positions)):
            with parts_path(path, name).open("wb") as stream:
                write_part(stream, values, np.dtype(np.uint32))
        self._runs.append(path)


def _run(path: Path, order: Indices, slot_starts: Numbers) -> Source:
    """Return a run as a source; ``order`` are the numbers of all tokens in the order of the whole."""
    slot_begins, position_begins = (load(path, name) for name in ("slot_begins", "position_begins"))
    # Tokens that came later are not in it.
    local = np.where(order < len(slot_begins) - 1, order, -1)
    slots, counts, positions = (
        mapped(path, name, np.empty(0, np.uint32)) for name in ("slots", "counts", "positions")
    )
    return Source(local, slot_begins, position_begins, slots, counts, positions, slot_starts)
