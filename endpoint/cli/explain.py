"""``endpoint explain``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlencode

import click

from endpoint.cli import lasting, template_process
from endpoint.cli.options import ENGINE, read_query, setting_options
from endpoint.cli.output import printable, write
from endpoint.cli.remote import Remote, RemoteFailure
from endpoint.settings.sources import read_settings, read_token
from endpoint.telemetry import set_up_logging

# Seconds for which a server may think about its answer, beyond any deadline that it may have.
_PATIENCE: Final = 600.0

Explained = Callable[..., Coroutine[None, None, Mapping[str, Any]]]


@click.command()
@click.argument("text", required=False)
@click.option("--file", "-f", type=click.File("rb"), help="Read the query from a file; - is standard input.")
@click.option("--saved", "-s", metavar="NAME", help="Explain a saved query instead.")
@click.option("--value", "-v", "values", multiple=True, metavar="NAME=VALUE", help="Value of its parameter.")
@click.option("--url", metavar="URL", help="Let a running server evaluate it, instead of the store.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    envvar="ENDPOINT_TOKEN_FILE",
    help="File with a token for that server [ENDPOINT_TOKEN_FILE]; or the token itself in ENDPOINT_TOKEN.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_options(*ENGINE)
def command(
    text: str | None,
    file: IO[bytes] | None,
    saved: str | None,
    values: tuple[str, ...],
    url: str | None,
    token_file: Path | None,
    as_json: bool,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Evaluate a query and tell what it did: its times, sizes and slow shapes.

    The query is TEXT, a file, standard input or a saved query; it is evaluated on the store, or by the server
    at URL. Exit code 1 where it gave no whole answer.
    """
    if saved is not None and (text is not None or file is not None):
        raise click.UsageError("Give a query or the name of a saved one, not both.")
    if saved is None and values:
        raise click.UsageError("Values are those of a saved query: name it with --saved.")
    given = read_query(text, file) if saved is None else None
    pairs = [_pair(value) for value in values]
    if url is not None:
        members = _remote(Remote(url, read_token(token_file)), given, saved or "", pairs)
    else:
        settings = read_settings(flags, config=config)
        set_up_logging("warning")
        with template_process() as process:
            with lasting():
                explained: Explained = import_module("endpoint.query").explained
            members = asyncio.run(explained(settings, given, saved or "", pairs, process))
    write(json.dumps(members, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(members)))
    if members["outcome"] != "ok":
        raise click.exceptions.Exit(1)


def _pair(value: str) -> tuple[str, str]:
    name, equals, text = value.partition("=")
    if not equals:
        raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE.", param_hint="--value")
    return name, text


def _remote(remote: Remote, text: str | None, saved: str, pairs: list[tuple[str, str]]) -> Mapping[str, Any]:
    path = f"/api/{quote(saved, safe='')}" if text is None else "/sparql"
    form = [*pairs, *([] if text is None else [("query", text)]), ("explain", "true")]
    members = remote.fetch(path, urlencode(form).encode(), _PATIENCE)
    if not isinstance(members, dict) or not {"outcome", "seconds", "hints"} <= members.keys():
        raise RemoteFailure(
            f"{remote.url} answers, but explains nothing: it is another server, or an older one."
        )
    return members


def _lines(members: Mapping[str, Any]) -> Iterator[str]:
    """Yield the explanation for people."""
    if members["outcome"] != "ok":
        yield f"{members['outcome']}: {printable(str(members['detail']))}\n"
    seconds = members["seconds"]
    phases = ("waiting", "planning", "evaluating", "sending")
    times = ", ".join(f"{phase} {seconds[phase] * 1000:,.1f} ms" for phase in phases)
    yield f"times    {times}; together {seconds['total'] * 1000:,.1f} ms"
    yield f"answer   {members['rows']:,} rows, {members['bytes']:,} bytes as {printable(members['format'])}"
    yield f"memory   {members['memory'] / 2**20:,.1f} MB at most"
    place = f"from {members['source']}" if members["generation"] else "not evaluated"
    yield f"data     generation {members['generation']}, {place}; default graph: {_default_graph(members)}"
    for number, hint in enumerate(members["hints"], 1):
        yield f"\n{number}. line {hint['line']}, column {hint['column']} ({printable(hint['code'])})"
        yield f"   {printable(hint['problem'])}"
        yield f"   {printable(hint['better'])}"
    if not members["hints"]:
        yield "hints    no slow shape is known in this query"


def _default_graph(members: Mapping[str, Any]) -> str:
    default = members["dataset"]["default"]
    return printable(default if isinstance(default, str) else " ".join(default) or "empty")
