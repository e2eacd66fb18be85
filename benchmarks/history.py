"""Disk and time of the history of a generated catalogue, after small changes, as a Markdown table.

    python -m benchmarks.history 4174

The real commands run in a fresh data directory: ``endpoint load`` of the catalogue, ``--changes`` loads of
one statement, then ``endpoint generations show`` and ``endpoint rollback``. Disk is what no other generation
shares; times are of a processor, in seconds, and memory is the most that the command took.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.scale import generated

_ENDPOINT: Final = (sys.executable, "-m", "endpoint")
_CHANGE: Final = '<http://example.org/{number}> <http://www.w3.org/2004/02/skos/core#prefLabel> "A title" .\n'
_MEGABYTE: Final = 2**20


def run(data: Path, *arguments: str, out: IO[bytes] | int = subprocess.DEVNULL) -> str:
    """Run a command to its end; return its time and its memory."""
    command = [*_ENDPOINT, *arguments, "--data", str(data)]
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {command}")
    return f"{usage.ru_utime + usage.ru_stime:.1f} s, {usage.ru_maxrss * 1024 / _MEGABYTE:.0f} MB"


def entries(data: Path) -> list[dict[str, Any]]:
    """Return what ``endpoint generations --json`` says."""
    command = [*_ENDPOINT, "generations", "--json", "--data", str(data)]
    found: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def main() -> None:
    """Measure one catalogue, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("publications", type=int)
    parser.add_argument("--changes", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        rows = {"load": run(data, "load", str(generated(Path(folder), given.publications, "long")))}
        for number in range(given.changes):
            change = Path(folder) / "change.nt"
            change.write_text(_CHANGE.format(number=number))
            rows["load of one statement"] = run(data, "load", str(change))
        *changed, first = entries(data)
        disk = [entry["own"] / _MEGABYTE for entry in changed]
        rows["quads"] = f"{first['quads']:,}"
        rows["disk of the first generation"] = f"{first['disk'] / _MEGABYTE:.0f} MB"
        rows["disk of each small change"] = f"{statistics.median(disk):.1f} MB"
        rows["difference of two"] = run(data, "generations", "show", str(given.changes + 1))
        rows["rollback"] = run(data, "rollback", "1")
    print("| | |\n|---|---:|")
    for name, found in rows.items():
        print(f"| {name} | {found} |")


if __name__ == "__main__":
    main()
