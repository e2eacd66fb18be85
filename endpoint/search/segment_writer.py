"""The writer of a segment: documents with their analyses, and what is computed from all of them."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from sys import byteorder
from typing import Final, NamedTuple

from endpoint.search import SearchConfiguration, schema
from endpoint.search.analysis import Analysed
from endpoint.search.inverted import writer
from endpoint.search.inverted.writer import PostingsWriter
from endpoint.search.suggestions import trigrams

# Words whose number of documents changed, before they are written down.
_WORDS_IN_MEMORY: Final = 200_000
# Documents written in one transaction, which SQLite keeps in memory.
_DOCUMENTS_IN_MEMORY: Final = 1_000

COUNT_WORDS: Final = (
    "INSERT INTO word (text, documents) VALUES (?, ?)"
    " ON CONFLICT (text) DO UPDATE SET documents = documents + excluded.documents"
)


class Row(NamedTuple):
    """A row of the table of documents; ``fields`` are packed texts, ``facets`` JSON."""

    iri: str
    digest: bytes
    title: str
    date: str
    facets: str
    fields: bytes


class SegmentWriter:
    """A writer of a segment into the new ``folder``."""

    def __init__(self, folder: Path, configuration: SearchConfiguration) -> None:
        folder.mkdir()
        self.folder = folder
        self._facets = [facet.name for facet in configuration.facets]
        self._connection = schema.create(folder / schema.FILE)
        self._postings = PostingsWriter(folder, len(configuration.fields))
        self._words: Counter[str] = Counter()
        self._number = 0

    @property
    def full(self) -> bool:
        """True where further documents should go into another segment."""
        return self._postings.tokens >= writer.MOST

    def add(self, row: Row, analysed: Analysed) -> None:
        """Add the next document."""
        self._number += 1
        self._connection.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)", (self._number, *row))
        self._postings.add(analysed.tokens)
        self.count_words(analysed.words, 1)
        if self._number % _DOCUMENTS_IN_MEMORY == 0:
            self._connection.commit()

    def count_words(self, words: Iterable[str], change: int) -> None:
        """Count the words of a document here: -1 for one of an earlier segment that is gone."""
        for word in words:
            self._words[word] += change
        if len(self._words) > _WORDS_IN_MEMORY:
            self._write_words()

    def finish(self, tokens: Iterable[str]) -> None:
        """Write what is computed from all documents, and close the files.

        ``tokens`` are those that were numbered, in order.
        """
        self._write_words()
        self._postings.finish(tokens)
        finish_tables(self._connection, self._facets)
        self._connection.close()

    def close(self) -> None:
        """Close the files as they are; a segment that was finished stays as it is."""
        self._connection.close()

    def _write_words(self) -> None:
        self._connection.executemany(COUNT_WORDS, self._words.items())
        self._words.clear()


def finish_tables(connection: sqlite3.Connection, facets: Sequence[str]) -> None:
    """Write the tables that are computed from those of the documents and of the words."""
    connection.execute("DELETE FROM word WHERE documents = 0")
    words = connection.execute("SELECT id, text FROM word WHERE documents > 0")
    connection.executemany(
        "INSERT INTO spelling (rowid, letters) VALUES (?, ?)",
        ((number, trigrams(text)) for number, text in words.fetchall()),
    )
    connection.executemany("INSERT INTO arrays VALUES (?, ?, ?)", list(computed_arrays(connection, facets)))
    connection.commit()


def computed_arrays(
    connection: sqlite3.Connection, facets: Sequence[str]
) -> Iterator[tuple[str, bytes, str]]:
    """Yield the arrays for sorting and counting documents: name, little-endian numbers of 32 bits, JSON."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    for name in ("iri", "title", "date"):
        # The names are those of columns: nothing from outside becomes SQL here.
        rows = connection.execute(f"SELECT id, {name} FROM document WHERE {name} <> '' ORDER BY {name}")  # noqa: S608
        yield _array(name, _dense(rows, last), [])
    values: list[dict[str, int]] = [{"[]": 0} for _ in facets]
    arrays = [array("I", bytes(4 * (last + 1))) for _ in facets]
    for at, packed in connection.execute("SELECT id, facets FROM document ORDER BY iri"):
        for numbers, known, combination in zip(arrays, values, json.loads(packed), strict=True):
            numbers[at] = known.setdefault(json.dumps(combination, ensure_ascii=False), len(known))
    for name, numbers, known in zip(facets, arrays, values, strict=True):
        yield _array(f"facet {name}", numbers, [json.loads(text) for text in known])


def _dense(rows: Iterable[tuple[int, str]], last: int) -> array[int]:
    """Return the place of each document in an order, from 1, the same for equal keys; 0 has no key."""
    places = array("I", bytes(4 * (last + 1)))
    place, before = 0, ""
    for number, key in rows:
        place += key != before
        places[number], before = place, key
    return places


def _array(name: str, numbers: array[int], texts: list[object]) -> tuple[str, bytes, str]:
    if byteorder == "big":
        numbers.byteswap()
    return name, numbers.tobytes(), json.dumps(texts, ensure_ascii=False)
