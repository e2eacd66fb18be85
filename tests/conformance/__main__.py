"""Run the W3C's test suites: ``python -m tests.conformance FOLDER [--report FILE] [--only TEXT]``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conformance.exclusions import KNOWN
from tests.conformance.manifests import cases
from tests.conformance.report import write_report
from tests.conformance.running import READING, Outcome, groups, outcomes, server_with
from tests.conformance.writing import WRITING, server_for_writes

# Characters of a reason that are printed.
LONGEST = 1000


def main() -> int:
    """Run all tests, print what became of those of each class, and return 1 where one is not as known."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("folder", type=Path, help="checkout of the test suites")
    parser.add_argument("--report", type=Path, help="file for the report in EARL, as Turtle")
    parser.add_argument("--only", default="", help="only tests with this in their names")
    options = parser.parse_args()
    chosen = [case for case in cases(options.folder.absolute()) if options.only in case.name]
    found: list[Outcome] = []
    for group in groups([case for case in chosen if not case.writes]):
        with TemporaryDirectory() as name, server_with(group, Path(name)) as server:
            found += outcomes(group, server, READING)
    if writing := [case for case in chosen if case.writes]:
        with TemporaryDirectory() as name, server_for_writes(Path(name)) as server:
            found += outcomes(writing, server, WRITING)
    wrong = [outcome for outcome in found if (outcome.word == "failed") != (outcome.case.name in KNOWN)]
    for outcome in wrong:
        print(f"{outcome.case.name} {outcome.word}\n    {outcome.reason[:LONGEST]}")
    table = Counter(
        (outcome.case.suite.partition("/")[0], outcome.case.kind, outcome.word) for outcome in found
    )
    for (suite, kind, word), number in sorted(table.items()):
        print(f"{suite:10} {kind:28} {word:12} {number:5}")
    for word, number in sorted(Counter(outcome.word for outcome in found).items()):
        print(f"{word:52} {number:5}")
    if options.report is not None:
        write_report(found, options.report)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
