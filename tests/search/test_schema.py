"""The file of an index: what it needs to be read, and when another one can go on with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import StoreError
from endpoint.search import Facet, Field, SearchConfiguration, schema

CONFIGURATION = SearchConfiguration(
    fields=(Field("title", ("http://example.org/t",), 10, labels={"en": "Title"}), Field("order", ())),
    facets=(Facet("year", ()),),
    snippet="order",
)


def finished(folder: Path) -> Path:
    connection = schema.create(folder / schema.FILE, CONFIGURATION)
    connection.commit()
    connection.close()
    return folder


def test_a_finished_index_is_read_without_leaving_a_trace(tmp_path: Path) -> None:
    connection = schema.open_for_reading(finished(tmp_path))
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names >= {"meta", "document", "word", "spelling", "arrays", "inverted"}
    assert [file.name for file in tmp_path.iterdir()] == [schema.FILE]


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    connection = schema.open_for_writing(finished(tmp_path) / schema.FILE)
    connection.execute(f"PRAGMA user_version = {schema.FORMAT + 1}")
    connection.close()
    with pytest.raises(StoreError, match=f"has format {schema.FORMAT + 1}, not {schema.FORMAT}"):
        schema.open_for_reading(tmp_path)


def test_a_folder_without_an_index_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no text index"):
        schema.open_for_reading(tmp_path)
    (tmp_path / schema.FILE).write_bytes(b"no database at all, however long it may be" * 100)
    with pytest.raises(StoreError, match="is damaged"):
        schema.open_for_reading(tmp_path)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (replace(CONFIGURATION, facets=()), True),
        (
            replace(
                CONFIGURATION, fields=(replace(CONFIGURATION.fields[0], weight=2), CONFIGURATION.fields[1])
            ),
            True,
        ),
        (replace(CONFIGURATION, snippet="title"), False),
        (replace(CONFIGURATION, fields=CONFIGURATION.fields[:1]), False),
    ],
)
def test_what_decides_the_tokens_is_in_the_fingerprint(changed: SearchConfiguration, same: bool) -> None:
    assert (schema.fingerprint(changed) == schema.fingerprint(CONFIGURATION)) is same


def test_what_a_search_needs_is_kept() -> None:
    assert schema.meta(CONFIGURATION) == {
        "fields": {"title": 10, "order": 1.0},
        "labels": {"title": {"en": "Title"}, "order": {}},
        "facets": ["year"],
        "snippet": "order",
    }


@given(st.dictionaries(st.text(), st.lists(st.text())))
def test_texts_are_kept_as_they_are(fields: dict[str, list[str]]) -> None:
    assert schema.unpack(schema.pack(fields)) == fields
