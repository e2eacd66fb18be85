"""The SPARQL endpoint over HTTP, on the real server and the project's own dataset."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote

import pytest
from pyoxigraph import Literal, RdfFormat, parse

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.http.boundary import Boundary
from endpoint.web.own_queries import OwnQueries
from endpoint.web.sparql import SparqlEndpoint
from endpoint.web.sparql.description import Descriptions
from tests.live import Server
from tests.web.exchanges import scope_of, sent_by
from tests.web.in_memory_engine import StoreEngine

RECORD = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
DATE = f"SELECT ?date WHERE {{ <{RECORD}> mofapub:pubDate ?date }}"
CONSTRUCT = f"""CONSTRUCT {{ <{RECORD}> ?p ?o }} WHERE {{
  GRAPH <http://opendata.mofa.go.kr/mofapub> {{ <{RECORD}> ?p ?o }} FILTER(?p != bibo:abstract) }}"""
EMPTY = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(false) }"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
# What the builds of YASGUI send.
YASGUI_SELECT = "application/sparql-results+json,*/*;q=0.9"
YASGUI_GRAPH = "application/n-triples,*/*;q=0.9"


def test_every_way_of_asking_gets_the_same_answer(server: Server) -> None:
    encoded = b"query=" + quote(DATE).encode()
    direct = {"Content-Type": "application/sparql-query"}
    answers = [
        server.query(DATE),
        server.request("POST", "/sparql", encoded, FORM),
        server.request("POST", "/sparql", DATE.encode(), direct),
        server.request("QUERY", "/sparql", DATE.encode(), direct),
        server.request("QUERY", "/sparql", encoded, FORM),
        server.query(DATE, path="/lod/sparql"),
        server.query(DATE, path="/mofapub/sparql"),
    ]
    assert [answer.status for answer in answers] == [200] * len(answers)
    assert [answer.rows() for answer in answers] == [[{"date": "20230522"}]] * len(answers)


def test_a_query_is_told_where_get_asks_the_same(server: Server) -> None:
    headers = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
    for path in (
        "/sparql?columns=off&default-graph-uri=http%3A%2F%2Fopendata.mofa.go.kr%2Fmofapub",
        "/sparql?format=csv",
    ):
        answer = server.request("QUERY", path, DATE.encode(), headers)
        location = answer.headers["location"]
        assert location.startswith("/sparql?query=")
        again = server.get(location, "text/csv")
        assert (again.status, again.type, again.body) == (200, "text/csv", answer.body)
        assert "location" not in again.headers
        assert "location" not in server.request("POST", path, DATE.encode(), headers).headers
    long = f"{DATE} # {'x' * 9000}"
    assert "location" not in server.request("QUERY", "/sparql", long.encode(), headers).headers
    asked = server.request("OPTIONS", "/sparql").headers["accept-query"]
    assert asked == '"application/sparql-query", "application/x-www-form-urlencoded"'


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    path = f"/sparql?query={quote(DATE)}"
    got, head = server.request("GET", path), server.request("HEAD", path)
    varying = {"date", "server-timing", "x-request-id"}
    assert head.status == 200
    assert head.body == b""
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }
    assert server.request("HEAD", "/sparql?query=nonsense").status == 400
    huge = server.request("HEAD", f"/sparql?query={quote('SELECT * { ?a ?b ?c . ?d ?e ?f }')}")
    assert huge.status == 200


def test_options_and_preflight(server: Server) -> None:
    plain = server.request("OPTIONS", "/sparql")
    assert plain.status == 200
    assert plain.headers["allow"] == "GET, HEAD, POST, QUERY, OPTIONS"
    assert "application/sparql-query" in plain.headers["accept-query"]
    asked = {
        "Origin": "https://yasgui.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-req",
    }
    for path in ("/sparql", "/api/publications-by-year", "/nowhere"):
        preflight = server.request("OPTIONS", path, headers=asked)
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert preflight.headers["access-control-allow-headers"] == "authorization,x-req"
        assert {"POST", "QUERY"} <= set(preflight.headers["access-control-allow-methods"].split(", "))
        assert int(preflight.headers["access-control-max-age"]) > 0


STATUSES = [
    ("GET", "/sparql?query=ASK%7B%7D", 200),
    ("GET", "/sparql?query=nonsense", 400),
    ("POST", "/sparql", 415),
    ("GET", "/nowhere", 404),
    ("DELETE", "/sparql", 405),
    ("DELETE", "/api", 405),
    ("POST", "/", 405),
    ("GET", "/sparql?query=ASK%7B%7D&format=nope", 406),
    ("GET", "/api/nothing", 404),
    ("GET", "/api/publications-by-year", 400),
    ("GET", f"/sparql?query={quote('SELECT * { SERVICE <urn:x> {} }')}", 403),
]


@pytest.mark.parametrize(("method", "path", "status"), STATUSES)
def test_cors_and_an_explanation_on_every_status(server: Server, method: str, path: str, status: int) -> None:
    answer = server.request(method, path, headers={"Origin": "https://a.example"})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert answer.headers["x-request-id"]
    if status >= 400 and path.startswith("/api"):
        # Programs that call the API read problems as JSON, unless they ask for something else.
        assert answer.type == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["message"]
    elif status >= 400:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        first, _, rest = answer.text.partition("\n\n")
        assert first.startswith(f"{status} ")
        assert rest.strip()
        assert "Traceback" not in rest


def test_405_names_what_is_allowed(server: Server) -> None:
    assert server.request("DELETE", "/sparql").headers["allow"] == "GET, HEAD, POST, QUERY, OPTIONS"


XML = "application/sparql-results+xml; charset=utf-8"
SELECT_TYPES = [
    (None, "application/sparql-results+json"),
    ("*/*", "application/sparql-results+json"),
    (YASGUI_SELECT, "application/sparql-results+json"),
    (YASGUI_GRAPH, "application/sparql-results+json"),
    ("application/json", "application/json"),
    ("application/sparql-results+xml", XML),
    ("text/csv", "text/csv; charset=utf-8"),
    ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
    (BROWSER, "text/html; charset=utf-8"),
    ("text/csv;q=0.5, application/sparql-results+xml;q=0.6", XML),
    ("application/sparql-results+json;q=0, */*", XML),
]


@pytest.mark.parametrize(("accept", "content_type"), SELECT_TYPES)
def test_select_is_negotiated(server: Server, accept: str | None, content_type: str) -> None:
    answer = server.query(DATE, accept)
    assert answer.headers["content-type"] == content_type
    assert "Accept" in answer.headers["vary"]


GRAPH_TYPES = [
    (None, "text/turtle; charset=utf-8", RdfFormat.TURTLE),
    (YASGUI_GRAPH, "application/n-triples", RdfFormat.N_TRIPLES),
    ("application/n-quads", "application/n-quads", RdfFormat.N_QUADS),
    ("application/trig", "application/trig", RdfFormat.TRIG),
    ("application/rdf+xml", "application/rdf+xml", RdfFormat.RDF_XML),
    ("application/ld+json", "application/ld+json", RdfFormat.JSON_LD),
]


@pytest.mark.parametrize(("accept", "content_type", "rdf_format"), GRAPH_TYPES)
def test_graphs_are_negotiated_and_parse_to_the_same_triples(
    server: Server, accept: str | None, content_type: str, rdf_format: RdfFormat
) -> None:
    answer = server.query(CONSTRUCT, accept)
    assert answer.headers["content-type"] == content_type
    triples = {quad.triple for quad in parse(answer.body, rdf_format)}
    expected = {quad.triple for quad in parse(server.query(CONSTRUCT, "text/turtle").body, RdfFormat.TURTLE)}
    assert triples == expected
    assert len(triples) == 11


def test_turtle_uses_the_prefixes_of_the_dataset(server: Server) -> None:
    text = server.query(CONSTRUCT, "text/turtle").text
    assert "@prefix mofapub: <http://opendata.mofa.go.kr/mofapub/>" in text
    assert "mofapub:pubDate 20230522" in text


FORMATS = [
    ("json", "application/sparql-results+json"),
    ("xml", "application/sparql-results+xml"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("html", "text/html"),
    ("application/sparql-results+json", "application/sparql-results+json"),
]


@pytest.mark.parametrize("parameter", ["format", "output"])
@pytest.mark.parametrize(("name", "media_type"), FORMATS)
def test_format_and_output_go_before_accept(
    server: Server, parameter: str, name: str, media_type: str
) -> None:
    answer = server.query(DATE, "text/csv;q=0.1", **{parameter: name})
    assert answer.type == media_type


def test_the_four_result_formats_say_the_same(server: Server) -> None:
    text = (
        "SELECT ?a ?b ?c WHERE { VALUES (?a ?b ?c) { (<urn:x> '한\"국'@ko 1) (UNDEF 'b' 2.5) } } ORDER BY ?c"
    )
    rows = server.query(text).json()["results"]["bindings"]
    assert rows[0] == {
        "a": {"type": "uri", "value": "urn:x"},
        "b": {"type": "literal", "value": '한"국', "xml:lang": "ko"},
        "c": {
            "type": "literal",
            "value": "1",
            "datatype": "http://www.w3.org/2001/XMLSchema#integer",
        },
    }
    assert set(rows[1]) == {"b", "c"}
    table = list(csv.reader(io.StringIO(server.query(text, "text/csv").text)))
    assert table == [["a", "b", "c"], ["urn:x", '한"국', "1"], ["", "b", "2.5"]]
    lines = server.query(text, format="tsv").text.splitlines()
    assert lines == ["?a\t?b\t?c", '<urn:x>\t"한\\"국"@ko\t1', '\t"b"\t2.5']
    tree = ElementTree.fromstring(server.query(text, format="xml").body)  # noqa: S314 (our own server)
    assert [element.text for element in tree.iter() if element.text and element.text.strip()] == [
        "urn:x",
        '한"국',
        "1",
        "b",
        "2.5",
    ]


def test_ask_has_json_and_xml_and_no_csv(server: Server) -> None:
    assert server.query("ASK {}").json()["boolean"] is True
    assert "<boolean>true</boolean>" in server.query("ASK {}", format="xml").text
    refused = server.query("ASK {}", "text/csv")
    assert refused.status == 406
    assert "application/sparql-results+json" in refused.text


def test_406_lists_what_is_offered(server: Server) -> None:
    answer = server.query(DATE, "image/png, application/problem+json;q=0.1")
    assert answer.status == 406
    assert "text/csv" in answer.json()["offered"]


def test_problems_are_json_for_those_who_name_json(server: Server) -> None:
    for accept in ("application/json", "application/sparql-results+json, application/problem+json"):
        answer = server.query("SELECT nonsense", accept)
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == 400
        assert problem["code"] == "malformed-query"
        assert problem["message"] == problem["detail"]
        assert problem["line"] == 1
    assert server.query("SELECT nonsense", YASGUI_SELECT).type == "text/plain"


def test_a_browser_gets_pages(server: Server) -> None:
    page = server.query(DATE, BROWSER)
    assert page.type == "text/html"
    assert '<th scope="col">date</th>' in page.text
    assert ">20230522<" in page.text
    assert "format=csv" in page.text
    problem = server.query("SELECT <script>", BROWSER)
    assert (problem.status, problem.type) == (400, "text/html")
    assert "<script>" not in problem.text
    form = server.get("/sparql", BROWSER)
    assert "<textarea" in form.text
    assert server.get("/", BROWSER).status == 200
    assert server.get("/-/static/endpoint.css").type == "text/css"


def test_a_browser_without_javascript_can_follow_the_form(server: Server) -> None:
    form = server.get("/sparql", BROWSER).text
    action = re.search(r'<form action="([^"]+)" method="get">', form)
    assert action is not None
    assert server.query(DATE, BROWSER, path=action[1]).status == 200


def test_the_page_of_a_result_names_files_as_people_do(server: Server) -> None:
    links = re.search(r'<p class="links">(.*)</p>', server.query(DATE, BROWSER, locale="en").text)
    assert links is not None
    assert re.findall(r">([^<>]+)</a>", links[1])[:4] == [
        *("CSV (Excel)", "SPARQL JSON", "SPARQL XML", "CSV for programs"),
    ]


def test_the_form_below_a_result_leads_to_the_public_address() -> None:
    site = create_site(Settings(public_url="https://lod.example/at"))
    site.running = StoreEngine("", "http://e/g")
    endpoint = SparqlEndpoint(site, Descriptions(OwnQueries(site)))
    scope = scope_of("GET", "/sparql?query=ASK{}", {"accept": BROWSER})
    sent = sent_by(Boundary(endpoint.handler(), site), scope)
    assert b'<form action="/at/sparql" method="get">' in sent.body


@pytest.mark.parametrize(
    "accept", ["application/n-triples", "text/turtle", "application/trig", "application/n-quads"]
)
def test_an_empty_graph_is_a_comment(server: Server, accept: str) -> None:
    answer = server.query(EMPTY, accept)
    assert answer.status == 200
    assert answer.body.strip()
    assert list(parse(answer.body, RdfFormat.from_media_type(accept) or RdfFormat.TURTLE)) == []


def test_korean_in_and_out(server: Server) -> None:
    text = "SELECT ?한글 WHERE { ?s rdfs:label ?한글 FILTER(STRSTARTS(?한글, '한 해를')) }"
    for answer in (server.query(text), server.post(text)):
        assert answer.rows()[0]["한글"] == "한 해를 넘긴 우크라이나 전쟁의 향방 전망"


def test_the_default_graph_is_a_set_over_all_graphs(server: Server) -> None:
    everywhere = server.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }").rows()[0]["n"]
    distinct = "SELECT (COUNT(*) AS ?n) WHERE { SELECT DISTINCT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } } }"
    assert server.query(distinct).rows()[0]["n"] == everywhere


def count(server: Server, text: str, **parameters: str) -> int:
    return int(server.query(text, **parameters).rows()[0]["n"])


def test_datasets_of_queries(server: Server) -> None:
    graph = "http://opendata.mofa.go.kr/mofapub"
    whole = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    named = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
    alone = count(server, f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    assert 0 < alone < count(server, whole)
    assert count(server, f"SELECT (COUNT(*) AS ?n) FROM <{graph}> WHERE {{ ?s ?p ?o }}") == alone
    assert count(server, whole, default_graph_uri=graph) == alone
    assert count(server, whole.replace("WHERE", "FROM <urn:none> WHERE"), default_graph_uri=graph) == alone
    assert count(server, named, default_graph_uri=graph) == 0
    assert count(server, named, named_graph_uri=graph) == alone
    assert count(server, whole, named_graph_uri=graph) == 0
    assert (
        count(server, f"SELECT (COUNT(*) AS ?n) FROM NAMED <{graph}> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == alone
    )
    assert count(server, f"SELECT (COUNT(*) AS ?n) FROM NAMED <{graph}> {{ ?s ?p ?o }}") == 0
    assert count(server, whole, path="/mofapub/sparql") == alone
    assert count(server, whole, path="/mofadaily/sparql") == 0
    # The word in a string or a name is no dataset clause.
    assert count(server, "SELECT (COUNT(*) AS ?n) (SAMPLE('FROM') AS ?from) WHERE { ?s ?p ?o }") > alone


def test_the_service_description(server: Server) -> None:
    answer = server.get("/sparql")
    assert answer.type == "text/turtle"
    quads = list(parse(answer.body, RdfFormat.TURTLE))
    sd = "http://www.w3.org/ns/sparql-service-description#"
    objects = {quad.object.value for quad in quads if quad.predicate.value == sd + "endpoint"}
    assert objects == {f"{server.url}/sparql"}
    names = {quad.object.value for quad in quads if quad.predicate.value == sd + "name"}
    assert "http://opendata.mofa.go.kr/mofapub" in names
    prefixes = {
        quad.object.value
        for quad in quads
        if quad.predicate.value == "http://www.w3.org/ns/shacl#prefix" and isinstance(quad.object, Literal)
    }
    assert {"mofapub", "skos", "bibo"} <= prefixes
    jsonld = server.get("/sparql", "application/ld+json")
    assert json.loads(jsonld.body)
    assert server.request("POST", "/sparql", b"", FORM).status == 400


def test_entity_tags(server: Server) -> None:
    path = f"/sparql?query={quote(DATE)}"
    tag = server.get(path).headers["etag"]
    assert tag.startswith('W/"')
    unchanged = server.get(path, If_None_Match=tag)
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", tag)
    assert server.get(path, If_None_Match=f'"other", {tag}').status == 304
    assert server.get(path, If_None_Match="*").status == 200
    assert server.get("/sparql?query=nonsense", If_None_Match="*").status == 400
    assert server.get(path, If_None_Match='"other"').status == 200
    assert server.get(path, "text/csv", If_None_Match=tag).status == 200
    assert server.get(path + "&default-graph-uri=urn:x", If_None_Match=tag).status == 200
    assert server.get(path + "%20", If_None_Match=tag).status == 200


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_what_changes_with_every_call_has_no_entity_tag(server: Server, function: str) -> None:
    answer = server.query(f"SELECT ({function} AS ?x) {{}}")
    assert answer.status == 200
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_a_client_may_lower_the_deadline(server: Server) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer = server.query(text, timeout="0.3")
    assert answer.status == 504
    assert "0.3 s" in answer.text


def test_timing_says_where_the_time_went(server: Server) -> None:
    assert re.fullmatch(
        r'cache;desc="bypass", queue;dur=[\d.]+, plan;dur=[\d.]+, eval;dur=[\d.]+, '
        r'by;desc="(columns|engine)"',
        server.query(DATE, cache="off").headers["server-timing"],
    )


def test_http_1_0_gets_the_whole_answer_with_its_length(server: Server) -> None:
    connection = server.connection()
    # nginx speaks HTTP/1.0 to what is behind it, if not told otherwise.
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
    text = "SELECT ?a ?b ?c ?o { ?a ?b ?c . ?s bibo:abstract ?o }"
    connection.request("GET", f"/sparql?query={quote(text)}")
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.getheader("transfer-encoding") is None
    assert int(response.getheader("content-length", "0")) == len(body) > 2**20
    assert len(json.loads(body)["results"]["bindings"]) > 1000


def test_a_call_of_a_function_that_is_not_there_is_an_error_of_its_expression(server: Server) -> None:
    for text in (
        "SELECT * { ?s ?p ?o FILTER(<http://example.org/f>(?s)) } LIMIT 1",
        "SELECT ?x { ?s ?p ?o BIND(<http://example.org/f>(?s) AS ?x) FILTER(BOUND(?x)) } LIMIT 1",
    ):
        assert server.query(text).rows() == []


def test_what_xml_cannot_say_is_not_sent_as_xml(server: Server) -> None:
    text = 'SELECT ("a\\u0001b" AS ?x) {}'
    answer = server.query(text, format="xml")
    assert answer.status == 406
    assert "U+0001" in answer.text
    assert server.query(text).rows() == [{"x": "a\u0001b"}]


STARS = [
    ("SELECT * WHERE { ?s ?p ?o } LIMIT 1", ["s", "p", "o"]),
    ("SELECT*{?z rdfs:label ?a}LIMIT 1", ["z", "a"]),
    ("select distinct * # ?o first?\n{ ?s ?p ?o } LIMIT 1", ["o", "s", "p"]),
    (
        "SELECT * WHERE { { SELECT ?s { ?s ?q ?o } } ?s ?p ?x FILTER EXISTS { ?s ?y ?z } } LIMIT 1",
        ["s", "p", "x"],
    ),
    ("SELECT * WHERE { $이름 ?p '*' } LIMIT 1", ["이름", "p"]),
    ("SELECT * {}", []),
]


@pytest.mark.parametrize(("text", "names"), STARS)
def test_columns_stand_in_the_order_in_which_the_text_names_them(
    server: Server, text: str, names: list[str]
) -> None:
    assert server.query(text).json()["head"]["vars"] == names


def test_the_first_of_several_formats_that_is_offered_is_taken(server: Server) -> None:
    path = f"/sparql?query={quote(DATE)}&format=tsv&format=text/tab-separated-values&output=tsv&results=tsv"
    assert server.get(path).type == "text/tab-separated-values"
    assert server.get(f"/sparql?query={quote(DATE)}&format=nope,csv").type == "text/csv"


@pytest.mark.parametrize("text", [DATE, "ASK {}", CONSTRUCT])
def test_every_download_link_of_a_page_downloads(server: Server, text: str) -> None:
    page = server.query(text, BROWSER)
    links = re.findall(r'<a href="([^"]+)" download', page.text)
    assert len(links) >= 2
    for link in links:
        answer = server.get(link.replace("&amp;", "&"))
        assert answer.status == 200
        assert re.fullmatch(r'attachment; filename="result\.[\w.]+"', answer.headers["content-disposition"])


def test_pages_run_no_script_and_keep_the_query(server: Server) -> None:
    page = server.query("SELECT <script>alert(1)</script>", BROWSER)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "SELECT &lt;script&gt;" in page.text
    assert "<pre " in page.text


def test_download_links_keep_the_dataset(server: Server) -> None:
    page = server.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", BROWSER, default_graph_uri="urn:none")
    assert 'name="default-graph-uri" value="urn:none"' in page.text
    links = re.findall(r'<a href="([^"]+)" download', page.text)
    assert all("default-graph-uri=urn%3Anone" in link for link in links)


def test_a_carriage_return_survives_xml(server: Server) -> None:
    answer = server.query('SELECT ("a\\rb" AS ?x) {}', format="xml")
    tree = ElementTree.fromstring(answer.body)  # noqa: S314 (our own server)
    assert "a\rb" in [element.text for element in tree.iter()]


def test_a_very_long_accept_header_is_406_at_once(server: Server) -> None:
    answer = server.get(f"/sparql?query={quote(DATE)}", "text/html," * 3000)
    assert answer.status == 406
