"""``endpoint token``: access tokens made, listed and revoked."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import click
import tomlkit

from endpoint.cli import module
from endpoint.cli.options import setting_options
from endpoint.cli.output import say, write
from endpoint.errors import ConfigurationError, DataError
from endpoint.settings import Settings, values
from endpoint.settings.sources import read_settings
from endpoint.storage import durability
from endpoint.tokens import GRAPH_STORE, SCOPES, UPDATE, Token, Tokens, is_graph, is_name

_SETTINGS: Final = ("data", "tokens")
_COLUMNS: Final = ("name", "scopes", "graphs", "expires", ">budget", "sha256")
# Bytes of a secret, and digits of its digest that tell two tokens apart.
_SECRET: Final = 32
_SHOWN: Final = 12


@click.group()
def command() -> None:
    """Make, list and revoke the tokens that let their holders write, or administer a server.

    They are in the file of the setting tokens, by default tokens.toml in the data folder. A running server
    goes by a changed file at once.
    """


@command.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may do; repeatable."
)
@click.option(
    "--graph",
    "graphs",
    multiple=True,
    metavar="IRI",
    help="All that it may change: an IRI, IRI* for what begins so, or default. Repeatable.",
)
@click.option("--expires", metavar="WHEN", help="When it ends: 90d, or 2027-01-01.")
@click.option("--budget", type=click.FloatRange(min=0, min_open=True), help="Evaluation seconds per minute.")
@setting_options(*_SETTINGS)
def create(
    name: str,
    scopes: Sequence[str],
    graphs: Sequence[str],
    expires: str | None,
    budget: float | None,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Make a token and print its secret, which is shown only now: no file has it."""
    if not is_name(name):
        raise click.BadParameter(
            "A name has letters, digits, dots, hyphens and underscores.", param_hint="NAME"
        )
    for graph in graphs:
        if not is_graph(graph):
            raise click.BadParameter(f"{graph!r} is not an absolute IRI.", param_hint="--graph")
    if graphs and not {UPDATE, GRAPH_STORE} & set(scopes):
        raise click.UsageError(f"--graph limits what is written: it needs --scope {UPDATE} or {GRAPH_STORE}.")
    secret = secrets.token_urlsafe(_SECRET)
    table = tomlkit.table()
    table["sha256"] = sha256(secret.encode()).hexdigest()
    table["scopes"] = list(scopes)
    if graphs:
        table["graphs"] = list(graphs)
    if expires is not None:
        table["expires"] = _moment(expires)
    if budget is not None:
        table["budget"] = budget
    with _changed(read_settings(flags, config=config)) as (file, document):
        if name in document:
            raise ConfigurationError(
                f'There is a token "{name}" in {file}. Choose another name, or revoke it.'
            )
        document[name] = table
    say(f'Made the token "{name}" in {file}. Send the secret as "Authorization: Bearer SECRET".')
    write(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_options(*_SETTINGS)
def list_tokens(as_json: bool, config: Path | None, **flags: str | None) -> None:
    """List the tokens. Their secrets are not known."""
    settings = read_settings(flags, config=config)
    listed = Tokens.of(settings).all()
    if as_json:
        write(json.dumps([_members(token) for token in listed], ensure_ascii=False, indent=1))
    else:
        module("result_table").write_rows(_COLUMNS, map(_row, listed), sys.stdout)


@command.command()
@click.argument("name")
@setting_options(*_SETTINGS)
def revoke(name: str, config: Path | None, **flags: str | None) -> None:
    """Remove a token. Its holder is refused from the next request on."""
    with _changed(read_settings(flags, config=config)) as (file, document):
        if name not in document:
            raise ConfigurationError(f'There is no token "{name}" in {file}.')
        del document[name]
    say(f'Revoked the token "{name}" in {file}.')


@contextmanager
def _changed(settings: Settings) -> Iterator[tuple[Path, tomlkit.TOMLDocument]]:
    """Yield the file and its content, comments and all, and replace it at the end of the block.

    Another command that changes it meanwhile is waited for. Raises DataError where it has a mistake.
    """
    # The target of a link is replaced, and the link stays.
    file = settings.token_file.resolve()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(file.parent):
            document = tomlkit.document()
            if file.exists():
                Tokens.read(file)
                document = tomlkit.parse(file.read_text(encoding="utf-8-sig"))
            yield file, document
            _replace(file, tomlkit.dumps(document))
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", file) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, text: str) -> None:
    """Replace the file in one step; it keeps its mode and owner, so that the server can read it as before.

    A new one is of the folder's owner, who alone may read it.
    """
    known = file.exists()
    status = (file if known else file.parent).stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            with suppress(PermissionError):  # only root may give a file away
                os.fchown(descriptor, status.st_uid, status.st_gid)
            if known:
                os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        durability.sync(fresh)
        fresh.replace(file)
        durability.sync(file.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _moment(text: str) -> datetime:
    """Return the moment that an age from now on, or a date, names. Raises BadParameter."""
    try:
        seconds = values.age(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise click.BadParameter(
                f"{text!r} is neither 90d nor 2027-01-01.", param_hint="--expires"
            ) from None
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        if found <= datetime.now(UTC):
            raise click.BadParameter(f"{text} is over already.", param_hint="--expires") from None
        return found
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


def _members(token: Token) -> dict[str, object]:
    return {
        "name": token.name,
        "scopes": sorted(token.scopes),
        "graphs": list(token.graphs),
        "expires": None if token.expires is None else token.expires.isoformat(),
        "expired": token.expired,
        "budget": token.budget,
        "sha256": token.digest.hex(),
    }


def _row(token: Token) -> tuple[str, ...]:
    return (
        token.name,
        " ".join(sorted(token.scopes)),
        " ".join(token.graphs) or "all",
        "never" if token.expires is None else f"{token.expires:%Y-%m-%d %H:%M}{' (over)' * token.expired}",
        "" if token.budget is None else f"{token.budget:g}",
        token.digest.hex()[:_SHOWN],
    )
