"""A copy of the project's own dataset for each test that changes or serves it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SHORT_LIMITS
from tests.live import Server, serving


@pytest.fixture(scope="session")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same server as for other tests, but every query is evaluated by a worker, also one asked again."""
    data = shutil.copytree(published, tmp_path_factory.mktemp("server") / "data")
    with serving(data, *SHORT_LIMITS) as running:
        yield running


@pytest.fixture
def data(published: Path, tmp_path: Path) -> Path:
    """The data directory for one test, as a server left it that ended."""
    return shutil.copytree(published, tmp_path / "data")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system needs the right to mount one: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
