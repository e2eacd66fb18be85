"""Fixtures of the tests beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.rdf.rdf_files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
