"""Descriptions over HTTP: formats, entity tags, addresses, and the cache of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.http.answer import Whole
from endpoint.web.machine.datasets import VOID_PATH, document_triples
from endpoint.web.machine.documents import DataDocument
from endpoint.web.own_queries import OwnQueries
from tests.datasets.counted_works import NS, WORKS, make
from tests.live import Server
from tests.web.exchanges import request_for
from tests.web.in_memory_engine import StoreEngine
from tests.web.machine.descriptions import read, rows

FORMATS = [
    ("text/turtle", "ttl", RdfFormat.TURTLE),
    ("application/n-triples", "nt", RdfFormat.N_TRIPLES),
    ("application/ld+json", "jsonld", RdfFormat.JSON_LD),
    ("application/rdf+xml", "rdf", RdfFormat.RDF_XML),
    ("application/trig", "trig", RdfFormat.TRIG),
    ("application/n-quads", "nq", RdfFormat.N_QUADS),
]
PATHS = ("/void", "/catalog")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("media_type", "extension", "rdf_format"), FORMATS)
def test_every_rdf_format_says_the_same(
    works: Server, path: str, media_type: str, extension: str, rdf_format: RdfFormat
) -> None:
    expected = {quad.triple for quad in read(works, path)}
    for address, accept in (
        (path, media_type),
        (f"{path}.{extension}", None),
        (f"{path}?format={extension}", "*/*"),
    ):
        answer = works.get(address, accept)
        assert (answer.status, answer.type) == (200, media_type)
        store = Store()
        store.load(answer.body, rdf_format, base_iri=works.url)
        assert {quad.triple for quad in store} == expected
        assert answer.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_offered_is_406(works: Server, path: str) -> None:
    assert works.get(path, "text/html").status == 406
    assert works.get(path, "text/csv").status == 406
    assert works.get(f"{path}.csv").status == 406
    assert works.get(path, BROWSER).status == 200
    assert works.request("DELETE", path).headers["allow"] == "GET, HEAD, OPTIONS"
    assert works.request("OPTIONS", path).headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", PATHS)
def test_the_same_document_is_sent_once(works: Server, path: str) -> None:
    first = works.get(path)
    assert works.get(path, If_None_Match=f'"other", W/{first.headers["etag"]}').status == 304
    assert works.get(path, If_None_Match='"other"').status == 200


def test_the_well_known_address_leads_there(works: Server) -> None:
    answer = works.get("/.well-known/void")
    assert (answer.status, answer.headers["location"]) == (302, "/void")


def test_documents_name_the_host_that_was_asked(works: Server) -> None:
    answer = works.get("/catalog", Host="data.example")
    assert works.url.encode() not in answer.body
    store = Store()
    store.load(answer.body, RdfFormat.TURTLE)
    found = {row["url"] for row in rows(store, "?s a dcat:DataService ; dcat:endpointURL ?url")}
    assert found == {f"http://data.example/{path}" for path in ("sparql", "works/sparql", "api", "store")}


def test_hosts_that_clients_make_up_do_not_fill_the_cache(tmp_path: Path) -> None:
    site = create_site(Settings(dataset=make(tmp_path / "dataset")))
    site.running = StoreEngine(f"<{WORKS}/1> a <{NS}Book>", WORKS)
    site.cache.resize(200_000)
    own_queries = OwnQueries(site)
    document = DataDocument(own_queries, VOID_PATH, document_triples)

    async def work() -> None:
        for number in range(200):
            request = request_for(site, VOID_PATH, headers={"host": f"host{number}.example"})
            answer = await document.answer(request)
            assert isinstance(answer, Whole)
            assert f"http://host{number}.example/void".encode() in answer.body
            assert site.cache.size <= 200_000
        assert 1 < len(site.cache) < 200
        assert site.cache.evictions > 0
        # The statistics are small, and always there.
        assert len(own_queries.cache) == 1

    asyncio.run(work())
