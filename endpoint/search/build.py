"""The builder of the index of a generation: anew, from the previous index, or from that and a change.

An index is a few segments. Those of the previous index are linked, not copied; what has changed is a segment
more, and a list of what is gone from the others.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from endpoint.errors import StoreError
from endpoint.search import Document, SearchConfiguration, compaction, schema
from endpoint.search.analyses import Analyses
from endpoint.search.analysis import Analysed, normalise
from endpoint.search.other_names import Table, read_table, write_table
from endpoint.search.segment import Segment
from endpoint.search.segment_writer import Row, SegmentWriter

_TITLE_KEY: Final = 200


def build_index(
    documents: Iterable[Document],
    folder: Path,
    configuration: SearchConfiguration,
    previous: Path | None = None,
    names: Table = MappingProxyType({}),
) -> int:
    """Write the index of ``documents`` to the new ``folder``; return their number.

    ``names`` is the table of :func:`~endpoint.search.other_names.table_of`.

    Documents that the index in ``previous`` has unchanged are taken over; the result answers as one built
    anew. Until everything is written, ``folder`` has no description of an index.

    :raises StoreError: the folder exists or cannot be written.
    :raises ConfigurationError: this Python's SQLite has no full-text search.
    """
    with _Build(folder, configuration) as build:
        if previous is not None and _continues(previous, configuration):
            build.go_on_from(previous)
        build.put_all(documents)
        build.remove_unseen()
        return build.finish(names)


def update_index(
    documents: Iterable[Document],
    removed: Iterable[str],
    folder: Path,
    configuration: SearchConfiguration,
    previous: Path,
    names: Table | None = None,
) -> int:
    """Write the index in ``previous`` with a change to the new ``folder``; return the number of documents.

    The ``documents`` are those that may have changed, and ``removed`` the IRIs of what is no document any
    more; without ``names`` these stay as they were. It costs what has changed: files of the previous index
    are linked.

    :raises StoreError: there is no previous index, or it has other fields; or the folder cannot be written.
    """
    if not _continues(previous, configuration):
        raise StoreError(f"The text index in {previous} has other fields than those of today.")
    with _Build(folder, configuration) as build:
        build.go_on_from(previous)
        build.put_all(documents)
        build.remove(removed)
        return build.finish(read_names(previous) if names is None else names)


def _continues(previous: Path, configuration: SearchConfiguration) -> bool:
    """Return whether the index in ``previous`` has the same content for the same documents."""
    try:
        return schema.read_description(previous)["fingerprint"] == schema.fingerprint(configuration)
    except (StoreError, KeyError):
        return False


def read_names(folder: Path) -> Table:
    """Return the table of names of an index. Raises StoreError."""
    try:
        return read_table(folder)
    except (OSError, ValueError) as error:
        raise schema.damaged(folder, error) from error


class _Build:
    """The writing of an index into the new ``folder``; failures to write are StoreErrors."""

    def __init__(self, folder: Path, configuration: SearchConfiguration) -> None:
        self._folder = folder
        self._configuration = configuration
        self._names = [field.name for field in configuration.fields]
        self._facets = [facet.name for facet in configuration.facets]
        self._analyses: Analyses[Row] = Analyses(self._names, configuration.snippet)
        self._segments: list[Segment] = []
        self._unseen: list[bytearray] = []
        self._last_name = 0
        self._writer: SegmentWriter | None = None
        self._closing = ExitStack()

    def __enter__(self) -> _Build:
        self._closing.enter_context(self._analyses)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._closing.close()
        for segment in self._segments:
            segment.close()
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreError(f"The text index cannot be written to {self._folder}: {error}.") from error

    def go_on_from(self, previous: Path) -> None:
        """Take over the segments of the index in ``previous``. Raises StoreError where it is damaged."""
        self._make_folder()
        try:
            for name in schema.read_description(previous)["segments"]:
                _link(previous / name, self._folder / name)
                segment = Segment(self._folder / name, schema.read_gone(previous, name))
                self._segments.append(segment)
                self._unseen.append(bytearray(segment.alive.tobytes()))
                self._last_name = max(self._last_name, int(name))
        except ValueError as error:
            raise schema.damaged(previous, error) from error

    def put_all(self, documents: Iterable[Document]) -> None:
        """Write those of ``documents`` that are not there yet as they are."""
        self._make_folder()
        for document in documents:
            self._put(document)
        for row, analysed in self._analyses.rest():
            self._add(row, analysed)

    def remove(self, iris: Iterable[str]) -> None:
        """Remove the documents with these IRIs, where they are there."""
        for iri in iris:
            for at, segment in enumerate(self._segments):
                if number := segment.number(iri):
                    self._remove(at, number)

    def remove_unseen(self) -> None:
        """Remove all documents of the previous index that were not among those put."""
        for at, unseen in enumerate(self._unseen):
            for number in np.flatnonzero(np.frombuffer(unseen, np.bool_)).tolist():
                self._remove(at, number)

    def finish(self, names: Table) -> int:
        """Write what is left, names and the description; return the number of documents."""
        if self._writer is not None or not self._segments:
            self._finish(self._writer or self._new_writer())
        self._compact()
        for segment in self._segments:
            schema.write_gone(self._folder, segment.folder.name, segment.gone)
        write_table(self._folder, names)
        schema.describe(self._folder, self._configuration, [one.folder.name for one in self._segments])
        return sum(int(np.count_nonzero(segment.alive)) for segment in self._segments)

    def _make_folder(self) -> None:
        if not self._segments:
            self._folder.mkdir()

    def _put(self, document: Document) -> None:
        fields = {name: list(document.fields[name]) for name in self._names if document.fields.get(name)}
        facets = json.dumps([sorted(set(document.facets.get(name, ()))) for name in self._facets])
        texts = json.dumps(fields, ensure_ascii=False).encode()
        others = json.dumps([facets, document.date], ensure_ascii=False).encode()
        digest = blake2b(texts + b"\n" + others, digest_size=16).digest()
        if self._is_taken_over(document.iri, digest):
            return
        title = normalise(next(iter(fields.get(self._names[0], ())), ""))[:_TITLE_KEY]
        row = Row(document.iri, digest, title, document.date, facets, schema.pack(texts))
        for written, analysed in self._analyses.put(row, texts):
            self._add(written, analysed)

    def _is_taken_over(self, iri: str, digest: bytes) -> bool:
        """Return whether a segment has the document unchanged; remove it where one has another."""
        for at, segment in enumerate(self._segments):
            if number := segment.number(iri):
                if segment.digest(number) == digest:
                    self._unseen[at][number] = 0
                    return True
                self._remove(at, number)
        return False

    def _remove(self, at: int, number: int) -> None:
        segment = self._segments[at]
        words = self._analyses.words(segment.document(number).texts)
        self._open_writer().count_words(words, -1)
        segment.remove(number)
        self._unseen[at][number] = 0

    def _add(self, row: Row, analysed: Analysed) -> None:
        self._open_writer().add(row, analysed)

    def _open_writer(self) -> SegmentWriter:
        if self._writer is not None and self._writer.full:
            self._finish(self._writer)
        if self._writer is None:
            self._writer = self._new_writer()
        return self._writer

    def _new_writer(self) -> SegmentWriter:
        writer = SegmentWriter(self._new_folder(), self._configuration)
        self._closing.callback(writer.close)
        return writer

    def _new_folder(self) -> Path:
        self._last_name += 1
        return self._folder / str(self._last_name)

    def _finish(self, written: SegmentWriter) -> None:
        written.finish(self._analyses.tokens)
        self._writer = None
        self._segments.append(Segment(written.folder, np.empty(0, np.int64)))

    def _compact(self) -> None:
        while (which := compaction.due([segment.sizes for segment in self._segments])) is not None:
            merged = self._segments[which]
            folder = self._new_folder()
            compaction.merge_segments(merged, folder, self._configuration)
            for segment in merged:
                segment.close()
                shutil.rmtree(segment.folder)
            self._segments[which] = [Segment(folder, np.empty(0, np.int64))]


def _link(segment: Path, folder: Path) -> None:
    """Link the files of a segment, which are never changed, into a new folder; copy them where that fails."""
    folder.mkdir()
    for file in segment.iterdir():
        try:
            os.link(file, folder / file.name)
        except OSError:
            shutil.copyfile(file, folder / file.name)
