"""What a server and everything below it takes, read from /proc (Linux)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Memory in bytes (shared pages counted once), open descriptors, processes and threads."""

    memory: int = 0
    descriptors: int = 0
    processes: int = 0
    threads: int = 0


def tree(pid: int) -> list[int]:
    """Return a process and all below it; what ends meanwhile may be missing."""
    found, parents = [pid], [pid]
    while parents:
        with suppress(OSError):
            for task in Path(f"/proc/{parents.pop()}/task").iterdir():
                below = [int(child) for child in (task / "children").read_text().split()]
                found += below
                parents += below
    return found


def usage(*pids: int) -> Usage:
    """Return what these processes take together."""
    memory = descriptors = processes = threads = 0
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        with suppress(OSError):
            proportional = next(
                line for line in (folder / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:")
            )
            threads += len(list((folder / "task").iterdir()))
            descriptors += len(list((folder / "fd").iterdir()))
            memory += int(proportional.split()[1]) * 1024
            processes += 1
    return Usage(memory, descriptors, processes, threads)
