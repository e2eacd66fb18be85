"""VoID and DCAT: the description of a dataset whose numbers are known, and of the project's own."""

from __future__ import annotations

import gzip
from urllib.parse import urlsplit

from pyoxigraph import RdfFormat, parse

from tests.datasets.counted_works import NS, WORKS
from tests.live import Server
from tests.web.machine.descriptions import read, rows


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


def test_dumps_are_told_and_have_what_is_told(works: Server) -> None:
    void = read(works, "/void")
    (whole,) = rows(void, "?d foaf:primaryTopic ?dataset . ?dataset void:dataDump ?dump ; void:triples ?n")
    quads = [*parse(gzip.decompress(works.get(path_of(whole["dump"])).body), RdfFormat.N_QUADS)]
    assert len({quad.triple for quad in quads}) == int(whole["n"])
    graphs = rows(void, "?d void:subset ?graph . ?graph void:dataDump ?dump ; void:triples ?n")
    assert len(graphs) == 3
    for row in graphs:
        statements = [*parse(gzip.decompress(works.get(path_of(row["dump"])).body), RdfFormat.TURTLE)]
        assert len(statements) == int(row["n"])


def test_dumps_are_distributions_to_download(works: Server) -> None:
    found = rows(
        read(works, "/catalog"),
        """?dataset dcat:distribution ?dump . ?dump a dcat:Distribution ; dcat:downloadURL ?url ;
        dcat:accessURL ?url ; dcat:mediaType ?type ; dcat:compressFormat ?packed ; dcterms:license ?licence ;
        dcat:accessService ?store . ?store dcat:servesDataset ?dataset ; dcterms:conformsTo ?protocol""",
    )
    types = "https://www.iana.org/assignments/media-types/"
    assert {(row["url"].partition("?")[0], row["type"]) for row in found} == {
        (f"{works.url}/store.nq.gz", f"{types}application/n-quads"),
        (f"{works.url}/store.ttl.gz", f"{types}text/turtle"),
    }
    for row in found:
        assert row["protocol"] == "http://www.w3.org/TR/sparql11-http-rdf-update/"
        head = works.request("HEAD", path_of(row["url"]))
        assert (head.status, types + head.headers["content-type"]) == (200, row["packed"])


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
