"""Resources over HTTP: pages row by row, representations with their headers and tags, refusals."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path

import pytest
from lxml import html  # type: ignore[import-untyped]
from pyoxigraph import RdfFormat, parse, serialize
from rdflib import Graph
from rdflib.compare import isomorphic

from endpoint.formats import HTML, TURTLE, Format, Representation
from endpoint.storage.generations import Generation
from endpoint.web import Site
from endpoint.web.pages.resource.handlers import SelectedRepresentation
from endpoint.web.pages.resource.rendering import Addresses
from tests.datasets.odd_resources import BASE
from tests.live import Answer, Server
from tests.web.in_memory_engine import StoreEngine
from tests.web.pages.resource.snapshots import DATA, GRAPH, THING, view

RECORD = "/mofapub/resource/Publication/14209"
IRI = f"http://opendata.mofa.go.kr{RECORD}"
SEED = Path(__file__).parents[3] / "data" / "publication-14209.txt"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def page(server: Server, path: str = RECORD, locale: str = "en") -> html.HtmlElement:
    answer = server.get(f"{path}{'&' if '?' in path else '?'}locale={locale}", BROWSER)
    assert answer.status == 200, answer.text
    return html.document_fromstring(answer.text)


def plain(text: str) -> str:
    return " ".join(text.split())


def seed_rows() -> list[tuple[str, list[str]]]:
    """The rows of the seed page: the name of the property, its values as they stand there."""
    rows: list[tuple[str, list[str]]] = []
    for line in SEED.read_text(encoding="utf-8").split("Property Value\n")[1].split("\n"):
        if re.fullmatch(r"[a-z]+:\w+", line):
            rows.append((line, []))
        elif line.startswith("  • "):
            rows[-1][1].append(line.removeprefix("  • "))
        elif line.startswith("    ") and rows and rows[-1][1]:
            rows[-1][1][-1] += "\n" + line[4:]
        elif line.strip() and rows:
            break
    return rows


def table_rows(tree: html.HtmlElement) -> list[tuple[str, list[str]]]:
    """The rows of the first table of statements on our page."""
    found = []
    for row in tree.xpath("(//table[contains(@class, 'statements')])[1]/tbody/tr"):
        values = []
        for item in row.xpath("td/ul/li"):
            inside = item.xpath(".//*[@class='text' or @class='typed']")
            values.append(inside[0].text_content() if inside else item.text_content().strip())
        found.append((row.xpath("th/a[@class='property']")[0].text_content(), values))
    return found


def test_the_seed_page_row_by_row(server: Server) -> None:
    wanted = seed_rows()
    assert len(wanted) == 19
    shown = table_rows(page(server))
    # The links of rows without a value were lost with the text; only the class is known from elsewhere.
    assert shown[0][0] == wanted[0][0] == "rdf:type"
    assert shown[1:] == [row for row in wanted if row[1]]


@pytest.mark.parametrize("locale", ["ko", "en"])
def test_heading_and_footer_are_those_of_the_seed_page(server: Server, locale: str) -> None:
    heading, *_, footer = [line for line in SEED.read_text(encoding="utf-8").splitlines() if line.strip()]
    tree = page(server, locale=locale)
    assert plain(tree.xpath("string(//h1)")) == heading
    assert footer in [plain(text.text_content()) for text in tree.xpath("//footer//p[@lang='ko']")]


def test_properties_have_their_names_and_meanings_in_the_readers_language(server: Server) -> None:
    for locale, name, meaning in (("ko", "저자명", "저자"), ("en", "author's name", "author")):
        row = page(server, locale=locale).xpath("//tr[th/a='mofapub:hasAuthor']")[0]
        assert name in row.xpath("string(th/span[@class='name'])")
        assert meaning in row.xpath("string(th/details[@class='help']/p)")


def test_the_page_offers_the_record_citations_and_calls(server: Server) -> None:
    tree = page(server)
    record = tree.xpath("//p[@class='actions']/a[@class='button']/@href")
    assert record[0].startswith("https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do?")
    assert len(tree.xpath("//section[@aria-labelledby='cite']//dd")) == 3
    calls = tree.xpath("//section[@aria-labelledby='calls']//li/a/@href")
    assert len(calls) >= 3
    for href in calls:
        assert server.get(href).status == 200, href
    for href in tree.xpath("//p[contains(@class, 'links')]/a/@href"):
        assert server.get(href).status == 200, href


def test_derived_statements_are_apart(server: Server) -> None:
    tree = page(server)
    main, derived = tree.xpath("//table[contains(@class, 'statements')]")
    assert "dcterms:issued" not in main.text_content()
    assert "dcterms:issued" in derived.text_content()
    assert derived.xpath("ancestor::details")


def test_the_page_is_small(server: Server) -> None:
    assert len(server.get(RECORD, BROWSER).body) < 150_000


# What is asked for, and the media type that answers.
WANTED = [
    (RECORD, None, "text/html"),
    (RECORD, "*/*", "text/html"),
    (RECORD, BROWSER, "text/html"),
    (RECORD, "text/html;q=0.5, application/rdf+xml", "application/rdf+xml"),
    (RECORD, "application/ld+json", "application/ld+json"),
    (RECORD, "application/n-triples;q=0.2, text/turtle;q=0", "application/n-triples"),
    (RECORD, "application/x-bibtex", "application/x-bibtex"),
    (f"{RECORD}.ttl", BROWSER, "text/turtle"),
    (f"{RECORD}.nt", None, "application/n-triples"),
    (f"{RECORD}.rdf", None, "application/rdf+xml"),
    (f"{RECORD}.jsonld", None, "application/ld+json"),
    (f"{RECORD}.json", None, "application/json"),
    (f"{RECORD}.json.data", None, "application/json"),
    (f"{RECORD}.trig", None, "application/trig"),
    (f"{RECORD}.nq", None, "application/n-quads"),
    (f"{RECORD}.html", None, "text/html"),
    (f"{RECORD}.bib", None, "application/x-bibtex"),
    (f"{RECORD}.ris", None, "application/x-research-info-systems"),
    (f"{RECORD}.csl.json", None, "application/vnd.citationstyles.csl+json"),
    (f"{RECORD}?format=nt", BROWSER, "application/n-triples"),
    (f"{RECORD}?output=xml", BROWSER, "application/rdf+xml"),
    (f"/lod/view.do?uri={IRI}", None, "text/html"),
    (f"/lod/view.do?uri={IRI}&format=ttl", None, "text/turtle"),
    (f"/lod/view.do?uri={IRI}", "text/turtle", "text/turtle"),
    (f"/resource?iri={IRI}", None, "text/turtle"),
    (f"/resource?iri={IRI}", BROWSER, "text/html"),
    ("/mofapub/", None, "text/html"),
    ("/mofapub/hasAuthor", "text/turtle", "text/turtle"),
    ("/mofapub/Publication", BROWSER, "text/html"),
    ("/mofapub", None, "text/html"),
]


@pytest.mark.parametrize(("path", "accept", "media_type"), WANTED)
def test_every_representation(server: Server, path: str, accept: str | None, media_type: str) -> None:
    answer = server.get(path, accept)
    assert (answer.status, answer.type) == (200, media_type)
    assert answer.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["last-modified"].endswith(" GMT")
    links = answer.headers["link"]
    for relation in ("canonical", "describes", "cite-as", "describedby", "linkset", "alternate"):
        assert f'rel="{relation}"' in links
    # The address of the representation gives the same one, whatever the client prefers.
    named = server.get(answer.headers["content-location"], "image/png", Accept_Language="en")
    assert (named.status, named.headers["content-type"]) == (200, answer.headers["content-type"])
    assert named.headers["content-location"] == answer.headers["content-location"]


def test_the_links_of_a_publication_for_programs(server: Server) -> None:
    """FAIR Signposting: the same in the linkset, in the header and in the head of the page."""
    answer = server.get(RECORD, "application/linkset+json")
    assert (answer.status, answer.type) == (200, "application/linkset+json")
    own, *others = answer.json()["linkset"]
    assert own["anchor"] == server.url + RECORD
    assert own["cite-as"] == [{"href": IRI}]
    types = [target["href"] for target in own["type"]]
    assert types == ["https://schema.org/AboutPage", "https://schema.org/ScholarlyArticle"]
    media_types = [target["type"] for target in own["describedby"]]
    assert {"text/turtle", "application/x-bibtex"} <= set(media_types)
    for context in others:
        assert context["describes"] == [{"href": server.url + RECORD, "type": "text/html"}]
        path = context["anchor"].removeprefix(server.url)
        assert server.request("HEAD", path).type == media_types.pop(0)
    head = server.request("HEAD", RECORD).headers["link"]
    assert f'<{IRI}>; rel="cite-as"' in head
    assert f'<{server.url}{RECORD}.linkset.json>; rel="linkset"' in head
    links = {(link.get("rel"), link.get("href")) for link in page(server).xpath("//head/link")}
    assert {("cite-as", IRI), ("type", types[1]), ("item", own["item"][0]["href"])} <= links


def test_the_links_of_what_is_no_publication(server: Server) -> None:
    (own, *_) = server.get("/mofapub/hasAuthor.linkset.json").json()["linkset"]
    assert own["type"] == [{"href": "https://schema.org/AboutPage"}]
    assert "item" not in own


FORMATS: dict[str, str | RdfFormat] = {
    "ttl": "turtle",
    "nt": "nt",
    "rdf": "xml",
    "jsonld": "json-ld",
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}


def graph_of(answer: Answer, syntax: str | RdfFormat) -> Graph:
    if isinstance(syntax, str):
        with warnings.catch_warnings():
            # rdflib reads JSON-LD by way of a class that it has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            return Graph().parse(data=answer.body, format=syntax)
    triples = serialize(
        (quad.triple for quad in parse(answer.body, format=syntax)), format=RdfFormat.N_TRIPLES
    )
    return Graph().parse(data=triples, format="nt")


@pytest.mark.parametrize("path", [RECORD, "/mofapub/Publication", "/mofadocu/resource/Document/51386"])
def test_all_formats_say_the_same(server: Server, path: str) -> None:
    graphs = [graph_of(server.get(f"{path}.{extension}"), name) for extension, name in FORMATS.items()]
    assert len(graphs[0]) > 3
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])


@pytest.mark.parametrize(
    ("path", "accept"), [(RECORD, None), (RECORD, BROWSER), (f"{RECORD}.bib", None), ("/mofapub/", BROWSER)]
)
def test_what_the_client_has_is_not_sent_again(server: Server, path: str, accept: str | None) -> None:
    answer = server.get(path, accept)
    same = ("etag", "vary", "cache-control", "content-location", "link", "last-modified")
    for condition in (
        {"If_None_Match": answer.headers["etag"]},
        {"If_None_Match": f'"other", {answer.headers["etag"]}'},
        {"If_Modified_Since": answer.headers["last-modified"]},
    ):
        again = server.get(path, accept, **condition)
        assert (again.status, again.body) == (304, b"")
        assert {name: again.headers[name] for name in same} == {name: answer.headers[name] for name in same}
    for condition in (
        {"If_None_Match": '"other"'},
        {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_Modified_Since": "nonsense"},
        {"If_Modified_Since": f"Mon, 01 Jan 2024 00:00:00 +{'9' * 20}"},
        {"If_None_Match": '"other"', "If_Modified_Since": answer.headers["last-modified"]},
    ):
        assert server.get(path, accept, **condition).status == 200


def test_each_representation_has_its_own_tag(server: Server) -> None:
    answers = [server.get(path, accept) for path, accept, _ in WANTED if RECORD in path]
    by_tag: dict[str, Answer] = {}
    for answer in answers:
        known = by_tag.setdefault(answer.headers["etag"], answer)
        assert known.headers["content-location"] == answer.headers["content-location"]
    korean, english = (server.get(RECORD, BROWSER, Accept_Language=tag) for tag in ("ko", "en"))
    assert korean.headers["etag"] != english.headers["etag"]
    assert (korean.headers["content-language"], english.headers["content-language"]) == ("ko", "en")


@pytest.mark.parametrize("accept", [None, BROWSER, "application/x-bibtex"])
def test_head_has_the_headers_of_get(server: Server, accept: str | None) -> None:
    named = {} if accept is None else {"Accept": accept}
    got, head = (server.request(method, RECORD, headers=named) for method in ("GET", "HEAD"))
    varying = {"date", "server-timing", "x-request-id"}
    assert (head.status, head.body) == (200, b"")
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }


def test_options_and_other_methods(server: Server) -> None:
    for path in (RECORD, "/lod/view.do", "/resource"):
        options = server.request("OPTIONS", path)
        assert (options.status, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
        refused = server.request("DELETE", path)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


MISSING = [
    ("/mofapub/resource/Publication/14208", IRI),
    ("/mofapub/resource/Publication/1420", IRI),
    ("/mofapub/resource/Publication/12409.ttl", IRI),
    ("/mofapub/pubdate", "http://opendata.mofa.go.kr/mofapub/pubDate"),
    ("/mofapub/hasAuthors", "http://opendata.mofa.go.kr/mofapub/hasAuthor"),
    ("/mofapub/resource/Publication/14209/", IRI),
    ("/mofapub/resource/Publication/RCEP", "http://opendata.mofa.go.kr/mofapub/resource/Publication/13940"),
]


@pytest.mark.parametrize(("path", "near"), MISSING)
def test_an_unknown_resource_is_not_found_and_others_are_suggested(
    server: Server, path: str, near: str
) -> None:
    problem = server.get(path, "application/problem+json")
    assert problem.status == 404
    assert near in problem.json()["suggestions"]
    people = server.get(path, BROWSER)
    assert (people.status, people.type) == (404, "text/html")
    assert near.removeprefix("http://opendata.mofa.go.kr") in [
        href.partition("?")[0] for href in html.document_fromstring(people.text).xpath("//main//li/a/@href")
    ]
    assert server.get(path).status == 404


@pytest.mark.parametrize("path", ["/nowhere", "/-/nowhere", "/lod/view.do?uri=urn:x:nowhere", "/a/b/c.ttl"])
def test_nothing_else_is_found(server: Server, path: str) -> None:
    assert server.get(path).status == 404
    assert server.get(path, BROWSER).status == 404


REFUSED = [
    ("/lod/view.do", None, 400),
    ("/resource?iri=relative/path", None, 400),
    (f"{RECORD}?page=0", BROWSER, 400),
    (f"{RECORD}?inverse=no%20iri", BROWSER, 400),
    (RECORD, "image/png", 406),
    (f"{RECORD}?format=docx", None, 406),
    ("/mofapub/hasAuthor.bib", None, 406),
    ("/mofapub/hasAuthor", "application/x-bibtex", 406),
]


@pytest.mark.parametrize(("path", "accept", "status"), REFUSED)
def test_refusals(server: Server, path: str, accept: str | None, status: int) -> None:
    assert server.get(path, accept).status == status
    if status == 406:
        problem = server.get(path, f"{accept or ''}, application/problem+json;q=0.1")
        if problem.status == 406 and problem.type == "application/problem+json":
            assert "text/turtle" in problem.json()["offered"]


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
