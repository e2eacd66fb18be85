"""The verification of an index finds whatever is different from one that is built anew."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from endpoint.errors import StoreError
from endpoint.search import Document, schema
from endpoint.search.build import build_index
from endpoint.search.verify import verify_index
from tests.search.indexed_publications import CONFIGURATION, LIBRARY, document


def verify(folder: Path, documents: list[Document] | None = None) -> int:
    wanted = LIBRARY if documents is None else documents
    scratch = folder.with_name(f"scratch-{len(list(folder.parent.iterdir()))}")
    return verify_index(wanted, folder, CONFIGURATION, scratch, {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_index(LIBRARY, tmp_path / "text", CONFIGURATION)
    return tmp_path / "text"


def test_an_index_is_that_of_its_documents_however_it_was_built(folder: Path) -> None:
    assert verify(folder) == len(LIBRARY)
    changed = [document("new", "새로운 한국 전망", "핵을 수출하였다"), *LIBRARY[2:]]
    on = folder.with_name("on")
    build_index(changed, on, CONFIGURATION, previous=folder)
    assert verify(on, changed) == len(changed)
    build_index([], folder.with_name("nothing"), CONFIGURATION)
    assert verify(folder.with_name("nothing"), []) == 0


@pytest.mark.parametrize(
    "documents",
    [
        LIBRARY[1:],
        [*LIBRARY, document("new", "새로운 외교")],
        [replace(LIBRARY[0], facets={"year": ("1800",)}), *LIBRARY[1:]],
        [replace(LIBRARY[0], date="18000101"), *LIBRARY[1:]],
        [replace(LIBRARY[0], fields={"title": ("다른 제목",)}), *LIBRARY[1:]],
    ],
    ids=["one too many", "one missing", "a facet", "a date", "a title"],
)
def test_an_index_of_other_documents_is_found_out(folder: Path, documents: list[Document]) -> None:
    with pytest.raises(ValueError, match="the fields of documents differ"):
        verify(folder, documents)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("UPDATE word SET documents = documents + 1 WHERE id = 1", "the words for suggestions differ"),
        ("DELETE FROM arrays WHERE name = 'title'", "the names of arrays differ"),
        ("UPDATE arrays SET numbers = zeroblob(length(numbers)) WHERE name = 'title'", "the array 'title'"),
        ("UPDATE arrays SET texts = '[]' WHERE name = 'facet year'", "the array 'facet year'"),
    ],
)
def test_each_table_of_a_segment_is_compared(folder: Path, damage: str, sentence: str) -> None:
    with sqlite3.connect(folder / "1" / schema.FILE) as connection:
        connection.execute(damage)
    connection.close()
    with pytest.raises(ValueError, match=sentence):
        verify(folder)


@pytest.mark.parametrize("name", ["slots", "counts", "positions"])
def test_each_array_of_the_inverted_index_is_compared(folder: Path, name: str) -> None:
    path = folder / "1" / f"{name}.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises((ValueError, StoreError), match=r"the tokens of documents differ|is damaged"):
        verify(folder)


def test_what_is_gone_is_compared(folder: Path) -> None:
    schema.write_gone(folder, "1", np.array([1]))
    with pytest.raises(ValueError, match="the fields of documents differ"):
        verify(folder)


def test_texts_that_are_shown_are_compared(folder: Path) -> None:
    with sqlite3.connect(folder / "1" / schema.FILE) as connection:
        connection.execute("UPDATE document SET fields = ? WHERE id = 1", (schema.pack(b'{"title": ["x"]}'),))
    connection.close()
    with pytest.raises(ValueError, match="the texts of documents differ"):
        verify(folder)


def test_a_file_that_is_damaged_is_found_out(folder: Path) -> None:
    path = folder / "1" / schema.FILE
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(len(content) - 8192))
    with pytest.raises((ValueError, StoreError), match="damaged"):
        verify(folder)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises((ValueError, StoreError), match="damaged"):
        verify(folder)
    path.unlink()
    with pytest.raises(StoreError, match="damaged"):
        verify(folder)
    (folder / schema.DESCRIPTION).unlink()
    with pytest.raises(StoreError, match="There is no text index"):
        verify(folder)
