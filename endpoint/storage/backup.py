"""A generation as one file: a tar archive, compressed by Zstandard, with the checksums of its files last.

The archive has one folder, with the files of the generation as they are on the disk and ``SHA256SUMS``, which
sha256sum(1) reads as well. What is restored is verified before it is published.
"""

from __future__ import annotations

import dataclasses
import io
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final, cast

from endpoint.errors import ConfigurationError, DataError, StoreError
from endpoint.storage import generations
from endpoint.storage.dump import open_store
from endpoint.storage.generations import Generation
from endpoint.storage.origin import same_dataset
from endpoint.storage.output import Role, opened
from endpoint.storage.retention import DEFAULT, Retention
from endpoint.storage.writer import Writer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SUMS: Final = "SHA256SUMS"
_ROLE: Final = Role("The backup", "FILE", private=True)
_PIECE: Final = 2**20  # bytes that are copied at once
# Called now and then with the bytes that are done.
Count = Callable[[int], None]


class _Hashed(io.RawIOBase):
    """A file whose checksum is computed while it is read."""

    def __init__(self, file: IO[bytes], count: Count) -> None:
        self._file = file
        self._count = count
        self.hash = sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self.hash.update(piece)
        self._count(len(piece))
        return piece


def size_of(generation: Generation) -> int:
    """Return the bytes of a backup of the generation before compression, without what tar adds."""
    return sum(path.stat().st_size for path in _files(generation.path))


def _files(folder: Path) -> list[Path]:
    """Return the files of a generation that belong into a backup, its description first."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    kept = [path for path in files if path != folder / generations.READERS]
    return sorted(kept, key=lambda path: path != folder / generations.DESCRIPTION)


def backup(generation: Generation, path: Path | None, force: bool, count: Count) -> int:
    """Write the generation into the file ``path``, None is standard output; return the bytes written.

    ``count`` is called with the number of bytes read so far. The generation must be held.

    :raises ConfigurationError: the file is already there and ``force`` is false, or cannot be one.
    :raises DataError: it cannot be written.
    :raises StoreError: a file of the generation cannot be read.
    """
    top, done = f"generation-{generation.number:06d}", 0

    def told(number: int) -> None:
        nonlocal done
        done += number
        count(done)

    with opened(path, "zst", force, _ROLE) as output:
        with tarfile.open(fileobj=cast("IO[bytes]", output), mode="w|", bufsize=_PIECE) as archive:
            sums = ""
            for file in _files(generation.path):
                name = file.relative_to(generation.path).as_posix()
                sums += f"{_add(archive, file, f'{top}/{name}', generation, told)}  {name}\n"
            info = _described(f"{top}/{SUMS}", len(sums.encode()), generation)
            archive.addfile(info, io.BytesIO(sums.encode()))
        return output.written


def _add(archive: tarfile.TarFile, file: Path, name: str, generation: Generation, count: Count) -> str:
    """Add one file; return its checksum."""
    try:
        with file.open("rb") as stream:
            hashed = _Hashed(stream, count)
            archive.addfile(_described(name, file.stat().st_size, generation), cast("IO[bytes]", hashed))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoreError(f"The file {file} cannot be read: {error.strerror or error}.") from error
    return hashed.hash.hexdigest()


def _described(name: str, size: int, generation: Generation) -> tarfile.TarInfo:
    # Without owners, so that the same generation gives the same bytes.
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(generation.created.timestamp())
    return info


def restore(
    stream: BinaryIO,
    name: str,
    data: Path,
    replace: bool,
    count: Count,
    retention: Retention = DEFAULT,
    patience: float = 0.0,
    adopt: bool = False,
) -> Generation:
    """Publish the backup in ``stream``, which comes from the file ``name``, in the directory ``data``.

    Where nothing is published there, it is the same generation again; else, with ``replace``, a new one.
    ``count`` is called with the number of bytes extracted so far. Where another process writes, its end is
    waited for, ``patience`` seconds at most.

    :raises ConfigurationError: something is published there, and ``replace`` is false, or it belongs to
        another dataset, unless ``adopt``.
    :raises DataError: the backup is damaged, cut off or none at all; nothing was published.
    :raises StoreError: the data directory cannot be written; nothing was published.
    """

    def fill(folder: Path) -> Generation:
        with _told(name):
            _extract(stream, folder, count)
        generation = _verified(folder)
        if not empty:
            same_dataset(generation, generations.current(data), adopt)
            command = f"restore of generation {generation.number}"
            generation = dataclasses.replace(generation, digest="", command=command, user="")
        return generation

    with Writer(data, retention, patience) as writer:
        empty = not generations.numbers(data)
        if not empty and not replace:
            raise ConfigurationError(
                f"There is data in {data} already. Name another folder with --data, or publish the backup as "
                "a new generation with --replace."
            )
        try:
            return writer.publish_folder(fill)
        except DataError as error:
            raise DataError(f"{error.detail} Nothing was published.", Path(name)) from error


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what goes wrong in reading an archive into a sentence."""
    try:
        yield
    except EOFError:
        raise DataError("The backup is cut off.") from None
    except (zstd.ZstdError, tarfile.TarError, UnicodeError) as error:
        raise DataError(f"The backup is damaged or none at all ({error}).") from None


class _Readable(io.RawIOBase):
    """A stream whose failures are those of the backup, not of the data directory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise DataError(f"The backup cannot be read: {error.strerror or error}.") from error


def _extract(stream: BinaryIO, folder: Path, count: Count) -> None:
    """Write the files of the archive into ``folder``, once their checksums are right."""
    sums: dict[str, str] = {}
    told, done = None, 0
    with zstd.ZstdFile(cast("IO[bytes]", _Readable(stream))) as plain:
        with tarfile.open(fileobj=cast("IO[bytes]", plain), mode="r|", bufsize=_PIECE) as archive:
            for member in archive:
                name = _place(member)
                content = archive.extractfile(member)
                if told is not None or content is None:
                    raise DataError(f"The backup is damaged: it has {member.name!r} at the wrong place.")
                if name == SUMS:
                    told = content.read(_PIECE).decode()
                    continue
                sums[name] = _copy(content, folder / name, member)
                done += member.size
                count(done)
        # The end of the compressed data has a mark, which is missing where the file was cut.
        while plain.read(_PIECE):
            pass
    if told is None:
        raise DataError("The backup is cut off: it has no checksums at its end.")
    if told != "".join(f"{digest}  {name}\n" for name, digest in sums.items()):
        raise DataError("The backup is damaged: its files do not have the checksums that it tells.")


def _place(member: tarfile.TarInfo) -> str:
    """Return the place of a member in the folder of the generation."""
    parts = PurePosixPath(member.name).parts
    inside = len(parts) > 1 and not member.name.startswith("/") and ".." not in parts
    # The file of readers is made at publication.
    if not member.isreg() or not inside or "\0" in member.name or parts[1] == generations.READERS:
        raise DataError(f"The backup is damaged or none at all: {member.name!r} is no file of a generation.")
    return "/".join(parts[1:])


def _copy(content: IO[bytes], path: Path, member: tarfile.TarInfo) -> str:
    """Write one file; return its checksum."""
    digest = sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        created = path.open("xb")
    except (FileExistsError, NotADirectoryError):
        raise DataError(f"The backup is damaged: it has {member.name!r} at the wrong place.") from None
    with created as out:
        while piece := content.read(_PIECE):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _verified(folder: Path) -> Generation:
    """Return the description of what was extracted, once its store opens and has as many quads."""
    try:
        generation = generations.read_folder(folder)
        quads = len(open_store(generation))
    except StoreError as error:
        raise DataError(f"The backup is damaged or none at all: {error}") from error
    if quads != generation.quads:
        raise DataError(f"The backup is damaged: it has {quads:,} quads instead of {generation.quads:,}.")
    return generation
