"""Pages of classes, properties and ontologies, on the project's own dataset."""

from __future__ import annotations

import asyncio

import pytest
from rdflib import Graph

from endpoint.web import Site
from endpoint.web.own_queries import Snapshot
from endpoint.web.pages.resource.terms import row_shapes
from tests.live import Server
from tests.web.in_memory_engine import StoreEngine
from tests.web.pages.resource.snapshots import read
from tests.web.pages.resource.test_handlers import RECORD, page, plain


def test_a_class_has_its_definition_hierarchy_and_use(server: Server) -> None:
    tree = page(server, "/mofapub/Publication")
    assert "Institute of Foreign Affairs" in tree.xpath("string(//p[@class='definition'])")
    facts = plain(" ".join(tree.xpath("//dl[@class='place']//text()")))
    assert "Instances 6" in facts
    assert "bibo:Document" in facts
    assert "mofapub:hasAuthor" in facts
    assert RECORD in [
        href.partition("?")[0] for href in tree.xpath("//section[@aria-labelledby='examples']//a/@href")
    ]


def test_a_property_has_its_definition_hierarchy_and_use(server: Server) -> None:
    tree = page(server, "/mofapub/hasAuthor")
    facts = plain(" ".join(tree.xpath("//dl[@class='place']//text()")))
    assert "Statements 1" in facts
    assert "dc:creator" in facts
    assert "mofapub:Publication" in facts
    assert "SONG Tae Eun" in tree.xpath("string(//section[@aria-labelledby='examples'])")


ONTOLOGIES = ["mofapub/", "mofadocu/", "core/", "mofabrief/", "mofapress/", "mofadaily/"]


@pytest.mark.parametrize("path", ONTOLOGIES)
@pytest.mark.parametrize("locale", ["ko", "en"])
def test_an_ontology_is_a_document_of_its_terms(server: Server, path: str, locale: str) -> None:
    tree = page(server, f"/{path}", locale)
    graph = Graph().parse(data=server.get(f"/{path}", "text/turtle").body, format="turtle")
    defined = [str(term) for term in graph.subjects(unique=True) if str(term).startswith("http")]
    shown = tree.xpath("//dl[@class='terms']//dt/a/@href")
    assert len(shown) == len([term for term in defined if not term.endswith("/")])
    assert len(tree.xpath("//dl[@class='terms']/div/dd")) == len(shown)


def test_what_is_kept_of_a_generation_is_asked_once(site: Site) -> None:
    async def several(snapshot: Snapshot) -> int:
        await asyncio.gather(*(row_shapes(snapshot) for _ in range(5)))
        assert isinstance(site.running, StoreEngine)
        return len(site.running.asked)

    assert read(site, several) == 1
