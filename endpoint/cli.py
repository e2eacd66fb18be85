"""The command line: ``endpoint serve · load · query · check``.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings. Failures are one sentence on standard error.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn, TypeVar

import click
from pyoxigraph import NamedNode

from endpoint import __version__
from endpoint.app import create_application, create_site, ensure_store
from endpoint.checking import check_everything
from endpoint.engines.writer import Writer
from endpoint.errors import ConfigurationError, EndpointError
from endpoint.ingest.build import add
from endpoint.ingest.rdf import RdfSource
from endpoint.oneshot import run_query
from endpoint.server import Server, listen
from endpoint.settings import Settings, environment_name, read_settings, setting_fields, shown_default
from endpoint.telemetry import set_up_logging

Command = TypeVar("Command", bound=Callable[..., object])

_ENGINE = ("dataset", "data", "timeout", "memory", "image", "max_query", "max_nesting", "default_graph")


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Options for the settings named, or for all of them, made from the table of settings."""

    def decorate(command: Command) -> Command:
        for row in reversed(setting_fields()):
            if names and row.name not in names:
                continue
            default = shown_default(row)
            shown = f" [default: {default}]" if default else ""
            command = click.option(
                f"--{row.name.replace('_', '-')}",
                row.name,
                metavar=row.metadata["metavar"],
                help=f"{row.metadata['help']}{shown} [{environment_name(row.name)}]",
            )(command)
        return click.option(
            "--config", type=click.Path(path_type=Path), help="TOML file of settings [ENDPOINT_CONFIG]."
        )(command)

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="endpoint")
def cli() -> None:
    """A SPARQL endpoint for a publications catalogue."""


@cli.command()
@setting_options()
def serve(config: Path | None, **flags: str | None) -> None:
    """Serve the dataset over HTTP; builds the store on first start."""
    settings = _settings(config, flags)
    set_up_logging(settings.log_level)
    with listen(settings) as sock:
        site = create_site(settings)
        ensure_store(site)
        if not Server(create_application(site), settings).serve_on(sock):
            raise click.exceptions.Exit(1)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--graph", metavar="IRI", help="Named graph for triples without one.")
@click.option("--replace", is_flag=True, help="Empty that graph first; needs --graph.")
@setting_options("data")
def load(
    files: tuple[Path, ...], graph: str | None, replace: bool, config: Path | None, **flags: str | None
) -> None:
    """Load RDF files into the store, all of them or none, as a new generation."""
    if replace and graph is None:
        raise click.UsageError("--replace needs --graph IRI: it empties one graph.")
    node = _graph(graph)
    settings = _settings(config, flags)
    with Writer(settings.data) as writer:
        made = add([RdfSource(file, node) for file in files], writer, node, replace)
    click.echo(f"Generation {made.number} holds {made.quads:,} quads.")


def _graph(iri: str | None) -> NamedNode | None:
    try:
        return None if iri is None else NamedNode(iri)
    except ValueError:
        raise click.BadParameter(f"{iri!r} is not an absolute IRI.", param_hint="--graph") from None


@cli.command()
@click.argument("text", required=False)
@click.option("--file", "-f", type=click.File("rb"), help="Read the query from a file; - is standard input.")
@click.option("--format", "-o", "format_name", help="Result format, such as json, csv, turtle.")
@setting_options(*_ENGINE)
def query(
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
    settings = _settings(config, flags)
    set_up_logging("warning")
    given = text if text is not None else _decode((file or sys.stdin.buffer).read())
    asyncio.run(run_query(settings, given.removeprefix("\ufeff"), format_name, sys.stdout))


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The query is not UTF-8: byte {error.start + 1}.") from None


@cli.command()
@setting_options()
def check(config: Path | None, **flags: str | None) -> None:
    """Validate settings, ontologies, seed and saved queries without starting the server."""
    settings = _settings(config, flags)
    set_up_logging("warning")
    report = asyncio.run(check_everything(settings))
    for line in report.lines:
        click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        raise click.exceptions.Exit(1)


def _settings(config: Path | None, flags: dict[str, str | None]) -> Settings:
    return read_settings(flags, config=config)


def main() -> NoReturn:
    """The console script. Turns designed failures into a sentence and an exit code."""
    try:
        code = cli(prog_name="endpoint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except EndpointError as error:
        click.echo(f"endpoint: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
    except BrokenPipeError:
        # The reader of a pipe, such as head, has enough.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
