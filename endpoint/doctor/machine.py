"""The machine: versions, fences of the kernel, text search, fonts, open files, memory, the clock."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from endpoint import __version__
from endpoint.doctor import Finding, size
from endpoint.engine import fence, processes
from endpoint.engine.fence import Missing, landlock
from endpoint.engine.lanes import default_places
from endpoint.errors import StoreError
from endpoint.settings import Settings
from endpoint.storage import generations

_FENCES: Final = (
    (Missing.SYSTEM_CALLS, "seccomp", "The kernel keeps workers to the few system calls that they need."),
    (Missing.FILES, "landlock", "The kernel keeps workers to the files that they need."),
    (Missing.ENDING, "end of workers", "The kernel ends workers with the server."),
    (Missing.VICTIM, "victims", "The kernel can be told to end workers first when memory runs out."),
)
_LIKE_THE_DEFAULT: Final = (
    "Use such a system; in a container, keep the default seccomp profile of its engine."
)
# Descriptors besides those of clients: for each worker two and the files of its generation.
_OWN_FILES: Final = 200
_FILES_PER_WORKER: Final = 40
_FEW_FILES: Final = 1024
# Seconds by which clocks and file systems may differ.
_TOLERANCE: Final = 120.0


def versions(_: Settings) -> Iterator[Finding]:
    """Python, the engine and SQLite."""
    said = f"endpoint {__version__}, Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}"
    yield Finding("versions", "ok", f"{said}, uvicorn {version('uvicorn')}, SQLite {sqlite3.sqlite_version}.")


def fences(_: Settings) -> Iterator[Finding]:
    """The parts of the fence around workers that this system offers."""
    missing = _missing()
    for part, check, said in _FENCES:
        if part in missing:
            (sentence,) = fence.warnings(part)
            yield Finding(check, "warn", f"{sentence[0].upper()}{sentence[1:]}.", _LIKE_THE_DEFAULT)
        else:
            yield Finding(check, "ok", said)


def _missing() -> Missing:
    """Return what is missing, tried in a process of its own, which is then fenced for good."""
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        missing = Missing.SYSTEM_CALLS
        with suppress(Exception):
            missing = fence.end_with(server) | fence.prefer_as_victim(0) | fence.enclose_template()
        os._exit(int(missing))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    missing = Missing(code) if code >= 0 else Missing.SYSTEM_CALLS
    return missing if landlock.version() else missing | Missing.FILES


def text_search(_: Settings) -> Iterator[Finding]:
    """SQLite's FTS5, which the text index is made with."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError:
            yield Finding(
                "fts5",
                "fail",
                f"SQLite {sqlite3.sqlite_version} of this Python has no FTS5, so text cannot be searched.",
                "Use a Python whose SQLite was built with FTS5, as those of Debian, python.org and uv are.",
            )
            return
    yield Finding("fts5", "ok", "SQLite has FTS5 for text search.")


def fonts(_: Settings) -> Iterator[Finding]:
    """Fonts, which this machine does not need: whoever reads a page or a chart has them."""
    said = "Pages and charts are drawn by the reader's browser with its own fonts; none is needed here."
    lister = shutil.which("fc-list")
    if lister is not None:
        listed = subprocess.run(  # noqa: S603 (a fixed command)
            [lister, ":lang=ko", "family"], capture_output=True, text=True, check=False, timeout=30
        )
        count = len(set(listed.stdout.splitlines()))
        said += f" Screenshots taken on this machine would find {count or 'no'} Korean fonts."
    yield Finding("fonts", "ok", said)


def open_files(settings: Settings) -> Iterator[Finding]:
    """The limit of open files against what clients and workers may take."""
    limit, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OWN_FILES + settings.pool_size * _FILES_PER_WORKER
    wanted = max(needed + settings.max_connections, _FEW_FILES)
    said = f"{limit:,} files may be open (at most {hard:,}); this server may need {wanted:,}."
    advice = f"Set LimitNOFILE={wanted} in the unit, ulimit -n {wanted}, or nofile in the container."
    if limit < needed:
        yield Finding("open files", "fail", said, advice)
    elif limit < wanted:
        yield Finding("open files", "warn", said, advice)
    else:
        yield Finding("open files", "ok", said)


def memory(settings: Settings) -> Iterator[Finding]:
    """The memory that the settings allow against what this machine or its control group has."""
    total = processes.usable_memory()
    workers, places = settings.pool_size, default_places(settings)
    allowed = settings.image + (workers + places) * settings.memory
    said = (
        f"The settings allow {size(allowed)} in all: an image of {size(settings.image)}, and "
        f"{size(settings.memory)} for each of {workers} workers and {places} long queries. "
        f"There are {size(total)}."
    )
    if total and allowed > total:
        advice = (
            "Lower memory, image, workers or slow_lane; else the kernel may end workers, and their queries "
            "fail."
        )
        yield Finding("memory", "warn", said, advice)
    else:
        yield Finding("memory", "ok", said)


def clock(settings: Settings) -> Iterator[Finding]:
    """The clock against what was written before now: entity tags, budgets and certificates go by it."""
    times = {"the files of this program": Path(__file__).stat().st_mtime}
    with suppress(StoreError):
        if (generation := generations.current(settings.data)) is not None:
            times[f"generation {generation.number}"] = generation.created.timestamp()
    latest, written = max((time_of, name) for name, time_of in times.items())
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < latest - _TOLERANCE:
        said = f"The clock says {shown}, which is before {written} was written."
        yield Finding(
            "clock", "fail", said, "Set the clock, and let it be kept right (NTP: systemd-timesyncd, chrony)."
        )
    else:
        yield Finding("clock", "ok", f"The clock says {shown}.")


CHECKS: Final = (versions, fences, text_search, fonts, open_files, memory, clock)
