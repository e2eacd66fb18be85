"""The columns of a store, whose statements are written for the builder, a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store

from endpoint.columns import END, GRAPH
from endpoint.columns.delta import Delta as Statements
from endpoint.columns.delta import Statement, extend, read_statements
from endpoint.columns.terms import Unreadable
from endpoint.errors import StoreError
from endpoint.storage.delta import Delta

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


def extend_columns(before: Path, folder: Path, delta: Delta) -> bool:
    """Write into the new ``folder`` the columns in ``before`` as they are after ``delta``.

    Return False, and write nothing, where they had better be built anew.

    :raises NoColumns: a term cannot be written as N-Triples.
    :raises OSError: the folder cannot be written.
    """
    added, removed = (frozenset(_statements(quads)) for quads in (delta.added, delta.removed))
    try:
        return extend(before, folder, Statements(added, removed))
    except StoreError:
        return False  # those before are damaged, or of another version
    except Unreadable as error:
        raise NoColumns(f"N-Triples cannot express {error}") from None


def _statements(quads: Iterable[Quad]) -> Iterator[Statement]:
    store, out = Store(), BytesIO()
    store.extend(quads)
    write_statements(store, out)
    out.seek(0)
    return read_statements(out)


def write_statements(store: Store, out: IO[bytes]) -> None:
    """Write everything in the store as :mod:`endpoint.columns.build` reads it."""
    graphs: list[NamedNode | BlankNode | DefaultGraph] = [DefaultGraph(), *store.named_graphs()]
    for graph in graphs:
        name = "" if isinstance(graph, DefaultGraph) else str(graph)
        out.write(GRAPH + name.encode() + b"\n")
        store.dump(out, RdfFormat.N_TRIPLES, from_graph=graph)
    out.write(END + b"%d\n" % len(store))
