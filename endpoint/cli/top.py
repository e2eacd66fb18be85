"""``endpoint top``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from endpoint.cli.output import printable, say, write
from endpoint.cli.remote import Remote, RemoteFailure
from endpoint.settings.sources import read_token

_PATH: Final = "/-/admin"
# Columns of output that goes to no terminal.
_WIDTH: Final = 200
_LOCAL: Final = "(server)"
# The members of a client that are counts.
_COUNTS: Final = ("connections", "running", "waiting", "queries", "refused")

State = Mapping[str, Any]


@click.command()
@click.argument("url")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    envvar="ENDPOINT_TOKEN_FILE",
    help="File with a token of the scope admin [ENDPOINT_TOKEN_FILE]; or the token itself in ENDPOINT_TOKEN.",
)
@click.option("--once", is_flag=True, help="Print one table and end; so without a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object on a line.")
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
def command(url: str, token_file: Path | None, once: bool, as_json: bool, interval: float) -> None:
    """Show what the server at URL does: queries and clients, the most expensive first.

    URL may be that of a proxy, with a path. End it with Ctrl-C.
    """
    remote = Remote(url, read_token(token_file))
    if remote.exposed:
        say("The token goes over the network unencrypted: use https.")
    with suppress(KeyboardInterrupt):
        if as_json:
            _print_json(remote, once, interval)
        elif once or not sys.stdout.isatty():
            Console(width=None if sys.stdout.isatty() else _WIDTH).print(_screen(remote.url, _look(remote)))
        else:
            _live(remote, interval)


def _look(remote: Remote) -> State:
    """Return the state of the server. Raises :class:`RemoteFailure`."""
    state = remote.fetch(_PATH)
    if not isinstance(state, dict) or not {"queries", "clients", "workers"} <= state.keys():
        raise RemoteFailure(f"{remote.url} answers in JSON, but not as a server of this kind.")
    return state


def _print_json(remote: Remote, once: bool, interval: float) -> None:
    while True:
        write(json.dumps(_look(remote), ensure_ascii=False))
        if once:
            return
        time.sleep(interval)


def _live(remote: Remote, interval: float) -> None:
    # The first look fails like that of any command; later ones are tried again.
    shown = _screen(remote.url, _look(remote))
    with Live(shown, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(interval)
            try:
                shown = _screen(remote.url, _look(remote))
                live.update(shown, refresh=True)
            except RemoteFailure as failure:
                live.update(Group(Text(printable(str(failure)), style="bold red"), shown), refresh=True)


def _screen(url: str, state: State) -> Group:
    """Return a whole screen: a line about the server, its queries, its clients."""
    generation = state["generation"]
    waiting = f"{state['waiting']} of {state['queue']} waiting"
    workers = ", ".join(f"{count} {name}" for name, count in state["workers"].items() if count)
    line = (
        f"{url} · {'ready' if state['ready'] else 'NOT READY'} · generation {generation['number']} · "
        f"{state['evaluating']} evaluating, {state['sending']} sending, {waiting} · "
        f"workers: {workers} · {state['time']}"
    )
    return Group(
        Text(printable(line)), _queries(state["queries"]), _clients(state["clients"], state["window"])
    )


def _queries(queries: Iterable[State]) -> Table:
    table = _table("client", ">seconds", "phase", ">memory", "id", "query")
    table.columns[-1].ratio = 1
    for row in queries:
        megabytes = f"{row['memory'] / 2**20:,.0f} MB" if row["memory"] else ""
        _add(
            table,
            *(row["client"] or _LOCAL, f"{row['seconds']:.1f}", row["phase"], megabytes, row["id"]),
            row["text"] or row["form"],
        )
    return table


def _clients(clients: Iterable[State], window: float) -> Table:
    seconds = f">seconds in {window / 60:.0f} min"
    table = _table("client", seconds, ">left of budget", *(f">{name}" for name in _COUNTS))
    for row in clients:
        left = "" if row["budget"] is None else f"{row['left']:.0f} of {row['budget']:g} s"
        numbers = (f"{row[name]:,}" for name in _COUNTS)
        _add(table, row["client"] or _LOCAL, f"{row['seconds']:.1f}", left, *numbers)
    return table


def _table(*names: str) -> Table:
    table = Table(box=None, expand=True, header_style="bold reverse", pad_edge=False)
    for name in names:
        right = name.startswith(">")
        table.add_column(
            name.lstrip(">"), justify="right" if right else "left", no_wrap=True, overflow="ellipsis"
        )
    return table


def _add(table: Table, *cells: object) -> None:
    table.add_row(*(Text(printable(str(cell)).replace("\n", " ")) for cell in cells))
