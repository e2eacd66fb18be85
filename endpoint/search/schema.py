"""The files of an index: its description, and for each segment a SQLite database beside the inverted index.

Table ``document`` has the original texts, ``word`` the words of short fields for suggestions and
``spelling`` (FTS5) groups of their letters; ``arrays`` has for all documents of the segment at once what
facets and sorting need, by the document's number. A segment is written once and then only read; what is no
longer there of it is listed beside it, in the folder of the index.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict, cast
from unicodedata import unidata_version

import numpy as np

from endpoint.errors import ConfigurationError, StoreError
from endpoint.search import FORMAT, SearchConfiguration
from endpoint.search.analysis import TOKENS
from endpoint.search.inverted.files import Indices

#: The description of an index, which is written last.
DESCRIPTION = "index.json"
#: The database of a segment.
FILE = "documents.sqlite"

_TABLES = """
CREATE TABLE document (id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, digest BLOB NOT NULL,
    title TEXT NOT NULL, date TEXT NOT NULL, facets TEXT NOT NULL, fields BLOB NOT NULL);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, documents INTEGER NOT NULL);
CREATE VIRTUAL TABLE spelling USING fts5(letters, content='', tokenize='ascii');
CREATE TABLE arrays (name TEXT PRIMARY KEY, numbers BLOB NOT NULL, texts TEXT NOT NULL) WITHOUT ROWID;
"""


class Meta(TypedDict):
    """The part of the configuration that a search needs."""

    fields: dict[str, float]
    labels: dict[str, dict[str, str]]
    facets: list[str]
    snippet: str


class Description(TypedDict):
    """The description of an index; ``segments`` are the names of folders, the oldest first."""

    format: int
    fingerprint: str
    meta: Meta
    segments: list[str]


def describe(folder: Path, configuration: SearchConfiguration, segments: Sequence[str]) -> None:
    """Write the description of an index; with it the index is complete."""
    whole: Description = {
        "format": FORMAT,
        "fingerprint": fingerprint(configuration),
        "meta": meta(configuration),
        "segments": list(segments),
    }
    unfinished = folder / f"{DESCRIPTION}.unfinished"
    with unfinished.open("w", encoding="utf-8") as stream:
        json.dump(whole, stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.rename(folder / DESCRIPTION)


def read_description(folder: Path) -> Description:
    """Read the description of an index.

    Raises :class:`StoreError` where ``folder`` has no index that this program can read.
    """
    path = folder / DESCRIPTION
    try:
        text = path.read_bytes()
    except OSError as error:
        raise StoreError(f"There is no text index in {folder}; load the data again to build it.") from error
    try:
        described = cast("Description", json.loads(text))
        number = described["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(folder, error) from error
    if number != FORMAT:
        raise StoreError(f"The text index {path} has format {number}, not {FORMAT}; load the data again.")
    return described


def read_gone(folder: Path, segment: str) -> Indices:
    """Return the numbers of the documents of a segment that are no longer there.

    Raises ValueError and OSError.
    """
    try:
        gone: Indices = np.load(folder / f"{segment}.gone.npy", allow_pickle=False)
    except FileNotFoundError:
        return np.empty(0, np.int64)
    return gone


def write_gone(folder: Path, segment: str, gone: Indices) -> None:
    """Write the numbers of the documents of a segment that are no longer there."""
    if len(gone):
        np.save(folder / f"{segment}.gone.npy", np.sort(gone), allow_pickle=False)


def damaged(folder: Path, error: Exception) -> StoreError:
    """Return the error for an index that is not as it was written."""
    return StoreError(f"The text index in {folder} is damaged ({error}); load the data again.")


def create(path: Path) -> sqlite3.Connection:
    """Create the empty database of a segment in the file ``path``, and open it for writing.

    Raises :class:`ConfigurationError` where this Python's SQLite has no full-text search.
    """
    connection = open_for_writing(path)
    try:
        connection.executescript(f"PRAGMA page_size = 8192; {_TABLES}")
    except sqlite3.OperationalError as error:
        connection.close()
        if "no such module" in str(error):
            raise ConfigurationError(
                f"Text search needs SQLite with FTS5, which this Python's SQLite {sqlite3.sqlite_version} "
                "lacks; use a Python whose sqlite3 module has it."
            ) from error
        raise
    return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a database for writing, without a journal: it has no readers, and a crash discards it."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
            "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_for_reading(segment: Path) -> sqlite3.Connection:
    """Open the database of a finished segment; no lock is taken and no file is written beside it.

    Raises :class:`StoreError` where the folder ``segment`` has none.
    """
    path = segment / FILE
    if not path.is_file():
        raise damaged(segment.parent, FileNotFoundError(f"{segment.name}/{FILE} is missing"))
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise damaged(segment.parent, error) from error
    return connection


def meta(configuration: SearchConfiguration) -> Meta:
    """Return the part of ``configuration`` that is kept in the index."""
    return {
        "fields": {field.name: field.weight for field in configuration.fields},
        "labels": {field.name: dict(field.labels) for field in configuration.fields},
        "facets": [facet.name for facet in configuration.facets],
        "snippet": configuration.snippet,
    }


def fingerprint(configuration: SearchConfiguration) -> str:
    """Return a text that is equal for indexes with the same content for the same document."""
    fields = [field.name for field in configuration.fields]
    facets = [facet.name for facet in configuration.facets]
    return json.dumps(
        [fields, facets, configuration.snippet, TOKENS, unidata_version, version("snowballstemmer")]
    )


def pack(fields: bytes) -> bytes:
    """Compress the texts of a document, a JSON object of lists by field."""
    return zlib.compress(fields, 1)


def unpack(packed: bytes) -> dict[str, list[str]]:
    """Decompress the texts of a document."""
    return cast("dict[str, list[str]]", json.loads(zlib.decompress(packed)))
