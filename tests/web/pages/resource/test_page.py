"""Pages and RDF of odd things: IRIs in every form, hash IRIs, blank nodes, lists, markup, many links."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]
from pyoxigraph import BlankNode, Literal, NamedNode
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from endpoint.web import Site
from endpoint.web.own_queries import Term
from endpoint.web.pages.resource.labels import Labels
from endpoint.web.pages.resource.lookup import KnownResource
from endpoint.web.pages.resource.page import ResourcePage
from endpoint.web.pages.resource.page_data import (
    PageData,
    PageParameters,
    ResourceData,
)
from endpoint.web.pages.resource.rendering import BUDGET
from endpoint.web.pages.resource.statements import Statement, Statements
from endpoint.web.pages.resource.terms import RowShapes
from tests.datasets.odd_resources import BASE, LONG, POINTING, make
from tests.live import Server, serving
from tests.properties import examples
from tests.web.pages.resource.snapshots import GRAPH, THING, view

BROWSER = "text/html,*/*;q=0.8"
# At the own path of a resource a client that wants no kind gets the page.
TURTLE = "text/turtle"
LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")


@pytest.fixture(scope="module", params=["union", "strict"])
def things(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose own address is not that of its resources."""
    folder = tmp_path_factory.mktemp("things")
    flags = ("--dataset", str(make(folder / "dataset")), "--default-graph", request.param)
    with serving(folder / "data", *flags) as running:
        yield running


def page(server: Server, path: str, **headers: str) -> html.HtmlElement:
    answer = server.get(path, BROWSER, Accept_Language="en", **headers)
    assert answer.status == 200, answer.text
    return html.document_fromstring(answer.text)


IRIS = [
    ("/thing/%ED%95%9C%EA%B5%AD", "raw"),
    ("/thing/%ed%95%9c%ea%b5%ad", "raw"),
    ("/thing/%EC%9D%BC%EB%B3%B8", "encoded"),
    ("/thing/%ec%9d%bc%eb%b3%b8", "encoded"),
    ("/thing/%ec%86%8c", "encoded in lower case"),
    ("/thing/%EC%86%8C", "encoded in lower case"),
    ("/thing/a(b)", "parentheses"),
    ("/thing/a%28b%29", "parentheses"),
    ("/thing/a(c)", "encoded parentheses"),
    ("/thing/a%28c%29", "encoded parentheses"),
    ("/thing/%ED%95%9C(%EA%B5%AD)", "both"),
    ("/thing/%ED%95%9C%28%EA%B5%AD%29.ttl", "both"),
    ("/thing/50%25", "percent"),
    ("/thing/a%2fb", "slash in lower case"),
    ("/thing/a%2Fb", "slash in lower case"),
    ("/thing/a'b&c=d+e", "signs"),
    ("/thing/a%27b%26c%3Dd%2Be", "signs"),
    ("/thing/dotted.v1.2", "dotted"),
    ("/thing/dotted.v1.2.nt", "dotted"),
    ("/thing/list.ttl", "named like a file"),
    ("/thing/list.ttl.ttl", "named like a file"),
    ("/thing/list", "list itself"),
    ("/thing/list.nt", "list itself"),
    (f"/lod/view.do?format=ttl&uri={quote(BASE + 'thing/q?x=1', safe='')}", "query"),
    (f"/resource?iri={quote(BASE + 'thing/한국', safe='')}", "raw"),
    ("/resource?iri=http://elsewhere.example/x", "foreign"),
    (f"/resource?iri={quote(BASE + 'doc#one', safe='')}", "part one"),
]


@pytest.mark.parametrize(("path", "label"), IRIS)
def test_an_iri_is_found_in_every_form(things: Server, path: str, label: str) -> None:
    answer = things.get(path, TURTLE)
    assert answer.status == 200
    syntax = "nt" if answer.type == "application/n-triples" else "turtle"
    graph = Graph().parse(data=answer.body, format=syntax)
    assert [str(text) for text in graph.objects(None, LABEL)] == [label]
    # Every address that the answer names leads to the same resource.
    canonical = re.search(r'<http://[^/]+(/[^>]*)>; rel="canonical"', answer.headers["link"])
    assert canonical is not None
    again = Graph().parse(data=things.get(canonical[1], TURTLE).body, format="turtle")
    assert isomorphic(again, graph)
    location = answer.headers["content-location"]
    assert isomorphic(Graph().parse(data=things.get(location, TURTLE).body, format=syntax), graph)


def test_a_document_is_described_with_its_parts(things: Server) -> None:
    for path, parts in (("/doc", {"part one", "part two"}), ("/page", {"page", "its part"})):
        graph = Graph().parse(data=things.get(path, TURTLE).body, format="turtle")
        assert {str(text) for text in graph.objects(None, LABEL)} == parts
    assert [link.text_content() for link in page(things, "/doc").xpath("//ul[@class='columns']//a")] == [
        "part one",
        "part two",
    ]


def test_what_is_only_mentioned_is_told_by_what_mentions_it(things: Server) -> None:
    answer = things.get("/value/7", TURTLE)
    graph = Graph().parse(data=answer.body, format="turtle")
    assert [str(row[0]) for row in graph] == [f"{BASE}thing/many"]
    foreign = things.get("/lod/view.do?uri=http://elsewhere.example/unknown&format=nt")
    assert foreign.text.count("\n") == 1
    assert "others mention it" in page(things, "/value/7").text_content()


def test_blank_nodes_are_nested_and_lists_in_order(things: Server) -> None:
    tree = page(things, "/thing/1")
    node = tree.xpath("//tr[th/a='ex:part']/td//dl[@class='node']")[0]
    assert "inner" in node.xpath("string(.)")
    assert node.xpath(".//dl[@class='node']//span[@class='typed']")[0].text_content() == '"9"^^xsd:integer'
    members = tree.xpath("//tr[th/a='ex:members']/td//ol/li")
    assert [" ".join(member.text_content().split()) for member in members] == [
        "first",
        "second",
        f"Two {BASE}thing/2",
    ]


def test_only_safe_addresses_are_links(things: Server) -> None:
    tree = page(things, "/thing/1")
    for href in tree.xpath("//@href | //@src"):
        assert not re.match(r"\s*(javascript|data|vbscript):", href, re.IGNORECASE)
        assert "javascript" not in href
    values = tree.xpath("//tr[th/a='ex:link']/td//li")
    shown = {
        value.xpath("string(.//*[contains(@class, 'iri')])"): len(value.xpath(".//a")) for value in values
    }
    assert shown["javascript:alert(2)"] == 0
    assert shown["data:text/html,hi"] == 0
    assert shown["mailto:a@example.org"] == 2
    assert shown["urn:isbn:1"] == 1
    assert tree.xpath("//a[@class='button']/@href") == ["https://example.org/?a=1&b=2"]


def test_text_is_text(things: Server) -> None:
    tree = page(things, "/thing/1")
    assert (
        tree.xpath("//tr[th/a='ex:note']//*[@class='text']")[0].text_content() == "<script>alert(1)</script>"
    )
    assert not tree.xpath("//b")
    assert not tree.xpath("//script[not(@src) and not(contains(@type, 'json'))]")
    badges = tree.xpath("//tr[th/a='rdfs:label']//span[@class='badge']/text()")
    assert badges == ["en", "de", "ko"]
    assert tree.xpath("string(//h1/span)") == "One"
    assert things.get("/thing/1?locale=ko", BROWSER).text.count("<h1><span>하나</span>") == 1


def test_rows_stand_as_the_shapes_of_the_class_say(things: Server) -> None:
    names = page(things, "/thing/1").xpath("//table//th/a[@class='property']/text()")
    assert names == ["ex:size", "rdfs:label", *sorted(set(names) - {"ex:size", "rdfs:label"})]
    row = page(things, "/thing/1").xpath("//tr[th/a='ex:size']/th")[0]
    assert row.xpath("string(span[@class='name'])") == "how large"
    assert row.xpath("string(details/p)") == "How large it is."


def test_what_points_to_a_resource_is_counted_and_paged(things: Server) -> None:
    tree = page(things, "/thing/1")
    (row,) = [row for row in tree.xpath("//details[@class='inverse']") if "ex:near" in row.text_content()]
    assert row.xpath("string(summary/span[@class='count'])") == str(POINTING)
    seen: list[str] = []
    href = row.xpath(".//a/@href")[0]
    while href:
        listed = page(things, href.partition("#")[0])
        seen += listed.xpath("//div[@id='listing']/ul//a/@href")
        href = next(iter(listed.xpath("//a[contains(@rel,'next')]/@href")), "")
    assert seen == [f"/item/{n:03d}" for n in range(POINTING)]


def test_many_values_are_counted_and_paged(things: Server) -> None:
    answer = things.get("/thing/many", BROWSER, Accept_Language="en")
    assert len(answer.body) < 150_000
    tree = html.document_fromstring(answer.text)
    row = tree.xpath("//tr[th/a='ex:value']/td")[0]
    assert len(row.xpath("ul/li")) == 50
    assert "1,200" in row.xpath("string(p/a)")
    seen: list[str] = []
    href = row.xpath("p/a/@href")[0]
    while href:
        listed = page(things, href.partition("#")[0])
        seen += listed.xpath("//div[@id='listing']/ul//a/@href")
        href = next(iter(listed.xpath("//a[contains(@rel,'next')]/@href")), "")
    assert sorted(seen) == sorted(f"/value/{n}" for n in range(1200))


def test_a_long_text_is_folded_and_cut_until_it_is_asked_for_whole(things: Server) -> None:
    answer = things.get("/thing/long", BROWSER)
    assert len(answer.body) < 150_000
    tree = html.document_fromstring(answer.text)
    text = tree.xpath("//details[@class='long']/div[@class='text']")[0].text_content()
    assert LONG.startswith(text)
    assert 10_000 < len(text) < len(LONG)
    whole = tree.xpath("//details[@class='long']/p/a/@href")[0]
    shown = page(things, whole).xpath("//details[@class='long']/div[@class='text']")
    assert shown[0].text_content() == LONG


def test_saved_queries_that_take_the_resource_are_offered(things: Server) -> None:
    tree = page(things, "/thing/1")
    related = tree.xpath("//section[@aria-labelledby='related']//li/a")
    assert [(link.text_content(), link.get("href")) for link in related] == [("Two", "/thing/2")]
    call = tree.xpath("//section[@aria-labelledby='calls']//a/@href")[0]
    assert call == f"/api/near?thing={quote(BASE + 'thing/1', safe='')}"
    assert not page(things, "/thing/list").xpath("//section[@aria-labelledby='calls']")


def test_addresses_are_those_that_clients_reach(things: Server) -> None:
    tree = page(things, "/thing/1", Host="lod.example")
    assert tree.xpath("//link[@rel='canonical']/@href") == ["http://lod.example/thing/1"]
    for href in tree.xpath("//main//a/@href"):
        outside = ("https://", "http://elsewhere.example/", "http://www.w3.org/", "mailto:")
        assert href.startswith(("/", "http://lod.example/", *outside))
    assert tree.xpath("//h1//a/text()") == [f"{BASE}thing/1"]


def test_links_to_the_web_outside_are_told_apart(things: Server) -> None:
    names = page(things, "/thing/1").xpath("//a[@class='outside']/@aria-label")
    assert "foreign, elsewhere on the web" in names
    assert len(set(names)) == len(names) > 2


def test_a_class_an_ontology_and_a_graph_have_pages(things: Server) -> None:
    facts = page(things, "/ns/Thing").xpath("string(//dl[@class='place'])")
    assert "ex:Object" in facts
    assert "ex:size" in facts
    terms = page(things, "/ns/").xpath("//dl[@class='terms']//dt/a/text()")
    assert terms == ["Object", "Thing", "size"]
    assert "A named graph" in page(things, "/things").text_content()
    graph = Graph().parse(data=things.get("/ns/", TURTLE).body, format="turtle")
    assert (URIRef(f"{BASE}ns/size"), None, None) in graph


def rendered(site: Site, statements: list[Statement], heading: str = "") -> html.HtmlElement:
    names = {THING: {"http://www.w3.org/2000/01/rdf-schema#label": {"": heading}}} if heading else {}
    resource = ResourceData(KnownResource(THING), Statements(statements), RowShapes({}), (), (), None)
    data = PageData(resource, (), None, None, {}, Labels(names))
    body = asyncio.run(ResourcePage(data, view(site), PageParameters()).render())
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


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    files = [*(package / "pages" / "resource").glob("*.py"), *(package / "templates").glob("*.html")]
    assert len(files) > 10
    for file in files:
        assert "opendata" not in file.read_text(), file.name
