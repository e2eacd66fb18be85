"""``endpoint rollback``."""

from __future__ import annotations

from pathlib import Path

import click

from endpoint.cli.options import RETENTION, adopt_option, setting_options
from endpoint.cli.output import say
from endpoint.settings.sources import read_settings
from endpoint.storage.history import rollback
from endpoint.storage.lock import PATIENCE
from endpoint.storage.retention import Retention


@click.command()
@click.argument("number", type=click.IntRange(min=1))
@adopt_option
@setting_options("data", *RETENTION)
def command(number: int, adopt: bool, config: Path | None, **flags: str | None) -> None:
    """Publish the old generation NUMBER again, as a new one, with its text index and its columns.

    Nothing is lost: what was published since then stays in the history. A server on the same data directory
    serves it within a second.
    """
    settings = read_settings(flags, config=config)
    made = rollback(settings.data, number, Retention.of(settings), PATIENCE, adopt)
    say(f"Generation {made.number} is generation {number} again: {made.quads:,} quads.", err=False)
