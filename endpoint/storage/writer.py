"""The single writer of a data directory: one transaction makes one new generation.

A transaction works in the primary store, and in a folder that becomes the next generation. When it
succeeds, a checkpoint of the primary is written into that folder, and once everything is on the disk a rename
switches ``current`` to it. When it fails, or the process dies at any point, ``current`` is unchanged, and
the primary is made again from the current generation. :mod:`endpoint.storage.generations` shows the layout.
"""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import pwd
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pyoxigraph import Store

from endpoint.errors import NotConfirmed, StoreError
from endpoint.storage import durability, generations
from endpoint.storage.delta import Delta
from endpoint.storage.generations import Generation
from endpoint.storage.lock import take_lock
from endpoint.storage.overlap import find_overlap, overlap_after
from endpoint.storage.primary import Primary
from endpoint.storage.retention import DEFAULT, Retention, tidy
from endpoint.telemetry import log

# Characters of the command that is told in the history.
_LONGEST_COMMAND = 200
_ROCKSDB = "IO error: "
# The end of the engine's message about a file that is not one of RocksDB's.
_NUMBERED = re.compile(r" \(os error ([0-9]+)\)$")
_STORAGE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class Transaction:
    """The open primary store and, after the ``with`` block, the generation that it became.

    ``folder`` is that of the coming generation: files and folders that are written into it within the block
    are beside the checkpoint of the store afterwards. Neither may be written to after the block. ``base`` is
    the generation that the store equalled at first; None is the empty one. Whoever knows all that has changed
    since sets ``delta`` before the block ends, and then only that is looked at; whoever knows whether a
    triple is in two graphs sets ``overlaps``, and then none is looked for.
    """

    def __init__(self, store: Store, folder: Path, base: Generation | None) -> None:
        self.store = store
        self.folder = folder
        self.base = base
        self.delta: Delta | None = None
        self.overlaps: bool | None = None
        self._generation: Generation | None = None

    def quads(self) -> int:
        """Return the number of quads in the store; without a delta they are counted."""
        if self.base is None or self.delta is None:
            return len(self.store)
        return self.base.quads + self.delta.growth

    def overlap(self) -> bool | None:
        """Return whether a triple is in two graphs of the store; None where that is not known."""
        if self.overlaps is not None:
            return self.overlaps
        if self.base is None or self.delta is None:
            return find_overlap(self.store)
        return overlap_after(self.store, self.base.overlap, self.delta)

    @property
    def generation(self) -> Generation:
        """The generation that was published.

        :raises StoreError: the transaction has not ended, or it failed.
        """
        if self._generation is None:
            raise StoreError("This transaction has published nothing.")
        return self._generation

    def _publish(self, generation: Generation) -> None:
        self._generation = generation


class Writer:
    """The single writer of the data directory ``data`` while the ``with`` block lasts.

    ``retention`` decides which generations remain after a publication. Where another process writes, its end
    is waited for, ``patience`` seconds at most. ``primary`` is a store that stays open after the block, for
    the next writer of this process.
    """

    def __init__(
        self,
        data: Path,
        retention: Retention = DEFAULT,
        patience: float = 0.0,
        primary: Primary | None = None,
    ) -> None:
        self.data = data
        self._patience = patience
        self._retention = retention
        self._lock: IO[bytes] | None = None
        self._primary = primary or Primary(data)
        self._stays_open = primary is not None
        self._umask = 0o077
        self._busy = False

    def __enter__(self) -> Self:
        """Take the lock, creating the data directory where it is missing.

        :raises StoreError: another process writes to it, or the directory cannot be used.
        """
        # For the files that the engine writes too: nobody else reads or changes the data, whatever the umask.
        self._umask = os.umask(0o077)
        try:
            with self._storage("be opened for writing"):
                (self.data / "generations").mkdir(parents=True, exist_ok=True)
                self._lock = take_lock(self.data, self._patience)
        except BaseException:
            os.umask(self._umask)
            raise
        _warn_of_modes(self.data)
        self._sweep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stays_open:
            self._primary.close()
        os.umask(self._umask)
        if self._lock is not None:
            # Closing alone would leave the lock with a child that was forked meanwhile.
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            self._lock.close()
            self._lock = None

    @contextmanager
    def transaction(
        self, digest: str = "", replace_all: bool = False, command: str = "", author: str = ""
    ) -> Iterator[Transaction]:
        """Change the dataset: the whole block becomes the next generation, or nothing does.

        ``digest`` identifies the files that the generation is built from; ``replace_all`` begins
        with an empty store instead of the current generation; ``command`` and ``author`` (by default the
        user of the system) are told in the history. Any exception of the block leaves the published data as
        it was and is raised unchanged, except a failure of the disk.

        :raises StoreError: the disk is full, or the data directory cannot be used or written.
        """
        with self._alone():
            with self._storage("be opened for writing"):
                base = None if replace_all else generations.current(self.data)
                transaction = Transaction(self._primary.begin(base), self._stage(), base)
            with self._rolled_back_on_failure():
                yield transaction
                with self._storage("be written"):
                    made = self._commit(transaction, digest, command, author)
                transaction._publish(made)

    def publish_folder(self, fill: Callable[[Path], Generation]) -> Generation:
        """Publish a whole folder, its store included, as the next generation.

        ``fill`` writes it, and returns its description. The number and the time are those of this
        publication, except in a data directory where nothing was ever published: there they remain.

        :raises StoreError: the disk is full, or the data directory cannot be written.
        """
        with self._alone():
            try:
                with self._storage("be written"):
                    staging = self._stage()
                    described = fill(staging)
                    number = self._next_number()
                    if number > 1:
                        described = dataclasses.replace(described, number=number, created=datetime.now(UTC))
                    return self._switch(described, staging, equals_primary=False)
            except BaseException:
                self._sweep()
                raise

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for temporary files, which is removed with the block, else by the next writer.

        :raises StoreError: the disk is full, or the data directory cannot be written.
        """
        with self._storage("be written"):
            folder = self._stage()
        try:
            yield folder
        except OSError as error:
            if _is_storage(error):
                raise self._failure("be written", error) from error
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._lock is None or self._busy:
            raise StoreError(f"The writer of {self.data} is not open, or is inside a transaction already.")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _stage(self) -> Path:
        """Make the folder of the coming generation, under a name that readers ignore."""
        staging = self.data / "generations" / f"{generations.TEMPORARY}{uuid.uuid4().hex}"
        staging.mkdir()
        return staging

    def _commit(self, transaction: Transaction, digest: str, command: str, author: str) -> Generation:
        store, staging = transaction.store, transaction.folder
        store.flush()
        generation = Generation(
            number=self._next_number(),
            path=staging,
            created=datetime.now(UTC),
            quads=transaction.quads(),
            digest=digest,
            overlap=transaction.overlap(),
            command=command,
            user=author,
        )
        store.backup(str(staging / generations.STORE))
        return self._switch(generation, staging, equals_primary=True)

    def _next_number(self) -> int:
        # Numbers are never used twice, so one that never became current is skipped too.
        return max([self._published(), *generations.numbers(self.data)], default=0) + 1

    def _switch(self, described: Generation, staging: Path, equals_primary: bool) -> Generation:
        """Make the folder ``staging`` the current generation, as ``described`` by all but its place."""
        before, path = self._published(), generations.folder(self.data, described.number)
        change = self._change(described.quads, before) if before else described.change
        generation = dataclasses.replace(
            described,
            path=path,
            command=_shortened(described.command),
            user=described.user or _user(),
            change=change,
            before=before or described.before,
        )
        (staging / generations.DESCRIPTION).write_bytes(generations.describe(generation))
        (staging / generations.READERS).touch()
        durability.sync_tree(staging)
        staging.rename(path)
        try:
            durability.sync(path.parent)
            durability.replace(self.data / "current", f"{generation.number}\n")
        except BaseException as error:
            if self._published() != generation.number:
                shutil.rmtree(path, ignore_errors=True)
            elif isinstance(error, OSError):
                # To go back could fail too; both generations stay, whichever the disk has as the current one.
                raise NotConfirmed(
                    f"Generation {generation.number} in {self.data} is published, but the disk has not "
                    f"confirmed it: {error.strerror}. It may be gone after a power failure: check the disk, "
                    "and look whether the data is there before you write it again."
                ) from error
            raise
        with suppress(OSError):
            self._settle(generation.number, before, equals_primary)
        return generation

    def _change(self, quads: int, before: int) -> int | None:
        with suppress(StoreError):
            return quads - generations.read(self.data, before).quads
        return None

    def _published(self) -> int:
        """Return the number of the current generation; 0 where ``current`` names none."""
        with suppress(StoreError):
            return generations.published(self.data) or 0
        return 0

    def _settle(self, number: int, before: int, equals_primary: bool) -> None:
        """Record whether the primary equals the generation, and remove old ones; the publication is valid
        even if this fails."""
        if equals_primary:
            self._primary.settle(number)
        tidy(self.data, self._retention, before)

    @contextmanager
    def _rolled_back_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._primary.discard()
            self._sweep()
            if isinstance(error, OSError) and _is_storage(error):
                raise self._failure("be written", error) from error
            raise

    def _sweep(self) -> None:
        """Remove the remains of an unfinished publication or removal."""
        for leftover in (self.data / "generations").glob(f"{generations.TEMPORARY}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def _storage(self, attempt: str) -> Iterator[None]:
        """Turn failures of the engine and of the file system within the block into a :class:`StoreError`."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise self._failure(attempt, error) from error

    def _failure(self, attempt: str, error: Exception) -> StoreError:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        reason = _NUMBERED.sub("", reason)
        if reason.startswith(_ROCKSDB):  # what RocksDB attempted, on which file, and then the cause
            reason = reason.rpartition(": ")[2]
        return StoreError(
            f"The data directory {self.data} could not {attempt}: {reason}. "
            "What was published before is unchanged; mend the cause and try again."
        )


def _is_storage(error: OSError) -> bool:
    """Return whether the disk failed, as opposed to a file that the caller wanted to read."""
    if error.errno is not None:
        return error.errno in _STORAGE_ERRORS
    # The engine's errors have none; those of RocksDB begin with the name of its status.
    numbered = _NUMBERED.search(str(error))
    return str(error).startswith(_ROCKSDB) or (numbered is not None and int(numbered[1]) in _STORAGE_ERRORS)


def _shortened(command: str) -> str:
    return command if len(command) <= _LONGEST_COMMAND else f"{command[: _LONGEST_COMMAND - 1]}…"


def _user() -> str:
    """Return the name of the user that this process runs as, or else the number."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _warn_of_modes(data: Path) -> None:
    if data.stat().st_mode & stat.S_IWOTH:
        log.warning("every user of this machine can change the data in %s: chmod -R o-w it", data)
