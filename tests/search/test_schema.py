"""The file of an index: what it needs to be read, and when another one can go on with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import StoreError
from endpoint.search import FORMAT, Facet, Field, SearchConfiguration, schema

CONFIGURATION = SearchConfiguration(
    fields=(Field("title", ("http://example.org/t",), 10, labels={"en": "Title"}), Field("order", ())),
    facets=(Facet("year", ()),),
    snippet="order",
)


def test_a_finished_database_is_read_without_leaving_a_trace(tmp_path: Path) -> None:
    schema.create(tmp_path / schema.FILE).close()
    connection = schema.open_for_reading(tmp_path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names >= {"document", "word", "spelling", "arrays"}
    assert [file.name for file in tmp_path.iterdir()] == [schema.FILE]


def test_the_description(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no text index"):
        schema.read_description(tmp_path)
    schema.describe(tmp_path, CONFIGURATION, ["1", "4"])
    described = schema.read_description(tmp_path)
    assert described["segments"] == ["1", "4"]
    assert described["fingerprint"] == schema.fingerprint(CONFIGURATION)
    assert described["meta"] == schema.meta(CONFIGURATION)
    assert [file.name for file in tmp_path.iterdir()] == [schema.DESCRIPTION]


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / schema.DESCRIPTION).write_text(f'{{"format": {FORMAT + 1}}}')
    with pytest.raises(StoreError, match=f"has format {FORMAT + 1}, not {FORMAT}"):
        schema.read_description(tmp_path)


def test_a_segment_without_a_database_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is damaged"):
        schema.open_for_reading(tmp_path)
    (tmp_path / schema.FILE).write_bytes(b"no database at all, however long it may be" * 100)
    with pytest.raises(StoreError, match="is damaged"):
        schema.open_for_reading(tmp_path)


def test_what_is_gone(tmp_path: Path) -> None:
    schema.write_gone(tmp_path, "1", np.array([7, 3]))
    schema.write_gone(tmp_path, "2", np.empty(0, np.int64))
    assert schema.read_gone(tmp_path, "1").tolist() == [3, 7]
    assert schema.read_gone(tmp_path, "2").tolist() == []
    assert [file.name for file in tmp_path.iterdir()] == ["1.gone.npy"]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (replace(CONFIGURATION, facets=()), False),
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
    assert schema.unpack(schema.pack(json.dumps(fields).encode())) == fields
