"""Resources that a request means: addresses in every form, parts, known or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from endpoint.dataset import resource_path
from endpoint.errors import BadParameter, DeadlineExceeded, NotFound
from endpoint.web import Site
from endpoint.web.pages.resource import lookup
from endpoint.web.pages.resource.lookup import EXTENSIONS, hash_iris, look_up, of_parameter, of_path
from tests.datasets import odd_resources
from tests.web.pages.resource.snapshots import read


@pytest.mark.parametrize("remembered", [5000, 1])
def test_parts_of_a_document_are_found_however_many_there_are(
    site: Site, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(lookup, "_HASHES", remembered)
    document, other = f"{odd_resources.BASE}doc", f"{odd_resources.BASE}do"
    found = read(site, lambda snapshot: hash_iris(snapshot, [document, other, f"{document}#x"]))
    assert found == {document: (f"{document}#x", f"{document}#y")}


def test_a_failure_is_not_an_unknown_resource(site: Site) -> None:
    address = of_path("/thing/404", odd_resources.BASE)
    with pytest.raises(DeadlineExceeded):
        read(site, lambda snapshot: look_up(snapshot, address), DeadlineExceeded("Too long.", 1))


BASE = "http://example.org/"

# A path as it was sent, and an IRI that must be among those it may mean.
MEANT = [
    ("/a/b", "http://example.org/a/b", ""),
    ("/a/%ED%95%9C", "http://example.org/a/한", ""),
    ("/a/%ED%95%9C", "http://example.org/a/%ED%95%9C", ""),
    ("/a/%ED%95%9C", "http://example.org/a/%ed%95%9c", ""),
    ("/a/%ed%95%9c", "http://example.org/a/%ED%95%9C", ""),
    ("/a/한", "http://example.org/a/한", ""),
    ("/a/한", "http://example.org/a/%ED%95%9C", ""),
    ("/a/x(1)", "http://example.org/a/x%281%29", ""),
    ("/a/x%281%29", "http://example.org/a/x(1)", ""),
    ("/a/100%25", "http://example.org/a/100%25", ""),
    ("/a/x%2Fy", "http://example.org/a/x%2Fy", ""),
    ("/a/%C2%A1%80", "http://example.org/a/¡%80", ""),
    ("/a/%c2%a1%fa", "http://example.org/a/¡%fa", ""),
    ("/a/b.ttl", "http://example.org/a/b.ttl", ""),
    ("/a/b.ttl", "http://example.org/a/b", "ttl"),
    ("/a/b.TTL", "http://example.org/a/b", "ttl"),
    ("/a/b.json.data", "http://example.org/a/b", "json.data"),
    ("/a/b.csl.json", "http://example.org/a/b", "csl.json"),
    ("/a/b.c", "http://example.org/a/b.c", ""),
    ("/a/%ED%95%9C.html", "http://example.org/a/한", "html"),
]


@pytest.mark.parametrize(("path", "iri", "extension"), MEANT)
def test_a_path_means_every_form_of_its_iri(path: str, iri: str, extension: str) -> None:
    assert (iri, extension) in of_path(path, BASE).candidates


def test_what_was_sent_counts_first_and_whole_names_before_extensions() -> None:
    address = of_path("/a/%ED%95%9C.ttl", BASE)
    assert address.candidates[0] == ("http://example.org/a/%ED%95%9C.ttl", "")
    extensions = [row.extension for row in address.candidates]
    assert extensions == sorted(extensions)
    assert len(address.candidates) == len(set(address.candidates))


@pytest.mark.parametrize("path", ["/", "", "/-/x", "/api/x", "/.well-known/x", "/" + "a" * 5000])
def test_what_cannot_be_a_resource_is_refused_without_a_query(path: str) -> None:
    with pytest.raises(NotFound):
        of_path(path, BASE)


@pytest.mark.parametrize("path", ["/a%20b", "/a%zz", "/%3Ca%3E", "/a%ff", "/a%00b"])
def test_only_what_can_be_an_iri_is_looked_for(path: str) -> None:
    assert all(NamedNode(row.iri).value == row.iri for row in of_path(path, BASE).candidates)


def test_a_slash_before_an_extension_is_no_resource() -> None:
    assert {row.extension for row in of_path("/a/.ttl", BASE).candidates} == {""}


segments = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co"]), min_size=1
)


@given(segments)
def test_the_path_of_every_iri_means_that_iri(name: str) -> None:
    iri = BASE + name
    try:
        NamedNode(iri)
    except ValueError:
        return
    path = resource_path(iri, BASE)
    # Of characters some as they are and some encoded there are too many forms: such an IRI is named by uri=.
    mixed = not name.isascii() and "%" in name
    if mixed or "?" in path or name.startswith(("-", "api", ".", "browse")):
        return
    if len(path) < 4000:
        assert iri in [row.iri for row in of_path(path, BASE).candidates]


def test_a_parameter_names_any_iri() -> None:
    prefixes = {"ex": "http://example.org/ns#"}
    found = of_parameter([("x", "1"), ("uri", " http://other.example/a#b ")], prefixes, True)
    assert (found.wanted, found.people) == ("http://other.example/a#b", True)
    assert of_parameter([("iri", "<http://a.example/>")], prefixes, False).wanted == "http://a.example/"
    assert of_parameter([("iri", "ex:name")], prefixes, False).wanted == "http://example.org/ns#name"
    encoded = of_parameter([("uri", "http://a.example/%ED%95%9C?q=1#x")], prefixes, True)
    assert "http://a.example/한?q=1#x" in [row.iri for row in encoded.candidates]


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([], "is missing"),
        ([("uri", " ")], "is missing"),
        ([("uri", "no iri")], "not an absolute IRI"),
        ([("uri", "a/b")], "not an absolute IRI"),
        ([("iri", "http://a.example/<b>")], "not an absolute IRI"),
        ([("uri", "urn:a"), ("iri", "urn:b")], "more than once"),
    ],
)
def test_a_parameter_that_is_no_iri_is_refused(pairs: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(BadParameter, match=told):
        of_parameter(pairs, {}, False)


def test_every_format_has_an_extension() -> None:
    names = {row.format.name for row in EXTENSIONS.values()}
    assert {"turtle", "n-triples", "json-ld", "rdf-xml", "trig", "n-quads", "html", "bibtex", "ris"} <= names
