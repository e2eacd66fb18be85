"""A result of ``endpoint query`` as a table in a terminal."""

from __future__ import annotations

from typing import TextIO

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results
from rich.console import Console
from rich.table import Table
from rich.text import Text

from endpoint.cli.output import printable, say


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
