"""The standard terms that describe a publication, in order of preference, and what kinds there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BIBO: Final = "http://purl.org/ontology/bibo/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FOAF: Final = "http://xmlns.com/foaf/0.1/"
_SCHEMA: Final = "https://schema.org/"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"

TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SUBCLASS: Final = _RDFS + "subClassOf"

LABEL: Final = (_RDFS + "label", _SKOS + "prefLabel", _FOAF + "name", _SCHEMA + "name", _DCTERMS + "title")
NAME: Final = (_DCTERMS + "title", _SCHEMA + "name", *LABEL)
TITLE: Final = (_DCTERMS + "title", _DC + "title", _SCHEMA + "name", *LABEL)
CREATOR: Final = (_DC + "creator", _DCTERMS + "creator", _FOAF + "maker", _SCHEMA + "author")
FAMILY: Final = (_FOAF + "familyName", _FOAF + "family_name", _SCHEMA + "familyName")
GIVEN: Final = (_FOAF + "givenName", _FOAF + "givenname", _SCHEMA + "givenName")
ORGANISATION: Final = frozenset({_FOAF + "Organization", _FOAF + "Group", _SCHEMA + "Organization"})
DATE: Final = (_DCTERMS + "issued", _SCHEMA + "datePublished", _DCTERMS + "date", _DC + "date")
NUMBER: Final = (_BIBO + "number", _BIBO + "issue")
SERIES: Final = (_DCTERMS + "isPartOf", _SCHEMA + "isPartOf")
PUBLISHER: Final = (_DCTERMS + "publisher", _DC + "publisher", _SCHEMA + "publisher")
ADDRESS: Final = (_BIBO + "uri", _FOAF + "page", _SCHEMA + "url")
LANGUAGE: Final = (_SCHEMA + "inLanguage", _DCTERMS + "language", _DC + "language")
ABSTRACT: Final = (_DCTERMS + "abstract", _BIBO + "abstract", _SCHEMA + "abstract", _DCTERMS + "description")
KEYWORD: Final = (_DCTERMS + "subject", _DC + "subject", _DCTERMS + "spatial", _SCHEMA + "keywords")
IDENTIFIER: Final = (_DCTERMS + "identifier", _DC + "identifier")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a publication is in each format, and where its series, number and publisher go there.

    ``ris_number`` is the name that rispy has for the tag.
    """

    bibtex: str
    ris: str
    csl: str
    bibtex_series: str
    bibtex_publisher: str
    ris_number: str
    csl_series: str
    csl_number: str


REPORT: Final = Kind(
    *("techreport", "RPRT", "report"),
    bibtex_series="series",
    bibtex_publisher="institution",
    # Zotero and EndNote keep a report's number in SN; IS would become a note.
    ris_number="issn",
    csl_series="collection-title",
    csl_number="number",
)
ARTICLE: Final = Kind(
    *("article", "JOUR", "article-journal"),
    bibtex_series="journal",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="container-title",
    csl_number="issue",
)
BOOK: Final = Kind(
    *("book", "BOOK", "book"),
    bibtex_series="series",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="collection-title",
    csl_number="collection-number",
)
DOCUMENT: Final = Kind(
    *("misc", "GEN", "document"),
    bibtex_series="series",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="collection-title",
    csl_number="number",
)

# Of several classes that a publication has, the first of these tells its kind.
KINDS: Final = {
    _BIBO + "Report": REPORT,
    _BIBO + "AcademicArticle": ARTICLE,
    _BIBO + "Article": ARTICLE,
    _BIBO + "EditedBook": BOOK,
    _BIBO + "Book": BOOK,
    _BIBO + "Document": DOCUMENT,
}

# ISO 639-2, both forms, to the shorter tag that BCP 47 asks for; other codes stay as they are.
LANGUAGES: Final = {
    "eng": "en",
    "kor": "ko",
    "jpn": "ja",
    "zho": "zh",
    "chi": "zh",
    "rus": "ru",
    "spa": "es",
    "fra": "fr",
    "fre": "fr",
    "deu": "de",
    "ger": "de",
    "ara": "ar",
    "vie": "vi",
    "por": "pt",
    "ita": "it",
    "mon": "mn",
    "ind": "id",
    "tha": "th",
}
