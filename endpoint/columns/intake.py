"""Statements as they arrive, and their terms, each kept once and numbered in the order of appearance.

Memory grows with the number of statements (12 bytes each) and of different terms (about 200 bytes each), not
with the length of texts: these go into a file, and long ones are told apart by a digest.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final

import numpy as np

from endpoint.columns import END, GRAPH
from endpoint.columns.sets import Numbers
from endpoint.columns.terms import Unreadable

# Bytes from which a term is known by its digest, which takes 16.
_LONG: Final = 100
_COMMENT: Final = ord("#")


class _Numbers(dict[bytes, int]):
    """The numbers of terms; a new one is written into a file. Of long ones only digests are keys."""

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__()
        self.ends = array("Q", [0])
        self._out = out

    def __missing__(self, term: bytes) -> int:
        key = term if len(term) <= _LONG else blake2b(term, digest_size=16).digest()
        number = self.get(key)
        if number is None:
            number = self[key] = self._add(term)
        return number

    def _add(self, term: bytes) -> int:
        self.ends.append(self.ends[-1] + self._out.write(term))
        return len(self.ends) - 2


class Terms:
    """The terms of an :class:`Intake` by their numbers, read from the file."""

    def __init__(self, path: Path, ends: array[int]) -> None:
        self._ends = ends
        with path.open("rb") as stream:
            # An empty file cannot be mapped.
            self._text = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) if ends[-1] else b""

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        return self._text[self._ends[number] : self._ends[number + 1]]

    def size(self, number: int) -> int:
        """Return the bytes of a term."""
        return self._ends[number + 1] - self._ends[number]


class Intake:
    """The statements of a stream, as numbers of their ``terms``, and the ``graphs`` that they came in.

    The name of the default graph is empty. Raises ValueError where the stream is not whole, and
    :class:`~endpoint.columns.terms.Unreadable` for a line that is no statement; whether its terms are some
    shows when they are read.
    """

    def __init__(self, stream: Iterable[bytes], path: Path) -> None:
        self._subjects, self._predicates, self._objects = array("I"), array("I"), array("I")
        self._begins: list[int] = []
        self.graphs: list[bytes] = []
        with path.open("wb", 2**20) as out:
            numbers = _Numbers(out)
            told = self._read(stream, numbers)
        if told != len(self):
            raise ValueError(f"{len(self)} of {told} statements arrived")
        self.terms = Terms(path, numbers.ends)

    def __len__(self) -> int:
        return len(self._subjects)

    def columns(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return subjects, predicates, objects, and places in ``graphs``, one of each for each statement."""
        sizes = np.array([*self._begins, len(self)][1:]) - self._begins
        graphs = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes.astype(np.int64))
        subjects, predicates, objects = (
            np.frombuffer(column, np.uint32) for column in (self._subjects, self._predicates, self._objects)
        )
        return subjects, predicates, objects, graphs

    def _read(self, stream: Iterable[bytes], numbers: _Numbers) -> int | None:
        """Read to the end of the stream; return the number of statements that it tells there."""
        add_subject, add_predicate = self._subjects.append, self._predicates.append
        add_object = self._objects.append
        before, number = b"", 0
        for line in stream:
            if line[0] == _COMMENT:
                if line.startswith(END):
                    return int(line[len(END) :])
                self._begins.append(len(self))
                self.graphs.append(line[len(GRAPH) : -1])
                continue
            try:
                subject, predicate, value = line.split(b" ", 2)
            except ValueError:
                raise Unreadable(line[:200].decode("utf-8", "replace")) from None
            if subject != before:
                before, number = subject, numbers[subject]
            add_subject(number)
            add_predicate(numbers[predicate])
            # What follows is a space, a full stop and the end of the line.
            add_object(numbers[value[:-3]])
        return None
