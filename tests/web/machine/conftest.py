"""A server on a dataset that was counted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.datasets.counted_works import make
from tests.live import Server, serving


@pytest.fixture(scope="package")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("works")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset"))) as running:
        yield running
