"""Sources of every kind into a store, on a thread of its own, so that loading can be watched and ended.

The engine answers no signal while it loads. The thread that called waits where signals reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

from pyoxigraph import Quad, Store

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.rdf import load_rdf, store_quads
from endpoint.ingest.sources import Source
from endpoint.ingest.streams import Stopped, Stream
from endpoint.ingest.syntaxes import Kind

# What reads a page or a table. It raises DataError for what is wrong with it, and knows the source's graph.
Reader = Callable[[Source, BinaryIO], Iterable[Quad]]

_INTERVAL = 0.1  # seconds between two reports
_STOPPING = 0.5  # seconds that a stopped load may take to end by itself


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come: ``number`` of ``total`` sources, and in that source ``read`` bytes.

    ``read`` counts as ``source.size`` does. ``statements`` is None while only the engine knows.
    ``done`` says that the source was read to its end.
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
    readers: Mapping[Kind, Reader],
    base_iri: str | None = None,
    lenient: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Load all sources; without a ``store`` read them all and see what is wrong.

    ``progress`` is called on this thread, about every tenth of a second and at the end of each
    source. :func:`~endpoint.ingest.rdf.load_rdf` explains ``base_iri`` and ``lenient``. After an error the
    store holds some of the data: load inside a transaction. After KeyboardInterrupt, or another
    exception of a signal handler or of ``progress``, a thread may go on in the engine for seconds: end the
    process by ``os._exit``.

    :raises DataErrors: all that is wrong with any of the sources.
    :raises OSError: the store could not be written.
    """
    load = _Load(store, sources, readers, base_iri, lenient)
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


class _Load:
    def __init__(
        self,
        store: Store | None,
        sources: Sequence[Source],
        readers: Mapping[Kind, Reader],
        base_iri: str | None,
        lenient: bool,
    ) -> None:
        self.errors: list[DataError] = []
        self.failure: BaseException | None = None
        self._store = store
        self._sources = sources
        self._readers = readers
        self._base_iri = base_iri
        self._lenient = lenient
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
        """Load everything; what fails is in ``errors`` and ``failure``."""
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
        # Once something is wrong nothing will be published, and reading is quicker than loading.
        store = None if self.errors else self._store
        try:
            if source.kind is Kind.RDF:
                load_rdf(store, source, lambda: self._open(source), self._base_iri, self._lenient)
            else:
                store_quads(store, self._read(source))
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
    """The error with its file; a reader may leave that to us."""
    if error.file is not None:
        return error
    return DataError(error.detail, Path(source.name), error.line, error.column)
