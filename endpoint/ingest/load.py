"""Load sources of every kind into a store, on a thread of its own, so that it can be watched and ended.

The engine answers no signal while it loads. The calling thread waits where signals reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from endpoint.dataset import MANIFEST, Dataset
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.columns import Feed
from endpoint.ingest.pages import read_page
from endpoint.ingest.rdf import load_rdf, store_quads
from endpoint.ingest.sources import Source, SourceKind
from endpoint.ingest.sources.byte_streams import Stopped, Stream
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import TableMapping, read_mappings

# Reads a page or a table into quads of the source's graph. Raises DataError for mistakes in it.
SourceReader = Callable[[Source, BinaryIO], Iterable[Quad]]

# Takes remarks for the owner of the sources, where somebody wants them.
Notices = list[str] | None

_INTERVAL = 0.1  # seconds between two reports
_STOPPING = 0.5  # seconds that a stopped load may take to end by itself


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a load: ``number`` of ``total`` sources, and in that source ``read`` bytes.

    ``read`` counts as ``source.size`` does. ``statements`` is None while only the engine knows.
    ``done``: the source was read to its end.
    """

    source: Source
    number: int
    total: int
    read: int
    statements: int | None
    done: bool


def load_sources(
    store: Store | None,
    sources: Sequence[Source],
    readers: Mapping[SourceKind, SourceReader],
    base_iri: str | None = None,
    lenient: bool = False,
    progress: Callable[[Progress], None] | None = None,
    feed: Feed | None = None,
) -> None:
    """Load all sources; without a ``store`` read them all and report their mistakes.

    ``progress`` is called on this thread, about every tenth of a second and at the end of each
    source. :func:`~endpoint.ingest.rdf.load_rdf` explains the other arguments. After an error the
    store has some of the data: load inside a transaction. After KeyboardInterrupt, or another
    exception of a signal handler or of ``progress``, a thread may go on in the engine for seconds: end the
    process by ``os._exit``.

    :raises DataErrors: all mistakes in any of the sources.
    :raises OSError: the store could not be written.
    """
    load = _Load(store, sources, readers, base_iri, lenient, feed)
    # A daemon, so that nothing waits for it when the process ends.
    thread = Thread(target=load.run, name="load", daemon=True)
    thread.start()
    try:
        load.watch(progress)
    except BaseException:
        load.stop()
        thread.join(_STOPPING)
        raise
    thread.join()
    if load.failure is not None:
        raise load.failure
    if load.errors:
        raise DataErrors(load.errors)


def load_dataset(store: Store, dataset: Dataset, feed: Feed | None = None, notices: Notices = None) -> None:
    """Load the files of ``dataset`` into ``store``, each into its graph, and add them to the ``feed``.

    They may be RDF, pages, tables and archives, as for ``endpoint load``; remarks are added to ``notices``.

    :raises DataErrors: all mistakes in any of the files, and in the mappings where there are tables.
    """
    for graph in dataset.graphs:
        # A graph exists, and is described, even when its files have no statement.
        store.add_graph(NamedNode(graph.iri))
    remarks = [] if notices is None else notices
    sources = own_sources(dataset, notices=remarks)
    read = {} if {source.kind for source in sources} <= {SourceKind.RDF} else readers(dataset, None, remarks)
    load_sources(store, sources, read, base_iri=dataset.base, feed=feed)


def own_sources(
    dataset: Dataset, beside: Collection[str] | None = None, notices: Notices = None
) -> list[Source]:
    """Return the files of the graphs of ``dataset``, each as a source of its graph.

    With ``beside`` only the files of those graphs that have one of these names, since what two files of a
    graph state of one subject is replaced together.

    :raises DataErrors: all files that no source can be, with the line of the manifest.
    """
    sources: list[Source] = []
    errors: list[DataError] = []
    for graph in dataset.graphs:
        names = {file.relative_to(dataset.root).as_posix() for file in graph.files}
        if beside is not None and names.isdisjoint(beside):
            continue
        wrong: list[DataError] = []
        found, remarks = discover(graph.files, NamedNode(graph.iri), errors=wrong)
        manifest = dataset.root / MANIFEST
        errors += [DataError(f"files has {error}", manifest, graph.line) for error in wrong]
        sources += found
        if notices is not None:
            notices += remarks
    if errors:
        raise DataErrors(errors)
    return sources


def readers(
    dataset: Dataset, base_iri: str | None, notices: list[str], encoding: str | None = None
) -> Mapping[SourceKind, SourceReader]:
    """Return the readers of saved pages and of tables for ``dataset``; remarks are added to ``notices``.

    Links in pages are relative to ``base_iri``, else to the dataset's base. ``encoding`` is a Python codec in
    place of what is detected.

    :raises DataError: a mapping file is wrong.
    """
    mappings = read_mappings(dataset.tables, dataset.prefixes)
    return {
        SourceKind.PAGE: _PageReader(dataset, base_iri, notices, encoding),
        SourceKind.TABLE: _TableReader(mappings, notices, encoding),
    }


@dataclass(frozen=True, slots=True)
class _PageReader:
    dataset: Dataset
    base_iri: str | None
    notices: list[str]
    encoding: str | None

    def __call__(self, source: Source, stream: BinaryIO) -> Iterable[Quad]:
        base = self.base_iri or self.dataset.base
        prefixes = self.dataset.prefixes
        for triple in read_page(stream, source.name, prefixes, base, self.notices, self.encoding):
            graph = source.graph or self._graph_of(triple.subject)
            yield Quad(triple.subject, triple.predicate, triple.object, graph)

    def _graph_of(self, subject: object) -> NamedNode | DefaultGraph:
        """Return the dataset's graph whose IRI the subject's begins with."""
        if isinstance(subject, NamedNode):
            for graph in self.dataset.graphs:
                if graph.name and subject.value.startswith(f"{graph.iri}/"):
                    return NamedNode(graph.iri)
        return DefaultGraph()


@dataclass(frozen=True, slots=True)
class _TableReader:
    mappings: Sequence[TableMapping]
    notices: list[str]
    encoding: str | None

    def __call__(self, source: Source, stream: BinaryIO) -> Iterable[Quad]:
        for quad in read_table(stream, source.name, self.mappings, self.notices, self.encoding):
            yield Quad(quad.subject, quad.predicate, quad.object, source.graph or quad.graph_name)


class _Load:
    def __init__(
        self,
        store: Store | None,
        sources: Sequence[Source],
        readers: Mapping[SourceKind, SourceReader],
        base_iri: str | None,
        lenient: bool,
        feed: Feed | None,
    ) -> None:
        self.errors: list[DataError] = []
        self.failure: BaseException | None = None
        self._store = store
        self._sources = sources
        self._readers = readers
        self._base_iri = base_iri
        self._lenient = lenient
        self._feed = feed
        self._events: SimpleQueue[Progress | None] = SimpleQueue()
        self._number = 0
        self._statements: int | None = None
        self._stream: Stream | None = None
        self._stopped = False

    def watch(self, progress: Callable[[Progress], None] | None) -> None:
        """Report until the load has ended."""
        report = progress or (lambda _: None)
        while True:
            try:
                event = self._events.get(timeout=_INTERVAL)
            except Empty:
                if self._number:
                    report(self._progress(done=False))
                continue
            if event is None:
                return
            report(event)

    def stop(self) -> None:
        """Let the load end at the next read."""
        self._stopped = True
        if self._stream is not None:
            self._stream.stop()

    def run(self) -> None:
        """Load everything; failures are in ``errors`` and ``failure``."""
        try:
            for container, sources in groupby(self._sources, lambda source: source.container):
                with container or nullcontext():
                    for source in sources:
                        self._load(source)
        except BaseException as failure:
            self.failure = failure
        finally:
            self._events.put(None)

    def _load(self, source: Source) -> None:
        self._statements = None
        self._number += 1
        # After an error nothing will be published, and reading is faster than loading.
        store = None if self.errors else self._store
        try:
            if source.kind is SourceKind.RDF:
                load_rdf(store, source, lambda: self._open(source), self._base_iri, self._lenient, self._feed)
            else:
                store_quads(store, self._read(source), self._feed)
        except DataError as error:
            several = error.errors if isinstance(error, DataErrors) else (error,)
            self.errors += [_placed(one, source) for one in several]
        self._events.put(self._progress(done=True))

    def _open(self, source: Source) -> Stream:
        self._stream = source.open()
        if self._stopped:
            self._stream.stop()
        return self._stream

    def _read(self, source: Source) -> Iterator[Quad]:
        self._statements = 0
        with self._open(source) as stream:
            for quad in self._readers[source.kind](source, stream):
                if self._stopped:
                    raise Stopped
                self._statements += 1
                yield quad

    def _progress(self, done: bool) -> Progress:
        source = self._sources[self._number - 1]
        read = 0
        if done and source.size is not None:
            read = source.size
        elif self._stream is not None:
            with suppress(OSError, ValueError):  # the stream may be closed meanwhile
                read = self._stream.consumed()
        return Progress(source, self._number, len(self._sources), read, self._statements, done)


def _placed(error: DataError, source: Source) -> DataError:
    """Return the error with its file, which a reader may leave out."""
    if error.file is not None:
        return error
    return DataError(error.detail, Path(source.name), error.line, error.column)
