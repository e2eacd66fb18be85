"""The standard terms that describe a publication, in order of preference, and what kinds there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from endpoint.vocabulary import BIBO, DC, DCTERMS, FOAF, RDFS_LABEL, SCHEMA, SKOS_PREF_LABEL

LABEL: Final = (RDFS_LABEL, SKOS_PREF_LABEL, FOAF + "name", SCHEMA + "name", DCTERMS + "title")
NAME: Final = (DCTERMS + "title", SCHEMA + "name", *LABEL)
TITLE: Final = (DCTERMS + "title", DC + "title", SCHEMA + "name", *LABEL)
CREATOR: Final = (DC + "creator", DCTERMS + "creator", FOAF + "maker", SCHEMA + "author")
FAMILY: Final = (FOAF + "familyName", FOAF + "family_name", SCHEMA + "familyName")
GIVEN: Final = (FOAF + "givenName", FOAF + "givenname", SCHEMA + "givenName")
ORGANISATION: Final = frozenset({FOAF + "Organization", FOAF + "Group", SCHEMA + "Organization"})
DATE: Final = (DCTERMS + "issued", SCHEMA + "datePublished", DCTERMS + "date", DC + "date")
NUMBER: Final = (BIBO + "number", BIBO + "issue")
SERIES: Final = (DCTERMS + "isPartOf", SCHEMA + "isPartOf")
PUBLISHER: Final = (DCTERMS + "publisher", DC + "publisher", SCHEMA + "publisher")
ADDRESS: Final = (BIBO + "uri", FOAF + "page", SCHEMA + "url")
LANGUAGE: Final = (SCHEMA + "inLanguage", DCTERMS + "language", DC + "language")
ABSTRACT: Final = (DCTERMS + "abstract", BIBO + "abstract", SCHEMA + "abstract", DCTERMS + "description")
KEYWORD: Final = (DCTERMS + "subject", DC + "subject", DCTERMS + "spatial", SCHEMA + "keywords")
IDENTIFIER: Final = (DCTERMS + "identifier", DC + "identifier")


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
    BIBO + "Report": REPORT,
    BIBO + "AcademicArticle": ARTICLE,
    BIBO + "Article": ARTICLE,
    BIBO + "EditedBook": BOOK,
    BIBO + "Book": BOOK,
    BIBO + "Document": DOCUMENT,
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
