"""The server conforms to its OpenAPI document: schemathesis sends every kind of request, valid and not.

It runs as a program of its own, as anybody would run it, always with the same requests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import ROOT, Server, environment
from tests.properties import examples

# One operation of each kind: the bounds of all their parameters and bodies are tried one by one.
KINDS = (
    "publications-by-year",
    "publications-by-year.post",
    "publications-by-author.path",
    "publications-by-author.path.post",
    "search",
    "publication-schema-org",
    "saved-queries",
    "saved-queries.post",
)
EDGES = ["--phases", "coverage", *(f"--include-operation-id={name}" for name in KINDS)]
# Every operation, with its examples and with a few values that nobody thought of.
ALL = ["--phases", "examples,fuzzing", "--max-examples", str(examples(3))]


@pytest.mark.parametrize("chosen", [ALL, EDGES], ids=["all operations", "bounds"])
def test_schemathesis_finds_nothing(server: Server, tmp_path: Path, chosen: list[str]) -> None:
    data = ROOT / "tests" / "data" / "schemathesis.toml"
    arguments = ["--config-file", str(data), "run", f"{server.url}/api/openapi.json?locale=en", *chosen]
    more = ["--mode", "all", "--checks", "all", "--generation-deterministic", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *arguments, *more, "--suppress-health-check", "all"],
        cwd=tmp_path,
        env={**environment(), "SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("openapi_excuses.py"))},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    operations = 2 * len(server.get("/api/openapi.json").json()["paths"])
    tested = operations if chosen is ALL else len(KINDS)
    assert f"Tested: {tested}" in done.stdout
