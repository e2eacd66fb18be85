"""``endpoint restore``."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from endpoint.cli.options import RETENTION, adopt_option, setting_options
from endpoint.cli.output import progress, say
from endpoint.errors import DataError
from endpoint.settings.sources import read_settings
from endpoint.storage.backup import restore
from endpoint.storage.lock import PATIENCE
from endpoint.storage.retention import Retention


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--replace", is_flag=True, help="Publish it as a new generation where something is published already."
)
@adopt_option
@setting_options("data", *RETENTION)
def command(file: str, replace: bool, adopt: bool, config: Path | None, **flags: str | None) -> None:
    """Publish the backup in FILE, which endpoint backup wrote; - is standard input.

    In an empty data directory it is the same generation again, with its number. It is published when all of
    it has been read and verified; a backup that is damaged or cut off changes nothing.
    """
    settings = read_settings(flags, config=config)
    with ExitStack() as closing:
        stream = _standard_input() if file == "-" else closing.enter_context(_opened(Path(file)))
        observer = closing.enter_context(progress())
        name = "standard input" if file == "-" else file
        made = restore(
            stream,
            name,
            settings.data,
            replace,
            lambda done: observer.show("restoring", done, None),
            Retention.of(settings),
            PATIENCE,
            adopt,
        )
    say(f"Generation {made.number} holds {made.quads:,} quads.", err=False)


def _standard_input() -> BinaryIO:
    """Return standard input, empty where the shell has closed it."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"The backup cannot be read: {error.strerror}.", path) from error
