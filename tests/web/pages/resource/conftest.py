"""A dataset of odd resources, read but not served."""

from __future__ import annotations

import pytest

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web import Site
from tests.datasets.odd_resources import make


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = make(tmp_path_factory.mktemp("odd") / "dataset")
    return create_site(Settings(dataset=folder, public_url="https://lod.example/at"))
