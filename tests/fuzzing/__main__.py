"""Feed one parser what atheris finds by coverage: ``python -m tests.fuzzing grlc -max_total_time=60``.

What follows the name goes to libFuzzer; a wrong name lists them all. It needs ``pip install atheris``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

# Compiled code, which only whoever calls this has.
import atheris

with atheris.instrument_imports(include=["endpoint"]):
    from tests.fuzzing.parsers import PARSERS, Parser


def fuzz(parser: Parser, arguments: list[str]) -> None:
    """Fuzz until the first finding, or as libFuzzer's arguments say. Ends the process."""
    corpus = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    for number, seed in enumerate(parser.seeds):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], str(corpus), *arguments], parser.check)
    atheris.Fuzz()


def main() -> None:
    """Find the parser that is named, and fuzz it."""
    names = {parser.name: parser for parser in PARSERS}
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print("Parsers:", *names, sep="\n  ")
        sys.exit(2)
    fuzz(names[sys.argv[1]], sys.argv[2:])


if __name__ == "__main__":
    main()
