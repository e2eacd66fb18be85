"""The command line: ``endpoint serve``, ``endpoint load`` and the others of :data:`COMMANDS`.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted. Failures are one sentence on
standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

import click

from endpoint import __version__
from endpoint.cli import module
from endpoint.errors import ConfigurationError, EndpointError

# The commands, each with its line in the list of them, for which none is imported.
COMMANDS: Final = {
    "serve": "Serve the dataset over HTTP; builds the store on first start.",
    "load": "Load data into the store, all of it or none.",
    "remove": "Remove what the store states of resources.",
    "update": "Change the store by SPARQL Update.",
    "query": "Run a SPARQL query on the store.",
    "explain": "Evaluate a query and tell what it did.",
    "check": "Validate settings, files and saved queries, or the published data.",
    "export": "Write the dataset in any RDF format, or its publications.",
    "generations": "List the generations on the disk, show a difference, remove old ones.",
    "rollback": "Publish an old generation again, as a new one.",
    "backup": "Write one generation into one file, also while a server runs.",
    "restore": "Publish what a backup has.",
    "token": "Make, list and revoke tokens, which let their holders write.",
    "top": "Show what a running server does, and for whom.",
    "doctor": "Examine this machine and the settings, and say what to do.",
}


class _Commands(click.Group):
    """A group that imports the module of a command only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = module(cmd_name).command
        command.name = cmd_name
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a closed pipe, such as that of head, is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The rest of the buffer would fail again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(0) from None


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="endpoint")
def cli() -> None:
    """A SPARQL endpoint for a publications catalogue."""


def main() -> NoReturn:
    """Run the console script: designed failures become a sentence and an exit code."""
    try:
        code = cli(prog_name="endpoint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        # A load may still run in the engine, which no signal reaches: nothing of it is published.
        os._exit(130)
    except EndpointError as error:
        click.echo(f"endpoint: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
    sys.exit(code if isinstance(code, int) else 0)
