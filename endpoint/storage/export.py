"""``endpoint export``: the dataset, some of its graphs, or its publications, into one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode

from endpoint.errors import ConfigurationError
from endpoint.formats import BIBLIOGRAPHIES, EXPORT_FORMATS, N_QUADS, Format, by_name
from endpoint.storage.dump import COMPRESSIONS, DATASET_FORMATS, Dump, open_current
from endpoint.storage.dump_order import Selection
from endpoint.storage.generations import Generation
from endpoint.storage.output import opened


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an export: statements or publications ``done``, of ``total`` where that is known."""

    done: int
    total: int | None
    written: int  # bytes, before compression


Observer = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """The outcome of an export: ``number`` statements, or publications of a bibliography, in bytes."""

    generation: Generation
    format: Format
    number: int
    written: int  # before compression


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of an export. ``output`` None is standard output; names are as the user gave them.

    Without ``format_name`` the extension of the output decides, on standard output N-Quads; without
    ``compression`` its last extension. ``graphs`` empty means all; ``union`` makes one graph of them.
    """

    output: Path | None = None
    format_name: str | None = None
    compression: str | None = None
    graphs: tuple[NamedNode, ...] = ()
    union: bool = False
    force: bool = False


def export(
    data: Path, prefixes: Mapping[str, str], options: ExportOptions, observe: Observer | None = None
) -> Exported:
    """Write the current generation of the data directory ``data``, or a part of it.

    ``prefixes`` shorten the names in the formats that have prefixes. Any exception, KeyboardInterrupt
    included, leaves no new file and an old one as it was.

    :raises ConfigurationError: the options do not fit the data, or the output is already there.
    :raises NotExpressible: the format cannot express something in the data.
    :raises DataError: the output cannot be written.
    :raises StoreError: there is no store, or it cannot be read.
    """
    fmt, compression = _choose(options)
    with open_current(data) as dump:
        _check_graphs(dump, options, fmt)
        whole = not options.graphs and not options.union and fmt not in BIBLIOGRAPHIES
        total = dump.generation.quads if whole else None
        with opened(options.output, compression, options.force) as output:

            def count(number: int) -> None:
                if observe is not None:
                    observe(Progress(number, total, output.written))

            selection = Selection(options.graphs, options.union)
            number = dump.write(fmt, selection, prefixes, output, count)
        return Exported(dump.generation, fmt, number, output.written)


def _choose(options: ExportOptions) -> tuple[Format, str | None]:
    """Return format and compression, by the options, else by the name of the output."""
    name = options.output.name.lower() if options.output is not None else ""
    stem, _, last = name.rpartition(".")
    compression = options.compression
    if last in COMPRESSIONS:
        name = stem
        compression = compression or last
    if compression is not None and compression not in COMPRESSIONS:
        raise ConfigurationError(f"--compress: use one of {', '.join(COMPRESSIONS)}, not {compression!r}.")
    return _format(options, name), compression


def _format(options: ExportOptions, name: str) -> Format:
    listed = ", ".join(fmt.name for fmt in EXPORT_FORMATS)
    if options.format_name is not None:
        fmt = by_name(options.format_name, EXPORT_FORMATS)
        if fmt is None:
            raise ConfigurationError(f"--format: use one of {listed}, not {options.format_name!r}.")
        return fmt
    if options.output is None:
        return N_QUADS
    for fmt in EXPORT_FORMATS:
        if name.endswith(f".{fmt.extension}"):
            return fmt
    raise ConfigurationError(
        f"The name {options.output.name} does not tell the format; name it with --format: {listed}."
    )


def _check_graphs(dump: Dump, options: ExportOptions, fmt: Format) -> None:
    known = dump.graphs()
    for graph in options.graphs:
        if graph not in known:
            listed = "\n".join(f"  {name.value}" for name in known)
            raise ConfigurationError(
                f"--graph: there is no graph {graph.value} in generation {dump.generation.number}. "
                f"Its graphs are:\n{listed}"
            )
    if fmt in BIBLIOGRAPHIES or fmt in DATASET_FORMATS or options.union:
        return
    if len(options.graphs) != 1:
        raise ConfigurationError(
            f"{fmt.name} holds one graph. Name one with --graph, make one of several with --union, "
            "or choose a format that keeps them apart: n-quads, trig, json-ld."
        )
