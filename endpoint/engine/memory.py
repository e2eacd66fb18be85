"""The memory of a worker process: its limit, its size, and the most that one query took."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Final

# Written to clear_refs this lowers the remembered peak to the present size (proc_pid_clear_refs(5)).
_FORGET_PEAK: Final = b"5"


class WorkerMemory:
    """The memory of this process, a worker.

    Make it before the fence closes: the files in which the kernel tells of it stay open.
    """

    def __init__(self) -> None:
        self._size = _open("/proc/self/statm", os.O_RDONLY)
        self._forget = _open("/proc/self/clear_refs", os.O_WRONLY)
        self._before = 0

    def address_space(self) -> int:
        """Return the address space in bytes; 0 where it is not known."""
        if self._size is None:
            return 0
        return int(os.pread(self._size, 100, 0).split(maxsplit=1)[0]) * resource.getpagesize()

    def limit(self, extra: int) -> None:
        """Limit the process to ``extra`` more bytes of address space than now, for good.

        An allocation past the limit fails: Python raises MemoryError, the engine aborts the process.
        """
        if used := self.address_space():
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            most = used + extra if hard == resource.RLIM_INFINITY else min(used + extra, hard)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def begin(self) -> None:
        """Measure the growth in memory from now on. With :meth:`growth` it takes two microseconds.

        Where the system cannot forget a peak, only growth beyond all before is seen.
        """
        if self._forget is not None:
            os.pwrite(self._forget, _FORGET_PEAK, 0)
        self._before = _peak()

    def growth(self) -> int:
        """Return the bytes by which the process was at its largest larger than at the beginning."""
        return _peak() - self._before


def _open(path: str, flags: int) -> int | None:
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return None


def _peak() -> int:
    """Return the bytes that the process had in memory at its largest, pages that it shares included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def growth_of_child(used: resource.struct_rusage) -> int:
    """Return the bytes by which a child of this process was at its largest larger than this process is.

    ``used`` is what :func:`os.wait4` tells of the child that has ended.
    """
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return max(0, used.ru_maxrss * 1024 - resident)


def memory_now(pid: int) -> int:
    """Return the bytes that a worker has in memory beyond those of the template that it was forked from.

    What the two share, such as the image of the data, counts for neither; 0 where it is not known.
    """
    try:
        # The name of a process stands in parentheses and may contain anything; the parent is second after it.
        template = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return max(0, _anonymous(pid) - _anonymous(template))
    except (OSError, ValueError, IndexError):
        return 0


def _anonymous(pid: int) -> int:
    """Return the bytes in memory that belong to no file (proc_pid_statm(5): resident without shared)."""
    _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(resident) - int(shared)) * resource.getpagesize()
