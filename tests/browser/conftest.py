"""One browser and one larger catalogue for all tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.launch import started, stock, stocked
from tests.browser.reader import PATIENCE, Reader, reading
from tests.live import Server
from tests.shared import shared


# Of the package, not of the session: Playwright's event loop runs in this thread as long as it is open,
# and tests elsewhere run their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with started() as running:
        yield running


@pytest.fixture(scope="package")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    published = shared(tmp_path_factory, "catalogue", stock) / "data"
    with stocked(shutil.copytree(published, tmp_path_factory.mktemp("catalogue") / "data")) as running:
        yield running


@pytest.fixture
def reader(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    """A window in English that must end without a complaint and without a foreign request."""
    with reading(browser, catalogue) as opened:
        yield opened
        opened.check()


@pytest.fixture
def korean(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    """The same in Korean."""
    with reading(browser, catalogue, "ko") as opened:
        yield opened
        opened.check()
