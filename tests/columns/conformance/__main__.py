"""Print what becomes of each test of the W3C: ``python -m tests.columns.conformance FOLDER``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.columns.conformance.cases import answers, cases


def main(folder: Path) -> int:
    """Compare all, print a table of what became of them, and return the exit status."""
    outcomes = Counter[str]()
    for case in cases(folder.absolute()):
        with TemporaryDirectory() as name:
            found = answers(case, Path(name) / "columns")
        if isinstance(found, str):
            outcomes[found.partition("\n")[0][:100]] += 1
        else:
            outcomes["equal" if found[0] == found[1] else "different"] += 1
            if found[0] != found[1]:
                print(f"{case.name}\n  columns: {found[0]}\n  engine:  {found[1]}")
    for outcome, number in outcomes.most_common():
        print(f"{number:5}  {outcome}")
    return int(outcomes["different"] > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
