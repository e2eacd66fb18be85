"""``endpoint backup``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from endpoint.cli.options import setting_options
from endpoint.cli.output import amount, progress, say
from endpoint.settings.sources import read_settings
from endpoint.storage import generations
from endpoint.storage.backup import backup, size_of
from endpoint.storage.history import find


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--generation", "number", type=click.IntRange(min=1), help="This one instead of the current.")
@click.option("--force", is_flag=True, help="Overwrite the file where there is one.")
@setting_options("data")
def command(file: str, number: int | None, force: bool, config: Path | None, **flags: str | None) -> None:
    """Write one generation, with all that was made for it, into FILE; - is standard output.

    A server may run on the same data directory. FILE is a tar archive, compressed by Zstandard, with the
    checksums of its files; restore it with endpoint restore.
    """
    settings = read_settings(flags, config=config)
    with ExitStack() as closing:
        if number is None:
            generation = closing.enter_context(generations.held_current(settings.data))
        else:
            generation = find(settings.data, number)
            closing.enter_context(generations.hold(generation))
        total = size_of(generation)
        observer = closing.enter_context(progress())
        path = None if file == "-" else Path(file)
        written = backup(
            generation, path, force, lambda done: observer.show("backing up", done, total, done == total)
        )
    say(f"Generation {generation.number}, {generation.quads:,} quads: {amount(written)} before compression.")
