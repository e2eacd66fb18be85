"""The set-up: every package has its version, and every Python of the machine its run of the tests."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
