"""Prefixes that a saved query need not declare: those of common vocabularies, as prefix.cc lists them.

SPARQL itself knows no default (SPARQL 1.1 Query Language, section 4.1), so what a query uses without
declaring it is written before it, and the text means the same to every tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from endpoint.errors import DataError
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.operation import TEXT, read_prologue
from endpoint.wording import did_you_mean

STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "adms": "http://www.w3.org/ns/adms#",
        "as": "https://www.w3.org/ns/activitystreams#",
        "bf": "http://id.loc.gov/ontologies/bibframe/",
        "bibo": "http://purl.org/ontology/bibo/",
        "bio": "http://purl.org/vocab/bio/0.1/",
        "cc": "http://creativecommons.org/ns#",
        "cidoc": "http://www.cidoc-crm.org/cidoc-crm/",
        "crm": "http://www.cidoc-crm.org/cidoc-crm/",
        "csvw": "http://www.w3.org/ns/csvw#",
        "dbc": "http://dbpedia.org/resource/Category:",
        "dbo": "http://dbpedia.org/ontology/",
        "dbp": "http://dbpedia.org/property/",
        "dbpedia": "http://dbpedia.org/resource/",
        "dbpedia-owl": "http://dbpedia.org/ontology/",
        "dbpprop": "http://dbpedia.org/property/",
        "dbr": "http://dbpedia.org/resource/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dc11": "http://purl.org/dc/elements/1.1/",
        "dcam": "http://purl.org/dc/dcam/",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcmitype": "http://purl.org/dc/dcmitype/",
        "dct": "http://purl.org/dc/terms/",
        "dcterms": "http://purl.org/dc/terms/",
        "doap": "http://usefulinc.com/ns/doap#",
        "edm": "http://www.europeana.eu/schemas/edm/",
        "event": "http://purl.org/NET/c4dm/event.owl#",
        "fabio": "http://purl.org/spar/fabio/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "fn": "http://www.w3.org/2005/xpath-functions#",
        "frbr": "http://purl.org/vocab/frbr/core#",
        "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "geof": "http://www.opengis.net/def/function/geosparql/",
        "geonames": "http://www.geonames.org/ontology#",
        "geosparql": "http://www.opengis.net/ont/geosparql#",
        "gn": "http://www.geonames.org/ontology#",
        "gr": "http://purl.org/goodrelations/v1#",
        "ldp": "http://www.w3.org/ns/ldp#",
        "locn": "http://www.w3.org/ns/locn#",
        "mo": "http://purl.org/ontology/mo/",
        "np": "http://www.nanopub.org/nschema#",
        "oa": "http://www.w3.org/ns/oa#",
        "obo": "http://purl.obolibrary.org/obo/",
        "odrl": "http://www.w3.org/ns/odrl/2/",
        "org": "http://www.w3.org/ns/org#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "p": "http://www.wikidata.org/prop/",
        "pav": "http://purl.org/pav/",
        "pq": "http://www.wikidata.org/prop/qualifier/",
        "prov": "http://www.w3.org/ns/prov#",
        "ps": "http://www.wikidata.org/prop/statement/",
        "qb": "http://purl.org/linked-data/cube#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "schema": "https://schema.org/",
        "sd": "http://www.w3.org/ns/sparql-service-description#",
        "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
        "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
        "sf": "http://www.opengis.net/ont/sf#",
        "sh": "http://www.w3.org/ns/shacl#",
        "sioc": "http://rdfs.org/sioc/ns#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "skosxl": "http://www.w3.org/2008/05/skos-xl#",
        "sosa": "http://www.w3.org/ns/sosa/",
        "text": TEXT,
        "time": "http://www.w3.org/2006/time#",
        "up": "http://purl.uniprot.org/core/",
        "vann": "http://purl.org/vocab/vann/",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "void": "http://rdfs.org/ns/void#",
        "wd": "http://www.wikidata.org/entity/",
        "wdt": "http://www.wikidata.org/prop/direct/",
        "wgs": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "wikibase": "http://wikiba.se/ontology#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)


def undeclared(text: str) -> dict[str, Token]:
    """The prefixes that a text uses without declaring them, each with the name where it first stands."""
    declared = read_prologue(text).prefixes
    return {
        prefix: token
        for token in reversed(list(_names(text)))
        if (prefix := token.text.partition(":")[0]) not in declared
    }


def declarations(text: str, known: Mapping[str, str]) -> str:
    """The PREFIX lines that ``text`` lacks, to be written before it.

    Raises :class:`DataError`, with line and column and without a file, for a prefix that is not ``known``.
    """
    used = undeclared(text)
    for prefix, token in sorted(used.items(), key=lambda row: row[1].start):
        if prefix not in known:
            near = did_you_mean(prefix, [*known, *read_prologue(text).prefixes])
            place = position_of(text, token.start)
            raise DataError(f"The prefix {prefix}: is not declared{near}", None, *place)
    return "".join(f"PREFIX {prefix}: <{known[prefix]}>\n" for prefix in sorted(used))


def _names(text: str) -> Iterator[Token]:
    before = ""
    for token in lex(text).tokens:
        if token.kind is Kind.PNAME and before != "PREFIX":
            yield token
        before = token.upper
