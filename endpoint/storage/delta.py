"""The delta of a transaction: the quads by which its store differs from the generation that it began with.

Where a change is small its delta is recorded, so that what a generation has beside its store is brought up
to date by what changed, and not made anew: the number of its quads, whether a triple is in two of its graphs,
the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pyoxigraph import NamedNode, Quad

# Quads of a delta, at most; of a larger change everything is made anew.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Delta:
    """Quads that were ``added`` and ``removed``; none is both."""

    added: frozenset[Quad] = frozenset()
    removed: frozenset[Quad] = frozenset()

    @property
    def growth(self) -> int:
        """The number of quads that there are more than before."""
        return len(self.added) - len(self.removed)

    def subjects(self) -> set[str]:
        """Return the IRIs of which something is stated that was not stated before, or no longer is."""
        quads = (*self.added, *self.removed)
        return {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}

    def then(self, later: Delta) -> Delta:
        """Return this delta and a ``later`` one as a single one."""
        return Delta(
            (self.added - later.removed) | (later.added - self.removed),
            (self.removed - later.added) | (later.removed - self.added),
        )


class Recorder:
    """A recorder of changes; ``delta`` is None as soon as they are too many, or not known."""

    def __init__(self) -> None:
        self.delta: Delta | None = Delta()

    @contextmanager
    def watching(self, read: Callable[[], Iterable[Quad]]) -> Iterator[None]:
        """Record the difference that the block makes to the quads that ``read`` returns."""
        before = self._quads(read)
        yield
        after = self._quads(read)
        if self.delta is None or before is None or after is None:
            self.delta = None
        else:
            self.delta = self.delta.then(Delta(after - before, before - after))

    def _quads(self, read: Callable[[], Iterable[Quad]]) -> frozenset[Quad] | None:
        if self.delta is None:
            return None
        found = frozenset(islice(read(), MOST + 1))
        return found if len(found) <= MOST else None
