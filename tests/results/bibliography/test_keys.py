"""Citation keys: the same in every file, safe in every program."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.results.bibliography.keys import key_of


@pytest.mark.parametrize(
    ("iri", "key"),
    [
        ("http://example.org/mofapub/resource/Publication/14209", "Publication-14209"),
        ("http://example.org/resource/Publication/14209/", "Publication-14209"),
        ("http://example.org/a", "a"),
        ("urn:isbn:9788996", "isbn-9788996"),
    ],
)
def test_plain_addresses(iri: str, key: str) -> None:
    assert key_of(iri).startswith(key)


@pytest.mark.parametrize(
    "iri",
    [
        "http://example.org/",
        "http://example.org/#a",
        "http://example.org/a?id=1",
        "http://example.org/발간물/1",
        "http://example.org/a%20b/1",
        "http://example.org/{}",
        "urn:x",
    ],
)
def test_what_the_path_leaves_out_is_in_a_digest(iri: str) -> None:
    assert re.search(r"-[0-9a-f]{8}$", key_of(iri)) or key_of(iri) == "x"


@given(st.one_of(st.text(), st.text().map("http://example.org/".__add__), st.text().map("http://[".__add__)))
def test_every_key_is_safe(iri: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", key_of(iri))
