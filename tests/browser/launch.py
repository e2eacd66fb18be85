"""Starts a browser, and a server on a catalogue large enough to page, browse and chart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from benchmarks.catalogue import Catalogue, write
from tests.browser.chromium import find
from tests.live import Server, run, serving

PUBLICATIONS: Final = 600
SEED: Final = 3


@contextmanager
def started() -> Iterator[Browser]:
    """A browser process. Raises :class:`tests.browser.chromium.BrowserMissing`."""
    with sync_playwright() as playwright:
        found = find(playwright.chromium.executable_path)
        environment: dict[str, str | float | bool] = {**os.environ, **found.environment}
        browser = playwright.chromium.launch(executable_path=found.path, env=environment)
        yield browser
        browser.close()


def stock(folder: Path) -> None:
    """Publish the project's own dataset and some hundred generated publications in ``folder / "data"``."""
    with (folder / "catalogue.nq").open("wb") as out:
        write(Catalogue(PUBLICATIONS, SEED, shortened=10), out, graphs=True)
    loaded = run("load", str(folder / "catalogue.nq"), "--data", str(folder / "data"))
    assert loaded.returncode == 0, loaded.stderr


@contextmanager
def stocked(data: Path) -> Iterator[Server]:
    """A server on what :func:`stock` has published."""
    with serving(data, "--timeout", "5", "--workers", "2") as server:
        yield server
