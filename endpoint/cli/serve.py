"""``endpoint serve``."""

from __future__ import annotations

from pathlib import Path

import click

from endpoint.cli import module, template_process
from endpoint.cli.options import adopt_option, setting_options
from endpoint.settings import Settings
from endpoint.settings.sources import read_settings
from endpoint.telemetry import set_up_logging


@click.command()
@adopt_option
@setting_options()
def command(adopt: bool, config: Path | None, **flags: str | None) -> None:
    """Serve the dataset over HTTP; builds the store on first start."""

    def read() -> Settings:
        return read_settings(flags, config=config)

    settings = read()
    set_up_logging(settings.log_level)
    with template_process() as process:
        if not module("serving").serve(settings, read, process, adopt):
            raise click.exceptions.Exit(1)
