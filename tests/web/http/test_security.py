"""What every kind of answer tells browsers, and what no request can make an answer say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from starlette.routing import Route

from endpoint import __version__
from endpoint.app import create_site, routes
from endpoint.dataset import default_root, read_dataset
from endpoint.settings import Settings
from endpoint.web.http.security import DATA_POLICY, POLICY
from tests.live import Server
from tests.web.exchanges import scope_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PUBLICATION = "/mofapub/resource/Publication/14209"
ALL = "SELECT%20*%20%7B?s%20?p%20?o%7D"


@dataclass(frozen=True)
class Case:
    """A request and the status of its answer."""

    path: str
    status: int = 200
    accept: str = "*/*"
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.accept[:9]} {self.status}"


DATASET = read_dataset(default_root())
PAGES = [
    Case(path, accept=BROWSER)
    for path in (
        *("/", "/?q=arms&year=2023", "/browse/author", "/overview", "/query", "/sparql", "/lod/sparql"),
        *(f"/{graph.name}/sparql" for graph in DATASET.graphs if graph.name),
        *("/api", "/api/docs", "/api/years", "/api/publications-by-author"),
        *("/api/publications-by-author?author=x", f"/sparql?query={ALL}%20LIMIT%201"),
        *(PUBLICATION, "/mofapub/hasAuthor", "/lod/view.do?uri=mofapub:hasAuthor"),
    )
]
DATA = [
    *map(
        Case,
        (
            "/sparql?query=ASK%7B%7D",
            f"/sparql?query={ALL}",
            "/search?q=",
            "/feed",
            "/robots.txt",
            "/favicon.ico",
        ),
    ),
    *map(
        Case,
        ("/sitemap.xml", "/sitemap-1.xml", "/void", "/void.ttl", "/catalog", "/catalog.jsonld", "/api/years"),
    ),
    *map(
        Case,
        ("/store", "/store?default", "/store.nq.gz", "/store.ttl?graph=http://opendata.mofa.go.kr/mofapub"),
    ),
    *map(
        Case,
        ("/api/years.svg", "/api/years.csv", "/api/openapi.json", "/-/prefixes.json", "/-/live", "/-/ready"),
    ),
    *map(
        Case,
        ("/-/completion/classes", "/-/completion/properties", f"{PUBLICATION}.rdf", f"{PUBLICATION}.bib"),
    ),
    *map(
        Case,
        (
            "/-/static/endpoint.css",
            "/-/static/editor.js",
            "/api/years.rq",
            "/api/years/explain",
            "/resource?iri=mofapub:hasAuthor",
        ),
    ),
    Case("/api", method="POST", body=b'[{"query":"years"}]', headers={"Content-Type": "application/json"}),
    Case(
        "/sparql",
        method="POST",
        body=b"query=ASK{}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Case("/", method="HEAD"),
    Case("/sparql", method="OPTIONS"),
    Case("/.well-known/void", 302),
    Case("/.well-known/api-catalog"),
    Case("/feed/changes"),
    Case("/update", 405),
    Case("/store/nothing", 404),
    Case(
        "/",
        204,
        method="OPTIONS",
        headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"},
    ),
]
PROBLEMS = [
    *(Case("/nothing/at/all", 404, accept) for accept in (BROWSER, "text/plain", "application/json")),
    *(Case("/sparql?query=SELECT", 400, accept) for accept in (BROWSER, "*/*", "application/json")),
    *(Case("/api/nothing", 404), Case("/?page=501", 404, BROWSER), Case("/robots.txt", 405, method="POST")),
    Case("/sparql?query=ASK%7B%7D", 406, "image/png"),
    *(Case("/store?graph=urn:none", 404, accept) for accept in (BROWSER, "*/*")),
    Case("/store", 405, method="DELETE"),
    # For the operator alone, who has named no tokens: there is nothing for others.
    *(
        Case(path, 404, accept)
        for path in ("/-/metrics", "/-/admin", "/-/admin/queries/1", "/-/seen", "/.well-known/security.txt")
        for accept in (BROWSER, "*/*")
    ),
    Case("/-/admin/queries/1/kill", 404, method="POST"),
]
CASES = [*PAGES, *DATA, *PROBLEMS]


def answer_to(server: Server, case: Case) -> Mapping[str, str]:
    answer = server.request(case.method, case.path, case.body, {"Accept": case.accept, **case.headers})
    assert answer.status == case.status, answer.text[:500]
    return answer.headers


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_answer_tells_browsers_what_it_may_do(server: Server, case: Case) -> None:
    headers = answer_to(server, case)
    page = headers.get("content-type", "").startswith("text/html")
    assert page is (case.accept == BROWSER or (case.method, case.path) == ("HEAD", "/"))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers.get("x-frame-options") == ("DENY" if page else None)
    assert headers.get("cross-origin-opener-policy") == ("same-origin" if page else None)
    assert ("permissions-policy" in headers) is page
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in policy
    if page:
        # YASGUI and the drawings of results set styles of their own.
        editor = 'id="yasgui"' in server.get(case.path, case.accept).text
        assert policy.replace("style-src 'self' 'unsafe-inline'", "style-src 'self'") == POLICY.decode()
        assert ("unsafe-inline" in policy) is editor
    else:
        assert policy == DATA_POLICY.decode()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_answer_tells_what_the_server_runs(server: Server, case: Case) -> None:
    headers = answer_to(server, case)
    assert not {"server", "x-powered-by", "via"} & headers.keys()
    told = " ".join(headers.values()).lower()
    assert not re.search(rf"\b{re.escape(__version__)}\b|uvicorn|starlette|python|oxigraph", told)


@pytest.mark.parametrize("case", PROBLEMS, ids=str)
def test_no_failure_tells_where_the_server_stands(server: Server, case: Case) -> None:
    text = server.request(case.method, case.path, case.body, {"Accept": case.accept}).text
    assert not re.search(r"Traceback|\.py\b|site-packages|/home/|/tmp/|uvicorn|starlette", text)


def test_every_route_is_among_the_cases() -> None:
    paths = [case.path.partition("?")[0] for case in CASES]
    for route in routes(create_site(Settings())):
        assert isinstance(route, Route)
        assert any(route.matches(scope_of("GET", path))[0].value for path in paths), route.path


@pytest.mark.parametrize("path", ["/", "/api/years.svg", f"{PUBLICATION}.ttl", "/-/static/endpoint.css"])
def test_what_has_not_changed_keeps_its_policy(server: Server, path: str) -> None:
    first = server.get(path, BROWSER)
    again = server.get(path, BROWSER, If_None_Match=first.headers["etag"])
    assert again.status == 304
    # A browser puts the headers of this answer in place of those that it keeps.
    for name in ("content-security-policy", "x-frame-options", "x-content-type-options"):
        assert again.headers.get(name, first.headers.get(name)) == first.headers.get(name)
    assert again.headers["x-content-type-options"] == "nosniff"


BREAK = "%0d%0aX-Evil:%201%0d%0a%0d%0a<script>"
BREAKS = [
    f"/{BREAK}",
    f"/x{BREAK}.ttl?download=1",
    f"/api/{BREAK}",
    f"/api/years?x={BREAK}",
    f"/api/years?page=1&pageSize=1&x={BREAK}",
    f"/api/publications-by-author?author={BREAK}&format=excel-csv&download=1",
    f"/api/publications-by-author?author={BREAK}&locale={BREAK}",
    f"/search?q={BREAK}&year={BREAK}",
    f"/?q={BREAK}&year={BREAK}&sort={BREAK}&page={BREAK}&locale={BREAK}",
    f"/browse/{BREAK}",
    f"/lod/view.do?uri=http://x.example/{BREAK}",
    f"/resource?iri=http://x.example/{BREAK}&format=ttl&download=1",
    f"/sparql?query=ASK{{}}&format={BREAK}",
    f"/sparql?query={BREAK}",
    f"/sitemap-{BREAK}.xml",
    f"/-/static/{BREAK}",
    f"/.well-known/void?x={BREAK}",
    f"/void.{BREAK}",
]


@pytest.mark.parametrize("path", BREAKS)
@pytest.mark.parametrize("accept", [BROWSER, "*/*"])
def test_no_value_ends_a_header(server: Server, path: str, accept: str) -> None:
    answer = server.get(path, accept)
    assert answer.status in (200, 302, 400, 404, 406), answer.text
    assert "x-evil" not in answer.headers
    for value in answer.headers.values():
        assert not re.search(r"[\r\n\x00]", value)
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert "<script>" not in answer.text


ELSEWHERE = [
    *(
        "//evil.example",
        "//evil.example/",
        "//evil.example/sparql/",
        "/%2f%2fevil.example",
        "/\\evil.example",
    ),
    *(
        "/sparql/",
        "/api/",
        "/browse/",
        "/.well-known/void/",
        "/https://evil.example",
        "/lod/view.do?uri=https://evil.example/",
    ),
    *("/resource?iri=https://evil.example/", "/?next=//evil.example", "/query?ep=//evil.example"),
]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_answer_leads_to_another_host(server: Server, path: str) -> None:
    answer = server.get(path, BROWSER)
    assert "location" not in answer.headers
    assert not re.search(r'(?:href|action|src)="(?:https?:)?//evil', answer.text.replace('rel="external', ""))


def test_a_redirect_stays_on_the_host_whatever_it_is_called(server: Server) -> None:
    for host in ("evil.example", "evil.example:80"):
        answer = server.get("/.well-known/void", Host=host)
        assert (answer.status, answer.headers["location"]) == (302, "/void")


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", "a,b", "<b>", "a?b", "a#b", "a\\b", "[::1", "a:b"])
def test_a_host_that_is_none_is_refused(server: Server, host: str) -> None:
    assert server.get("/", BROWSER, Host=host).status == 400


TRAVERSALS = [
    f"{start}{way}{file}"
    for start in (
        "/",
        "/-/static/",
        "/-/static/vendor/",
        "/api/",
        "/sitemap-",
        "/void.",
        "/browse/",
        f"{PUBLICATION}/",
    )
    for way in (
        "../" * 9,
        "..%2f" * 9,
        "%2e%2e/" * 9,
        "..\\" * 9,
        "....//" * 9,
        "%252e%252e%252f" * 9,
        "/",
        "file:///",
    )
    for file in ("etc/passwd", "etc/passwd%00.css", "proc/self/environ")
]


def test_no_path_leads_out_of_a_folder(server: Server) -> None:
    for path in TRAVERSALS:
        answer = server.get(path)
        assert answer.status in (400, 404), path
        assert b"root:" not in answer.body
        assert b"PATH=" not in answer.body


NESTED = [
    ("/api", b"[" * 100_000, "application/json"),
    ("/api", b'[{"query":"years","parameters":' * 20_000, "application/json"),
    ("/api/years", b'{"a":' * 100_000, "application/json"),
    ("/api/years", b"1" * 100_000, "application/json"),
    ("/sparql", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "application/xml"),
    ("/api/years", b"a: &a [x]\nb: [*a, *a]", "application/yaml"),
]


@pytest.mark.parametrize(("path", "body", "kind"), NESTED)
def test_no_body_is_read_by_a_parser_that_it_can_exhaust(
    server: Server, path: str, body: bytes, kind: str
) -> None:
    answer = server.request("POST", path, body, {"Content-Type": kind})
    assert answer.status in (400, 413, 415), answer.text
    assert "root:" not in answer.text
