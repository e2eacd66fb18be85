"""Every test: its order, how many examples properties are tried on, its environment, and a server for all."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import properties
from tests.live import Server, run, serving
from tests.shared import shared

# Modules and folders whose tests take longest; what is left at the end fills the last gaps between processes.
FIRST = (
    "process/test_new_generation.py",
    "benchmarks/test_performance.py",
    "web/api/openapi/test_conformance.py",
    "web/api/test_old_pages.py",
    "browser",
    "process",
    "engine",
    "web",
)

# Limits of the server that most tests share.
SHORT_LIMITS = ("--timeout", "3", "--memory", "256MB", "--workers", "2", "--client-timeout", "3")

# Without bytecode every process that a test starts compiles the whole package, which takes most of a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag for long runs."""
    parser.addoption("--thorough", action="store_true", help="Try properties on ten times as many examples.")


def pytest_configure(config: pytest.Config) -> None:
    """Decide how many examples properties are tried on."""
    properties.load(config.getoption("thorough"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, and at none of them later: they last as long as the run.

    It is half of the time of a collection, and a tenth of that of the whole run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow modules first, so that several processes end at about the same time."""
    root = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        parts = item.path.relative_to(root).parts
        places = (FIRST.index(name) for name in ("/".join(parts), parts[0]) if name in FIRST)
        return min(places, default=len(FIRST))

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ENDPOINT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of the project's own dataset, as a command leaves it, which nobody changes."""

    def publish(folder: Path) -> None:
        made = run("query", "ASK {}", "--data", str(folder / "data"))
        assert made.returncode == 0, made.stderr

    return shared(tmp_path_factory, "published", publish) / "data"


@pytest.fixture(scope="session")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on the project's own dataset, with short limits so that hostile queries end soon."""
    data = shutil.copytree(published, tmp_path_factory.mktemp("server") / "data")
    with serving(data, *SHORT_LIMITS, "--cache", "64MB") as running:
        yield running
