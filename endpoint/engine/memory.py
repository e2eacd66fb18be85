"""The memory of a worker process: its limit, its size, and the most that one query took."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Final

# Written to clear_refs this lowers the remembered peak to the present size (proc_pid_clear_refs(5)).
_FORGET_PEAK: Final = b"5"


def address_space() -> int:
    """Return the address space of this process in bytes; 0 where it is not known."""
    try:
        pages = Path("/proc/self/statm").read_bytes().split(maxsplit=1)[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def limit_memory(extra: int) -> None:
    """Limit this process to ``extra`` more bytes of address space than now.

    An allocation past the limit fails: Python raises MemoryError, the engine aborts the process.
    """
    if used := address_space():
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = used + extra
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


class PeakMemory:
    """The growth of this process in memory, of one query after the other; two microseconds for each.

    Pages that it shares with the template count from the beginning. Where the system cannot forget a peak,
    only growth beyond all before is seen.
    """

    def __init__(self) -> None:
        try:
            self._forget: int | None = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._forget = None
        self._before = 0

    def begin(self) -> None:
        """Measure from now on."""
        if self._forget is not None:
            os.pwrite(self._forget, _FORGET_PEAK, 0)
        self._before = _peak()

    def growth(self) -> int:
        """Return the bytes by which the process was at its largest larger than at the beginning."""
        return _peak() - self._before


def _peak() -> int:
    """Return the bytes that the process had in memory at its largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


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
