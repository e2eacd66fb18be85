"""The set-up: every package has its version, and every Python of the machine its run of the tests."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import FIRST
from tests.live import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIRED = [
    Requirement(text)
    for texts in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for text in texts
]
CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if not line.startswith("#")
]


def test_constraints_are_names_versions_and_markers() -> None:
    for constraint in CONSTRAINTS:
        assert constraint.url is None
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(constraint.specifier)), constraint


@pytest.mark.parametrize("required", REQUIRED, ids=str)
def test_what_the_project_requires_has_a_version(required: Requirement) -> None:
    pinned = [one for one in CONSTRAINTS if canonicalize_name(one.name) == canonicalize_name(required.name)]
    assert pinned, "make constraints adds it"
    for constraint in pinned:
        (version,) = (specifier.version for specifier in constraint.specifier)
        assert version in required.specifier, "make constraints renews it"


def test_the_readme_names_the_pythons_of_the_classifiers() -> None:
    last = (text.rpartition(" ")[2] for text in PROJECT["classifiers"] if ":: Python :: 3." in text)
    *others, newest = last
    assert f"With Python {', '.join(others)} or {newest} " in (ROOT / "README.md").read_text()


def python(folder: Path, name: str, version: str, reason: str = "") -> Path:
    """A program that answers as a Python of that version does, or as one that cannot be run."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{version}|{path}|{reason}'\n" if version else "#!/bin/sh\nexit 127\n")
    path.chmod(0o755)
    return path


def pythons(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PYENV_ROOT": str(tmp_path / "pyenv"),
    }
    found = subprocess.run(
        [ROOT / ".ci" / "pythons"], env=environment, capture_output=True, text=True, check=False
    )
    # The machine's own are among them.
    found.stdout = "".join(line for line in found.stdout.splitlines(True) if str(tmp_path) in line)
    found.stderr = "".join(line for line in found.stderr.splitlines(True) if str(tmp_path) in line)
    return found


def test_every_minor_version_is_found_once(tmp_path: Path) -> None:
    path, versions = tmp_path / "bin", tmp_path / "pyenv" / "versions"
    first = python(path, "python3", "3.12.4")
    python(path, "python3.12", "3.12.4")
    python(path, "python3.93-config", "3.93.0")
    shimmed = python(versions, "3.94.1/bin/python", "3.94.1")
    python(path, "python3.94", "")
    other = python(path, "python3.95", "3.95.0")
    assert pythons(tmp_path).stdout.splitlines() == [
        f"3.12.4 {first}",
        f"3.95.0 {other}",
        f"3.94.1 {shimmed}",
    ]


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    python(tmp_path / "bin", "python3", "3.9.2", "older than 3.11")
    bare = python(tmp_path / "bin", "python3.96", "3.96.0", "cannot make environments")
    python(tmp_path / "bin", "python3.97", "3.97.0", "not released yet")
    python(tmp_path / "pyenv", "versions/3.97.0/bin/python", "3.97.1")
    said = pythons(tmp_path).stderr
    assert f"Python 3.96.0 ({bare}) is left out: cannot make environments.\n" in said
    assert "older than 3.11" in said
    assert "3.97" not in said


@pytest.fixture(scope="module")
def audit() -> Any:
    """The module of ``make audit``."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["audit"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    del sys.modules["audit"]
    return module


CLEAN = {"name": "lxml", "version": "6.0", "vulns": []}
FOUND = {"name": "lxml", "version": "4.0", "vulns": [{"id": "CVE-2022-2309", "fix_versions": ["4.9.1"]}]}
SKIPPED = {"name": "lxml", "skip_reason": "not found on PyPI"}
NPM_CLEAN = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 3}}}
NPM_FOUND = {**NPM_CLEAN, "vulnerabilities": {"d3": {"severity": "high", "range": "<8"}}}


@pytest.mark.parametrize(
    ("python", "npm", "code", "strict", "words"),
    [
        ({"dependencies": [CLEAN]}, NPM_CLEAN, 0, 0, ("PyPI: 1 packages looked up, 0 known",)),
        (
            {"dependencies": [CLEAN, FOUND]},
            NPM_CLEAN,
            1,
            1,
            ("VULNERABLE lxml 4.0: CVE-2022-2309, fixed in 4.9.1",),
        ),
        ({"dependencies": [CLEAN]}, NPM_FOUND, 1, 1, ("VULNERABLE d3: high (<8)",)),
        # Nothing could be looked up: no finding, and not clean either.
        ({"dependencies": [SKIPPED]}, NPM_CLEAN, 0, 2, ("NOT AUDITED: the advisory service of PyPI",)),
        ({"dependencies": [CLEAN, SKIPPED]}, NPM_CLEAN, 0, 2, ("PyPI said nothing of 1 packages",)),
        ("Traceback", NPM_CLEAN, 0, 2, ("NOT AUDITED: the advisory service of PyPI", "gave no report")),
        (
            {"dependencies": [CLEAN]},
            {"message": "405 Method Not Allowed"},
            0,
            2,
            ("NOT AUDITED", "npm", "405"),
        ),
        # A finding counts, whatever another service did not say.
        ({"dependencies": [FOUND]}, "", 1, 1, ("VULNERABLE", "NOT AUDITED: the advisory service of npm")),
    ],
)
def test_a_finding_and_a_service_that_is_not_reached_are_two_things(
    audit: Any, python: object, npm: object, code: int, strict: int, words: tuple[str, ...]
) -> None:
    reports = [row if isinstance(row, str) else json.dumps(row) for row in (python, npm)]
    audits = [audit.of_python(reports[0]), audit.of_npm(reports[1])]
    assert (audit.ended_with(audits, strict=False), audit.ended_with(audits, strict=True)) == (code, strict)
    told = "\n".join(line for row in audits for line in audit.told(row))
    assert [word for word in words if word not in told] == []


def test_what_starts_first_is_there() -> None:
    assert [name for name in FIRST if not (ROOT / "tests" / name).exists()] == []
