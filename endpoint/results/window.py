"""Worker side: one page of the solutions of a query, exactly.

The engine evaluates lazily, so the rows before the page are passed over and those after it are never
made; the query itself is not touched. On one generation the same text gives the same sequence, so
offset and generation name a page. Should the sequence ever differ, as between a generation in memory
and the same one on disk for a query without ORDER BY, the digest of the rows before the page tells.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import count, islice
from typing import Final

from endpoint.formats import Facts, Page
from endpoint.results.terms import Row

# How many rows are counted between two looks at the clock.
_STRIDE: Final = 4096
# So many rows before a page are compared with those that the client has seen: one alone may look like many.
MARKED: Final = 64


def take_page(rows: Iterator[Row], asked: Page) -> tuple[list[Row], Facts]:
    """The rows of the page, and what is known of it. Raises whatever evaluation raises."""
    passed = length(islice(rows, max(asked.offset - MARKED, 0)))
    before = list(islice(rows, asked.offset - passed))
    passed += len(before)
    if asked.mark and (passed < asked.offset or mark_of(before) != asked.mark):
        return [], Facts(0, False, None, "", moved=True)
    page = list(islice(rows, asked.size))
    more = len(page) == asked.size and next(rows, None) is not None
    total: int | None = passed + len(page)
    if more:
        following = _count(rows, asked.counting) if asked.counting else None
        total = None if following is None else passed + len(page) + 1 + following
    mark = mark_of((before + page)[-MARKED:])
    return page, Facts(len(page), more, total, mark)


def mark_of(rows: Iterable[Row]) -> str:
    """A short digest of rows in their order."""
    digest = blake2b(digest_size=6)
    for row in rows:
        text = "\0".join("" if term is None else str(term) for term in row) + "\1"
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def length(rows: Iterable[object]) -> int:
    """How many there are; consumes them."""
    counter = count()
    deque(zip(rows, counter, strict=False), maxlen=0)
    return next(counter)


def _count(rows: Iterator[Row], seconds: float) -> int | None:
    """How many rows follow; None when counting them takes longer."""
    end = time.monotonic() + seconds
    counted = 0
    while (found := length(islice(rows, _STRIDE))) == _STRIDE:
        counted += found
        if time.monotonic() > end:
            return None
    return counted + found
