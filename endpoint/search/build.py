"""The builder of the index of a generation, anew or from the previous index."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from sys import byteorder

from endpoint.errors import StoreError
from endpoint.search import Document, SearchConfiguration, schema
from endpoint.search.analyses import Analyses
from endpoint.search.analysis import Analysed, normalise
from endpoint.search.suggestions import trigrams

# Words whose number of documents changed, before they are written down.
_WORDS_IN_MEMORY = 200_000
# Documents written in one transaction, which SQLite keeps in memory.
_DOCUMENTS_IN_MEMORY = 1_000
_TITLE_KEY = 200

# Of the table of documents.
_Row = tuple[int | None, str, bytes, str, str, str, bytes]


def build_index(
    documents: Iterable[Document],
    folder: Path,
    configuration: SearchConfiguration,
    previous: Path | None = None,
) -> int:
    """Write the index of ``documents`` into the new directory ``folder``; return their number.

    Unchanged documents of the index in ``previous`` are taken over; the result is equal to an index built
    anew. Until everything is written, ``folder`` has no file with the name of an index.

    :raises StoreError: the folder exists or cannot be written.
    :raises ConfigurationError: this Python's SQLite has no full-text search.
    """
    return _write(documents, None, folder, configuration, previous)


def update_index(
    documents: Iterable[Document],
    removed: Iterable[str],
    folder: Path,
    configuration: SearchConfiguration,
    previous: Path,
) -> int:
    """Write the index in ``previous`` with a change into the new directory ``folder``; return the number of
    its documents.

    The ``documents`` are those that may have changed, and ``removed`` the IRIs of what is none, or none any
    more.

    :raises StoreError: there is no previous index, or it has other fields; or the folder cannot be written.
    """
    return _write(documents, removed, folder, configuration, previous)


def _write(
    documents: Iterable[Document],
    removed: Iterable[str] | None,
    folder: Path,
    configuration: SearchConfiguration,
    previous: Path | None,
) -> int:
    """Write an index of all ``documents``, or where some are ``removed``, with these documents."""
    path = folder / schema.UNFINISHED
    try:
        folder.mkdir()
        connection = _copy(previous, path, configuration)
        if connection is None and removed is not None:
            raise StoreError(f"The text index in {previous} has other fields than those of today.")
        connection = connection or schema.create(path, configuration)
        try:
            number = _IndexWriter(connection, configuration).write(documents, removed)
        finally:
            connection.close()
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        path.rename(folder / schema.FILE)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"The text index cannot be written to {folder}: {error}.") from error
    return number


def _copy(previous: Path | None, path: Path, configuration: SearchConfiguration) -> sqlite3.Connection | None:
    """Copy the index in ``previous``, where it has the same tokens for the same texts."""
    if previous is None:
        return None
    try:
        before = schema.open_for_reading(previous)
    except StoreError:
        return None
    try:
        fingerprint = before.execute("SELECT value FROM meta WHERE name = 'fingerprint'").fetchone()
    except sqlite3.Error:
        return None
    finally:
        before.close()
    if fingerprint != (schema.fingerprint(configuration),):
        return None
    shutil.copyfile(previous / schema.FILE, path)
    return schema.open_for_writing(path)


class _IndexWriter:
    """A writer of documents into the tables of an index, which removes all others."""

    def __init__(self, connection: sqlite3.Connection, configuration: SearchConfiguration) -> None:
        self._connection = connection
        self._configuration = configuration
        self._names = [field.name for field in configuration.fields]
        self._analyses: Analyses[_Row] = Analyses(self._names, configuration.snippet)
        self._facets = [facet.name for facet in configuration.facets]
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
        self._unseen = bytearray(b"\1") * (last + 1)
        self._old = last
        self._changes = 0
        self._words: Counter[str] = Counter()
        (self._last_word,) = connection.execute("SELECT coalesce(max(id), 0) FROM word").fetchone()
        marks = ", ".join("?" for _ in self._names)
        columns = ", ".join(schema.column(at) for at in range(len(self._names)))
        self._add = f"INSERT INTO inverted (rowid, {columns}) VALUES (?, {marks})"  # noqa: S608
        self._delete = f"INSERT INTO inverted (inverted, rowid, {columns}) VALUES ('delete', ?, {marks})"  # noqa: S608

    def write(self, documents: Iterable[Document], removed: Iterable[str] | None = None) -> int:
        """Write ``documents``, then the data computed from all of them; return the number of these.

        Documents of the previous index stay where some are ``removed``, which are given by their IRIs.
        """
        with self._analyses:
            for number, document in enumerate(documents, 1):
                self._put(document)
                if number % _DOCUMENTS_IN_MEMORY == 0:
                    self._connection.commit()
            for row, analysed in self._analyses.rest():
                self._insert(row, analysed)
        if removed is None:
            self._remove_unseen()
        else:
            for iri in removed:
                self._take_over(iri, b"")
        self._write_words()
        self._write_spelling()
        number = _write_arrays(self._connection, self._facets)
        rows = [("meta", json.dumps(schema.meta(self._configuration)))]
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)
        if self._changes > self._old // 10:
            self._connection.execute("INSERT INTO inverted (inverted) VALUES ('optimize')")
        self._connection.commit()
        return number

    def _put(self, document: Document) -> None:
        fields = {name: list(document.fields[name]) for name in self._names if document.fields.get(name)}
        facets = json.dumps([sorted(set(document.facets.get(name, ()))) for name in self._facets])
        whole = json.dumps([fields, facets, document.date], ensure_ascii=False)
        digest = blake2b(whole.encode(), digest_size=16).digest()
        number = self._take_over(document.iri, digest) if self._old else None
        if number == 0:
            return
        title = normalise(next(iter(fields.get(self._names[0], ())), ""))[:_TITLE_KEY]
        row = (number, document.iri, digest, title, document.date, facets, schema.pack(fields))
        for written, analysed in self._analyses.put(row, fields):
            self._insert(written, analysed)

    def _insert(self, row: _Row, analysed: Analysed) -> None:
        cursor = self._connection.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._connection.execute(self._add, (cursor.lastrowid, *analysed.tokens))
        self._count_words(analysed, 1)
        self._changes += 1

    def _take_over(self, iri: str, digest: bytes) -> int | None:
        """Return 0 where the old index has the document unchanged, else the number it had there."""
        row = self._connection.execute("SELECT id, digest FROM document WHERE iri = ?", (iri,)).fetchone()
        if row is None:
            return None
        number: int = row[0]
        if number < len(self._unseen):
            self._unseen[number] = 0
        if row[1] == digest:
            return 0
        self._remove(number)
        return number

    def _remove(self, number: int) -> None:
        query = "SELECT fields FROM document WHERE id = ?"
        (packed,) = self._connection.execute(query, (number,)).fetchone()
        analysed = self._analyses.one(schema.unpack(packed))
        self._connection.execute(self._delete, (number, *analysed.tokens))
        self._connection.execute("DELETE FROM document WHERE id = ?", (number,))
        self._count_words(analysed, -1)
        self._changes += 1

    def _remove_unseen(self) -> None:
        if not self._old:
            return
        numbers = self._connection.execute("SELECT id FROM document WHERE id <= ?", (self._old,)).fetchall()
        for (number,) in numbers:
            if self._unseen[number]:
                self._remove(number)

    def _count_words(self, analysed: Analysed, change: int) -> None:
        for word in analysed.words:
            self._words[word] += change
        if len(self._words) > _WORDS_IN_MEMORY:
            self._write_words()

    def _write_words(self) -> None:
        self._connection.executemany(
            "INSERT INTO word (text, documents) VALUES (?, ?)"
            " ON CONFLICT (text) DO UPDATE SET documents = documents + excluded.documents",
            self._words.items(),
        )
        self._words.clear()

    def _write_spelling(self) -> None:
        gone = self._connection.execute("SELECT id, text FROM word WHERE documents < 1").fetchall()
        self._connection.executemany(
            "INSERT INTO spelling (spelling, rowid, letters) VALUES ('delete', ?, ?)",
            ((number, trigrams(text)) for number, text in gone if number <= self._last_word),
        )
        self._connection.execute("DELETE FROM word WHERE documents < 1")
        added = self._connection.execute("SELECT id, text FROM word WHERE id > ?", (self._last_word,))
        self._connection.executemany(
            "INSERT INTO spelling (rowid, letters) VALUES (?, ?)",
            ((number, trigrams(text)) for number, text in added.fetchall()),
        )


def _write_arrays(connection: sqlite3.Connection, facets: Sequence[str]) -> int:
    """Write the arrays for sorting and counting; return the number of documents."""
    connection.execute("DELETE FROM arrays")
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    for name in ("iri", "title", "date"):
        # The names are those of columns: nothing from outside becomes SQL here.
        rows = connection.execute(f"SELECT id, {name} FROM document WHERE {name} <> '' ORDER BY {name}")  # noqa: S608
        _write_array(connection, name, _dense(rows, last), [])
    values: list[dict[str, int]] = [{"[]": 0} for _ in facets]
    arrays = [array("I", bytes(4 * (last + 1))) for _ in facets]
    number = 0
    for at, packed in connection.execute("SELECT id, facets FROM document ORDER BY iri"):
        number += 1
        for numbers, known, combination in zip(arrays, values, json.loads(packed), strict=True):
            numbers[at] = known.setdefault(json.dumps(combination, ensure_ascii=False), len(known))
    for name, numbers, known in zip(facets, arrays, values, strict=True):
        _write_array(connection, f"facet {name}", numbers, [json.loads(text) for text in known])
    return number


def _dense(rows: Iterable[tuple[int, str]], last: int) -> array[int]:
    """Return the place of each document in an order, from 1, the same for equal keys; 0 has no key."""
    places = array("I", bytes(4 * (last + 1)))
    place, before = 0, ""
    for number, key in rows:
        place += key != before
        places[number], before = place, key
    return places


def _write_array(connection: sqlite3.Connection, name: str, numbers: array[int], texts: list[object]) -> None:
    if byteorder == "big":
        numbers.byteswap()
    text = json.dumps(texts, ensure_ascii=False)
    connection.execute("INSERT INTO arrays VALUES (?, ?, ?)", (name, numbers.tobytes(), text))
