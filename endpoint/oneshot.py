"""``endpoint query``: one query on the store, through the same engine as the server."""

from __future__ import annotations

import dataclasses
import sys
from typing import TextIO

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results
from rich.console import Console
from rich.table import Table
from rich.text import Text

from endpoint.app import create_site, open_engine
from endpoint.engine import Limits
from endpoint.errors import ConfigurationError
from endpoint.formats import Format, Representation, by_name, offered
from endpoint.ingest.publish import ensure_store
from endpoint.settings import Settings
from endpoint.sparql.gate import admit
from endpoint.sparql.operation import classify


async def run_query(settings: Settings, text: str, format_name: str | None, out: TextIO) -> None:
    """Evaluate ``text`` and write the answer to ``out``: a table on a terminal, else a result format.

    Raises designed errors; :class:`ConfigurationError` for a format that does not apply.
    """
    site = create_site(settings)
    ensure_store(settings, site.dataset)
    operation = admit(classify(text, settings.max_nesting, site.dataset.base))
    formats = offered(operation.query_form)
    as_table = format_name is None and out.isatty() and operation.form in ("SELECT", "ASK")
    fmt = _format("json" if as_table else format_name or _piped(formats), formats)
    engine = await open_engine(dataclasses.replace(site, settings=dataclasses.replace(settings, workers=1)))
    try:
        result = await engine.query(operation, Representation.of(fmt), Limits(settings.timeout))
        if as_table:
            _print_table(await result.read(), out)
        else:
            async for piece in result:
                out.buffer.write(piece)
            out.buffer.flush()
    finally:
        await engine.aclose()


def _piped(formats: tuple[Format, ...]) -> str:
    names = {fmt.name for fmt in formats}
    return "csv" if "csv" in names else "turtle" if "turtle" in names else "json"


def _format(name: str, formats: tuple[Format, ...]) -> Format:
    fmt = by_name(name, formats)
    if fmt is None:
        names = ", ".join((*fmt.short_names, fmt.name)[0] for fmt in formats)
        raise ConfigurationError(f"--format: this query form is written as {names}, not as {name!r}.")
    return fmt


def _print_table(json: bytes, out: TextIO) -> None:
    results = parse_query_results(json, format=QueryResultsFormat.JSON)
    console = Console(file=out)
    if not isinstance(results, QuerySolutions):
        console.print(Text("true" if results else "false"))
        return
    table = Table(*(f"?{variable.value}" for variable in results.variables))
    count = 0
    for solution in results:
        table.add_row(*(Text(_shown(solution[index])) for index in range(len(results.variables))))
        count += 1
    console.print(table)
    print(f"{count:,} row{'' if count == 1 else 's'}", file=sys.stderr)


def _shown(term: object) -> str:
    text = term.value if isinstance(term, Literal | NamedNode) else "" if term is None else str(term)
    # Data must not steer the terminal.
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
