"""Renews ``constraints.txt``: the newest versions that fit together, on each Python that is found here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FILE: Final = ROOT / "constraints.txt"
# pip itself, and what builds an editable installation beside hatchling, which is in the extra "test".
REQUIRED: Final = ("pip", "editables", "--editable", ".[test,bench]")
HEAD: Final = """\
# The versions that CI passed with, on every Python it found. Made by "make constraints"; not edited by hand.
"""


def resolve(python: str) -> dict[str, str]:
    """Return the versions of all packages that an environment of ``python`` gets, by normalized name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--dry-run"]
        subprocess.run([*pip, "--ignore-installed", "--report", str(report), *REQUIRED], cwd=ROOT, check=True)
        packages = json.loads(report.read_bytes())["install"]
    return {
        re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower(): entry["metadata"]["version"]
        for entry in packages
        if not entry["download_info"].get("dir_info", {}).get("editable")
    }


def lines(resolved: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the constraints for what was resolved by minor version of Python, oldest first.

    A package has one line, without a marker, where every Python that needs it gets the same version.
    """
    versions: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for minor, packages in resolved.items():
        for name, version in packages.items():
            versions[name][version].append(minor)
    return [
        f"{name}=={version}" + (f"; {marker(minors, [*resolved])}" if len(by_version) > 1 else "")
        for name, by_version in sorted(versions.items())
        for version, minors in by_version.items()
    ]


def marker(minors: list[str], known: list[str]) -> str:
    """Return the marker of some minor versions of Python; the newest known stands for later ones too."""
    if minors == known[-len(minors) :]:
        return f'python_version >= "{minors[0]}"'
    return " or ".join(f'python_version == "{minor}"' for minor in minors)


def main() -> None:
    """Write the file."""
    found = subprocess.run([ROOT / ".ci" / "pythons"], stdout=subprocess.PIPE, text=True, check=True).stdout
    pythons = sorted(
        (tuple(int(part) for part in version.split(".")[:2]), executable)
        for version, _, executable in (line.partition(" ") for line in found.splitlines())
    )
    resolved = {}
    for (major, minor), executable in pythons:
        print(f"Resolving for Python {major}.{minor}", flush=True)
        resolved[f"{major}.{minor}"] = resolve(executable)
    FILE.write_text(HEAD + "\n".join(lines(resolved)) + "\n")
    print(f"Wrote {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
