"""A thread that writes what the event loop gives it, so that a slow disk slows nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from endpoint.telemetry import log

T = TypeVar("T")

# The weight of all that may wait to be written, about in bytes; more is dropped and counted.
MOST: Final = 2**25
# Items that are written at once.
_BATCH: Final = 500
# Seconds for which items gather after a batch: to wake the thread for each would cost the event loop more.
_GATHER: Final = 0.05
# Seconds without an item after which the thread is told so, once.
_PAUSE: Final = 1.0


class Background(Generic[T]):
    """A bounded queue, and the thread that consumes it in batches, in order.

    ``consume`` is called with the next items, and without any when there was none for a second after some.
    An exception of ``failures`` that it raises is logged, once until a batch succeeds, and its batch is
    dropped. Only one thread puts items.
    """

    def __init__(
        self,
        name: str,
        consume: Callable[[Sequence[T]], None],
        failures: tuple[type[Exception], ...] = (OSError,),
        most: int = MOST,
    ) -> None:
        self._name = name
        self._consume = consume
        self._failures = failures
        self._most = most
        self._queue: SimpleQueue[tuple[T, int] | None] = SimpleQueue()
        # Each of these is written by one of the two threads only.
        self._put = self._refused = 0
        self._taken = self._failed = 0
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T, weight: int) -> None:
        """Give the thread an item that needs about ``weight`` bytes of memory; never waits."""
        if self._put - self._taken + weight > self._most:
            self._refused += 1
        else:
            self._put += weight
            self._queue.put((item, weight))

    @property
    def dropped(self) -> int:
        """The number of items that were never written: too many waited, or the disk failed."""
        return self._refused + self._failed

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, for at most ``timeout`` seconds, and end the thread. Idempotent."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        batch: list[T] = []
        ended = False
        while not ended:
            try:
                # When nothing was written lately it waits for good, which takes no processor time.
                first = self._queue.get(timeout=_PAUSE if batch else None)
            except Empty:
                batch = []
            else:
                batch, ended = self._batch(first)
            self._write(batch)
            if batch and not ended:
                time.sleep(_GATHER)

    def _batch(self, entry: tuple[T, int] | None) -> tuple[list[T], bool]:
        """Return what waits, beginning with ``entry``, and whether the end was among it."""
        batch: list[T] = []
        while entry is not None:
            batch.append(entry[0])
            self._taken += entry[1]
            if len(batch) == _BATCH:
                return batch, False
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _write(self, batch: Sequence[T]) -> None:
        try:
            self._consume(batch)
            self._failing = self._failing and not batch
        except self._failures as error:
            self._failed += len(batch)
            if not self._failing:
                log.error("the %s cannot be written: %s", self._name, error)
            self._failing = True
