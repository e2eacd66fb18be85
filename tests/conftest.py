"""Fixtures for every test: a clean environment, and one server process for a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Server, serving


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ENDPOINT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on the project's own dataset, with short limits so that hostile queries end soon."""
    data: Path = tmp_path_factory.mktemp("server") / "data"
    flags = ("--timeout", "3", "--memory", "256MB", "--workers", "2", "--client-timeout", "3")
    with serving(data, *flags) as running:
        yield running
