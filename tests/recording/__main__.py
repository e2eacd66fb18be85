"""The command line of the recorder; the docstring of the package shows its use."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.live import ROOT
from tests.recording import commands
from tests.recording.comparing import MAY_DIFFER, compare, read, report
from tests.recording.exchange import exchange
from tests.recording.normal import text_of
from tests.recording.subjects import SUBJECTS

# What is recorded: servers, and the commands.
NAMES: Final = (*SUBJECTS, commands.SUBJECT)


def record(code: Path, only: str = "", subjects: Sequence[str] = NAMES) -> dict[str, str]:
    """Every exchange with the subjects by name."""
    found: dict[str, str] = {}
    for subject in subjects:
        started, before = time.perf_counter(), len(found)
        found |= {f"{subject}/{name}": text for name, text in _exchanges(subject, code, only)}
        taken = time.perf_counter() - started
        print(f"{subject}: {len(found) - before} recorded, {taken:.0f} s", file=sys.stderr)
    return found


def _exchanges(subject: str, code: Path, only: str) -> Iterator[tuple[str, str]]:
    """The exchanges with one subject: name and text."""
    if subject == commands.SUBJECT:
        chosen = {one.name for one in commands.commands() if re.search(only, f"{subject}/{one.name}")}
        # One finds the data that others before it have loaded, so all of them run, or none.
        for command, text in commands.recorded(code) if chosen else ():
            if command.name in chosen:
                yield command.name, text
        return
    with SUBJECTS[subject].running(code) as (send, requests):
        for request in requests:
            if re.search(only, f"{subject}/{request.name}"):
                reason = f"{MAY_DIFFER}{request.expected}\n" if request.expected else ""
                yield request.name, reason + text_of(*exchange(send, request))


def write(folder: Path, exchanges: dict[str, str]) -> None:
    """One file for each exchange, in a folder that is empty or not there."""
    for name, text in exchanges.items():
        file = folder / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


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
    parser.add_argument("--subject", action="append", choices=NAMES, help="record only this; repeatable")
    options = parser.parse_args(arguments)
    subjects = options.subject or NAMES
    if options.command == "record":
        if options.folder.is_dir() and any(options.folder.iterdir()):
            parser.error(f"{options.folder} is not empty.")
        write(options.folder, record(options.code.resolve(), options.only, subjects))
        return 0
    before = _chosen(read(options.folder), options.only, subjects)
    if options.other:
        after = _chosen(read(options.other), options.only, subjects)
    else:
        after = record(options.code.resolve(), options.only, subjects)
    found = list(compare(before, after, options.ignore))
    print("\n".join(report(found)))
    unexpected = sum(not one.expected for one in found)
    print(f"{unexpected} answers differ, and {len(found) - unexpected} that may.", file=sys.stderr)
    return 1 if unexpected else 0


def _chosen(exchanges: dict[str, str], only: str, subjects: Sequence[str]) -> dict[str, str]:
    return {
        name: text
        for name, text in exchanges.items()
        if name.partition("/")[0] in subjects and re.search(only, name)
    }


if __name__ == "__main__":
    # So that the servers end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Interrupted."))
    sys.exit(main())
