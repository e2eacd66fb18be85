"""``endpoint load``."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO, Final

import click

from endpoint.cli import module
from endpoint.cli.options import REPORTS, adopt_option, named_node, setting_options
from endpoint.cli.output import Observer, progress, say
from endpoint.cli.publishing import PUBLISHING, published, rehearsed
from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.errors import DataError
from endpoint.ingest.change import Change, own_files_change
from endpoint.ingest.load import Progress
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.sources.text_encoding import is_encoding
from endpoint.settings.sources import read_settings

# Seconds in which an interrupted load may end by itself.
_GRACE: Final = 3.0


def _codec(context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """Return the name of an encoding of text that Python knows."""
    if name is not None and not is_encoding(name):
        raise click.BadParameter(f"{name!r} is no encoding that is known here, such as utf-8 or cp949.")
    return name


@click.command()
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--graph", metavar="IRI", help="Named graph for triples without one, pages and tables.")
@click.option("--replace", is_flag=True, help="Empty that graph first; needs --graph.")
@click.option("--new-graph", is_flag=True, help="Make the graph to replace, where there is none.")
@click.option("--allow-empty", is_flag=True, help="Replace the graph also where nothing is to be put in it.")
@click.option(
    "--replace-subjects",
    is_flag=True,
    help="Remove first, in each graph of the sources, what it states of their subjects.",
)
@click.option(
    "--own-files", is_flag=True, help="Bring in those of the dataset's own files that have changed since."
)
@click.option("--base", metavar="IRI", help="Base of relative IRIs; else each file's own IRI.")
@click.option("--format", "format_name", metavar="NAME", help="Format of the sources, such as turtle or csv.")
@click.option(
    "--encoding", metavar="NAME", callback=_codec, help="Encoding of tables and pages, such as cp949."
)
@click.option("--lenient", is_flag=True, help="Do not check IRIs and language tags; quicker.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, tell the effect, publish nothing.")
@click.option("--validate", is_flag=True, help="Validate with the dataset's SHACL shapes before publishing.")
@click.option("--report", type=click.Choice(REPORTS), help="Format of that report. [default: text]")
@adopt_option
@setting_options(*PUBLISHING)
def command(
    sources: tuple[str, ...],
    graph: str | None,
    replace: bool,
    new_graph: bool,
    allow_empty: bool,
    replace_subjects: bool,
    own_files: bool,
    base: str | None,
    format_name: str | None,
    encoding: str | None,
    lenient: bool,
    dry_run: bool,
    validate: bool,
    report: str | None,
    adopt: bool,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Load data into the store, all of it or none, as a new generation.

    A SOURCE is a file, a folder, a zip or tar archive, or - for standard input: RDF in any syntax, also
    compressed; a Linked Data page saved as text or HTML; a table (CSV, TSV, JSON, XLSX) that a
    mapping file of the dataset recognises. A server that runs on the same data directory serves the
    new generation within a second.
    """
    _check_replacement(graph, replace, replace_subjects, new_graph or allow_empty)
    if report is not None and not validate:
        raise click.UsageError("--report needs --validate: only validation reports.")
    _check_sources(sources, own_files, not (graph or replace_subjects or base or format_name or encoding))
    settings = read_settings(flags, config=config)
    dataset = read_dataset(settings.dataset or default_root())
    base_node = named_node(base, "--base", dataset.prefixes)
    asked = Change(
        graph=named_node(graph, "--graph", dataset.prefixes),
        replace=replace,
        new_graph=new_graph,
        allow_empty=allow_empty,
        replace_subjects=replace_subjects,
        base_iri=base_node and base_node.value,
        lenient=lenient,
        encoding=encoding,
    )
    own = own_files_change(dataset, settings.data) if own_files else None
    if own_files and own is None:
        say("The dataset's own files are in the store as they are.", err=False)
        return
    change = own or _with_sources(asked, sources, format_name)
    _end_on_interrupt()
    with progress() as observer:
        change = dataclasses.replace(
            change,
            adopt=adopt,
            check=_validation(dataset, report, observer) if validate else None,
            progress=partial(_show, observer),
            command=" ".join(["load", *(sources or ["--own-files"])]),
        )
        outcome = (rehearsed if dry_run else published)(change, dataset, settings)
    # A report for machines stays alone on standard output.
    say(outcome, err=report in REPORTS[1:])


def _check_replacement(graph: str | None, replace: bool, replace_subjects: bool, allowed: bool) -> None:
    """Raise UsageError where options about what is replaced contradict each other, or do not stand alone."""
    if replace and graph is None:
        raise click.UsageError("--replace needs --graph IRI: it empties one graph.")
    if replace and replace_subjects:
        raise click.UsageError("--replace empties the whole graph, --replace-subjects does not: choose one.")
    if allowed and not replace:
        raise click.UsageError("--new-graph and --allow-empty need --replace.")


def _check_sources(sources: tuple[str, ...], own_files: bool, alone: bool) -> None:
    """Raise UsageError where there is nothing to load, or the dataset's own files do not come ``alone``."""
    if "" in sources:
        raise click.UsageError("A SOURCE is empty; . is the folder you are in.")
    if own_files and (sources or not alone):
        raise click.UsageError(
            "--own-files takes the files that the manifest names, each into its graph; alone."
        )
    if not own_files and not sources:
        raise click.UsageError("Missing argument 'SOURCE...'.")


def _validation(dataset: Dataset, report: str | None, observer: Observer) -> Callable[..., None]:
    check: Callable[..., None] = module("validation").validate_store(dataset, report or REPORTS[0], observer)
    return check


def _with_sources(change: Change, arguments: tuple[str, ...], format_name: str | None) -> Change:
    """Return the change with the sources that the arguments name, and say what was passed over."""
    errors: list[DataError] = []
    sources, notices = discover(arguments, change.graph, format_name, _standard_input(), errors)
    for notice in notices:
        say(notice)
    return dataclasses.replace(change, sources=sources, errors=errors)


def _standard_input() -> IO[bytes]:
    """Return standard input, empty where the shell has closed it."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def _end_on_interrupt() -> None:
    """Let Ctrl-C end the process within seconds, also while the engine works and answers no signal.

    Nothing is lost by it: a generation is published whole or not at all.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def watch() -> None:
        while os.read(reading, 1) != bytes([signal.SIGINT]):
            pass
        time.sleep(_GRACE)
        os._exit(130)

    Thread(target=watch, name="interrupt", daemon=True).start()


def _show(observer: Observer, step: Progress) -> None:
    observer.show(step.source.name, step.read, step.source.size, step.done)
