"""Worker processes as the system sees them: the time they used, their priority, their pauses.

Priorities belong to threads on Linux, so each thread of a worker is changed. Where a call is missing or
refused, as on other systems or in a narrow container, the worker goes on as it was.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# Linux makes the number of a process's processor clock of its process id (clock_getcpuclockid(3)).
_PROCESSOR_CLOCK: Final = 2
# Niceness of a worker in the slow lane: a quarter of a processor that another wants, all of an idle one.
NICENESS: Final = 5
# The files in which control groups of both versions keep their limit of memory.
_MEMORY_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def processor_time(pid: int) -> float | None:
    """Return the seconds of processor time that a process has used, also one that is not yet reaped.

    None where the system does not tell.
    """
    try:
        return time.clock_gettime(~pid << 3 | _PROCESSOR_CLOCK)
    except (OSError, OverflowError, AttributeError):
        return None


def lower(pid: int) -> None:
    """Let every thread of a process give way to those of normal priority. It cannot be undone."""
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), NICENESS)


def pause(pid: int) -> None:
    """Stop a process where it is; it keeps its memory."""
    with suppress(OSError):
        os.kill(pid, signal.SIGSTOP)


def proceed(pid: int) -> None:
    """Let a process go on."""
    with suppress(OSError):
        os.kill(pid, signal.SIGCONT)


def usable_memory() -> int:
    """Return the bytes of memory of the machine, or of the control group that this process is in."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    group = Path("/proc/self/cgroup")
    own = group.read_text().rpartition("::")[2].strip().lstrip("/") if group.is_file() else ""
    for file in (*_MEMORY_LIMITS, Path("/sys/fs/cgroup", own, "memory.max")):
        with suppress(OSError, ValueError):  # no such file, or "max"
            memory = min(memory, int(file.read_text()))
    return memory
