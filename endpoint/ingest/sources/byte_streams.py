"""Byte streams of files, compressed files and pipes that can be read only once.

A damaged or truncated source is a :class:`DataError`, never a shorter file.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import select
import shutil
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

from endpoint.errors import DataError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Opens the bytes as they are stored, seekable; what must be closed after them goes on the stack.
Opener = Callable[[ExitStack], IO[bytes]]

DAMAGED = "The file is damaged or was cut off; get it again."
_DAMAGE = (
    *(EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError),
    *(zipfile.BadZipFile, tarfile.TarError, struct.error),
)

# So many bytes may come out of a compressed file for each byte in it, after the first so many bytes.
EXPANSION = 500
EXPANDED_FREELY = 1 << 26  # bytes

BUFFER = 1 << 20  # bytes
_PIECE = 1 << 18  # bytes
_KEPT_IN_MEMORY = 1 << 20  # bytes
_PATIENCE = 200  # milliseconds

_DECOMPRESSORS: dict[str, Callable[[IO[bytes]], io.BufferedIOBase]] = {
    ".gz": lambda stream: gzip.GzipFile(fileobj=stream),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": zstd.ZstdFile,
}
COMPRESSIONS = tuple(_DECOMPRESSORS)
_SHORT = {".tgz": ".gz", ".tbz": ".bz2", ".tbz2": ".bz2", ".txz": ".xz", ".tzst": ".zst"}
_MAGIC = {b"\x1f\x8b\x08": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}


EXPANDS = (
    f"It expands to more than {EXPANSION} times its size, as no real data does. If it is right, decompress "
    "it and load the result."
)


def expands(size: int, stored: int) -> bool:
    """Return whether ``size`` bytes are too many to come out of ``stored`` ones."""
    return size > EXPANDED_FREELY and size > EXPANSION * stored


class Stopped(Exception):
    """Raised by a read after :meth:`Stream.stop`."""


class Stream(io.BufferedReader):
    """The bytes of one source, decompressed; seekable. :func:`open_stream` opens it.

    Reading raises :class:`DataError` where the source is damaged or cannot be read. At the beginning
    ``peek`` gives ``BUFFER`` bytes, or all where the source is smaller.
    """

    def __init__(self, raw: _Raw) -> None:
        super().__init__(raw, BUFFER)
        self._source = raw

    def consumed(self) -> int:
        """Return how many bytes of the source, as it is stored, were read so far. For any thread."""
        return self._source.consumed()

    def stop(self) -> None:
        """Make the next read from the source raise :class:`Stopped`. For any thread."""
        self._source.stopped = True


class _Raw(io.RawIOBase):
    def __init__(self, inner: IO[bytes], stored: IO[bytes], name: str, resources: ExitStack) -> None:
        self.stopped = False
        self._inner = inner
        self._stored = stored
        self._name = name
        self._resources = resources

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self.stopped:
            raise Stopped
        inner = cast(io.BufferedIOBase, self._inner)
        filled = 0
        with reading(self._name), memoryview(buffer) as view:
            while filled < len(view) and (count := inner.readinto(view[filled:])):
                filled += count
        if self._inner is not self._stored and expands(self._inner.tell(), self._stored.tell()):
            raise DataError(EXPANDS, Path(self._name))
        return filled

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(BUFFER), b""))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with reading(self._name):
            return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def consumed(self) -> int:
        return self._stored.tell()

    def close(self) -> None:
        if not self.closed:
            self._resources.close()
        super().close()


def open_stream(opener: Opener, name: str, compression: str | None = None) -> Stream:
    """Open the bytes that ``opener`` gives, decompressed; ``name`` is for messages.

    :raises DataError: they cannot be read.
    """
    with ExitStack() as resources, reading(name):
        stored = opener(resources)
        inner = stored
        if compression is not None:
            buffered = resources.enter_context(io.BufferedReader(cast(io.RawIOBase, stored), BUFFER))
            if not buffered.peek(1):
                raise EOFError  # the decompressors disagree on whether nothing is a compressed file
            decompressor = _DECOMPRESSORS[compression](cast(IO[bytes], buffered))
            inner = cast(IO[bytes], resources.enter_context(decompressor))
        return Stream(_Raw(inner, stored, name, resources.pop_all()))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn failures to read ``name`` within the block into :class:`DataError`."""
    try:
        yield
    except IsADirectoryError:
        raise DataError("This is a folder; name the files in it.", Path(name)) from None
    except OSError as error:
        # For damaged data the decompressors of gzip and bzip2 raise it without a number, and
        # who follows the offsets of an archive seeks before the beginning.
        damaged = error.errno in (None, errno.EINVAL)
        reason = DAMAGED if damaged else f"The file cannot be read: {error.strerror}."
        raise DataError(reason, Path(name)) from error
    except _DAMAGE as error:
        raise DataError(DAMAGED, Path(name)) from error


def shown(name: str) -> str:
    """Return ``name`` with a replacement character for whatever cannot be printed."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name
    )


def split_extension(name: str) -> tuple[str, str | None]:
    """Return the extension in lower case and the compression: ``.ttl`` and ``.gz`` of ``a.ttl.gz``.

    ``.tgz`` and similar extensions are ``.tar`` in a compression.
    """
    path = PurePosixPath(name.lower())
    if path.suffix in _SHORT:
        return ".tar", _SHORT[path.suffix]
    if path.suffix in _DECOMPRESSORS:
        return PurePosixPath(path.stem).suffix, path.suffix
    return path.suffix, None


def compression_of(head: bytes) -> str | None:
    """Return the compression whose magic number ``head`` begins with."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


class Spool:
    """A copy of a stream that can be read only once, for any number of readers, while the block lasts.

    It is kept in memory while it is small, then in a temporary file without a name, in ``TMPDIR``.
    """

    def __init__(self, source: IO[bytes], name: str, close_source: bool = False) -> None:
        self._source = source
        self._name = name
        self._close_source = close_source
        self._kept: IO[bytes] = io.BytesIO()
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()
        if self._close_source:
            self._source.close()

    def open(self, resources: ExitStack) -> IO[bytes]:
        """Open a reader at the beginning; ``resources`` closes it."""
        return cast(IO[bytes], resources.enter_context(_SpoolReader(self)))

    def read(self, position: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``position``; none at the end.

        :raises DataError: there is no room for the copy.
        """
        while self._length <= position:
            piece = _take(self._source)
            if not piece:
                return b""
            try:
                self._keep(piece)
            except OSError as error:
                raise DataError(
                    f"There is no room for a copy in {tempfile.gettempdir()}: {error.strerror}. "
                    "Set TMPDIR to a folder that has room.",
                    Path(self._name),
                ) from error
        self._kept.seek(position)
        return self._kept.read(size)

    def _keep(self, piece: bytes) -> None:
        if self._length <= _KEPT_IN_MEMORY < self._length + len(piece):
            self._kept.seek(0)
            file = cast(IO[bytes], tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - closed on exit
            shutil.copyfileobj(self._kept, file)
            self._kept = file
        self._kept.seek(self._length)
        self._kept.write(piece)
        self._length += len(piece)

    def drain(self) -> int:
        """Read the source to its end; return its length in bytes."""
        while self.read(self._length, 1):
            pass
        return self._length


def _take(source: IO[bytes]) -> bytes:
    """Return the next bytes of a pipe or file; none at the end."""
    try:
        descriptor = source.fileno()
    except OSError:
        return source.read(_PIECE)
    # A signal just before a read would be noticed only after it, and the read may never end.
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while not waiting.poll(_PATIENCE):
        pass
    return os.read(descriptor, _PIECE)


class _SpoolReader(io.RawIOBase):
    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._spool.read(self._position, len(buffer))
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        self._position = offset + (self._spool.drain() if start is None else start)
        return self._position

    def tell(self) -> int:
        return self._position
