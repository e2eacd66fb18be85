"""The examination of a machine beside a running server."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from tests.live import run, serving


def test_it_asks_the_server_what_reached_it(data: Path) -> None:
    with serving(data) as server:
        data.chmod(0o700)
        ended = run("doctor", "--json", "--data", str(data), "--public-url", server.url)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        found = json.loads(ended.stdout)
        levels = {row["check"]: row["level"] for row in found["findings"]}
        assert found["ok"] is True
        assert [levels[name] for name in ("proxy", "Host", "buffering", "data folder")] == ["ok"] * 4
        # The secret is gone, and without one there is nothing to see.
        assert not (data / "doctor").exists()
        assert server.get("/-/seen").status == 404
        assert server.get("/-/seen", X_Endpoint_Doctor="guess").status == 404


def test_a_secret_is_good_for_a_minute(data: Path) -> None:
    with serving(data) as server:
        (data / "doctor").write_text("secret")
        assert server.get("/-/seen", X_Endpoint_Doctor="secret").status == 200
        os.utime(data / "doctor", (0, time.time() - 120))
        assert server.get("/-/seen", X_Endpoint_Doctor="secret").status == 404
        (data / "doctor").write_text("")
        assert server.get("/-/seen", X_Endpoint_Doctor="").status == 404


def test_wrong_settings_are_a_finding(tmp_path: Path) -> None:
    config = tmp_path / "endpoint.toml"
    config.write_text("prot = 1\n")
    ended = run("doctor", "--config", str(config))
    assert ended.returncode == 1
    assert ended.stdout.startswith("fail  settings: ")
    assert "Did you mean 'port'?" in ended.stdout
