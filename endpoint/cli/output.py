"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

from contextlib import suppress

import click

from endpoint.errors import DataError


def say(line: str, err: bool = True) -> None:
    """One line for whoever looks. Where nobody can read it, the work goes on all the same."""
    with suppress(OSError):
        click.echo(line, err=err)


def write(text: str) -> None:
    """A result, on standard output.

    :raises DataError: it cannot be written, such as to a full disk.
    :raises BrokenPipeError: the reader has enough.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(f"Standard output cannot be written: {error.strerror or error}.") from error
