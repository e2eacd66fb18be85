"""ZIP and tar archives: their members as streams.

Nothing is unpacked, and a member's name is only ever shown: a malicious one can do no harm.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from endpoint.errors import DataError
from endpoint.ingest.sources.byte_streams import (
    DAMAGED,
    EXPANDS,
    Opener,
    Stream,
    expands,
    open_stream,
    reading,
    shown,
    split_extension,
)

_ENCRYPTED = 0x1  # general purpose bits of a ZIP member (APPNOTE.TXT section 4.4.4)
_UTF_8_NAME = 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, or else a link or a device.

    ``size`` is in bytes; ``refusal`` is the reason why it cannot be read.
    """

    name: str
    size: int
    handle: zipfile.ZipInfo | tarfile.TarInfo
    refusal: str | None = None
    is_file: bool = True


class Archive(ABC):
    """A ZIP or tar archive, open while a ``with`` block lasts or a member is read.

    ``name`` is for messages. Members are read quickest in the order of :meth:`members`: a compressed
    tar cannot go back.
    """

    def __init__(self, opener: Opener, name: str, compression: str | None = None) -> None:
        self.name = name
        self._opener = opener
        self._compression = compression
        self._users = 0
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        """:raises DataError: it cannot be read, or is no archive."""
        if self._users == 0:
            with ExitStack() as resources, _unpacking(self.name):
                stream = open_stream(self._opener, self.name, self._compression)
                self._start(resources.enter_context(stream), resources)
                self._resources = resources.pop_all()
        self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._users -= 1
        if self._users == 0:
            self._resources.close()

    def members(self) -> Iterator[Member]:
        """Yield the files in it, without the folders.

        :raises DataError: the archive is damaged.
        """
        with self, _unpacking(self.name):
            yield from self._members()

    def full_name(self, member: Member) -> str:
        """Return the name of ``member`` for people: ``archive.zip!folder/file.ttl``."""
        return f"{self.name}!{shown(member.name)}"

    def open(self, member: Member, resources: ExitStack) -> IO[bytes]:
        """Open the bytes of ``member``; with it an :data:`~endpoint.ingest.sources.byte_streams.Opener`.

        :raises DataError: they cannot be read.
        """
        if member.refusal is not None:
            raise DataError(member.refusal, Path(self.full_name(member)))
        resources.enter_context(self)
        with _unpacking(self.full_name(member)):
            return resources.enter_context(self._member(member))

    def spooled(self, member: Member, resources: ExitStack) -> IO[bytes]:
        """Copy ``member``, an archive itself, to a temporary file, where it can be read out of order."""
        name = self.full_name(member)
        copy = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed by ``resources``
        with open_stream(lambda stack: self.open(member, stack), name) as stream:
            shutil.copyfileobj(stream, copy)
        copy.seek(0)
        return cast(IO[bytes], copy)

    @abstractmethod
    def _start(self, stream: Stream, resources: ExitStack) -> None: ...

    @abstractmethod
    def _members(self) -> Iterator[Member]: ...

    @abstractmethod
    def _member(self, member: Member) -> IO[bytes]: ...


def archive_type(name: str) -> tuple[type[Archive], str | None] | None:
    """Return the class that reads archives of this name, and the compression; None for other files."""
    extension, compression = split_extension(name)
    if extension == ".zip" and compression is None:
        return _Zip, None
    return (_Tar, compression) if extension == ".tar" else None


@contextmanager
def _unpacking(name: str) -> Iterator[None]:
    try:
        with reading(name):
            yield
    except (ValueError, OverflowError, IndexError, NotImplementedError) as error:
        raise DataError(DAMAGED, Path(name)) from error


class _Zip(Archive):
    _file: zipfile.ZipFile

    def _start(self, stream: Stream, resources: ExitStack) -> None:
        self._file = resources.enter_context(zipfile.ZipFile(stream))

    def _members(self) -> Iterator[Member]:
        for info in self._file.infolist():
            if not info.is_dir():
                yield Member(_zip_name(info), info.file_size, info, _refusal(info))

    def _member(self, member: Member) -> IO[bytes]:
        return self._file.open(cast(zipfile.ZipInfo, member.handle))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Decode a name, which archivers on Korean Windows write in CP949 without a mark."""
    if not info.flag_bits & _UTF_8_NAME:
        stored = info.filename.encode("cp437", "replace")
        for encoding in ("utf-8", "cp949"):
            try:
                return stored.decode(encoding)
            except UnicodeDecodeError:
                continue
    return info.filename


def _refusal(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _ENCRYPTED:
        return "This member is encrypted; unpack the archive with its password and load the files."
    if info.compress_type not in _METHODS:
        return (
            f"This member is compressed by method {info.compress_type} of ZIP, which is not supported; "
            "unpack the archive and load the files."
        )
    return EXPANDS if expands(info.file_size, info.compress_size) else None


class _Tar(Archive):
    _file: tarfile.TarFile

    def _start(self, stream: Stream, resources: ExitStack) -> None:
        self._file = resources.enter_context(tarfile.TarFile(fileobj=stream))

    def _members(self) -> Iterator[Member]:
        for info in self._file:
            if not info.isdir():
                yield Member(info.name, info.size, info, is_file=info.isreg())
        # A broken header looks like the end; the end is a block of zeros (POSIX.1-2001, pax).
        stream = cast(io.BufferedReader, self._file.fileobj)
        stream.seek(self._file.offset)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError

    def _member(self, member: Member) -> IO[bytes]:
        # Only links and devices have no content.
        return cast(IO[bytes], self._file.extractfile(cast(tarfile.TarInfo, member.handle)))
