"""Rights on files that a process gives up for good (Landlock, Linux 5.13 or newer).

What is not named in a ruleset cannot be read, and nothing can be written, made or removed. Newer kernels also
keep a process from TCP and from signalling processes outside. The interface of the kernel is in landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all machines
_VERSION: Final = 1  # flag
_PATH_BENEATH: Final = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE: Final = 1 << 14
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
# Removing folders and files, making folders and files, and moving or linking them from folder to folder.
_MAKING: Final = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13
# The number of rights on files that each version of the interface knows: truncate(2) came with the third,
# ioctl(2) on devices with the fifth.
_FILE_RIGHTS: Final = (13, 14, 15, 15, 16)
_TCP: Final = 0b11  # since the fourth version
_SCOPES: Final = 0b11  # abstract sockets and signals, since the sixth


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0 where it is missing or switched off."""
    if platform.system() != "Linux":
        return 0
    return max(_call(_CREATE_RULESET, None, 0, _VERSION), 0)


def reading_only(paths: Iterable[Path]) -> int | None:
    """Return the descriptor of a ruleset that allows to read ``paths``, files and whole folders.

    Paths that do not exist are left out. None where there is no Landlock.
    """
    ruleset = _create(network=False)
    if ruleset is not None:
        for path in paths:
            _allow(ruleset, path, _READ_FILE | _READ_FOLDER)
    return ruleset


def writing_only(readable: Iterable[Path], writable: Iterable[Path], network: bool) -> int | None:
    """Return the descriptor of a ruleset that allows to read and run what is in ``readable``, and to change
    what is in ``writable``; with ``network`` to use TCP too.

    Paths that do not exist are left out. None where there is no Landlock, or one that lets nobody move files
    from folder to folder (its first version).
    """
    if version() < 2:
        return None
    ruleset = _create(network)
    if ruleset is not None:
        for path in readable:
            _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_FOLDER)
        for path in writable:
            _allow(ruleset, path, _WRITE_FILE | _READ_FILE | _READ_FOLDER | _TRUNCATE | _MAKING)
    return ruleset


def _create(network: bool) -> int | None:
    """Return the descriptor of a ruleset that allows nothing, or the ``network`` alone."""
    known = version()
    if not known:
        return None
    asked = _Ruleset(_rights(known), _TCP if known >= 4 and not network else 0, _SCOPES if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _call(_CREATE_RULESET, ctypes.byref(asked), size, 0)
    return None if ruleset < 0 else ruleset


def _rights(known: int) -> int:
    """Return all rights on files that a version of the interface knows."""
    return (1 << _FILE_RIGHTS[min(known, len(_FILE_RIGHTS)) - 1]) - 1


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rights &= _rights(version()) & (-1 if folder else _OF_FILES)
        beneath = _Beneath(rights, descriptor)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(descriptor)


def restrict(ruleset: int) -> bool:
    """Keep this thread, and what it starts from now on, to the ruleset; return whether the kernel does.

    The process must have given up new privileges before (prctl(2), PR_SET_NO_NEW_PRIVS).
    """
    return _call(_RESTRICT_SELF, ruleset, 0) == 0


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return int(library.syscall(ctypes.c_long(number), *wide))
