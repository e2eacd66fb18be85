"""Processes that are forked do what started ones do: output, exit codes, environment, folder, signals."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.forking import run_forked
from tests.live import ROOT, command, environment, serving
from tests.waiting import PATIENCE

COMMANDS = [
    ("--version",),
    ("check", "--dataset", "nowhere"),
    ("serve", "--prot", "1"),
    ("load", "-", "--dry-run", "--format", "turtle", "--data", "data"),
    ("query", "SELEC * {}", "--data", "data"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_it_prints_and_ends_as_a_started_one(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    variables, text = {**environment(), "ENDPOINT_WORKERS": "1"}, "<urn:a> <urn:b> 'Ⅰ'."
    forked = run_forked(arguments, tmp_path, variables, text, PATIENCE)
    started = subprocess.run(
        command(*arguments),
        cwd=tmp_path,
        env=variables,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert forked.stdout + forked.stderr
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )


def test_it_has_the_environment_it_is_given() -> None:
    variables = {**environment(), "ENDPOINT_PORT": "x"}
    ended = run_forked(["serve"], ROOT, variables, "", PATIENCE)
    assert (ended.returncode, "ENDPOINT_PORT" in ended.stderr) == (2, True)
    assert run_forked(["--version"], ROOT, environment(), "", PATIENCE).returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_signals_reach_it(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with serving(tmp_path / "data", "--workers", "1") as server, serving(tmp_path / "other") as other:
        assert server.process.poll() is None
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == server.process.poll() == code
        assert other.query("ASK {}").status == 200


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--workers", "1") as server, pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(0.01)
