"""Restarts under load on a socket that a parent holds: no request fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.restarts import measure


@pytest.mark.parametrize("sequential", [False, True], ids=["overlapping", "sequential"])
def test_no_request_fails_while_the_server_is_restarted(tmp_path: Path, sequential: bool) -> None:
    outcome, codes = measure(tmp_path, 2, sequential)
    assert outcome.failures == [], (tmp_path / "log").read_text()
    assert outcome.answers > 10
    assert codes == [0] * 3
