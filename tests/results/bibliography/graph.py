"""A small catalogue in standard vocabularies, and how the tests look things up in it."""

from __future__ import annotations

from pyoxigraph import NamedNode, RdfFormat, Store

from endpoint.formats.table import FORMATS
from endpoint.results.bibliography import Item, bibliography, read_items
from endpoint.results.serializers import statements_of

PREFIXES = """
@prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dc: <http://purl.org/dc/elements/1.1/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.org/> .
@prefix pub: <http://example.org/resource/Publication/> .
"""

# One whole record, as rules derive it: an article of a series.
ARTICLE = """
pub:14209 a bibo:Document , bibo:Article ;
  dcterms:title "Cyber Threats and NATO: 50% of R&D" ;
  dc:creator "SONG Tae Eun" , "서동만" ;
  dcterms:issued "2023-05-22"^^xsd:date ; dcterms:date "2023"^^xsd:gYear ;
  bibo:number "2023.-07E" ;
  dcterms:isPartOf ex:focus ;
  bibo:uri "https://www.example.org/view.do?salt=null&id_no=14209" ; foaf:page <http://example.org/page> ;
  dcterms:language <http://id.loc.gov/vocabulary/iso639-2/eng> ; schema:inLanguage "en" ;
  dcterms:abstract "First paragraph.\\n\\n\\tSecond {paragraph}." ;
  dcterms:subject ex:nato ; dcterms:spatial ex:kr ;
  dcterms:identifier "14209" .
ex:focus a bibo:Series ; dcterms:title "Focus" .
ex:nato rdfs:label "NATO, the alliance" .
ex:kr rdfs:label "대한민국"@ko , "Republic of Korea"@en .
"""


def store_of(turtle: str) -> Store:
    store = Store()
    store.bulk_load((PREFIXES + turtle).encode(), RdfFormat.TURTLE)
    return store


def read(turtle: str, *names: str) -> list[Item]:
    """The items of the resources named under ``pub:``."""
    resources = [NamedNode(f"http://example.org/resource/Publication/{name}") for name in names]
    return list(read_items(resources, statements_of(store_of(turtle))))


def read_one(turtle: str) -> Item:
    """The item ``pub:1``."""
    (item,) = read(turtle, "1")
    return item


def written(turtle: str, format_name: str, *names: str) -> str:
    resources = [NamedNode(f"http://example.org/resource/Publication/{name}") for name in names]
    return "".join(bibliography(resources, statements_of(store_of(turtle)), FORMATS[format_name]))
