"""Folders that the processes of a run of the tests share: one of them makes each, the others wait for it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder ``name`` of this run, which nobody changes; where there is none, ``make`` fills it.

    What ``make`` raises is raised here, and the next process that needs the folder tries again.
    """
    run = factory.getbasetemp()
    # With pytest-xdist each process has a folder of its own in that of the run.
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    folder = run / f"shared-{name}"
    with (run / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = Path(tempfile.mkdtemp(dir=run))
            make(made)
            made.rename(folder)
    return folder
