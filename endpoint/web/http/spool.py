"""A body that is kept until its length is known, for HTTP/1.0; all of them together have a limit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from io import BytesIO
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final

from endpoint.errors import Overloaded, PayloadTooLarge
from endpoint.telemetry import log
from endpoint.web import Site

# Bytes that are kept in memory; longer bodies are on the disk.
IN_MEMORY: Final = 2**17
# Bytes of one body at most.
LONGEST: Final = 2**28
# Bytes that are read at once.
_PIECE: Final = 2**16
# Seconds until a client should try again when there is no room.
_COME_BACK: Final = 30


class Spool:
    """A context in which a body is written, then read; ``size`` is its length in bytes.

    It is in a file without a name beside the data, for the folder of temporary files may be memory.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._file: IO[bytes] = BytesIO()
        self.size = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._site.spooled -= self.size
        self._file.close()

    async def write(self, piece: bytes) -> None:
        """Append to the body. Raises PayloadTooLarge, and Overloaded where there is no room for it."""
        if self.size + len(piece) > LONGEST:
            raise PayloadTooLarge(
                f"An answer over HTTP/1.0 may have {LONGEST:,} bytes. Use HTTP/1.1, or ask for less.", LONGEST
            )
        if self._site.spooled + len(piece) > self._site.settings.max_spool:
            raise Overloaded(
                "Other answers over HTTP/1.0 take all the room there is for them. Use HTTP/1.1, which needs "
                "none, or try again later.",
                _COME_BACK,
            )
        self.size += len(piece)
        self._site.spooled += len(piece)
        if self.size <= IN_MEMORY:
            self._file.write(piece)
            return
        try:
            await asyncio.to_thread(self._write_to_disk, piece)
        except OSError as error:
            log.error("an answer over HTTP/1.0 found no room on the disk: %s", error.strerror)
            raise Overloaded(
                "The server has no room to hold this answer for HTTP/1.0. Use HTTP/1.1, which needs none.",
                _COME_BACK,
            ) from None

    def _write_to_disk(self, piece: bytes) -> None:
        if isinstance(self._file, BytesIO):
            folder = self._site.settings.data
            piece = self._file.getvalue() + piece
            self._file = TemporaryFile(  # noqa: SIM115 – closed when the context ends
                dir=folder if os.access(folder, os.W_OK) else None, buffering=0
            )
        left = memoryview(piece)
        while left:
            left = left[self._file.write(left) :]

    def pieces(self) -> Iterator[bytes]:
        """Yield the body from its beginning."""
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece
