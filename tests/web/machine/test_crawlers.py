"""Files for crawlers: robots.txt and sitemaps, on a real server with more resources than one file has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, unquote
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from endpoint.catalog import Catalog
from endpoint.dataset import default_root, read_dataset
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.send import Handler
from endpoint.web.machine.crawlers import LONGEST, MOST, robots
from tests.live import Answer, Server, serving
from tests.web.exchanges import scope_of, sent_by

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"

MANIFEST = """base = "http://example.org/"
title.en = "Many"
description.en = "Many resources."
[prefixes]
ex = "http://example.org/ns/"
[[graph]]
iri = "http://example.org/many"
title.en = "Many"
files = ["seed/*.ttl"]
"""
ODD = {
    "http://example.org/책(가)": "/%EC%B1%85(%EA%B0%80)",
    "http://example.org/책%20나": "/%EC%B1%85%20%EB%82%98",
    "http://example.org/a&b'c": "/a&b'c",
    "http://example.org/q?x=1&y": "/lod/view.do?uri=http%3A%2F%2Fexample.org%2Fq%3Fx%3D1%26y",
}
DATED = {
    "http://example.org/day": ('dcterms:issued "2023-05-22"^^xsd:date', "2023-05-22"),
    "http://example.org/latest": (
        'dcterms:issued "2023-05-22"^^xsd:date ; dcterms:modified "2024-01-31T10:00:00Z"^^xsd:dateTime',
        "2024-01-31",
    ),
    "http://example.org/year": ('dcterms:issued "2023"^^xsd:gYear', ""),
    "http://example.org/future": ('dcterms:issued "9999-01-01"^^xsd:date', ""),
    "http://example.org/wrong": ('dcterms:issued "sometime"', ""),
}
TOO_LONG = f"http://example.org/{'가' * 200}"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a dataset of its own, whose default graph is empty."""
    folder = tmp_path_factory.mktemp("many")
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir()
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    with (folder / "seed" / "many.ttl").open("w") as turtle:
        turtle.write("@prefix dcterms: <http://purl.org/dc/terms/> .\n")
        turtle.write("@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n")
        turtle.writelines(
            f"<http://example.org/n/{number}> dcterms:title 'a' , 'b' .\n" for number in range(MOST)
        )
        turtle.writelines(f"<{iri}> dcterms:title 'odd' .\n" for iri in [*ODD, TOO_LONG])
        turtle.writelines(f"<{iri}> {said} .\n" for iri, (said, _) in DATED.items())
        turtle.write("<http://elsewhere.example/x> dcterms:title 'not ours' . [] dcterms:title 'blank' .\n")
    with serving(folder / "data", "--dataset", str(folder), "--default-graph", "strict") as running:
        yield running


def entries(answer: Answer) -> dict[str, ElementTree.Element]:
    assert (answer.status, answer.type) == (200, "application/xml"), answer.text
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - from our own server
    assert root.tag in (f"{SITEMAP}urlset", f"{SITEMAP}sitemapindex")
    found = [(entry.findtext(f"{SITEMAP}loc") or "", entry) for entry in root]
    assert len(dict(found)) == len(found)
    return dict(found)


def listed(many: Server) -> list[str]:
    """The addresses that the index names, as paths on this server."""
    return [address.removeprefix(many.url) for address in entries(many.get("/sitemap.xml"))]


def test_every_resource_is_in_one_sitemap(many: Server) -> None:
    files = listed(many)
    assert files == ["/sitemap-1.xml", "/sitemap-2.xml", "/sitemap-3.xml"]
    pages, *resources = [entries(many.get(path)) for path in files]
    assert f"{many.url}/" in pages
    assert len(resources[0]) >= MOST - 1
    expected = {f"{many.url}/n/{number}" for number in range(MOST)}
    expected |= {many.url + path for path in ODD.values()}
    expected |= {iri.replace("http://example.org", many.url) for iri in DATED}
    found = [address for file in resources for address in file]
    # The graph and the manifest's own terms have no statements here.
    assert sorted(found) == sorted(expected)
    assert all(len(address) <= LONGEST for address in found)


def test_the_sitemap_of_the_project_s_own_dataset(server: Server) -> None:
    base = f"{server.url}/mofapub"
    found = entries(server.get("/sitemap-2.xml"))
    publication = found[f"{base}/resource/Publication/14209"]
    assert publication.findtext(f"{SITEMAP}lastmod") == "2023-05-22"
    assert {f"{base}/Publication", f"{base}/hasAuthor", f"{base}/resource/Series/IFANS%20Focus"} <= set(found)
    assert all(address.startswith(f"{server.url}/") for address in found)


def test_the_day_of_the_last_change(many: Server) -> None:
    found = {address: entry for path in listed(many) for address, entry in entries(many.get(path)).items()}
    for iri, (_, day) in DATED.items():
        told = found[iri.replace("http://example.org", many.url)].findtext(f"{SITEMAP}lastmod") or ""
        assert told == day or (not day and told.startswith(f"{datetime.now(UTC).year}-")), iri


def test_the_languages_of_a_page(many: Server) -> None:
    found = {address: entry for path in listed(many) for address, entry in entries(many.get(path)).items()}
    for path in ODD.values():
        links = {link.get("hreflang"): link.get("href") for link in found[many.url + path].iter(LINK)}
        sign = "&" if "?" in path else "?"
        assert links == {
            "ko": f"{many.url}{path}{sign}locale=ko",
            "en": f"{many.url}{path}{sign}locale=en",
            "x-default": many.url + path,
        }


def test_addresses_lead_back_to_their_resources(many: Server) -> None:
    for iri, path in ODD.items():
        if "?" not in path:
            assert unquote("http://example.org" + path) == unquote(iri)


@pytest.mark.parametrize("number", ["0", "4", "x", "-1", "²", "9" * 5000])
def test_a_sitemap_that_is_not_there(many: Server, number: str) -> None:
    assert many.get(f"/sitemap-{quote(number)}.xml").status == 404


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-2.xml", "/robots.txt"])
def test_what_has_not_changed_is_not_sent_again(many: Server, path: str) -> None:
    answer = many.get(path)
    again = many.get(path, If_None_Match=answer.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert many.get(path, If_None_Match='"other"').status == 200


def test_methods(many: Server) -> None:
    head = many.request("HEAD", "/sitemap-2.xml")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 1000
    assert many.request("OPTIONS", "/robots.txt").headers["allow"] == "GET, HEAD, OPTIONS"
    assert many.request("POST", "/robots.txt").status == 405


def test_a_compressed_sitemap_is_small(many: Server) -> None:
    plain, small = many.get("/sitemap-2.xml"), many.get("/sitemap-2.xml", Accept_Encoding="gzip")
    assert small.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in small.headers["vary"].lower()
    assert len(small.body) * 10 < len(plain.body)


def test_robots(many: Server) -> None:
    answer = many.get("/robots.txt")
    assert (answer.status, answer.type) == (200, "text/plain")
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    assert rules.site_maps() == [f"{many.url}/sitemap.xml"]
    assert f"{many.url}/store.nq.gz is all data in one file" in answer.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/?q=arms", False),
        ("/?locale=ko&q=arms", False),
        ("/?year=2023", True),
        ("/?locale=ko", True),
        ("/?year=2023&locale=ko", True),
        ("/?year=2023&author=x", False),
        ("/?year=2023&author=x&locale=ko", False),
        ("/?year=2023&author=x&series=y", False),
        ("/?year=2023&author=x&series=y&locale=ko", False),
        ("/?year=2023&page=2", False),
        ("/?year=2023&page=2&locale=en", False),
        ("/?page=2", False),
        ("/?sort=title", False),
        ("/browse/year", True),
        ("/browse/year?locale=ko", True),
        ("/mofapub/resource/Publication/14209", True),
        ("/mofapub/resource/Publication/14209?locale=ko", True),
        ("/lod/view.do?uri=http%3A%2F%2Fexample.org%2Fa&locale=en", True),
        ("/mofapub/resource/Publication/14209?format=ttl", False),
        ("/sparql", True),
        ("/sparql?query=ASK%7B%7D", False),
        ("/mofapub/sparql?query=ASK%7B%7D", False),
        ("/search?q=x", False),
        ("/store", True),
        ("/store.nq.gz", True),
        ("/store?graph=http%3A%2F%2Fx", False),
        ("/store.ttl.gz?graph=http%3A%2F%2Fx", False),
        ("/mofapub/resource/Publication/14209?inverse=http%3A%2F%2Fx", False),
        ("/mofapub/hasAuthor?property=http%3A%2F%2Fx&locale=ko", False),
        ("/mofapub/resource/Publication/14209?whole=1", False),
        ("/api?q=author", False),
        ("/api?locale=ko", True),
        ("/api", True),
        ("/api/years", True),
        ("/api/years?locale=ko", True),
        ("/api/years?page=2", False),
        ("/api/years?locale=ko&page=2", False),
        ("/feed", True),
        ("/-/static/endpoint.css?v=1", True),
        ("/-/ready", False),
        ("/-/completion/classes?q=x", False),
        ("/-/metrics", False),
    ],
)
def test_what_robots_may_read(many: Server, path: str, allowed: bool) -> None:
    """The rules as RFC 9309 section 2.2.2 reads them; the standard library's parser knows no wildcards."""
    longest = (0, True)
    for line in many.get("/robots.txt").text.splitlines():
        rule, _, pattern = line.partition(": ")
        if rule in ("Allow", "Disallow"):
            written = re.escape(pattern).replace(r"\*", ".*").replace(r"\$", "$")
            if re.match(written, path):
                longest = max(longest, (len(pattern), rule == "Allow"))
    assert longest[1] is allowed


def test_the_addresses_are_those_by_which_the_client_reaches_the_server(many: Server) -> None:
    found = entries(many.get("/sitemap.xml", Host="data.example.org:8080"))
    assert next(iter(found)) == "http://data.example.org:8080/sitemap-1.xml"
    assert (
        "Sitemap: http://data.example.org/sitemap.xml"
        in many.get("/robots.txt", Host="data.example.org").text
    )


def test_robots_below_a_path() -> None:
    settings = Settings(public_url="https://example.org/lod")
    site = Site(settings, read_dataset(default_root()), Catalog({}, ()))
    lines = sent_by(Boundary(Handler(robots), site), scope_of(path="/robots.txt")).body.decode().splitlines()
    assert {"Allow: /lod/", "Disallow: /lod/sparql?", "Allow: /lod/api/*?locale=ko$"} <= set(lines)
    assert lines[-1] == "Sitemap: https://example.org/lod/sitemap.xml"
