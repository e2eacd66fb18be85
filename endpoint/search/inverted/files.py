"""The files of an inverted index: small arrays mapped into memory, large ones read in parts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint32]
Indices = NDArray[np.int64]


class PartedArray:
    """An array in a file, of which only parts are read, into memory of the reader's own.

    A worker may allocate only so much address space, and a map of the whole file would count.

    :raises OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, kind: np.dtype[Any]) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._kind = kind

    def __len__(self) -> int:
        """Return the number of members."""
        return os.fstat(self._descriptor).st_size // self._kind.itemsize

    def read(self, begin: int, end: int) -> NDArray[Any]:
        """Return the members from ``begin`` to before ``end``; ValueError where the file has fewer."""
        size = self._kind.itemsize
        # One call reads at most 2 GiB.
        parts, at, last = [], begin * size, end * size
        while at < last:
            part = os.pread(self._descriptor, last - at, at)
            if not part:
                raise ValueError("a file ends early")
            parts.append(part)
            at += len(part)
        return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), self._kind)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def save(folder: Path, name: str, values: NDArray[Any]) -> None:
    """Write a small array."""
    np.save(folder / f"{name}.npy", values, allow_pickle=False)


def load(folder: Path, name: str) -> NDArray[Any]:
    """Map a small array into memory. Raises OSError and ValueError."""
    try:
        mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except EOFError as error:
        raise ValueError(f"{name}.npy is empty") from error
    # The subclass that numpy.load returns takes several times as long for a single value.
    return np.asarray(mapped)


def write_part(stream: IO[bytes], values: NDArray[Any], kind: np.dtype[Any]) -> None:
    """Write members of a large array."""
    stream.write(np.ascontiguousarray(values, kind).data)


def parts_path(folder: Path, name: str) -> Path:
    """Return the path of the large array ``name``."""
    return folder / f"{name}.bin"
