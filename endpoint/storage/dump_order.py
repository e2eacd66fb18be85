"""An order for a dump, apart from what evaluates it: the server process needs none of its libraries."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import DefaultGraph, NamedNode

from endpoint.formats import Format


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a generation to write: these graphs, or all; ``union`` makes one graph of them."""

    graphs: tuple[NamedNode | DefaultGraph, ...] = ()
    union: bool = False


@dataclass(frozen=True, slots=True)
class DumpOrder:
    """An order for a dump: a selection in one format, compressed where ``compression`` has a name.

    With ``probe`` nothing is written; it fails where the dump would because a graph does not exist.
    """

    selection: Selection
    format: Format
    compression: str = ""
    probe: bool = False
