"""Retention: how many old generations stay on the disk, and for how long.

A generation shares with others, by hard links, the files that did not change: of its store, its columns and
its text index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from endpoint.errors import StoreError
from endpoint.settings import Settings
from endpoint.storage import generations

_BLOCK: Final = 512  # bytes in a unit of st_blocks, whatever the file system


@dataclass(frozen=True, slots=True)
class Retention:
    """The generations that stay on the disk: at most ``count``, the current one included.

    Of those before the one before the current, only what was published in the last ``age`` seconds, as far
    as all generations together take no more than ``size`` bytes; 0 sets no limit. What a process reads stays.
    """

    count: int
    age: float = 0.0
    size: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the retention of the settings."""
        return cls(settings.retain, settings.retain_age, settings.retain_size)


DEFAULT: Final = Retention.of(Settings())
# Generations that age and size leave: the current one and the one before.
_ALWAYS: Final = 2


@dataclass(frozen=True, slots=True)
class DiskUse:
    """The bytes of a generation: of all its files, and of those that no other generation shares."""

    total: int
    own: int


def disk_use(path: Path) -> DiskUse:
    """Return what the files in the folder ``path`` of a generation take on the disk."""
    total = own = 0
    for status in _files(path):
        total += status.st_blocks * _BLOCK
        own += status.st_blocks * _BLOCK if status.st_nlink == 1 else 0
    return DiskUse(total, own)


def _files(path: Path) -> Iterator[os.stat_result]:
    with suppress(FileNotFoundError), os.scandir(path) as entries:  # it may be removed meanwhile
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry))
            else:
                with suppress(FileNotFoundError):
                    yield entry.stat()


def superfluous(data: Path, retention: Retention, before: int | None = None) -> list[int]:
    """Return the numbers of the generations that need not stay, the newest first.

    ``before`` is the generation that the current one was made of; None is the newest of the others.
    Nothing is superfluous where no generation is current.

    :raises StoreError: ``current`` cannot be read.
    """
    current = generations.published(data)
    others = [number for number in reversed(generations.numbers(data)) if number != current]
    if current is None:
        return []
    if before in others:
        others.remove(before)
        others.insert(0, before)
    kept = min(_kept(data, [current, *others], retention), max(retention.count, 1)) - 1
    return others[kept:]


def _kept(data: Path, ranked: list[int], retention: Retention) -> int:
    """Return how many of the ``ranked`` generations stay by their age and size."""
    seen: set[tuple[int, int]] = set()
    size, oldest = 0, time.time() - retention.age
    for place, number in enumerate(ranked):
        path = generations.folder(data, number)
        if retention.size:
            for status in _files(path):
                if (file := (status.st_dev, status.st_ino)) not in seen:
                    seen.add(file)
                    size += status.st_blocks * _BLOCK
        too_large = retention.size and size > retention.size
        too_old = retention.age and _created(path) < oldest
        if place >= _ALWAYS and (too_large or too_old):
            return place
    return len(ranked)


def _created(path: Path) -> float:
    with suppress(StoreError):
        return generations.read_folder(path).created.timestamp()
    return 0.0  # a damaged one


@dataclass(frozen=True, slots=True)
class Pruned:
    """The numbers of generations that were removed, and of those that stay because a process reads them."""

    removed: tuple[int, ...]
    held: tuple[int, ...]


def prune(data: Path, retention: Retention) -> Pruned:
    """Remove the generations that need not stay.

    :raises StoreError: one of them cannot be removed, or ``current`` cannot be read.
    """
    removed: list[int] = []
    held: list[int] = []
    for number in superfluous(data, retention):
        path = generations.folder(data, number)
        try:
            (removed if generations.remove_unless_held(path) else held).append(number)
        except FileNotFoundError:
            continue  # another process has removed it meanwhile
        except OSError as error:
            raise StoreError(f"Generation {number} in {path} cannot be removed: {error.strerror}.") from error
    return Pruned(tuple(removed), tuple(held))


def tidy(data: Path, retention: Retention, before: int | None = None) -> None:
    """Remove the generations that need not stay, as far as that is possible now."""
    with suppress(StoreError, OSError):
        for number in superfluous(data, retention, before):
            with suppress(OSError):
                generations.remove_unless_held(generations.folder(data, number))
