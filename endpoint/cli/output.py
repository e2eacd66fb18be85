"""The output of commands: results on standard output, everything else, progress included, on standard error.

Progress is a bar on a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import click
from rich.cells import cell_len
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from endpoint.errors import DataError

BYTES: Final = "bytes"
# Seconds between two plain lines about the same thing.
_PLAIN_EVERY: Final = 10.0
# Columns of the terminal that everything but the name takes, and the fewest for the name.
_BESIDE_THE_NAME: Final = 50
_SHORTEST_NAME: Final = 16


def say(line: str, err: bool = True) -> None:
    """Print one line on standard error, or with ``err`` false on standard output.

    Where it cannot be written, the work goes on all the same.
    """
    with suppress(OSError):
        click.echo(line, err=err)


def write(text: str) -> None:
    """Print a result on standard output.

    :raises DataError: it cannot be written, such as to a full disk.
    :raises BrokenPipeError: the reader has closed the pipe.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(f"Standard output cannot be written: {error.strerror or error}.") from error


def printable(text: str) -> str:
    """Return a text that is shown in a terminal, which data must not steer."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


class Observer(Protocol):
    """Shows the progress of one thing after another; ``done`` and ``total`` count the ``unit``."""

    def show(
        self, name: str, done: int, total: int | None, ended: bool = False, unit: str = BYTES
    ) -> None: ...


@contextmanager
def progress() -> Iterator[Observer]:
    """Yield the observer that fits standard error, while the block lasts."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None),
        _Amount(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # Bars disappear at the end, so that only the messages remain.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
        yield _Bars(bars)


def amount(number: float, unit: str = BYTES) -> str:
    """Return a number with its unit, bytes as kB or MB."""
    return decimal(int(number)) if unit == BYTES else f"{number:,.0f} {unit}"


class _Amount(ProgressColumn):
    """A column: how much is done, and how much in a second."""

    def render(self, task: Task) -> Text:
        """Return one cell."""
        unit = task.fields["unit"]
        rate = f", {amount(task.speed, unit)}/s" if task.speed else ""
        return Text(f"{amount(task.completed, unit)}{rate}")


class _Bars:
    """One bar for each thing that is under way."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int | None, ended: bool = False, unit: str = BYTES) -> None:
        """Move the bar of ``name``; it goes when ``ended``."""
        if name not in self._tasks:
            room = max(self._bars.console.width - _BESIDE_THE_NAME, _SHORTEST_NAME)
            self._tasks[name] = self._bars.add_task(_shortened(name, room), total=total, unit=unit)
        self._bars.update(self._tasks[name], completed=done, total=total)
        if ended:
            self._bars.remove_task(self._tasks.pop(name))
            self._bars.refresh()  # the next output must begin on a line of its own


def _shortened(name: str, room: int) -> str:
    """Return the end of the name, where files differ, in ``room`` columns; Korean letters take two."""
    if cell_len(name) <= room:
        return name
    while cell_len(name) >= room:
        name = name[1:]
    return f"…{name}"


class _Lines:
    """A line when something ends, and now and then while it lasts."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PLAIN_EVERY

    def show(self, name: str, done: int, total: int | None, ended: bool = False, unit: str = BYTES) -> None:
        """Write a line where one is due."""
        now = time.monotonic()
        if not ended and now < self._next:
            return
        self._next = now + _PLAIN_EVERY
        of_all = f" of {amount(total, unit)}" if total is not None and total != done else ""
        say(f"{name}: {amount(done, unit)}{of_all}{'' if ended else ' so far'}")
