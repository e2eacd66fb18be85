"""The memory in which answers are kept for those who ask the same again.

It is bounded in bytes. What is worth least goes first: the seconds that it took to make, times the requests
for it, for each of its bytes (GreedyDual-Size with Frequency, Cherkasova 1998). What nobody asks for any more
loses worth as others are evicted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count, islice
from typing import Any, Final, NamedTuple

# The version of values that do not depend on the data.
ALWAYS: Final = ""
# One value may take this part of all bytes.
_SHARE: Final = 8
# Bytes of an entry besides its value and its key: objects, dictionaries, the heap.
OVERHEAD: Final = 600


class Use(NamedTuple):
    """The use of the cache for an answer.

    ``result`` is what is counted: hit, miss, collapsed (another request brought it) or bypass.
    ``parameters`` are those of the header Cache-Status (RFC 9211 section 2).
    """

    result: str
    parameters: str


RESULTS: Final = ("hit", "miss", "collapsed", "bypass")
HIT: Final = Use("hit", "hit")
MISS: Final = Use("miss", "fwd=miss")
STORED: Final = Use("miss", "fwd=miss; stored")
COLLAPSED: Final = Use("collapsed", "fwd=miss; collapsed")
# It waited for another request, whose answer was not kept.
ALONE: Final = Use("miss", "fwd=miss; collapsed=?0")
VOLATILE: Final = Use("bypass", "fwd=bypass; detail=volatile")
EXPLAINED: Final = Use("bypass", "fwd=bypass; detail=explain")
# The client does not want what is kept.
UNWANTED: Final = Use("bypass", "fwd=request")


@dataclass(slots=True, eq=False)
class Entry:
    """A value that is kept; ``uses`` counts the requests for it, the first one too.

    ``size`` are its bytes, ``cost`` the seconds that it took, ``kept`` is False once it was evicted.
    """

    version: str
    key: Hashable
    value: Any
    size: int
    cost: float
    uses: int = 1
    kept: bool = True
    since: float = 0.0  # the clock of the last request for it
    worth: float = 0.0  # its place in the heap

    def now(self) -> float:
        """Return its worth now."""
        return self.since + self.uses * self.cost / self.size


class ByteCache:
    """Values by version of the data and key, in at most ``most`` bytes; 0 keeps none.

    The values of older versions go before all others. ``evictions`` counts what had to go, ``uses`` the
    answers by what the cache did for them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.evictions = 0
        self.uses: Counter[str] = Counter(dict.fromkeys(RESULTS, 0))
        self._versions: dict[str, dict[Hashable, Entry]] = {}
        self._latest = ""
        self._clock = 0.0
        # Lower bounds: what is asked for again moves only when its turn to go would come.
        self._heap: list[tuple[float, int, Entry]] = []
        self._count = count()

    def __len__(self) -> int:
        return sum(map(len, self._versions.values()))

    @property
    def largest(self) -> int:
        """The most bytes of one value."""
        return self.most // _SHARE

    def begin(self, version: str) -> None:
        """Let the values of this version stay longest from now on."""
        self._latest = version

    def find(self, version: str, key: Hashable) -> Entry | None:
        """Return what is kept, and count that it was asked for."""
        entries = self._versions.get(version)
        entry = None if entries is None else entries.get(key)
        if entry is not None:
            self.use(entry)
        return entry

    def use(self, entry: Entry) -> None:
        """Count that an entry was asked for."""
        entry.uses += 1
        entry.since = self._clock

    def put(self, version: str, key: Hashable, value: object, size: int, cost: float) -> Entry | None:
        """Keep a value of ``size`` bytes that took ``cost`` seconds; return None where it is not kept."""
        size += OVERHEAD
        if size > self.largest:
            return None
        entries = self._versions.setdefault(version, {})
        if (before := entries.get(key)) is not None:
            self._drop(before)
            entries = self._versions.setdefault(version, {})
        entry = entries[key] = Entry(version, key, value, size, cost, since=self._clock)
        self.size += size
        self._place(entry)
        self._shrink()
        return entry if entry.kept else None

    def grow(self, entry: Entry, size: int, cost: float) -> bool:
        """Take note of so many more bytes of a value; return whether it is still kept with them."""
        if not entry.kept or entry.size + size > self.largest:
            return False
        entry.size += size
        entry.cost += cost
        self.size += size
        self._place(entry)
        self._shrink()
        return entry.kept

    def resize(self, most: int) -> None:
        """Bound it in other bytes."""
        self.most = most
        self._shrink()

    def most_used(self, version: str, kind: type[Any], number: int) -> list[Entry]:
        """Return the values of a kind and version that were asked for most, and more than once."""
        entries = self._versions.get(version, {}).values()
        again = (entry for entry in entries if entry.uses > 1 and isinstance(entry.value, kind))
        return sorted(again, key=lambda entry: entry.uses, reverse=True)[:number]

    def _place(self, entry: Entry) -> None:
        entry.worth = entry.now()
        heappush(self._heap, (entry.worth, next(self._count), entry))
        if len(self._heap) > 2 * len(self) + 100:
            self._heap = [item for item in self._heap if _is_current(item)]
            heapify(self._heap)

    def _shrink(self) -> None:
        while self.size > self.most:
            self.evictions += 1
            self._drop(self._oldest() or self._least())

    def _oldest(self) -> Entry | None:
        """Return an entry of an older version."""
        for version in islice(self._versions, 3):
            if version not in (self._latest, ALWAYS):
                return next(iter(self._versions[version].values()))
        return None

    def _least(self) -> Entry:
        """Return the entry that is worth least now."""
        while True:
            item = heappop(self._heap)
            entry = item[2]
            if not _is_current(item):
                continue
            if entry.now() <= item[0]:
                self._clock = max(self._clock, item[0])
                return entry
            self._place(entry)

    def _drop(self, entry: Entry) -> None:
        entry.kept = False
        # Whoever remembers the entry keeps none of its bytes.
        entry.value = None
        self.size -= entry.size
        entries = self._versions[entry.version]
        del entries[entry.key]
        if not entries:
            del self._versions[entry.version]


def _is_current(item: tuple[float, int, Entry]) -> bool:
    return item[2].kept and item[2].worth == item[0]
