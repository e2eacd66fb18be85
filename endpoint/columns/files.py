"""The files of columns: arrays in the format of numpy, the text of all terms, and a description of them."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from endpoint.columns import FORMAT
from endpoint.errors import StoreError

DESCRIPTION: Final = "columns.json"
TEXT: Final = "terms.nt"
SIGNATURES: Final = "signatures.bin"


class Folder:
    """The files in the folder ``path``, which are written once: the description is last."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write_array(self, name: str, values: NDArray[np.generic]) -> None:
        """Write an array."""
        np.save(self.path / f"{name}.npy", values, allow_pickle=False)

    def writing(self, name: str) -> IO[bytes]:
        """Return a new file, open for writing: ``TEXT`` or ``SIGNATURES``."""
        return (self.path / name).open("wb", 2**20)

    def describe(self, members: dict[str, Any], sums: Mapping[str, int] | None = None) -> None:
        """Write the description, with the sizes and the CRC-32 of all files there are.

        ``sums`` has those that are known already.
        """
        files, known = sorted(self.path.iterdir()), sums or {}
        sizes = {file.name: file.stat().st_size for file in files}
        found = {file.name: known[file.name] if file.name in known else _sum(file) for file in files}
        whole = {**members, "format": FORMAT, "files": sizes, "sums": found}
        (self.path / DESCRIPTION).write_text(json.dumps(whole, ensure_ascii=False) + "\n", encoding="utf-8")

    def description(self) -> dict[str, Any]:
        """Return the description, once its format and the sizes of all files are right. Raises StoreError."""
        path = self.path / DESCRIPTION
        try:
            members: dict[str, Any] = json.loads(path.read_bytes())
            version, sizes = members["format"], dict(members["files"])
            if version != FORMAT:
                raise StoreError(
                    f"The columns in {self.path} have format {version!r}, and this version of the program "
                    f"reads format {FORMAT}. Load the data again to make them anew."
                )
            found = {name: (self.path / name).stat().st_size for name in sizes}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.damaged(f"{path.name}: {error}") from error
        for name, size in sizes.items():
            if found[name] != size:
                raise self.damaged(f"{name} has {found[name]:,} bytes instead of {size:,}")
        return members

    def ensure_intact(self, sums: Mapping[str, int]) -> None:
        """Read all files and compare their CRC-32 with ``sums``. Raises StoreError."""
        for name, wanted in sums.items():
            try:
                found = _sum(self.path / name)
            except OSError as error:
                raise self.damaged(f"{name}: {error.strerror}") from error
            if found != wanted:
                raise self.damaged(f"{name} has other bytes than were written")

    def array(self, name: str) -> NDArray[Any]:
        """Return an array, mapped into memory. Raises StoreError."""
        try:
            mapped = np.load(self.path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise self.damaged(f"{name}.npy: {error}") from error
        # The subclass that numpy.load returns takes several times as long for a single value.
        return np.asarray(mapped)

    def mapped(self, name: str) -> mmap.mmap | bytes:
        """Return the bytes of ``TEXT`` or ``SIGNATURES``, mapped into memory. Raises StoreError."""
        try:
            with (self.path / name).open("rb") as stream:
                # An empty file cannot be mapped.
                empty = os.fstat(stream.fileno()).st_size == 0
                return b"" if empty else mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)
        except OSError as error:
            raise self.damaged(f"{name}: {error.strerror}") from error

    def damaged(self, what: str) -> StoreError:
        """Return the error for files that are not as they were written."""
        return StoreError(
            f"The columns in {self.path} are damaged ({what}). Remove that folder, and queries are answered "
            "without them; load the data again to make them anew."
        )


def _sum(path: Path) -> int:
    found = 0
    with path.open("rb") as stream:
        while piece := stream.read(2**20):
            found = zlib.crc32(piece, found)
    return found


def link(path: Path, place: Path) -> None:
    """Give the file ``path``, which is never written again, the name ``place`` too; else copy it there."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)  # not every file system has links
