"""The in-memory image of a generation: a store that answers two to four times as fast as the one on disk.

RocksDB starts threads that outlive their store, and the process with the image forks workers, which is
safe only without threads. It therefore never opens the generation: another process does, at a low priority,
and writes the data into a pipe.

The stream is TriG. From columns it takes an eighth of the time that it takes from the store, most of which
goes into looking up strings; and it comes by subject, in which order the store in memory joins several
properties of a subject in two thirds of the time. From the store it comes one predicate after another: its
name and the graph's are then constants, which takes a third of the time of copying quad by quad. The memory
that reading needs is freed when that process ends.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Final, NoReturn, cast

from pyoxigraph import (
    BaseDirection,
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
)

from endpoint.columns.reader import Columns
from endpoint.columns.writing import write_trig as columns_as_trig
from endpoint.storage import generations
from endpoint.storage.generations import Generation

# Added to the reader's niceness: the server's workers go first.
NICE: Final = 10
_BUFFER: Final = 2**20


def build_image(generation: Generation, union: bool, columns: Columns | None = None) -> Store:
    """Return the generation in memory, without starting a thread. Call it in a process without threads.

    With ``union`` the default graph becomes the union of all graphs, as a set; the engine's own union
    shows a triple once for each graph that has it. It is read from ``columns`` where there are any.

    :raises ValueError: not everything could be read.
    """
    image = None
    if columns is not None:
        image = _piped(generation, lambda _, out: columns_as_trig(columns, out), _load_trig)
    if image is None:
        image = _piped(generation, write_trig, _load_trig)
    if image is None:
        image = _piped(generation, write_quads, load_quads)
    if image is None:
        raise ValueError(f"generation {generation.number} could not be read into memory")
    if union:
        image.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
    return image


_Copy = Callable[[Store, IO[bytes]], None]


def _piped(generation: Generation, write: _Copy, load: _Copy) -> Store | None:
    """Return the image, read through another process; None where it is not the whole generation."""
    receiving, sending = os.pipe()
    reader = os.fork()
    if reader == 0:
        os.close(receiving)
        _read(generation, write, sending)
    os.close(sending)
    image = Store()
    with os.fdopen(receiving, "rb", _BUFFER) as stream, suppress(EOFError, SyntaxError, ValueError):
        # A graph exists even when it has no statement.
        for graph in pickle.load(stream):  # noqa: S301 (our own process writes it)
            image.add_graph(graph)
        load(image, stream)
    _, status = os.waitpid(reader, 0)
    return image if status == 0 and len(image) == generation.quads else None


def _read(generation: Generation, write: _Copy, descriptor: int) -> NoReturn:
    """Run as the reading process; exit with 0 when everything was written."""
    status = 1
    try:
        os.nice(NICE)
        store = Store.read_only(str(generation.path / generations.STORE))
        with os.fdopen(descriptor, "wb", _BUFFER) as out:
            _Pickler(out).dump([*store.named_graphs()])
            write(store, out)
        status = 0
    finally:
        os._exit(status)


def write_trig(store: Store, out: IO[bytes]) -> None:
    """Write everything in the store as TriG. Raises ValueError for a graph that a query cannot name.

    IRIs that were loaded without a check may not parse again. (One with a backslash is read back unescaped,
    as from any dump that is loaded again.)
    """
    for graph in (DefaultGraph(), *store.named_graphs()):
        if isinstance(graph, BlankNode):
            raise ValueError("a graph is named by a blank node")
        opened, closed = ("", "") if isinstance(graph, DefaultGraph) else (f"GRAPH {graph} {{", "}\n")
        for predicate in _predicates(store, f"{opened} ?s ?p ?o {closed}"):
            pattern = f"{opened} ?s {predicate} ?o {closed}"
            triples = store.query(f"CONSTRUCT {{ ?s {predicate} ?o }} WHERE {{ {pattern} }}")
            out.write(f"{opened}\n".encode())
            cast(QueryTriples, triples).serialize(out, RdfFormat.N_TRIPLES)
            out.write(closed.encode())


def _predicates(store: Store, pattern: str) -> Iterator[NamedNode]:
    rows = store.query(f"SELECT DISTINCT ?p {{ {pattern} }}")
    return (cast(NamedNode, row[0]) for row in cast(QuerySolutions, rows))


def _load_trig(image: Store, stream: IO[bytes]) -> None:
    image.bulk_load(stream, RdfFormat.TRIG, lenient=True)


def write_quads(store: Store, out: IO[bytes]) -> None:
    """Write every quad of the store, pickled, including terms that no syntax of RDF can express."""
    for quad in store:
        _Pickler(out).dump(quad)


def load_quads(image: Store, stream: IO[bytes]) -> None:
    """Add the quads that :func:`write_quads` wrote."""
    image.bulk_extend(_unpickled(stream))


def _unpickled(stream: IO[bytes]) -> Iterator[Quad]:
    with suppress(EOFError):
        while True:
            yield pickle.load(stream)  # noqa: S301 (our own process writes it)


class _Pickler(pickle.Pickler):
    """A pickler of IRIs and language tags such that they are not checked when they are read."""

    def reducer_override(self, term: object) -> tuple[Callable[..., object], tuple[object, ...]]:
        match term:
            case NamedNode():
                return _iri, (term.value,)
            case Literal(language=str()):
                direction = None if term.direction is None else term.direction.value
                return _tagged, (term.value, term.language, direction)
        return cast(tuple[Callable[..., object], tuple[object, ...]], NotImplemented)


def _iri(text: str) -> NamedNode:
    try:
        return NamedNode(text)
    except ValueError:
        escaped = "".join(f"\\U{ord(character):08X}" for character in text)
        quads = parse(f"<{escaped}> <a:> <a:> .", RdfFormat.N_TRIPLES, lenient=True)
        return cast(NamedNode, next(quads).subject)


def _tagged(text: str, language: str, direction: str | None) -> Literal:
    try:
        return Literal(text, language=language, direction=BaseDirection(direction) if direction else None)
    except ValueError:
        # JSON-LD is the syntax in which any text can stand for a language.
        value = {"@value": text, "@language": language} | ({"@direction": direction} if direction else {})
        quads = parse(json.dumps({"@id": "a:", "a:a": value}), RdfFormat.JSON_LD, lenient=True)
        return cast(Literal, next(quads).object)
