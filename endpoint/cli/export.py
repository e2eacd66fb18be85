"""``endpoint export``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from endpoint.cli.options import named_node, setting_options
from endpoint.cli.output import Observer, progress, say
from endpoint.dataset import default_root, read_dataset
from endpoint.formats import BIBLIOGRAPHIES
from endpoint.settings.sources import read_settings
from endpoint.storage.dump import COMPRESSIONS
from endpoint.storage.export import ExportOptions, Progress, export

_SETTINGS: Final = ("dataset", "data")


@click.command()
@click.option("--output", "-O", type=click.Path(path_type=Path), help="File to write; else standard output.")
@click.option("--format", "-o", "format_name", metavar="NAME", help="Format; else by the file's extension.")
@click.option(
    "--compress", type=click.Choice(sorted(COMPRESSIONS)), help="Compression; else by the file's extension."
)
@click.option("--graph", "graphs", metavar="IRI", multiple=True, help="Only this named graph; repeatable.")
@click.option("--union", is_flag=True, help="One graph of all, for formats without named graphs.")
@click.option("--force", is_flag=True, help="Overwrite the file where there is one.")
@setting_options(*_SETTINGS)
def command(
    output: Path | None,
    format_name: str | None,
    compress: str | None,
    graphs: tuple[str, ...],
    union: bool,
    force: bool,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Write the dataset, or graphs of it, in any RDF format; or its publications as BibTeX, RIS or CSL-JSON.

    Formats: n-quads, trig, turtle, n-triples, rdf-xml, json-ld, n3; bibtex, ris, csl-json.
    """
    settings = read_settings(flags, config=config)
    dataset = read_dataset(settings.dataset or default_root())
    request = ExportOptions(
        output=output,
        format_name=format_name,
        compression=compress,
        graphs=tuple(node for iri in graphs if (node := named_node(iri, "--graph", dataset.prefixes))),
        union=union,
        force=force,
    )
    with progress() as observer:
        made = export(settings.data, dataset.prefixes, request, lambda step: _show(observer, step))
    what = "publications" if made.format in BIBLIOGRAPHIES else "statements"
    generation = made.generation.number
    say(f"{made.number:,} {what} of generation {generation}, {made.written:,} bytes.")


def _show(observer: Observer, step: Progress) -> None:
    observer.show("exporting", step.done, step.total, unit="statements")
