"""``endpoint check``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from endpoint.checking import check_everything
from endpoint.commands.options import setting_options
from endpoint.settings import read_settings
from endpoint.telemetry import set_up_logging


@click.command()
@setting_options()
def command(config: Path | None, **flags: str | None) -> None:
    """Validate settings, ontologies, seed and saved queries without starting the server."""
    settings = read_settings(flags, config=config)
    set_up_logging("warning")
    report = asyncio.run(check_everything(settings))
    for line in report.lines:
        click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        raise click.exceptions.Exit(1)
