"""Compare columns with the engine for some minutes: ``python -m tests.columns.differential --minutes 30``.

Ends with 1 where anything differs, after the smallest case of each difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import count

from tests.columns.differential.by_columns import of_seed
from tests.columns.differential.running import Tally, run, shrunk


def main() -> int:
    """Run, report, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.columns.differential")
    parser.add_argument("--minutes", type=float, default=2, help="for so long (2)")
    parser.add_argument("--seed", type=int, default=None, help="of the first catalogue (a new one each day)")
    parser.add_argument("--most", type=int, default=5, help="end after so many differences (5)")
    options = parser.parse_args()
    # Each day asks other queries than the day before, and the same whoever asks.
    seed = options.seed if options.seed is not None else time.time_ns() // (86_400 * 10**9) * 10_000
    tally = Tally()
    print(f"Catalogues from seed {seed} on, for {options.minutes:g} minutes", flush=True)
    run(of_seed, count(seed), time.monotonic() + 60 * options.minutes, tally, options.most)
    print(tally.report())
    for found in tally.differences:
        small = shrunk(found, of_seed)
        print(f"\n{small.shown(of_seed(small.data))}", flush=True)
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
