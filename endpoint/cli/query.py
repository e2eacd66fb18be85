"""``endpoint query``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import IO

import click

from endpoint.cli.options import ENGINE, setting_options
from endpoint.errors import ConfigurationError
from endpoint.oneshot import run_query
from endpoint.settings import read_settings
from endpoint.telemetry import set_up_logging


@click.command()
@click.argument("text", required=False)
@click.option("--file", "-f", type=click.File("rb"), help="Read the query from a file; - is standard input.")
@click.option("--format", "-o", "format_name", help="Result format, such as json, csv, turtle.")
@setting_options(*ENGINE)
def command(
    text: str | None,
    file: IO[bytes] | None,
    format_name: str | None,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Run a SPARQL query on the store: from TEXT, a file, or standard input.

    Prints a table on a terminal; CSV or Turtle elsewhere.
    """
    if text is not None and file is not None:
        raise click.UsageError("Give the query as an argument or with --file, not both.")
    if text is None and file is None and sys.stdin.isatty():
        raise click.UsageError("Give the query as an argument, with --file, or on standard input.")
    settings = read_settings(flags, config=config)
    set_up_logging("warning")
    given = text if text is not None else _decode((file or sys.stdin.buffer).read())
    asyncio.run(run_query(settings, given.removeprefix("\ufeff"), format_name, sys.stdout))


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The query is not UTF-8: byte {error.start + 1}.") from None
