"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final, TypeVar

import click
from pyoxigraph import NamedNode

from endpoint.errors import ConfigurationError
from endpoint.settings import setting_fields, shown_default
from endpoint.settings.sources import environment_name

Command = TypeVar("Command", bound=Callable[..., object])

# Formats of a validation report.
REPORTS: Final = ("text", "json", "turtle")
# The settings of what stays on the disk after a publication.
RETENTION: Final = ("retain", "retain_age", "retain_size")
# The settings of an engine that answers one command.
ENGINE: Final = ("dataset", "data", "timeout", "memory", "image", "max_query", "max_nesting", "default_graph")


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Return a decorator that adds options for the settings named, or for all, from the table of settings."""

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


def adopt_option(command: Command) -> Command:
    """Add the flag by which a store is given to another dataset than the one that it belongs to."""
    return click.option(
        "--adopt", is_flag=True, help="Give data that belongs to another dataset to this one."
    )(command)


def named_node(iri: str | None, option: str, prefixes: Mapping[str, str] | None = None) -> NamedNode | None:
    """Return the IRI given with ``option``, which may begin with one of the ``prefixes`` and a colon.

    Raises :class:`click.BadParameter` where it is not absolute.
    """
    if iri is None:
        return None
    prefix, colon, name = iri.partition(":")
    expanded = f"{prefixes[prefix]}{name}" if colon and prefixes and prefix in prefixes else iri
    try:
        return NamedNode(expanded)
    except ValueError:
        raise click.BadParameter(f"{iri!r} is not an absolute IRI.", param_hint=option) from None


def read_query(text: str | None, file: IO[bytes] | None) -> str:
    """Return the text of a query: an argument, the content of a file, or standard input.

    Raises :class:`click.UsageError`, and :class:`~endpoint.errors.ConfigurationError` for what is not UTF-8.
    """
    if text is not None and file is not None:
        raise click.UsageError("Give the query as an argument or with --file, not both.")
    if text is None and file is None and sys.stdin.isatty():
        raise click.UsageError("Give the query as an argument, with --file, or on standard input.")
    if text is None:
        try:
            text = (file or sys.stdin.buffer).read().decode()
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"The query is not UTF-8: byte {error.start + 1}.") from None
    return text.removeprefix("\ufeff")
