"""Rendering of terms: links, prefixed names, texts in the reader's language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.web.pages.resource.rendering import is_followed, outside_of, prefixed

FOLLOWED = [
    ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
    ("HTTP://example.org/", "HTTP://example.org/"),
    ("http://example.org/한국", "http://example.org/한국"),
    ("mailto:a@example.org", "mailto:a@example.org"),
    ("doi:10.1000/182", "https://doi.org/10.1000/182"),
    ("urn:isbn:1", ""),
]


@pytest.mark.parametrize(("address", "href"), FOLLOWED)
def test_addresses_of_safe_schemes_are_followed(address: str, href: str) -> None:
    assert is_followed(address)
    assert outside_of(address) == href


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://example.org/1",
        "https:",
        "https:/example.org",
        "http://a\nb",
        "http://a\u0000b",
        "http://a\u2028b",
        "https://a b",
        "//example.org/",
        "",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_followed(address)
    assert outside_of(address) == ""


@given(st.text(), st.sampled_from(["javascript:", "data:", "vbscript:", "\x00https:", "http:\x7f//", ""]))
def test_nothing_that_a_browser_would_run_is_followed(text: str, start: str) -> None:
    href = outside_of(start + text)
    assert href == "" or re.match(r"(?i)(https?://|mailto:)", href)
    # A browser takes white space and control characters out of an address before it reads the scheme.
    assert not re.search(r"[\x00-\x20\x7f]", href)


NAMES = [
    ("http://e/ns/name", "ex:name"),
    ("http://e/ns/sub/name", "sub:name"),
    ("http://e/ns/a.b-c", "ex:a.b-c"),
    ("http://e/ns/ends.", "http://e/ns/ends."),
    ("http://e/ns/", "http://e/ns/"),
    ("http://e/ns/a/b", "http://e/ns/a/b"),
    ("http://e/ns/이름", "ex:이름"),
    ("http://other/x", "http://other/x"),
]


@pytest.mark.parametrize(("iri", "shown"), NAMES)
def test_prefixed_names(iri: str, shown: str) -> None:
    assert prefixed(iri, {"ex": "http://e/ns/", "sub": "http://e/ns/sub/", "": ""}) == shown
