"""Dumps, written by a worker from what each one has in the same order: columns, or the store on the disk."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import IO, Final, NamedTuple, cast

from pyoxigraph import NamedNode, Store

from endpoint.columns.reader import Columns
from endpoint.errors import NotFound
from endpoint.results.counting import CountedOutput
from endpoint.storage.dump import Dump, compressed, open_store
from endpoint.storage.dump_order import DumpOrder
from endpoint.storage.generations import Generation
from endpoint.wording import shown

_M_ARENA_MAX: Final = -8  # malloc.h


class Source(NamedTuple):
    """A ``generation``, its ``columns`` if it has them, and a ``store`` with it, which may be an image.

    The order of statements in an image is another one each time, and its default graph may be the union.
    """

    generation: Generation | None
    store: Store
    columns: Columns | None


def write_dump(order: DumpOrder, source: Source, prefixes: Mapping[str, str], output: CountedOutput) -> bool:
    """Write what is ordered of a generation; return whether it came from columns.

    Raises :class:`~endpoint.errors.NotFound` for a graph that does not exist, and what
    :meth:`~endpoint.storage.dump.Dump.write` raises.
    """
    generation, store, columns = source
    if generation is None:
        raise NotFound("This generation is not on the disk.")
    for graph in order.selection.graphs:
        if isinstance(graph, NamedNode) and not store.contains_named_graph(graph):
            name, number = shown(graph.value), generation.number
            raise NotFound(f"There is no graph <{name}> in generation {number} of the data.")
    if order.probe:
        return False
    dump = Dump(generation, _on_disk(generation) if columns is None else store, columns)
    written = 0

    def count(number: int) -> None:
        nonlocal written
        output.count(number - written)
        written = number

    def write(out: CountedOutput | IO[bytes]) -> None:
        count(dump.write(order.format, order.selection, prefixes, cast(CountedOutput, out), count))

    if order.compression:
        with compressed(cast("IO[bytes]", output), order.compression) as file:
            write(file)
    else:
        write(output)
    return columns is not None


def _on_disk(generation: Generation) -> Store:
    """Open the store on the disk, whose threads take a third of a gigabyte of address space for nothing.

    glibc gives each of them a heap of its own, which counts against the limit of the worker: they share one.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, 1)
    return open_store(generation)
