"""Headers and entity tags of the representations of a resource."""

from __future__ import annotations

from dataclasses import replace
from email.utils import format_datetime

from endpoint.formats import HTML, TURTLE, Format, Representation
from endpoint.storage.generations import Generation
from endpoint.web import Site
from endpoint.web.pages.resource.representation import Addresses, SelectedRepresentation
from tests.datasets.odd_resources import BASE
from tests.web.in_memory_engine import StoreEngine
from tests.web.pages.resource.snapshots import DATA, GRAPH, THING, view

GENERATION = StoreEngine(DATA, GRAPH).generation


def selected(
    site: Site,
    fmt: Format,
    iri: str = THING,
    generation: Generation = GENERATION,
    cited: bool = False,
    shown: tuple[tuple[str, str], ...] = (),
) -> SelectedRepresentation:
    addresses = Addresses(iri, view(site))
    return SelectedRepresentation(addresses, Representation.of(fmt), generation, cited, shown)


def test_headers_name_the_public_address(site: Site) -> None:
    turtle = selected(site, TURTLE, f"{BASE}thing/한(1)")
    headers = {name.decode(): value.decode() for name, value in turtle.headers}
    assert headers["content-location"] == "/at/thing/%ED%95%9C(1).ttl"
    assert format_datetime(turtle.modified, usegmt=True) == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert headers["link"].startswith('<https://lod.example/at/thing/%ED%95%9C(1)>; rel="canonical", ')
    assert all(value.isascii() for value in headers.values())
    page = selected(site, HTML, f"{BASE}x#y")
    located = dict(page.headers)[b"content-location"].decode()
    assert located == "/at/lod/view.do?uri=http%3A%2F%2Fdata.example.org%2Fid%2Fx%23y&format=html&locale=en"


def test_each_generation_has_its_own_tag(site: Site) -> None:
    tags = {
        selected(site, TURTLE).tag,
        selected(site, HTML).tag,
        selected(site, HTML, shown=(("page", "2"),)).tag,
        selected(site, TURTLE, generation=replace(GENERATION, number=8)).tag,
        selected(site, TURTLE, f"{THING}0").tag,
    }
    assert len(tags) == 5


def test_very_long_links_are_left_out(site: Site) -> None:
    links = dict(selected(site, TURTLE, BASE + "한" * 200, cited=True).headers)[b"link"]
    assert links.count(b"rel=") == 1
    assert b'rel="canonical"' in links
