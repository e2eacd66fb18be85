"""``endpoint check``."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from pathlib import Path

import click

from endpoint.checking import check_everything
from endpoint.commands.options import REPORTS, setting_options
from endpoint.commands.progress import progress
from endpoint.dataset import default_root, read_dataset
from endpoint.settings import Settings, read_settings, setting_fields
from endpoint.telemetry import set_up_logging

_CONFIGURED = "the setting"


@click.command()
@click.option(
    "--data",
    is_flag=False,
    flag_value=_CONFIGURED,
    metavar="[DIR]",
    help="Validate the published data with the dataset's SHACL shapes instead: that in DIR, or in the "
    "folder that the settings name.",
)
@click.option("--format", "report", type=click.Choice(REPORTS), default="text", help="Format of that report.")
@setting_options(*(row.name for row in setting_fields() if row.name != "data"))
def command(data: str | None, report: str, config: Path | None, **flags: str | None) -> None:
    """Validate settings, ontologies, seed, rules, mapping files and saved queries without a server.

    With --data: validate the published data.
    """
    folder = None if data in (None, _CONFIGURED) else data
    settings = read_settings({**flags, "data": folder}, config=config)
    set_up_logging("warning")
    if data is None:
        _check(settings)
    else:
        _validate(settings, report)


def _check(settings: Settings) -> None:
    report = asyncio.run(check_everything(settings))
    for line in report.lines:
        click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        raise click.exceptions.Exit(1)


def _validate(settings: Settings, report: str) -> None:
    # pySHACL takes half a second to import: only who validates waits for it.
    conformance = import_module("endpoint.ingest.conformance").published_conformance
    judge = import_module("endpoint.commands.validation").judge
    dataset = read_dataset(settings.dataset or default_root())
    with progress() as observer:
        judge(partial(conformance, settings.data, dataset), dataset, report, observer)
