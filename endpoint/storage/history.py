"""The history of a data directory: the generations on its disk, and an old one published again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Store

from endpoint.columns.files import link
from endpoint.errors import ConfigurationError, StoreError
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.origin import same_dataset
from endpoint.storage.retention import DEFAULT, DiskUse, Retention, disk_use, tidy
from endpoint.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class Entry:
    """A generation on the disk: ``generation`` is None and ``damage`` says why where it cannot be read.

    ``current``: it is served; ``held``: a process reads it, so that it stays.
    """

    number: int
    generation: Generation | None
    damage: str
    current: bool
    held: bool
    disk: DiskUse


def entries(data: Path) -> list[Entry]:
    """Return the generations of ``data``, the newest first.

    :raises StoreError: nothing is published there, or it cannot be read.
    """
    current = generations.published(data)
    if current is None:
        raise StoreError(f"Nothing is published in {data} yet.")
    return [_entry(data, number, current) for number in reversed(generations.numbers(data))]


def _entry(data: Path, number: int, current: int) -> Entry:
    path = generations.folder(data, number)
    generation, damage = None, ""
    try:
        generation = generations.read_folder(path)
    except StoreError as error:
        damage = str(error)
    return Entry(number, generation, damage, number == current, generations.is_held(path), disk_use(path))


def find(data: Path, number: int) -> Generation:
    """Return generation ``number`` of ``data``.

    :raises ConfigurationError: it is not on the disk.
    :raises StoreError: it is damaged.
    """
    known = generations.numbers(data)
    if number not in known:
        there = ", ".join(map(str, known[-12:])) or "none"
        raise ConfigurationError(f"There is no generation {number} in {data}; on the disk: {there}.")
    return generations.read(data, number)


def rollback(
    data: Path,
    number: int,
    retention: Retention = DEFAULT,
    patience: float = 0.0,
    adopt: bool = False,
) -> Generation:
    """Publish the old generation ``number`` again as a new one, with all that was made for it.

    Its files are linked, not copied. A server or command that starts later does not make it anew from the
    files of the dataset. Where another process writes, its end is waited for, ``patience`` seconds at most.

    :raises ConfigurationError: it is not on the disk, is the current one, or belongs to another dataset than
        that, unless ``adopt``.
    :raises StoreError: it is damaged, or the data directory cannot be written; nothing was published.
    """
    old = find(data, number)
    with generations.hold(old), Writer(data, retention, patience) as writer:
        if generations.published(data) == number:
            raise ConfigurationError(f"Generation {number} is the current one already.")
        same_dataset(old, generations.current(data), adopt)
        made = writer.publish_folder(lambda folder: _link(old, folder))
    tidy(data, retention)  # the old one was held until now
    return made


def _link(old: Generation, folder: Path) -> Generation:
    """Put the files of a generation into ``folder``, and return its description without what is its own."""
    Store.read_only(str(old.path / generations.STORE)).backup(str(folder / generations.STORE))
    for path in sorted(old.path.rglob("*")):
        place = path.relative_to(old.path)
        if place.parts[0] in (
            generations.STORE,
            generations.DESCRIPTION,
            generations.READERS,
            generations.WRITES,
        ):
            continue
        if path.is_dir():
            (folder / place).mkdir()
        else:
            link(path, folder / place)
    return dataclasses.replace(old, digest="", command=f"rollback {old.number}", user="")
