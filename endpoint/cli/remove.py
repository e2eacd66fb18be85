"""``endpoint remove``."""

from __future__ import annotations

from pathlib import Path

import click

from endpoint.cli.options import adopt_option, named_node, setting_options
from endpoint.cli.output import say
from endpoint.cli.publishing import PUBLISHING, published, rehearsed
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.change import Change
from endpoint.settings.sources import read_settings


@click.command()
@click.argument("iris", nargs=-1, required=True, metavar="IRI...")
@click.option("--graph", metavar="IRI", help="Only in this named graph; else in all.")
@click.option("--also-as-object", is_flag=True, help="Remove also the statements that point to them.")
@click.option("--dry-run", is_flag=True, help="Tell what would be removed, publish nothing.")
@adopt_option
@setting_options(*PUBLISHING)
def command(
    iris: tuple[str, ...],
    graph: str | None,
    also_as_object: bool,
    dry_run: bool,
    adopt: bool,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Remove what the store states of each IRI, all of it or none, as a new generation.

    An IRI may be written with a prefix of the dataset, such as ex:name. Blank nodes that nothing else points
    to go as well, and so does what was derived from the statements that go.
    """
    settings = read_settings(flags, config=config)
    dataset = read_dataset(settings.dataset or default_root())
    change = Change(
        graph=named_node(graph, "--graph", dataset.prefixes),
        removed=[node for iri in iris if (node := named_node(iri, "IRI", dataset.prefixes))],
        as_object=also_as_object,
        adopt=adopt,
        command=" ".join(["remove", *iris]),
    )
    say((rehearsed if dry_run else published)(change, dataset, settings), err=False)
