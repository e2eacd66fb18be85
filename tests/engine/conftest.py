"""What tests of the engine change in it so that they take less time."""

from __future__ import annotations

import pytest

from tests.engine.replaced_generations import QUICK


@pytest.fixture
def few_quads_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve generations of more than QUICK quads from disk first, so that tests need not make large ones."""
    monkeypatch.setattr("endpoint.engine.supervisor.QUICK", QUICK)
