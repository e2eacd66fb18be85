"""The loader of RDF files: Turtle, N-Triples, N-Quads, TriG, RDF/XML, JSON-LD and N3."""

from __future__ import annotations

import io
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, cast
from xml.parsers import expat

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.errors import DataErrors
from endpoint.formats.nesting import limit_elements, limited
from endpoint.ingest.columns import Feed
from endpoint.ingest.rdf.diagnostics import (
    FORMULA,
    Lines,
    Mistake,
    NotWellFormed,
    Text,
    diagnose,
    located,
    not_well_formed,
)
from endpoint.ingest.sources import Source
from endpoint.ingest.sources.byte_streams import Stream

LINE_BASED: Final = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # the parsers of Turtle do not know it
# A bulk load takes 50 ms however little it loads; up to about this much a transaction is quicker.
_SMALL_TEXT = 1 << 20  # bytes
_FEW_QUADS = 10_000

# The prolog of an XML text to the end of its internal subset, and a value of an entity in it in single quotes
# (XML 1.0, productions 28b and 9).
_SUBSET = re.compile(
    rb"(?:\s++|<\?(?:[^?]++|\?(?!>))*+\?>|<!--(?:[^-]++|-(?!->))*+-->)*+<!DOCTYPE[^\[>]*+\[[^\]]*+\]"
)
_SINGLE_QUOTED = re.compile(rb"(<!ENTITY\s+(?:%\s+)?[^\s%'\"]+\s+)'([^']*)'")

_PIECE = 1 << 25  # bytes of text that one thread loads
_MOST_THREADS = 4


def load_rdf(
    store: Store | None,
    source: Source,
    open_source: Callable[[], Stream],
    base_iri: str | None = None,
    lenient: bool = False,
    feed: Feed | None = None,
) -> None:
    """Load a source of RDF; without a ``store`` only report its mistakes.

    ``open_source`` opens its bytes. Relative IRIs are resolved against ``base_iri``, else against the
    source's own IRI. In N-Quads, TriG and JSON-LD the source's graph takes the statements of the
    default graph only. ``lenient`` skips the checks of IRIs and language tags and is faster. Blank
    nodes stay apart from those of any other source. ``feed`` gets what is stored.

    :raises DataError: the source cannot be read or is damaged.
    :raises DataErrors: all mistakes in it.
    :raises OSError: the store could not be written.
    """
    syntax, path = cast(RdfFormat, source.format.rdf), Path(source.name)
    base = base_iri or source.iri
    with _without_mark(open_source) as stream:
        head = stream.peek(1)
        if not head:
            return
        small = len(head) < _SMALL_TEXT
        text: Text = partial(io.BytesIO, head) if small else partial(_without_mark, open_source)
        try:
            if syntax == RdfFormat.N3:
                store_quads(store, _n3(stream, text, source, base, lenient), feed)
                return
            checked = cast(IO[bytes], _CheckedXml(stream, path)) if syntax == RdfFormat.RDF_XML else stream
            reader = limited(checked, syntax, path)
            if store is None or small or syntax not in LINE_BASED:
                store_quads(store, read_quads(reader, syntax, source.graph, lenient, base), feed)
            else:
                load_lines(store, reader, syntax, source.graph, lenient, feed)
        except NotWellFormed as error:
            raise not_well_formed(error, text, path) from None
        except SyntaxError as error:
            raise DataErrors(diagnose(error, text, path, syntax, base, lenient)) from None


def store_quads(store: Store | None, quads: Iterable[Quad], feed: Feed | None = None) -> None:
    """Store quads, however many, and add them to the ``feed``; without a ``store`` only draw them.

    :raises OSError: the store could not be written.
    """
    if store is None:
        deque(quads, maxlen=0)
        return
    coming = iter(quads) if feed is None else feed.passing(quads)
    first = list(islice(coming, _FEW_QUADS))
    if len(first) < _FEW_QUADS:
        store.extend(first)
    else:
        store.bulk_extend(chain(first, coming))


def load_lines(
    store: Store,
    stream: IO[bytes],
    syntax: RdfFormat,
    graph: NamedNode | None,
    lenient: bool = False,
    feed: Feed | None = None,
) -> None:
    """Load N-Triples or N-Quads, however many; ``graph`` takes the statements of the default graph.

    :raises SyntaxError: mistakes in them; the store has some of the others.
    :raises OSError: the store could not be written.
    """

    def load(part: IO[bytes] | bytes) -> None:
        if isinstance(part, bytes):
            store.bulk_load(part, syntax, to_graph=graph, lenient=lenient)
            if feed is not None:
                feed.add_lines(part, syntax, graph)
        else:
            store_quads(store, read_quads(part, syntax, graph, lenient), feed)

    load_pieces(stream, load)


def read_quads(
    stream: IO[bytes], syntax: RdfFormat, graph: NamedNode | None, lenient: bool, base: str | None = None
) -> Iterator[Quad]:
    """Yield the quads of a text, whose blank nodes get names that no other text has.

    ``graph`` takes the statements of the default graph. Raises SyntaxError for mistakes.
    """
    quads = parse(stream, syntax, base_iri=base, rename_blank_nodes=True, lenient=lenient)
    if graph is None:
        return quads
    default = DefaultGraph()
    return (
        Quad(quad.subject, quad.predicate, quad.object, graph) if quad.graph_name == default else quad
        for quad in quads
    )


def load_pieces(stream: IO[bytes], load: Callable[[IO[bytes] | bytes], None]) -> None:
    """Load N-Triples or N-Quads in pieces of whole lines; ``load`` takes one, in any of several threads.

    A bulk load collects a million statements before it writes the first, in nearly a gigabyte, and uses one
    processor for most of its time. Pieces take a third of that memory, and use all processors.

    :raises Exception: whatever reading or ``load`` raises; other parts may have been loaded.
    """
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(threads, "load") as pool:
        carried = b""
        while read := stream.read(_PIECE):
            end = read.rfind(b"\n") + 1
            piece, carried = carried + read[:end], read[end:]
            # A blank node has its name for the whole text, but for the engine only within one load.
            if not end or b"_:" in piece:
                carried = piece + carried
                break
            if len(running) == threads:
                running = _wait_for_one(running)
            running.add(pool.submit(load, piece))
        if carried:
            running.add(pool.submit(load, cast(IO[bytes], _Joined(carried, stream))))
        while running:
            running = _wait_for_one(running)


def _wait_for_one(running: set[Future[None]]) -> set[Future[None]]:
    """Wait until one has ended; return those that still run. Raises what it raised."""
    done, still = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return still


class _Joined:
    """Some bytes and the stream that they were read from."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = io.BytesIO(first)
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        return self._first.read(size) or self._stream.read(size)


def _without_mark(open_source: Callable[[], Stream]) -> Stream:
    with ExitStack() as failing:
        stream = failing.enter_context(open_source())
        if stream.peek(3)[:3] == _BYTE_ORDER_MARK:
            stream.read(3)
        failing.pop_all()
    return stream


class _CheckedXml:
    """A stream that an XML parser reads along with the RDF/XML parser.

    The RDF/XML parser accepts a truncated text as complete; an XML parser does not. Of the values of entities
    it knows those in double quotes only, so that all get these.
    """

    def __init__(self, stream: Stream, file: Path) -> None:
        head = stream.peek(1)
        subset = _SUBSET.match(head)
        self._stream: Stream | _Joined = stream
        if subset is not None and _SINGLE_QUOTED.search(subset[0]):
            quoted = _SINGLE_QUOTED.sub(_in_double_quotes, subset[0])
            stream.read(subset.end())
            self._stream = _Joined(quoted, cast(IO[bytes], stream))
        self._parser = expat.ParserCreate()
        limit_elements(self._parser, file)
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        piece = self._stream.read(size)
        if not self._ended:
            self._ended = not piece
            try:
                self._parser.Parse(piece, self._ended)
            except (expat.ExpatError, ValueError) as error:
                raise NotWellFormed(error) from error
        return piece


def _in_double_quotes(value: re.Match[bytes]) -> bytes:
    return value[1] + b'"' + value[2].replace(b'"', b"&#34;") + b'"'


def _n3(stream: Stream, text: Text, source: Source, base: str | None, lenient: bool) -> Iterator[Quad]:
    """Yield the triples; formulas would become graphs without a name, and part of every union."""
    lines = Lines(stream)
    graph = source.graph or DefaultGraph()
    reader = limited(cast(IO[bytes], lines), RdfFormat.N3, Path(source.name))
    for quad in parse(reader, RdfFormat.N3, base_iri=base, rename_blank_nodes=True, lenient=lenient):
        if isinstance(quad.graph_name, BlankNode):
            raise DataErrors(located([Mistake(FORMULA, lines.number)], text, Path(source.name)))
        yield Quad(quad.subject, quad.predicate, quad.object, graph)
