"""Namespaces of RDF vocabularies, their usual prefixes, and the standard terms that several modules read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BIBO: Final = "http://purl.org/ontology/bibo/"
DC: Final = "http://purl.org/dc/elements/1.1/"
DCAT: Final = "http://www.w3.org/ns/dcat#"
DCTERMS: Final = "http://purl.org/dc/terms/"
ENTAILMENT: Final = "http://www.w3.org/ns/entailment/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
GEOSPARQL: Final = "http://www.opengis.net/ont/geosparql#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
SCHEMA: Final = "https://schema.org/"
SCHEMA_HTTP: Final = "http://schema.org/"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
SH: Final = "http://www.w3.org/ns/shacl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SPEX: Final = "https://purl.expasy.org/sparql-examples/ontology#"
TEXT: Final = "urn:endpoint:text:"
"""The terms of full-text search inside a query, such as ``SERVICE text:search``."""
VOID: Final = "http://rdfs.org/ns/void#"
VOID_EXT: Final = "http://ldf.fi/void-ext#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

RDF_TYPE: Final = f"{RDF}type"
RDF_LANG_STRING: Final = f"{RDF}langString"
RDFS_COMMENT: Final = f"{RDFS}comment"
RDFS_IS_DEFINED_BY: Final = f"{RDFS}isDefinedBy"
RDFS_LABEL: Final = f"{RDFS}label"
RDFS_SUBCLASS_OF: Final = f"{RDFS}subClassOf"
RDFS_SUBPROPERTY_OF: Final = f"{RDFS}subPropertyOf"
SKOS_PREF_LABEL: Final = f"{SKOS}prefLabel"

PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adms": "http://www.w3.org/ns/adms#",
        "as": "https://www.w3.org/ns/activitystreams#",
        "bf": "http://id.loc.gov/ontologies/bibframe/",
        "bibo": BIBO,
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
        "dc": DC,
        "dc11": DC,
        "dcam": "http://purl.org/dc/dcam/",
        "dcat": DCAT,
        "dcmitype": "http://purl.org/dc/dcmitype/",
        "dct": DCTERMS,
        "dcterms": DCTERMS,
        "doap": "http://usefulinc.com/ns/doap#",
        "edm": "http://www.europeana.eu/schemas/edm/",
        "event": "http://purl.org/NET/c4dm/event.owl#",
        "fabio": "http://purl.org/spar/fabio/",
        "foaf": FOAF,
        "fn": "http://www.w3.org/2005/xpath-functions#",
        "frbr": "http://purl.org/vocab/frbr/core#",
        "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "geof": "http://www.opengis.net/def/function/geosparql/",
        "geonames": "http://www.geonames.org/ontology#",
        "geosparql": GEOSPARQL,
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
        "owl": OWL,
        "p": "http://www.wikidata.org/prop/",
        "pav": "http://purl.org/pav/",
        "pq": "http://www.wikidata.org/prop/qualifier/",
        "prov": "http://www.w3.org/ns/prov#",
        "ps": "http://www.wikidata.org/prop/statement/",
        "qb": "http://purl.org/linked-data/cube#",
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "sd": SD,
        "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
        "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
        "sf": "http://www.opengis.net/ont/sf#",
        "sh": SH,
        "sioc": "http://rdfs.org/sioc/ns#",
        "skos": SKOS,
        "skosxl": "http://www.w3.org/2008/05/skos-xl#",
        "sosa": "http://www.w3.org/ns/sosa/",
        "text": TEXT,
        "time": "http://www.w3.org/2006/time#",
        "up": "http://purl.uniprot.org/core/",
        "vann": "http://purl.org/vocab/vann/",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "void": VOID,
        "wd": "http://www.wikidata.org/entity/",
        "wdt": "http://www.wikidata.org/prop/direct/",
        "wgs": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "wikibase": "http://wikiba.se/ontology#",
        "xsd": XSD,
    }
)
"""The prefixes of common vocabularies, as prefix.cc lists them."""
