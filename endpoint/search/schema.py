"""The file of an index: one SQLite database, written once and then only read.

Table ``document`` has the original texts, ``inverted`` (FTS5, without a copy of the texts) their
tokens, ``word`` the words of short fields for suggestions and ``spelling`` groups of their letters;
``arrays`` has for all documents at once what facets and sorting need, by the document's number.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict, cast
from unicodedata import unidata_version

from endpoint.errors import ConfigurationError, StoreError
from endpoint.search import SearchConfiguration
from endpoint.search.analysis import TOKENS

FILE = "index.sqlite"
UNFINISHED = "index.sqlite.unfinished"
#: The version of the schema in every index; an index of another version is built anew.
FORMAT = 1

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
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


def create(path: Path, configuration: SearchConfiguration) -> sqlite3.Connection:
    """Create an empty index in the file ``path``, and open it for writing.

    Raises :class:`ConfigurationError` where this Python's SQLite has no full-text search.
    """
    connection = open_for_writing(path)
    columns = ", ".join(column(at) for at in range(len(configuration.fields)))
    try:
        connection.executescript(f"PRAGMA page_size = 8192; {_TABLES}")
        connection.execute(
            f"CREATE VIRTUAL TABLE inverted USING fts5({columns}, content='', tokenize='ascii')"
        )
    except sqlite3.OperationalError as error:
        connection.close()
        if "no such module" in str(error):
            raise ConfigurationError(
                f"Text search needs SQLite with FTS5, which this Python's SQLite {sqlite3.sqlite_version} "
                "lacks; use a Python whose sqlite3 module has it."
            ) from error
        raise
    connection.execute("INSERT INTO meta VALUES ('fingerprint', ?)", (fingerprint(configuration),))
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open an index for writing, without a journal: it has no readers, and a crash discards it."""
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


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """Open a finished index; no lock is taken and no file is written beside it.

    Raises :class:`StoreError` where ``folder`` has no index that this program can read.
    """
    path = folder / FILE
    if not path.is_file():
        raise StoreError(f"There is no text index in {folder}; load the data again to build it.")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        (number,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"The text index {path} is damaged ({error}); load the data again.") from error
    if number != FORMAT:
        connection.close()
        raise StoreError(f"The text index {path} has format {number}, not {FORMAT}; load the data again.")
    return connection


def column(number: int) -> str:
    """Return the column of a field in ``inverted``: names of fields may be words that SQL reserves."""
    return f"f{number}"


def meta(configuration: SearchConfiguration) -> Meta:
    """Return the part of ``configuration`` that is kept in the index."""
    return {
        "fields": {field.name: field.weight for field in configuration.fields},
        "labels": {field.name: dict(field.labels) for field in configuration.fields},
        "facets": [facet.name for facet in configuration.facets],
        "snippet": configuration.snippet,
    }


def fingerprint(configuration: SearchConfiguration) -> str:
    """Return a text that is equal for indexes with the same tokens for the same document."""
    fields = [field.name for field in configuration.fields]
    return json.dumps([fields, configuration.snippet, TOKENS, unidata_version, version("snowballstemmer")])


def pack(fields: Mapping[str, Sequence[str]]) -> bytes:
    """Compress the texts of a document."""
    return zlib.compress(json.dumps(fields, ensure_ascii=False).encode(), 1)


def unpack(packed: bytes) -> dict[str, list[str]]:
    """Decompress the texts of a document."""
    return cast("dict[str, list[str]]", json.loads(zlib.decompress(packed)))
