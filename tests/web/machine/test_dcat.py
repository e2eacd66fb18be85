"""DCAT: the catalogue of a small dataset and of the project's own."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.datasets.counted_works import WORKS
from tests.live import Server
from tests.web.machine.descriptions import read, rows


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
