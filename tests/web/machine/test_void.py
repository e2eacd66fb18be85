"""The descriptions of the data over HTTP: VoID and DCAT, on a small dataset and on the project's own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store

from tests.datasets.counted_works import NS, WORKS, make
from tests.live import Server, serving

PREFIXES = """PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX void: <http://rdfs.org/ns/void#>
"""
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


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("works")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset"))) as running:
        yield running


def read(server: Server, path: str) -> Store:
    answer = server.get(path, "text/turtle")
    assert answer.status == 200
    store = Store()
    store.load(answer.body, RdfFormat.TURTLE, base_iri=f"{server.url}{path}")
    return store


def rows(store: Store, pattern: str) -> list[dict[str, str]]:
    found = store.query(f"{PREFIXES} SELECT * {{ {pattern} }}")
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in names if row[name] is not None} for row in found]


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
    assert (answer.status, answer.headers["location"]) == (302, f"{works.url}/void")


def test_the_dataset_is_described(works: Server) -> None:
    store = read(works, "/void")
    (found,) = rows(
        store,
        """?document a void:DatasetDescription ; foaf:primaryTopic ?dataset .
        ?dataset a void:Dataset ; void:sparqlEndpoint ?endpoint ; void:uriSpace ?space ;
          dcterms:license ?licence ; void:triples ?triples ; void:distinctSubjects ?subjects ;
          void:distinctObjects ?objects ; void:properties ?properties ; void:classes ?classes""",
    )
    assert found["document"] == f"{works.url}/void"
    assert found["endpoint"] == f"{works.url}/sparql"
    assert found["space"] == "http://example.org/"
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    numbers = {name: found[name] for name in ("triples", "subjects", "objects", "properties", "classes")}
    assert numbers == {"triples": "19", "subjects": "7", "objects": "15", "properties": "5", "classes": "3"}


def test_only_vocabularies_that_are_used_are_told(works: Server) -> None:
    found = {row["vocabulary"] for row in rows(read(works, "/void"), "?d void:vocabulary ?vocabulary")}
    assert found == {NS, "http://www.w3.org/2000/01/rdf-schema#"}


def test_graphs_are_subsets_with_their_endpoint(works: Server) -> None:
    store = read(works, "/void")
    assert len(rows(store, "?dataset void:subset ?graph . ?graph void:triples ?n")) == 3
    (found,) = rows(store, "?d void:subset ?graph . ?graph void:sparqlEndpoint ?endpoint ; void:triples ?n")
    assert (found["endpoint"], found["n"]) == (f"{works.url}/works/sparql", "11")


def test_statements_of_a_property_are_counted(works: Server) -> None:
    found = rows(
        read(works, "/void"),
        f"""?d foaf:primaryTopic ?dataset . ?dataset void:propertyPartition ?part .
        ?part void:property ?p ; void:triples ?n FILTER(STRSTARTS(STR(?p), "{NS}"))""",
    )
    counted = {row["p"].removeprefix(NS): row["n"] for row in found}
    assert counted == {"author": "4", "pages": "3", "fullName": "3"}


def test_documents_name_the_host_that_was_asked(works: Server) -> None:
    assert (
        works.get("/.well-known/void", Host="data.example").headers["location"] == "http://data.example/void"
    )
    answer = works.get("/catalog", Host="data.example")
    assert works.url.encode() not in answer.body
    store = Store()
    store.load(answer.body, RdfFormat.TURTLE)
    found = {row["url"] for row in rows(store, "?s a dcat:DataService ; dcat:endpointURL ?url")}
    assert found == {f"http://data.example/{path}" for path in ("sparql", "works/sparql", "api")}


def test_every_dataset_of_the_catalogue_is_told_in_both_languages(server: Server) -> None:
    found = rows(
        read(server, "/catalog"),
        """?catalog a dcat:Catalog ; dcat:dataset ?dataset . ?dataset a dcat:Dataset .
        ?dataset dcterms:title ?ko, ?en ; dcterms:description ?about_ko, ?about_en ; dcterms:modified ?day
        FILTER(LANG(?ko) = "ko" && LANG(?en) = "en" && LANG(?about_ko) = "ko" && LANG(?about_en) = "en")""",
    )
    titles = {row["en"] for row in found}
    assert len(titles) == 6
    assert "Diplomatic archives" in titles
    assert all(row["about_ko"] != row["ko"] and row["about_en"] != row["en"] for row in found)


def test_every_address_of_the_catalogue_answers(server: Server) -> None:
    found = rows(
        read(server, "/catalog"),
        """?dataset dcat:distribution ?distribution .
        ?distribution a dcat:Distribution ; dcat:accessURL ?url ; dcat:accessService ?service .
        ?service a dcat:DataService ; dcat:servesDataset ?dataset ; dcat:endpointURL ?url ;
          dcat:endpointDescription ?description""",
    )
    assert len(found) == 7
    for row in found:
        for name in ("url", "description"):
            assert server.get(urlsplit(row[name]).path).status == 200, row[name]


def test_a_graph_is_a_part_with_its_iri(works: Server) -> None:
    (found,) = rows(
        read(works, "/catalog"),
        """?whole dcterms:hasPart ?part . ?part dcterms:isPartOf ?whole ; dcterms:identifier ?iri ;
        void:triples ?n ; dcterms:title ?title ; dcterms:description ?about
        FILTER(LANG(?title) = "ko" && LANG(?about) = "ko")""",
    )
    assert (found["iri"], found["n"], found["title"]) == (WORKS, "11", "책과 보고서")
    assert found["about"] == "책과 보고서. 저작의 한 부분입니다."
