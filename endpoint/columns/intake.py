"""Statements as they arrive, and their terms, each kept once and numbered in the order of appearance.

Memory grows with the number of statements that arrive (12 bytes each) and of different terms (about 200 bytes
each), not with the length of texts: these go into a file, and long ones are told apart by a digest.
"""

from __future__ import annotations

import mmap
import re
from array import array
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final

import numpy as np

from endpoint.columns import DERIVE, DERIVED, END, GRAPH, QUADS
from endpoint.columns.sets import Indices, Numbers, starts_of
from endpoint.columns.terms import Unreadable

# Bytes from which a term is known by its digest, which takes 16.
_LONG: Final = 100
_COMMENT: Final = ord("#")
_END_OF_LINE: Final = b" .\n"
# The name of a graph at the end of a line of N-Quads: no part of a literal, whose last quote it would have.
_NAME: Final = re.compile(rb'<[^\x00-\x20<>"{}|^`\\]*>|_:[^\x00-\x20<>"]+')

# Returns a term as the engine writes it; two that are the same for the engine become one.
Canonical = Callable[[bytes], bytes]


class _Numbers(dict[bytes, int]):
    """The numbers of terms; a new one is written into a file. Of long ones only digests are keys."""

    def __init__(self, out: IO[bytes], canonical: Canonical | None) -> None:
        super().__init__()
        self.ends = array("Q", [0])
        self._out = out
        self._canonical = canonical

    def __missing__(self, term: bytes) -> int:
        number = self.get(key := _key(term))
        if number is None:
            written = term if self._canonical is None else self._canonical(term)
            number = None if written == term else self.get(_key(written))
            if number is None:
                number = self[_key(written)] = self._add(written)
            self[key] = number
        return number

    def _add(self, term: bytes) -> int:
        self.ends.append(self.ends[-1] + self._out.write(term))
        return len(self.ends) - 2


def _key(term: bytes) -> bytes:
    return term if len(term) <= _LONG else blake2b(term, digest_size=16).digest()


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

    def sizes(self, numbers: Numbers) -> Indices:
        """Return the bytes of terms."""
        ends = np.array(self._ends, np.int64)
        found: Indices = ends[numbers.astype(np.int64) + 1] - ends[numbers]
        return found


class Intake:
    """The statements of a stream, as numbers of their ``terms``, and the ``graphs`` they came in, sorted.

    The name of the default graph is empty. ``canonical`` is for terms that somebody else than the engine has
    written. Raises :class:`~endpoint.columns.terms.Unreadable` for a line that is no statement; whether its
    terms are some shows when they are read. ``derive`` takes what the stream asks to derive, and may
    :meth:`add` statements.
    """

    def __init__(
        self,
        stream: Iterable[bytes],
        path: Path,
        canonical: Canonical | None = None,
        derive: Callable[[Intake, bytes], None] | None = None,
    ) -> None:
        self._subjects, self._predicates, self._objects = array("I"), array("I"), array("I")
        # Where statements of another graph begin, and the place of its name.
        self._begins, self._within = array("Q"), array("I")
        self._places: dict[bytes, int] = {}
        self._default = self._current = b""
        self._derived: bytes | None = None
        self._told: int | None = None
        self._derive = derive
        self._path = path
        with path.open("wb", 2**20) as out:
            self._out, self._numbers = out, _Numbers(out, canonical)
            self._read(stream, self._numbers)
        self.graphs = sorted(self._places)

    @property
    def terms(self) -> Terms:
        """The terms that have come so far."""
        if not self._out.closed:
            self._out.flush()
        return Terms(self._path, self._numbers.ends)

    def number(self, term: bytes) -> int:
        """Return the number of a term, which is new or not."""
        return self._numbers[term]

    def add(self, rows: Numbers, graph: bytes) -> None:
        """Add statements of a ``graph``: rows of the numbers of subjects, predicates and objects."""
        self._begin(graph)
        for column, numbers in zip((self._subjects, self._predicates, self._objects), rows, strict=True):
            column.frombytes(numbers.astype(np.uint32).tobytes())

    def __len__(self) -> int:
        return len(self._subjects)

    def columns(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return subjects, predicates, objects, and places in ``graphs``, one of each for each line."""
        ranks = np.empty(len(self._places), np.uint32)
        ranks[[self._places[name] for name in sorted(self._places)]] = np.arange(len(ranks))
        sizes = np.diff(np.array(self._begins, np.int64), append=len(self))
        graphs = np.repeat(ranks[np.array(self._within, np.int64)], sizes.astype(np.int64))
        subjects, predicates, objects = (
            np.frombuffer(column, np.uint32) for column in (self._subjects, self._predicates, self._objects)
        )
        return subjects, predicates, objects, graphs

    def distinct(self, rows: Numbers) -> Numbers:
        """Return the statements of the sorted ``rows``, whose last one has their graphs, once each.

        Raises ValueError where these are not as many as the stream has told at its end.
        """
        rows = rows[:, starts_of(*rows)]
        if self._derived in self._places:
            starts = np.ones(rows.shape[1] + 1, bool)
            starts[1:-1] = np.any(rows[:-1, 1:] != rows[:-1, :-1], axis=0)
            alone = starts[:-1] & starts[1:]
            rows = rows[:, alone | (rows[-1] != self.graphs.index(self._derived))]
        if rows.shape[1] != self._told:
            raise ValueError(f"{rows.shape[1]} of {self._told} statements arrived")
        return rows

    def _read(self, stream: Iterable[bytes], numbers: _Numbers) -> None:
        """Read to the end of the stream."""
        add_subject, add_predicate = self._subjects.append, self._predicates.append
        add_object = self._objects.append
        before, number, end = b"", 0, _END_OF_LINE
        for line in stream:
            if line[0] == _COMMENT:
                if line.startswith(END):
                    self._told = int(line[len(END) :])
                    return
                end = self._turn(line)
                continue
            try:
                subject, predicate, rest = line.split(b" ", 2)
            except ValueError:
                raise Unreadable(line[:200].decode("utf-8", "replace")) from None
            if rest.endswith(end):
                value = rest[: -len(end)]
            else:
                value, end = self._apart(rest[: -len(_END_OF_LINE)])
            if subject != before:
                before, number = subject, numbers[subject]
            add_subject(number)
            add_predicate(numbers[predicate])
            add_object(numbers[value])

    def _turn(self, line: bytes) -> bytes:
        """Take a line that tells of those that follow; return how they end where their graph is the same."""
        if line.startswith(DERIVE):
            if self._derive is not None:
                self._derive(self, line[len(DERIVE) :])
            return _END_OF_LINE
        if line.startswith(DERIVED):
            self._derived = line[len(DERIVED) : -1]
            return _END_OF_LINE
        self._default = line[len(GRAPH) : -1]
        self._begin(self._default)
        return self._end(self._default) if line.startswith(QUADS) else _END_OF_LINE

    def _apart(self, rest: bytes) -> tuple[bytes, bytes]:
        """Return the object at the end of a line of N-Quads, and how lines of the same graph end."""
        value, _, name = rest.rpartition(b" ")
        if not _NAME.fullmatch(name) or not value:
            value, name = rest, self._default
        if name != self._current:
            self._begin(name)
        return value, self._end(name)

    def _end(self, graph: bytes) -> bytes:
        # Only a look at the object tells that no name follows it: no line ends so.
        return b" " + graph + _END_OF_LINE if graph else b"\0"

    def _begin(self, graph: bytes) -> None:
        """Let the statements that follow be of this graph."""
        self._current = graph
        self._begins.append(len(self))
        self._within.append(self._places.setdefault(graph, len(self._places)))
