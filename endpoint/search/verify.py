"""The verification of an index: it is the one that would be built anew of the same documents."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from sys import byteorder
from typing import Final

from endpoint.errors import StoreError
from endpoint.search import Document, SearchConfiguration, schema
from endpoint.search.build import build_index

# What two indexes of the same documents have in common, whatever the numbers of their documents are: first
# the name of what differs, in a sentence, then a query in a fixed order.
_TABLES: Final = (
    ("the fields of documents", "SELECT iri, digest, title, date, facets FROM document ORDER BY iri"),
    ("the words for suggestions", "SELECT text, documents FROM word ORDER BY text"),
    ("the tokens of documents", "SELECT term, doc, cnt FROM temp.tokens ORDER BY term"),
    ("the names of arrays", "SELECT name, texts FROM arrays ORDER BY name"),
)
_TOKENS: Final = "CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, inverted, 'row')"
_DOCUMENTS: Final = "SELECT id, fields FROM document ORDER BY iri"


def verify_index(
    documents: Iterable[Document], folder: Path, configuration: SearchConfiguration, scratch: Path
) -> int:
    """Check that the index in ``folder`` is that of ``documents``; return their number.

    ``scratch`` is a folder that does not exist, in which an index is built anew.

    :raises ValueError: it is not; the message tells what differs.
    :raises StoreError: the index cannot be read, or the new one cannot be written.
    """
    number = build_index(documents, scratch, configuration)
    with closing(schema.open_for_reading(folder)) as found, closing(schema.open_for_reading(scratch)) as made:
        try:
            _compare(found, made)
        except sqlite3.Error as error:
            raise StoreError(
                f"The text index in {folder} is damaged ({error}); load the data again."
            ) from error
    return number


def _compare(found: sqlite3.Connection, made: sqlite3.Connection) -> None:
    (state,) = found.execute("PRAGMA integrity_check(1)").fetchone()
    if state != "ok":
        raise ValueError(f"its file is damaged ({state})")
    for connection in (found, made):
        connection.execute(_TOKENS)
    for name, query in _TABLES:
        if any(one != other for one, other in zip_longest(found.execute(query), made.execute(query))):
            raise ValueError(f"{name} differ")
    if any(one != other for one, other in zip_longest(_texts(found), _texts(made))):
        raise ValueError("the texts of documents differ")
    for one, other in zip(_arrays(found), _arrays(made), strict=True):
        if one != other:
            raise ValueError(f"the array {one[0]!r} differs")


def _texts(connection: sqlite3.Connection) -> Iterator[object]:
    for _, packed in connection.execute(_DOCUMENTS):
        yield schema.unpack(packed)


def _arrays(connection: sqlite3.Connection) -> Iterator[tuple[str, list[int]]]:
    """Yield the arrays by name, each in the order of the IRIs of the documents."""
    order = [number for number, _ in connection.execute(_DOCUMENTS)]
    for name, stored in connection.execute("SELECT name, numbers FROM arrays ORDER BY name"):
        numbers = array("I", stored)
        if byteorder == "big":
            numbers.byteswap()
        yield name, [numbers[number] if number < len(numbers) else 0 for number in order]
