"""The delta of columns: the statements by which a small change differs from what they were built of.

A generation that differs little from one before it links the files of that one's columns, and has two more
files: statements that were added since, and statements that went. So a small change costs what it changes,
on the disk too. Whoever opens such columns merges both in memory (:mod:`endpoint.columns.opening`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from endpoint.columns import END, GRAPH
from endpoint.columns.files import Folder, link
from endpoint.columns.terms import read_term

ADDED: Final = "added.nt"
REMOVED: Final = "removed.nt"
# Statements of a delta, at most, and of all for each of them, at least; beyond that the builder begins anew.
# Each takes every reader some 50 µs.
MOST: Final = 10_000
_SHARE: Final = 8


class Statement(NamedTuple):
    """A statement, its terms as N-Triples writes them; the name of the default graph is empty."""

    graph: bytes
    subject: bytes
    predicate: bytes
    object: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """Statements that were ``added`` and ``removed``; none is both."""

    added: frozenset[Statement]
    removed: frozenset[Statement]

    @classmethod
    def read(cls, folder: Folder, members: dict[str, Any]) -> Self | None:
        """Return the delta of the columns with the description ``members``; None where they have none.

        :raises StoreError: a file is damaged.
        """
        if ADDED not in members["files"]:
            return None
        try:
            added, removed = (
                frozenset(read_statements((folder.path / name).read_bytes().splitlines(True)))
                for name in (ADDED, REMOVED)
            )
        except (OSError, ValueError) as error:
            raise folder.damaged(f"{ADDED}, {REMOVED}: {error}") from error
        return cls(added, removed)

    def then(self, later: Delta) -> Delta:
        """Return this delta and a ``later`` one as a single one."""
        return Delta(
            (self.added - later.removed) | (later.added - self.removed),
            (self.removed - later.added) | (later.removed - self.added),
        )

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.added) + len(self.removed)


def read_statements(lines: Iterable[bytes]) -> Iterator[Statement]:
    """Yield the statements of a stream of the form that the builder reads.

    :raises ValueError: it is not whole, or a line is no statement.
    """
    graph, number = b"", 0
    for line in lines:
        if line.startswith(GRAPH):
            graph = line[len(GRAPH) : -1]
        elif line.startswith(END):
            if int(line[len(END) :]) != number:
                raise ValueError(f"{number} statements instead of {line[len(END) : -1].decode()}")
            return
        else:
            subject, predicate, value = line.split(b" ", 2)
            # What follows is a space, a full stop and the end of the line.
            yield Statement(graph, subject, predicate, value[:-3])
            number += 1
    raise ValueError("the end is missing")


def _write_statements(path: Path, statements: Iterable[Statement]) -> None:
    ordered = sorted(statements)
    with path.open("wb") as out:
        for graph, members in groupby(ordered, key=lambda statement: statement.graph):
            out.write(GRAPH + graph + b"\n")
            out.writelines(b" ".join(member[1:]) + b" .\n" for member in members)
        out.write(END + b"%d\n" % len(ordered))


def extend(before: Path, path: Path, change: Delta) -> bool:
    """Write into the new folder ``path`` the columns in ``before`` as they are after ``change``.

    Return False, and write nothing, where so much has changed since they were built that this had better be
    done again.

    :raises ValueError: a term cannot be written as N-Triples.
    :raises StoreError: the columns in ``before`` are damaged, or of another version of the program.
    :raises OSError: the folder exists or cannot be written.
    """
    source, folder = Folder(before), Folder(path)
    members = source.description()
    known = Delta.read(source, members)
    delta = change if known is None else known.then(change)
    if len(delta) > min(MOST, members["quads"] // _SHARE):
        return False
    for term in {term for statement in change.added for term in statement[1:]}:
        read_term(term)
    path.mkdir()
    shared = [name for name in members["files"] if name not in (ADDED, REMOVED)]
    for name in shared:
        link(before / name, path / name)
    _write_statements(path / ADDED, delta.added)
    _write_statements(path / REMOVED, delta.removed)
    folder.describe(members, {name: members["sums"][name] for name in shared})
    return True
