"""``endpoint check``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from endpoint.check import check_dataset
from endpoint.cli import module
from endpoint.cli.options import REPORTS, setting_options
from endpoint.cli.output import progress, say, write
from endpoint.dataset import default_root, read_dataset
from endpoint.errors import StoreError
from endpoint.settings import Settings, setting_fields
from endpoint.settings.sources import read_settings
from endpoint.storage import generations
from endpoint.telemetry import set_up_logging

_CONFIGURED = "the setting"


@click.command()
@click.option(
    "--data",
    is_flag=False,
    flag_value=_CONFIGURED,
    metavar="[DIR]",
    help="Validate the published data with the dataset's SHACL shapes instead, and verify its store, columns "
    "and text index: that in DIR, or in the folder that the settings name.",
)
@click.option("--format", "report", type=click.Choice(REPORTS), help="Format of that report. [default: text]")
@setting_options(*(row.name for row in setting_fields() if row.name != "data"))
def command(data: str | None, report: str | None, config: Path | None, **flags: str | None) -> None:
    """Validate settings, ontologies, seed, rules, mapping files and saved queries without a server.

    With --data: validate the published data.
    """
    if report is not None and data is None:
        raise click.UsageError("--format needs --data: only that report has formats.")
    folder = None if data in (None, _CONFIGURED) else data
    settings = read_settings({**flags, "data": folder}, config=config)
    set_up_logging("warning")
    if data is None:
        _check(settings)
    else:
        _validate(settings, report or REPORTS[0], must_exist=folder is not None)


def _check(settings: Settings) -> None:
    report = asyncio.run(check_dataset(settings))
    for line in report.lines:
        write(line)
    for problem in report.problems:
        say(problem)
    if report.problems:
        raise click.exceptions.Exit(1)


def _validate(settings: Settings, report: str, must_exist: bool) -> None:
    if generations.current(settings.data) is None:
        nothing = f"Nothing is published in {settings.data} yet"
        if must_exist:
            raise StoreError(f"{nothing}; name the folder of the data.")
        say(f"{nothing}: the dataset's own files are validated.")
    dataset = read_dataset(settings.dataset or default_root())
    with progress() as observer:
        module("validation").validate_published(settings.data, dataset, settings.derive, report, observer)
