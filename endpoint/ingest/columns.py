"""The columns of a store, whose statements are written for the builder, a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, RdfFormat, Store

from endpoint.columns import END, GRAPH

_PACKAGES: Final = Path(__file__).absolute().parents[2]


class NoColumns(Exception):
    """The statements have no columns; the message says why."""


def build_columns(store: Store, folder: Path) -> None:
    """Write the columns of the store into the new ``folder``.

    :raises NoColumns: a term cannot be written as N-Triples, or the builder failed or was ended.
    """
    builder = subprocess.Popen(  # noqa: S603 (our own module, no shell)
        [sys.executable, "-m", "endpoint.columns.build", str(folder.absolute())],
        # From here this package can be imported, wherever the server was started.
        cwd=_PACKAGES,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        if builder.stdin is not None:
            # Where the builder has ended already, it says why.
            with suppress(BrokenPipeError):
                write_statements(store, builder.stdin)
        _, words = builder.communicate()
    except BaseException:
        builder.kill()
        builder.communicate()
        raise
    if builder.returncode:
        last = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise NoColumns(last or f"the builder ended with {builder.returncode}")


def write_statements(store: Store, out: IO[bytes]) -> None:
    """Write everything in the store as :mod:`endpoint.columns.build` reads it."""
    graphs: list[NamedNode | BlankNode | DefaultGraph] = [DefaultGraph(), *store.named_graphs()]
    for graph in graphs:
        name = "" if isinstance(graph, DefaultGraph) else str(graph)
        out.write(GRAPH + name.encode() + b"\n")
        store.dump(out, RdfFormat.N_TRIPLES, from_graph=graph)
    out.write(END + b"%d\n" % len(store))
