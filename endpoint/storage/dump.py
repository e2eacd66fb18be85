"""A whole generation, or some of its graphs, as a stream: statements in any RDF format, or publications.

Statements come in the order of the store, which is the same for the same generation; memory does not
grow with their number, but for what the engine keeps of its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from endpoint.errors import NotExpressible, StoreError
from endpoint.formats import (
    BIBLIOGRAPHIES,
    JSON_LD,
    N3,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    TRIG,
    TURTLE,
    Format,
)
from endpoint.results.bibliography import Item, read_items, write_items
from endpoint.results.counting import Output
from endpoint.results.rows import Inexpressible
from endpoint.results.serializers import XmlGuard, statements_of
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.vocabulary import RDF_TYPE

GraphName = NamedNode | BlankNode | DefaultGraph
# Called now and then with the number of statements, or publications, that were written.
Count = Callable[[int], None]

_STEP: Final = 4096  # statements between two calls of Count
_FORMATS: Final = {
    N_QUADS: RdfFormat.N_QUADS,
    TRIG: RdfFormat.TRIG,
    JSON_LD: RdfFormat.JSON_LD,
    N_TRIPLES: RdfFormat.N_TRIPLES,
    TURTLE: RdfFormat.TURTLE,
    N3: RdfFormat.N3,
    RDF_XML: RdfFormat.RDF_XML,
}
# Formats of datasets: the statements keep the names of their graphs.
DATASET_FORMATS: Final = frozenset(fmt for fmt, syntax in _FORMATS.items() if syntax.supports_datasets)


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a generation to write: these graphs, or all; ``union`` makes one graph of them."""

    graphs: tuple[NamedNode, ...] = ()
    union: bool = False


class Dump:
    """One generation, open for reading; made by :func:`open_current`."""

    def __init__(self, generation: Generation, store: Store) -> None:
        self.generation = generation
        self._store = store

    def graphs(self) -> list[NamedNode]:
        """Return the names of the graphs that are IRIs, sorted."""
        named = [name for name in self._store.named_graphs() if isinstance(name, NamedNode)]
        return sorted(named, key=lambda name: name.value)

    def write(
        self, fmt: Format, selection: Selection, prefixes: Mapping[str, str], out: Output, count: Count
    ) -> int:
        """Write the selection in one format; return the number of statements or publications.

        :raises NotExpressible: the format cannot express something in the data.
        :raises StoreError: the generation is damaged.
        """
        counted = _Counted(count)
        try:
            if fmt in BIBLIOGRAPHIES:
                for piece in write_items(counted.items(self._publications(selection)), fmt):
                    out.write(piece.encode())
            else:
                statements = counted.statements(self._statements(fmt, selection))
                self._serialize(fmt, statements, prefixes, out)
        except Inexpressible as error:
            raise NotExpressible(str(error)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unreadable(self.generation, error) from error
        return counted.number

    def _publications(self, selection: Selection) -> Iterator[Item]:
        graphs: Sequence[GraphName | None] = selection.graphs or [None]
        typed = (self._store.quads_for_pattern(None, NamedNode(RDF_TYPE), None, graph) for graph in graphs)
        candidates = (quad.subject for quads in typed for quad in quads)
        return read_items(candidates, statements_of(self._store))

    def _statements(self, fmt: Format, selection: Selection) -> Iterator[Quad]:
        graphs: Sequence[GraphName] = selection.graphs or [DefaultGraph(), *self._store.named_graphs()]
        quads: Iterator[Quad] = (
            quad for graph in graphs for quad in self._store.quads_for_pattern(None, None, None, graph)
        )
        if fmt is JSON_LD:
            quads = map(_without_triple_terms, quads)
        if not selection.union:
            return quads
        chosen = frozenset(map(str, graphs))
        return (_unnamed(quad) for quad in quads if self._is_first(quad, chosen))

    def _is_first(self, quad: Quad, chosen: frozenset[str]) -> bool:
        """Return whether this graph is the first of the chosen graphs that contain this statement.

        Costs a look-up, and no memory.
        """
        same = self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return next(other.graph_name for other in same if str(other.graph_name) in chosen) == quad.graph_name

    @staticmethod
    def _serialize(fmt: Format, statements: Iterable[Quad], prefixes: Mapping[str, str], out: Output) -> None:
        syntax = _FORMATS[fmt]
        target = XmlGuard(out) if fmt is RDF_XML else out
        # Of a binary file the engine uses write and flush only.
        file = cast("IO[bytes]", target)
        if syntax.supports_datasets:
            serialize(statements, file, syntax, prefixes=dict(prefixes))
        else:
            serialize((quad.triple for quad in statements), file, syntax, prefixes=dict(prefixes))


class _Counted:
    """A counter of the statements that pass through it."""

    def __init__(self, count: Count) -> None:
        self.number = 0
        self._count = count

    def statements(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        for quad in quads:
            yield quad
            self.number += 1
            if self.number % _STEP == 0:
                self._count(self.number)

    def items(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            yield item
            self.number += 1
            self._count(self.number)


def _without_triple_terms(quad: Quad) -> Quad:
    if isinstance(quad.object, Triple):
        raise Inexpressible(
            f"The statement {quad.triple} has a triple as its object, which JSON-LD cannot write. "
            "Ask for another format, such as N-Quads (format=n-quads)."
        )
    return quad


def _unnamed(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object)


@contextmanager
def open_current(data: Path) -> Iterator[Dump]:
    """Open the current generation of the data directory, which stays on the disk while the block lasts.

    :raises StoreError: there is none, or it cannot be read.
    """
    generation = _current(data)
    while True:
        try:
            held = generations.hold(generation)
            break
        except StoreError:
            # A writer may have published another generation and removed this one in the meantime.
            newer = _current(data)
            if newer.number == generation.number:
                raise
            generation = newer
    with held:
        yield Dump(generation, _open(generation))


def _current(data: Path) -> Generation:
    generation = generations.current(data)
    if generation is None:
        raise StoreError(f"There is no store in {data}. Build one with 'endpoint serve' or 'endpoint load'.")
    return generation


def _open(generation: Generation) -> Store:
    try:
        return Store.read_only(str(generation.path / generations.STORE))
    except (OSError, RuntimeError) as error:
        raise _unreadable(generation, error) from error


def _unreadable(generation: Generation, error: Exception) -> StoreError:
    return StoreError(f"The generation in {generation.path} cannot be read: {error}.")
