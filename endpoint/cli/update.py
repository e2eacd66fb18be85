"""``endpoint update``."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from endpoint.cli.options import read_query, setting_options
from endpoint.cli.output import say
from endpoint.cli.publishing import PUBLISHING, effect_lines
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.writes.evaluation import Update
from endpoint.ingest.writes.single import publish_update
from endpoint.ingest.writes.templates import Names
from endpoint.settings.sources import read_settings
from endpoint.storage.lock import PATIENCE
from endpoint.storage.retention import Retention


@click.command()
@click.argument("text", required=False)
@click.option("--file", "-f", type=click.File("rb"), help="Read the update from a file; - is standard input.")
@click.option("--dry-run", is_flag=True, help="Tell what would be added and removed, publish nothing.")
@setting_options(*PUBLISHING, "default_graph")
def command(
    text: str | None,
    file: IO[bytes] | None,
    dry_run: bool,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Change the store by SPARQL Update, all of it or nothing, as a new generation.

    The update is TEXT, a file, or standard input. It may use the prefixes of the dataset, and moves or
    removes whatever a query finds, such as a statement in the wrong graph. A server that runs on the same
    data directory serves the new generation within a second.
    """
    given = read_query(text, file)
    settings = read_settings(flags, config=config)
    dataset = read_dataset(settings.dataset or default_root())
    update = Update(given, Names(dataset.base, dataset.prefixes), union=settings.default_graph == "union")
    recipe = Recipe.read(dataset, settings.derive, settings.columns)
    outcome = publish_update(
        update, recipe, settings.data, say, Retention.of(settings), PATIENCE, dry_run=dry_run
    )
    counts = f"{outcome.added:,} added, {outcome.removed:,} removed"
    if dry_run:
        say(f"Nothing was published: {counts}.", err=False)
        for line in effect_lines(outcome.effect) if outcome.effect is not None else ():
            say(line, err=False)
    elif outcome.generation is None:
        say("Nothing has changed, and nothing was published.", err=False)
    else:
        made = outcome.generation
        say(f"Generation {made.number} holds {made.quads:,} quads: {counts}.", err=False)
