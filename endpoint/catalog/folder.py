"""The folder of saved queries: its files, the reader of each, and whether they changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from endpoint.catalog import About
from endpoint.catalog.readers import Reader, grlc, shacl, transformer
from endpoint.catalog.readers.grlc import read_about
from endpoint.errors import DataError

READERS: Mapping[str, Reader] = {
    ".rq": grlc.read,
    ".sparql": grlc.read,
    ".json": transformer.read,
    ".ttl": shacl.read,
    ".tpf": grlc.refuse_fragments,
}
"""The reader of each kind of file, by its extension."""
_FRAME = ".frame.json"

# Path, inode, size and time of change of each file.
Fingerprint = tuple[tuple[str, int, int, int], ...]


class QueryFile(NamedTuple):
    """A file with queries, and the names of the sub-folders it lies in, which are tags."""

    path: Path
    folders: tuple[str, ...]


class Folder(NamedTuple):
    """The files of a folder, and notices about it. ``digest`` is that of all names and contents."""

    files: tuple[QueryFile, ...]
    about: About
    notices: tuple[DataError, ...]
    digest: bytes


def read_folder(folder: Path) -> Folder:
    """Return the files of ``folder`` and its sub-folders, hidden ones left out, in the order of their paths.

    Raises :class:`OSError` where the folder itself cannot be read.
    """
    next(folder.iterdir(), None)
    notices: list[DataError] = []
    files = []
    digest = blake2b(digest_size=16)
    for path in _visible(folder):
        parts = path.relative_to(folder).parts
        if path.suffix in READERS and not path.name.endswith(_FRAME):
            files.append(QueryFile(path, parts[:-1]))
        digest.update("/".join(parts).encode(errors="surrogateescape") + b"\0")
        try:
            digest.update(blake2b(path.read_bytes(), digest_size=16).digest())
        except OSError:
            digest.update(b"unreadable")
    return Folder(tuple(files), read_about(folder, notices), tuple(notices), digest.digest())


def fingerprint(folder: Path) -> Fingerprint:
    """Return a value that changes when a file below ``folder`` does, without reading any.

    Empty where the folder cannot be read.
    """
    states = []
    for path in _visible(folder):
        try:
            state = path.stat()
        except OSError:
            continue  # it went away meanwhile, and is not there the next time
        states.append((str(path), state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(states)


def _visible(folder: Path) -> list[Path]:
    """Return the files below ``folder`` in order, hidden ones left out, and folders named like a query."""
    paths = []
    # Passes over a sub-folder that goes away meanwhile.
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        named = [*files, *(name for name in folders if Path(name).suffix in READERS)]
        paths += [Path(place, name) for name in named if not name.startswith(".")]
    return sorted(paths)
