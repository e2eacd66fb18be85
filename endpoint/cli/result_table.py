"""Tables in a terminal: a result of ``endpoint query``, and what other commands list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TextIO

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results
from rich.console import Console
from rich.table import Table
from rich.text import Text

from endpoint.cli.output import printable, say

# Columns of output that goes to no terminal.
_WIDTH: Final = 200


def write_rows(names: Sequence[str], rows: Iterable[Sequence[str]], out: TextIO) -> None:
    """Write rows under the names of their columns; one that begins with ``>`` is set to the right.

    Nothing is cut where it goes to no terminal.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(file=out, width=None if out.isatty() else _WIDTH).print(table)


def write(json: bytes, out: TextIO) -> None:
    """Write a result, in SPARQL JSON, as a table; tell the number of its rows on standard error."""
    results = parse_query_results(json, format=QueryResultsFormat.JSON)
    console = Console(file=out)
    if not isinstance(results, QuerySolutions):
        console.print(Text("true" if results else "false"))
        return
    table = Table(*(f"?{variable.value}" for variable in results.variables))
    count = 0
    for solution in results:
        table.add_row(*(Text(_printable(solution[index])) for index in range(len(results.variables))))
        count += 1
    console.print(table)
    say(f"{count:,} row{'' if count == 1 else 's'}")


def _printable(term: object) -> str:
    return printable(
        term.value if isinstance(term, Literal | NamedNode) else "" if term is None else str(term)
    )
