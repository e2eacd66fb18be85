"""The published generations of a data directory, of which one is current, for their readers.

::

    DATA/lock                            locked by the single writer
    DATA/primary/                        the store that the writer works in
    DATA/primary.generation              the generation that the primary store equals
    DATA/generations/000007/store/       a checkpoint, never written again
    DATA/generations/000007/generation.json
    DATA/generations/000007/readers      locked (shared) by every process that reads the generation
    DATA/current                         the number of the current generation, replaced by rename

:mod:`endpoint.storage.writer` publishes generations, and :mod:`endpoint.storage.retention` removes old ones,
unless a reader has locked them.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from endpoint.errors import StoreError

FORMAT = 1  # of generation.json and of the layout above
DESCRIPTION = "generation.json"
READERS = "readers"
WRITES = "writes.json"  # the writes over HTTP that it was made of, and their outcomes
STORE = "store"
TEMPORARY = "tmp-"  # begins the name of a folder that is no generation, or none any more
# Seconds between two tries to lock a generation that another process looks at, and of all tries.
_AGAIN = 0.005
_PATIENCE = 1.0
# Numbers of generations are below this one.
_NUMBERS = 2**53


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable state of the whole dataset.

    ``number`` counts publications and is the data version; ``quads`` is its size; ``digest``
    identifies the files that it was built from (empty when it was not built from files). ``overlap``:
    a triple occurs in two of its graphs; ``None`` when that is not known. ``command`` and ``user`` of the
    system published it, as far as that is known. It has ``change`` quads more than the generation before it;
    ``None`` where there was none. ``before`` is the number of the one that was current when it was published;
    ``None`` where there was none, or an older version of the program published it. ``version`` is number and
    time of publication, as a key: a data directory made anew counts from 1 again.
    """

    number: int
    path: Path
    created: datetime
    quads: int
    digest: str
    overlap: bool | None = None
    command: str = ""
    user: str = ""
    change: int | None = None
    before: int | None = None
    version: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", f"{self.number}.{self.created.timestamp():.6f}")


def current(data: Path) -> Generation | None:
    """Return the current generation of the data directory ``data``; ``None`` when nothing is published yet.

    :raises StoreError: ``current`` names a generation that is missing or damaged.
    """
    number = published(data)
    while number is not None:
        try:
            return read(data, number)
        except StoreError:
            # Between the two reads a writer may have published a generation and removed the one read first.
            again = published(data)
            if again == number:
                raise
            number = again
    return None


def published(data: Path) -> int | None:
    """Return the number in ``data/current``; ``None`` when there is no such file.

    :raises StoreError: the file cannot be read or has no number in it.
    """
    pointer = data / "current"
    try:
        text = pointer.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"The data directory {data} cannot be read: {error.strerror}.") from error
    if not text.strip().isdigit():
        raise StoreError(
            f"The file {pointer} does not hold the number of a generation. "
            f"Write into it the name of a folder of {data / 'generations'}, or load the data again."
        )
    return int(text)


def folder(data: Path, number: int) -> Path:
    """Return the folder of generation ``number``."""
    return data / "generations" / f"{number:06d}"


def numbers(data: Path) -> list[int]:
    """Return the numbers of all generations on disk, ascending."""
    kept = data / "generations"
    if not kept.is_dir():
        return []
    return sorted(int(child.name) for child in kept.iterdir() if child.name.isdigit())


def read(data: Path, number: int) -> Generation:
    """Read generation ``number`` of ``data``.

    :raises StoreError: it is missing or damaged.
    """
    return read_folder(folder(data, number))


def read_folder(path: Path) -> Generation:
    """Read the generation in the folder ``path``.

    :raises StoreError: it is missing or damaged.
    """
    description = path / DESCRIPTION
    try:
        generation = _described(json.loads(description.read_bytes()), path)
    except FileNotFoundError:
        raise StoreError(f"There is no generation in {path}. {_REMEDY}") from None
    except OSError as error:
        raise StoreError(f"The file {description} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreError(f"The file {description} is damaged ({error}). {_REMEDY}") from error
    if not (path / STORE / "CURRENT").is_file():
        raise StoreError(f"The generation in {path} has lost its store. {_REMEDY}")
    return generation


_REMEDY = "Restore the folder from a backup, or load the data again with 'endpoint load'."


def _described(members: dict[str, object], path: Path) -> Generation:
    version = members["format"]
    if version != FORMAT:
        raise StoreError(
            f"The generation in {path} has layout {version}; this version of the program reads "
            f"layout {FORMAT}. Use the version that wrote it, or load the data again."
        )
    number, quads, digest = members["number"], members["quads"], members["digest"]
    # Not known of a generation that an older version wrote.
    overlap, change, before = (members.get(name) for name in ("overlap", "change", "before"))
    created = datetime.fromisoformat(str(members["created"]))
    if not (isinstance(number, int) and isinstance(quads, int) and isinstance(digest, str)):
        raise ValueError("a member has the wrong type")
    if not 0 < number < _NUMBERS:
        raise ValueError(f"{number} is no number of a generation")
    if overlap is not None and not isinstance(overlap, bool):
        raise ValueError("overlap is none of true, false and null")
    if change is not None and not isinstance(change, int):
        raise ValueError("change is no whole number")
    if before is not None and not isinstance(before, int):
        raise ValueError("before is no whole number")
    if created.tzinfo is None:
        raise ValueError("the time has no time zone")
    return Generation(
        number=number,
        path=path,
        created=created,
        quads=quads,
        digest=digest,
        overlap=overlap,
        command=str(members.get("command", "")),
        user=str(members.get("user", "")),
        change=change,
        before=before,
    )


def describe(generation: Generation) -> bytes:
    """Return the content of ``generation.json``, which :func:`read_folder` reads back."""
    members = {
        "format": FORMAT,
        "number": generation.number,
        "created": generation.created.isoformat(),
        "quads": generation.quads,
        "digest": generation.digest,
        "overlap": generation.overlap,
        "command": generation.command,
        "user": generation.user,
        "change": generation.change,
        "before": generation.before,
    }
    return (json.dumps(members, indent=1) + "\n").encode()


def hold(generation: Generation) -> IO[bytes]:
    """Keep the generation from being removed until the returned file is closed.

    The lock belongs to the open file: children forked later share it, and the kernel releases it
    with the last process that has the file open.

    :raises StoreError: the generation is already gone.
    """
    readers = generation.path / READERS
    try:
        held = readers.open("rb")
    except FileNotFoundError:
        raise _gone(generation) from None
    except OSError as error:
        raise StoreError(f"The file {readers} cannot be opened: {error.strerror}.") from error
    with ExitStack() as failed:
        failed.callback(held.close)
        if not _lock_shared(held, readers):
            raise _gone(generation)
        failed.pop_all()
    return held


def _lock_shared(held: IO[bytes], readers: Path) -> bool:
    """Lock the open file ``held``; return False where its generation is removed, or is being removed."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        locked = False
        with suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            locked = True
        # Whoever removes a generation moves its folder away under the lock, possibly this one.
        try:
            still_there = os.path.samestat(os.fstat(held.fileno()), readers.stat())
        except FileNotFoundError:
            still_there = False
        if locked or not still_there:
            return still_there
        time.sleep(_AGAIN)  # another process asks whether somebody reads it
    return False


@contextmanager
def held_current(data: Path) -> Iterator[Generation]:
    """Yield the current generation, which stays on the disk while the block lasts.

    :raises StoreError: there is none, or it cannot be read.
    """
    generation = _existing(data)
    while True:
        try:
            held = hold(generation)
            break
        except StoreError:
            # A writer may have published another generation and removed this one in the meantime.
            newer = _existing(data)
            if newer.number == generation.number:
                raise
            generation = newer
    with held:
        yield generation


def _existing(data: Path) -> Generation:
    generation = current(data)
    if generation is None:
        raise StoreError(f"There is no store in {data}. Build one with 'endpoint serve' or 'endpoint load'.")
    return generation


def is_held(path: Path) -> bool:
    """Return whether a process reads the generation in the folder ``path``."""
    try:
        with (path / READERS).open("rb") as readers:
            fcntl.flock(readers, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def remove_unless_held(path: Path) -> bool:
    """Remove a generation and return True, or return False and leave it as it is where somebody reads it.

    :raises OSError: it cannot be removed, or is not there.
    """
    with (path / READERS).open("ab") as readers:
        try:
            fcntl.flock(readers, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        # It is renamed first, so that no reader opens half a generation.
        leftover = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
        path.rename(leftover)
        shutil.rmtree(leftover)
    return True


def _gone(generation: Generation) -> StoreError:
    return StoreError(
        f"Generation {generation.number} is no longer in {generation.path.parent}: "
        "a newer one has taken its place. Open the current generation."
    )


def fingerprint(data: Path) -> tuple[int, int, int] | None:
    """Return a value that changes when another generation becomes current; costs one ``stat``."""
    try:
        status = (data / "current").stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
