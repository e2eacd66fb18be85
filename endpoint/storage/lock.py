"""The lock of a data directory, which its single writer holds."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from endpoint.errors import StoreError

# Seconds that a command waits for another writer.
PATIENCE: Final = 10.0
# Seconds between two tries.
_AGAIN: Final = 0.02


def take_lock(data: Path, patience: float) -> IO[bytes]:
    """Return the locked file of the data directory ``data``, with the number of this process in it.

    Another process that has it is waited for, ``patience`` seconds at most. Raises StoreError.
    """
    lock = (data / "lock").open("a+b", buffering=0)
    end = time.monotonic() + patience
    while not _locked(lock):
        if time.monotonic() < end:
            time.sleep(_AGAIN)
            continue
        lock.seek(0)
        holder = lock.read().decode("ascii", "replace").strip() or "unknown"
        lock.close()
        raise StoreError(
            f"Another process is writing to {data} (pid {holder}). Wait until it has finished, or end it."
        )
    with suppress(OSError):  # on a full disk the lock works all the same, only without the name of its owner
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n".encode())
    return lock


def _locked(lock: IO[bytes]) -> bool:
    """Return whether the lock could be taken."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
