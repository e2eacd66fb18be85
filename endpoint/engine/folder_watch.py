"""A watch of a folder in which another process may publish a generation.

Linux notifies of changes in a folder (inotify(7)). Where it does not, as on another system or a network file
system, somebody has to look now and then.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from endpoint.telemetry import log

# Files moved into the folder, created, deleted or written in it; the folder itself moved or deleted.
_EVENTS: Final = 0x80 | 0x100 | 0x200 | 0x8 | 0x400 | 0x800
# Seconds between two looks: where the system notifies of changes, which it does not for those on other
# machines; and where it does not.
WITH_INOTIFY: Final = 10.0
WITHOUT_INOTIFY: Final = 0.5


class FolderWatch:
    """A watch of the folder ``folder``, which may not be there at times."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = asyncio.Event()
        self._watched: tuple[int, int] | None = None  # the device and the inode of the folder
        self._watch = -1
        self._loop = asyncio.get_running_loop()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int | None = None

    def _open(self) -> int:
        """Return the descriptor that tells of changes; below zero where the system does not."""
        try:
            descriptor = int(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        except AttributeError:
            log.debug(
                "this system gives no notice of changes in folders: looking every %g s", WITHOUT_INOTIFY
            )
            return -1
        if descriptor < 0:
            reason = os.strerror(ctypes.get_errno())
            log.debug(
                "no notice of changes in %s (%s): looking every %g s", self._folder, reason, WITHOUT_INOTIFY
            )
            return -1
        self._loop.add_reader(descriptor, self._read)
        return descriptor

    def _read(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.read(self._descriptor, 2**16)
        self._changed.set()

    def wake(self) -> None:
        """Let :meth:`wait` return now."""
        self._changed.set()

    async def wait(self) -> None:
        """Return when something in the folder may have changed."""
        if self._follow():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(WITH_INOTIFY if self._watched else WITHOUT_INOTIFY):
                await self._changed.wait()
        self._changed.clear()

    def _follow(self) -> bool:
        """Watch the folder that has the name now. Return whether that is another one than before."""
        if self._descriptor is None:
            self._descriptor = self._open()
        if self._descriptor < 0:
            return False
        try:
            status = self._folder.stat()
            found = status.st_dev, status.st_ino
        except OSError:
            found = None
        if found == self._watched:
            return False
        if self._watched:
            self._libc.inotify_rm_watch(self._descriptor, self._watch)
        self._watched = None
        if found:
            name = os.fsencode(self._folder)
            self._watch = self._libc.inotify_add_watch(self._descriptor, name, _EVENTS)
            self._watched = found if self._watch >= 0 else None
        return self._watched is not None

    def close(self) -> None:
        """End the watch."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor is not None and descriptor >= 0:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
