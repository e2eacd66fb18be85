"""What a page is made of, one part at a time: bounds, failures, headers, and text that is no markup."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]
from pyoxigraph import BlankNode, Literal, NamedNode

from endpoint.app import create_site
from endpoint.errors import DeadlineExceeded
from endpoint.formats import HTML, TURTLE
from endpoint.settings import Settings
from endpoint.web.http.site import SITE, Site
from endpoint.web.http.view import View, view_of
from endpoint.web.pages.resource import lookup
from endpoint.web.pages.resource import statements as reading
from endpoint.web.pages.resource.address import of_path
from endpoint.web.pages.resource.labels import Labels, RowShapes, row_shapes
from endpoint.web.pages.resource.lookup import KnownResource, hash_iris, look_up
from endpoint.web.pages.resource.page import ResourcePage
from endpoint.web.pages.resource.page_data import (
    PageData,
    PageParameters,
    ResourceData,
    fitting_queries,
    read_related,
)
from endpoint.web.pages.resource.rendering import BUDGET
from endpoint.web.pages.resource.statements import Statement, Statements, read_statements
from endpoint.web.pages.resource.variants import Addresses, Variant, plain
from endpoint.web.store import OwnQueries, Snapshot, Term
from tests.datasets.odd_resources import BASE, make
from tests.web.in_memory_engine import StoreEngine

T = TypeVar("T")
GRAPH = f"{BASE}things"
THING = f"{BASE}thing/1"
DATA = f"""<{BASE}a> <{BASE}p> <{THING}> . <{BASE}b> <{BASE}p> <{THING}> . <{BASE}c> <{BASE}q> <{THING}> .
<{BASE}d> <{BASE}r> <{THING}> . <{BASE}doc#x> <{BASE}p> 1 . <{BASE}doc#y> <{BASE}p> 2 ."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = make(tmp_path_factory.mktemp("parts") / "dataset")
    return create_site(Settings(dataset=folder, public_url="https://lod.example/at"))


def ask(site: Site, question: Callable[[Snapshot], Awaitable[T]], failure: Exception | None = None) -> T:
    engine = StoreEngine(DATA, GRAPH)
    engine.failure = failure
    site.running = engine

    async def asking() -> T:
        return await question(OwnQueries(site).snapshot(timeout=10))

    return asyncio.run(asking())


def test_what_points_to_a_resource_is_found_beyond_what_is_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = ask(site, lambda snapshot: reading.read_inverse_properties(snapshot, THING))
    assert {(row.property.removeprefix(BASE), row.count, row.more) for row in exact} == {
        ("p", 2, False),
        ("q", 1, False),
        ("r", 1, False),
    }
    monkeypatch.setattr(reading, "COUNTED", 1)
    bounded = ask(site, lambda snapshot: reading.read_inverse_properties(snapshot, THING))
    assert sorted(row.property.removeprefix(BASE) for row in bounded) == ["p", "q", "r"]
    assert all(row.more and row.count <= 2 for row in bounded)


@pytest.mark.parametrize("remembered", [5000, 1])
def test_hash_iris_a_document_are_found_however_many_there_are(
    site: Site, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(lookup, "_HASHES", remembered)
    document, other = f"{BASE}doc", f"{BASE}do"
    found = ask(site, lambda snapshot: hash_iris(snapshot, [document, other, f"{document}#x"]))
    assert found == {document: (f"{document}#x", f"{document}#y")}


def test_what_stands_in_the_default_graph_has_a_page_too(site: Site) -> None:
    lone = f"{BASE}lone"

    async def told(snapshot: Snapshot) -> tuple[KnownResource, Statements, list[reading.InverseProperty]]:
        assert isinstance(site.running, StoreEngine)
        named = f"<{lone}> <{BASE}p> <{THING}> ; <{BASE}name> 'lone'"
        site.running.store.update(f"INSERT DATA {{ {named} . GRAPH <{GRAPH}> {{ <{lone}> <{BASE}p> 1 }} }}")
        found = await look_up(snapshot, of_path("/lone", BASE))
        inverse = await reading.read_inverse_properties(snapshot, THING)
        return found, await read_statements(snapshot, lone), inverse

    found, statements, inverse = ask(site, told)
    assert (found.iri, found.subject) == (lone, True)
    assert sorted((row.property.removeprefix(BASE), *row.graphs) for row in statements.rows) == [
        ("name", ""),
        ("p", ""),
        ("p", GRAPH),
    ]
    assert [(row.count, row.derived) for row in inverse if row.property == f"{BASE}p"] == [(3, False)]


def test_what_is_kept_of_a_generation_is_asked_once(site: Site) -> None:
    async def several(snapshot: Snapshot) -> int:
        await asyncio.gather(*(row_shapes(snapshot) for _ in range(5)))
        assert isinstance(site.running, StoreEngine)
        return len(site.running.asked)

    assert ask(site, several) == 1


def test_a_failure_is_not_an_unknown_resource(site: Site) -> None:
    address = of_path("/thing/404", BASE)
    with pytest.raises(DeadlineExceeded):
        ask(site, lambda snapshot: look_up(snapshot, address), DeadlineExceeded("Too long.", 1))


def test_related_resources_that_take_too_long_leave_the_page(site: Site) -> None:
    about = list(fitting_queries(site, THING, [f"{BASE}ns/Thing"]))
    assert [(row.query.name, row.parameters) for row in about] == [("near", {"thing": THING})]
    assert list(fitting_queries(site, THING, [f"{BASE}ns/Object"])) == []
    found = ask(site, lambda snapshot: read_related(snapshot, about))
    assert found is not None
    assert not found.failed
    late = ask(site, lambda snapshot: read_related(snapshot, about), DeadlineExceeded("Too long.", 1))
    assert late is not None
    assert (late.failed, late.rows) == (True, ())


def view(site: Site, path: str = "/thing/1", query: bytes = b"locale=en") -> View:
    return view_of(
        {
            "type": "http",
            SITE: site,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"host", b"inside:8000")],
        }
    )


def test_headers_name_the_public_address(site: Site) -> None:
    engine = StoreEngine(DATA, GRAPH)
    variant = Variant(Addresses(f"{BASE}thing/한(1)", view(site)), plain(TURTLE), engine.generation, False)
    headers = {name.decode(): value.decode() for name, value in variant.headers()}
    assert headers["content-location"] == "/at/thing/%ED%95%9C(1).ttl"
    assert headers["last-modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert headers["link"].startswith('<https://lod.example/at/thing/%ED%95%9C(1)>; rel="canonical", ')
    assert all(value.isascii() for value in headers.values())
    page = Variant(Addresses(f"{BASE}x#y", view(site)), plain(HTML), engine.generation, False)
    located = dict(page.headers())[b"content-location"].decode()
    assert located == "/at/lod/view.do?uri=http%3A%2F%2Fdata.example.org%2Fid%2Fx%23y&format=html&locale=en"


def test_each_generation_has_its_own_tag(site: Site) -> None:
    generation = StoreEngine(DATA, GRAPH).generation
    places = Addresses(THING, view(site))
    tags = {
        Variant(places, plain(TURTLE), generation, False).tag,
        Variant(places, plain(HTML), generation, False).tag,
        Variant(places, plain(HTML), generation, False, (("page", "2"),)).tag,
        Variant(places, plain(TURTLE), replace(generation, number=8), False).tag,
        Variant(Addresses(f"{THING}0", view(site)), plain(TURTLE), generation, False).tag,
    }
    assert len(tags) == 5


def test_very_long_links_are_left_out(site: Site) -> None:
    generation = StoreEngine(DATA, GRAPH).generation
    variant = Variant(Addresses(BASE + "한" * 200, view(site)), plain(TURTLE), generation, True)
    links = dict(variant.headers())[b"link"]
    assert links.count(b"rel=") == 1
    assert b'rel="canonical"' in links


def rendered(site: Site, statements: list[Statement], heading: str = "") -> html.HtmlElement:
    names = {THING: {"http://www.w3.org/2000/01/rdf-schema#label": {"": heading}}} if heading else {}
    resource = ResourceData(KnownResource(THING), Statements(statements), RowShapes({}), (), (), None)
    data = PageData(resource, (), None, None, {}, Labels(names))
    body = ResourcePage(data, view(site), PageParameters()).render()
    assert len(body) < 150_000
    return html.document_fromstring(body.decode())


# What XML cannot hold, lxml does not read; the page sends it as it is.
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=300)
nasty = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</script><script>alert(1)//",
        "{{ 7 * 7 }}",
        "&lt;b&gt;",
        "javascript:alert(1)",
        "<!--",
        "]]>",
    ]
)
literals = st.one_of(texts, nasty).flatmap(
    lambda text: st.sampled_from(
        [
            Literal(text),
            Literal(text, language="ko"),
            Literal(text, datatype=NamedNode("http://www.w3.org/2001/XMLSchema#anyURI")),
            Literal(text, datatype=NamedNode("javascript:alert(1)")),
        ]
    )
)
iris = st.sampled_from(
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://a.example/'\"".replace('"', "%22"),
        "vbscript:x",
        "urn:x",
        f"{BASE}x'y&z",
    ]
).map(NamedNode)
terms = st.one_of(literals, iris, st.just(BlankNode("b")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(terms, min_size=1, max_size=6), heading=st.one_of(texts, nasty))
def test_nothing_in_the_data_becomes_markup(site: Site, values: list[Term], heading: str) -> None:
    plain_page = rendered(site, [Statement(f"{BASE}ns/note", Literal("plain"), {GRAPH})], "plain")
    page = rendered(site, [Statement(f"{BASE}ns/note", value, {GRAPH}) for value in values], heading)
    for name in ("script", "img", "style", "b", "iframe", "svg", "form"):
        assert len(page.xpath(f"//{name}")) == len(plain_page.xpath(f"//{name}"))
    for attribute in page.xpath("//@*"):
        assert not attribute.attrname.startswith("on")
        if attribute.attrname in ("href", "src"):
            assert re.match(r"/|#|https?://|mailto:", attribute), attribute
    assert " ".join(page.xpath("string(//h1/span)").split()) == " ".join(heading.split())


def test_texts_of_a_page_are_bounded(site: Site) -> None:
    values = [Literal(f"{n} " + "긴 글 " * 3000) for n in range(12)]
    page = rendered(site, [Statement(f"{BASE}ns/note", value, {GRAPH}) for value in values])
    shown = [text.text_content() for text in page.xpath("//details[@class='long']/div")]
    assert len(shown) == len(values)
    assert sum(len(text.encode()) for text in shown) < BUDGET + 10_000
    assert all(len(text) > 100 for text in shown)


def test_no_file_of_the_pages_knows_the_dataset() -> None:
    package = Path(__file__).parents[4] / "endpoint" / "web"
    files = [*(package / "resources").glob("*.py"), *(package / "templates").glob("*.html")]
    assert len(files) > 10
    for file in files:
        assert "opendata" not in file.read_text(), file.name
