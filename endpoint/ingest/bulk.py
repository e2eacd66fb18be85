"""Large N-Triples and N-Quads into a store: pieces of whole lines, several at a time.

A bulk load holds a million statements before it writes the first, in nearly a gigabyte, and works on one
processor for most of its time. Pieces take a third of that memory, and use all processors.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import IO, Final, cast

from pyoxigraph import RdfFormat

LINE_BASED: Final = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

_PIECE = 1 << 25  # bytes of text
_MOST_THREADS = 4


def load_pieces(stream: IO[bytes], load: Callable[[IO[bytes] | bytes], None]) -> None:
    """Load the whole text of ``stream``; ``load`` takes a part of it and is called from several threads.

    :raises Exception: what reading or ``load`` raises; other parts may have been loaded.
    """
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(threads, "load") as pool:
        carried = b""
        while read := stream.read(_PIECE):
            end = read.rfind(b"\n") + 1
            piece, carried = carried + read[:end], read[end:]
            # A blank node has its name for the whole text, but for the engine only within one load.
            if not end or b"_:" in piece:
                carried = piece + carried
                break
            if len(running) == threads:
                running = _ended(running)
            running.add(pool.submit(load, piece))
        if carried:
            running.add(pool.submit(load, cast(IO[bytes], _Joined(carried, stream))))
        while running:
            running = _ended(running)


def _ended(running: set[Future[None]]) -> set[Future[None]]:
    """Wait until one has ended; those that still run. Raises what it raised."""
    done, still = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return still


class _Joined:
    """Some bytes and the stream that they were read from."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = io.BytesIO(first)
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        return self._first.read(size) or self._stream.read(size)
