"""Representations: over the wire and back, and their differences."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from endpoint.formats import CSV, FLAT_JSON, HTML, JSON_LD, Links, Page, Representation

SHAPED = [
    Representation.of(CSV),
    Representation.of(FLAT_JSON, Page(10), language_tags=True),
    replace(Representation.of(FLAT_JSON, Page(10, 20, "abc", 1.5)), envelope=True),
    replace(Representation.of(FLAT_JSON), prototype={"id": "?id", "names": ["?name"]}),
    replace(Representation.of(HTML), links=Links("http://e/", "/mount", "ko")),
    replace(Representation.of(HTML), links=Links("http://e/", "/mount", "en")),
    replace(Representation.of(JSON_LD), frame={"@context": {"@vocab": "http://e/"}}),
    replace(Representation.of(JSON_LD), frame={}),
    Representation.of(JSON_LD),
]


@pytest.mark.parametrize("representation", SHAPED, ids=lambda row: row.format.name)
def test_a_worker_gets_what_was_sent(representation: Representation) -> None:
    assert Representation.decode(json.loads(json.dumps(representation.encode()))) == representation


def test_digests_differ_where_bytes_or_media_types_do() -> None:
    renamed = Representation(JSON_LD, "application/json")
    assert len({row.digest for row in [*SHAPED, renamed]}) == len(SHAPED) + 1
    assert replace(SHAPED[1]).digest == SHAPED[1].digest


def test_what_is_not_there_is_not_sent() -> None:
    assert Representation.of(CSV).encode() == {"format": "csv"}
