"""Files and folders that are on the disk, whatever happens to the machine, when a function returns."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Replace the file in one step."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def sync_tree(top: Path) -> None:
    """Put a folder on the disk, with all that is in it.

    A file that has other names is there already: it was published before, or it is one of the writer's store,
    which RocksDB has put on the disk before it gave the store a name for it.
    """
    for path in top.rglob("*"):
        status = path.lstat()
        if status.st_nlink == 1 or stat.S_ISDIR(status.st_mode):
            sync(path)
    sync(top)


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
