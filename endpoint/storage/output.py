"""An output of a command: a file that appears whole or not at all, or standard output.

A file is written under another name beside its place and renamed.
"""

from __future__ import annotations

import os
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from endpoint.errors import ConfigurationError, DataError
from endpoint.storage.dump import compressed


@dataclass(frozen=True, slots=True)
class Role:
    """The words for an output in messages: what it is, and how a user names it."""

    name: str = "The export"
    option: str = "--output"
    private: bool = False  # for nobody but its owner


EXPORT = Role()


class CountedOutput:
    """A counter of bytes that turns failures of the file system into designed errors."""

    def __init__(self, file: IO[bytes], path: Path | None, role: Role) -> None:
        self._file = file
        self._path = path
        self._role = role
        self.written = 0

    def write(self, data: bytes, /) -> int:
        """Write all of ``data``. Raises :class:`DataError`."""
        with _explained(self._path, self._role):
            self._file.write(data)
        self.written += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the file is flushed once, at its end."""


@contextmanager
def _explained(path: Path | None, role: Role) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "Standard output" if path is None else role.name
        raise DataError(f"{where} cannot be written: {error.strerror or error}.", path) from error


@contextmanager
def opened(
    path: Path | None, compression: str | None, force: bool, role: Role = EXPORT
) -> Iterator[CountedOutput]:
    """Open the output ``path``, None is standard output; a file takes its place when the block ends well.

    ``force`` overwrites a file that is there.

    :raises ConfigurationError: the path is a folder, or already there, or standard output is of no use.
    :raises DataError: it cannot be written.
    """
    if path is None:
        file = _standard_output(compression, role)
        with _explained(None, role), _written_to(file, compression, None, role) as output:
            yield output
        return
    path = _checked(path, force, role)
    # Closing a file writes the rest of its buffer, and may fail like any write.
    with _explained(path, role):
        if _is_special(path):
            with path.open("wb") as file, _written_to(file, compression, path, role) as output:
                yield output
            return
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with fresh.open("xb") as file:
                if role.private:
                    os.fchmod(file.fileno(), 0o600)
                with _written_to(file, compression, path, role) as output:
                    yield output
                os.fsync(file.fileno())
            _checked(path, force, role)  # another process may have made it meanwhile
            fresh.replace(path)
        except BaseException:
            with suppress(OSError):
                fresh.unlink()
            raise


@contextmanager
def _written_to(
    file: IO[bytes], compression: str | None, path: Path | None, role: Role
) -> Iterator[CountedOutput]:
    if compression is None:
        yield CountedOutput(file, path, role)
    else:
        with compressed(file, compression) as target:
            yield CountedOutput(target, path, role)
    file.flush()


def _standard_output(compression: str | None, role: Role) -> IO[bytes]:
    if sys.stdout is None:
        raise ConfigurationError(f"Standard output is closed; name a file with {role.option}.")
    if compression is not None and sys.stdout.isatty():
        raise ConfigurationError(
            f"Compressed data is not written to a terminal; name a file with {role.option}."
        )
    return sys.stdout.buffer


def _checked(path: Path, force: bool, role: Role) -> Path:
    """Return the file that the path leads to through symbolic links."""
    path = path.resolve()
    if path.is_dir():
        raise ConfigurationError(f"{role.option}: {path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{role.option}: there is no folder {path.parent}; make it first.")
    if path.exists() and not force and not _is_special(path):
        raise ConfigurationError(f"{role.option}: {path} is already there; overwrite it with --force.")
    return path


def _is_special(path: Path) -> bool:
    """Return whether the path is a device or a pipe, which is written to and never replaced."""
    return path.exists() and not stat.S_ISREG(path.stat().st_mode)
