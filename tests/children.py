"""The processes below another, as the system shows them; those that end while one looks are left out."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def children(pid: int | None = None) -> set[int]:
    """Return the ids of the processes that ``pid``, or this process, has started and not yet waited for."""
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.update(map(int, (task / "children").read_text().split()))
    return found


def below(pid: int) -> list[int]:
    """Return the ids of all processes below ``pid``, however deep."""
    found: list[int] = []
    parents = [pid]
    while parents:
        new = sorted(children(parents.pop()))
        found += new
        parents += new
    return found


def templates() -> set[int]:
    """Return the ids of the template processes that this process has started, or had forked."""
    started = {pid: line for pid in children() if b"endpoint.engine.template" in (line := command_line(pid))}
    forking = {pid for pid, line in started.items() if b"fork_templates" in line}
    # Those that have ended, and are not waited for, have no command line.
    forked = {pid for parent in forking for pid in children(parent) if command_line(pid)}
    return set(started) - forking | forked


def command_line(pid: int) -> bytes:
    """Return the arguments of a process, each ended by a null byte; of one that has ended, nothing."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
