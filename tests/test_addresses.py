"""From a resource's IRI to its address on this server."""

from __future__ import annotations

import pytest

from endpoint.addresses import path_of

BASE = "http://example.org/"
VIEW = "/lod/view.do?uri="


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        ("http://example.org/mofapub/resource/Publication/14209", "/mofapub/resource/Publication/14209"),
        ("http://example.org/ns/", "/ns/"),
        ("http://example.org/Series/IFANS%20Focus", "/Series/IFANS%20Focus"),
        (
            "http://example.org/Series/정책연구(시리즈)",
            "/Series/%EC%A0%95%EC%B1%85%EC%97%B0%EA%B5%AC(%EC%8B%9C%EB%A6%AC%EC%A6%88)",
        ),
        ("http://example.org/100%", "/100%25"),
        ("http://example.org/a&b=c;d,e", "/a&b=c;d,e"),
        ("http://example.org/a?b=1&c", VIEW + "http%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c"),
        ("http://example.org/a#b", VIEW + "http%3A%2F%2Fexample.org%2Fa%23b"),
        ("http://example.org/a/../b", VIEW + "http%3A%2F%2Fexample.org%2Fa%2F..%2Fb"),
        ("http://example.org/", VIEW + "http%3A%2F%2Fexample.org%2F"),
        ("http://example.org//other.example/a", VIEW + "http%3A%2F%2Fexample.org%2F%2Fother.example%2Fa"),
        ("http://other.example/한", VIEW + "http%3A%2F%2Fother.example%2F%ED%95%9C"),
    ],
)
def test_the_address_of_a_resource(iri: str, path: str) -> None:
    assert path_of(iri, BASE) == path
