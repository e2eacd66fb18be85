"""``endpoint query``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, TextIO

import click

from endpoint.cli import lasting, module, template_process
from endpoint.cli.options import ENGINE, read_query, setting_options
from endpoint.engine import Result
from endpoint.errors import ConfigurationError
from endpoint.formats import Format, QueryForm, by_name, offered
from endpoint.settings.sources import read_settings
from endpoint.telemetry import set_up_logging

Evaluated = Callable[..., AbstractAsyncContextManager[Result]]
Evaluate = Callable[[Callable[[QueryForm], Format]], AbstractAsyncContextManager[Result]]


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
    given = read_query(text, file)
    settings = read_settings(flags, config=config)
    set_up_logging("warning")
    with template_process() as process:
        with lasting():
            evaluated: Evaluated = import_module("endpoint.query").evaluated
        evaluate = partial(evaluated, settings, given, process=process)
        asyncio.run(_run(evaluate, format_name, sys.stdout))


async def _run(evaluate: Evaluate, format_name: str | None, out: TextIO) -> None:
    as_table = False

    def choose(form: QueryForm) -> Format:
        nonlocal as_table
        as_table = format_name is None and out.isatty() and form in (QueryForm.SELECT, QueryForm.ASK)
        formats = offered(form)
        return _format("json" if as_table else format_name or _piped(formats), formats)

    async with evaluate(choose) as result:
        if as_table:
            module("result_table").write(await result.read(), out)
            return
        async for piece in result:
            out.buffer.write(piece)
        out.buffer.flush()


def _piped(formats: tuple[Format, ...]) -> str:
    names = {fmt.name for fmt in formats}
    return "csv" if "csv" in names else "turtle" if "turtle" in names else "json"


def _format(name: str, formats: tuple[Format, ...]) -> Format:
    """Return the format of that name. Raises :class:`ConfigurationError` for one that does not apply."""
    fmt = by_name(name, formats)
    if fmt is None:
        names = ", ".join((*fmt.short_names, fmt.name)[0] for fmt in formats)
        raise ConfigurationError(f"--format: this query form is written as {names}, not as {name!r}.")
    return fmt
