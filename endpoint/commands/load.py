"""``endpoint load``."""

from __future__ import annotations

from pathlib import Path

import click

from endpoint.commands.options import named_node, setting_options
from endpoint.engines.writer import Writer
from endpoint.ingest.build import add
from endpoint.ingest.rdf import RdfSource
from endpoint.settings import read_settings


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--graph", metavar="IRI", help="Named graph for triples without one.")
@click.option("--replace", is_flag=True, help="Empty that graph first; needs --graph.")
@setting_options("data")
def command(
    files: tuple[Path, ...], graph: str | None, replace: bool, config: Path | None, **flags: str | None
) -> None:
    """Load RDF files into the store, all of them or none, as a new generation."""
    if replace and graph is None:
        raise click.UsageError("--replace needs --graph IRI: it empties one graph.")
    node = named_node(graph, "--graph")
    settings = read_settings(flags, config=config)
    with Writer(settings.data) as writer:
        made = add([RdfSource(file, node) for file in files], writer, node, replace)
    click.echo(f"Generation {made.number} holds {made.quads:,} quads.")
