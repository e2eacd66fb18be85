"""The command line of the recorder; the docstring of the package shows its use."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.live import ROOT
from tests.recording.comparing import Difference, compare, read
from tests.recording.exchange import exchange
from tests.recording.normal import text_of
from tests.recording.subjects import SUBJECTS


def record(code: Path, only: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """Every exchange by name, and the reasons of those that may differ between two versions."""
    found: dict[str, str] = {}
    expected: dict[str, str] = {}
    for subject in SUBJECTS:
        started = time.perf_counter()
        with subject.running(code) as (send, requests):
            chosen = [one for one in requests if re.search(only, f"{subject.name}/{one.name}")]
            for request in chosen:
                name = f"{subject.name}/{request.name}"
                found[name] = text_of(*exchange(send, request))
                if request.expected:
                    expected[name] = request.expected
        taken = time.perf_counter() - started
        print(f"{subject.name}: {len(chosen)} requests, {taken:.0f} s", file=sys.stderr)
    return found, expected


def write(folder: Path, exchanges: dict[str, str]) -> None:
    """One file for each exchange, in a folder that is empty or not there."""
    for name, text in exchanges.items():
        file = folder / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def report(differences: Iterable[Difference]) -> int:
    """Print them, those that were expected last; returns how many were not."""
    found = sorted(differences, key=lambda one: one.expected)
    for one in found:
        if one.expected:
            print(f"\nExpected to differ ({one.expected}):")
        print("\n".join(one.lines))
    unexpected = sum(not one.expected for one in found)
    print(f"{unexpected} answers differ, and {len(found) - unexpected} that may.", file=sys.stderr)
    return unexpected


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.recording", description="Record and compare answers."
    )
    parser.add_argument("command", choices=("record", "compare"))
    parser.add_argument("folder", type=Path, help="the recording")
    parser.add_argument(
        "other", type=Path, nargs="?", help="compare with this recording, and start no server"
    )
    parser.add_argument("--code", type=Path, default=ROOT, help="the checkout whose server runs")
    parser.add_argument("--only", default="", help="regular expression of names of requests")
    parser.add_argument("--ignore", action="append", default=[], help="regular expression of lines")
    options = parser.parse_args(arguments)
    if options.command == "record":
        if options.folder.is_dir() and any(options.folder.iterdir()):
            parser.error(f"{options.folder} is not empty.")
        write(options.folder, record(options.code.resolve(), options.only)[0])
        return 0
    before = {name: text for name, text in read(options.folder).items() if re.search(options.only, name)}
    if options.other:
        after = {name: text for name, text in read(options.other).items() if re.search(options.only, name)}
        expected: dict[str, str] = {}
    else:
        after, expected = record(options.code.resolve(), options.only)
    return 1 if report(compare(before, after, expected, options.ignore)) else 0


if __name__ == "__main__":
    sys.exit(main())
