"""The tables of formats: their names on the wire, in ``format=`` and of files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_FORMAT_IRI = "http://www.w3.org/ns/formats/"

_TITLES = {
    "csv": "CSV",
    "excel-csv": "CSV (Excel)",
    "xlsx": "Excel (XLSX)",
    "flat-json": "JSON",
    "ndjson": "NDJSON",
    "markdown": "Markdown",
    "geojson": "GeoJSON",
    "sparql-json": "SPARQL JSON",
    "sparql-xml": "SPARQL XML",
    "tsv": "SPARQL TSV",
    "turtle": "Turtle",
    "n-triples": "N-Triples",
    "n-quads": "N-Quads",
    "trig": "TriG",
    "rdf-xml": "RDF/XML",
    "json-ld": "JSON-LD",
    "bibtex": "BibTeX",
    "ris": "RIS",
    "csl-json": "CSL-JSON",
    "linkset": "Linkset",
}


class QueryForm(StrEnum):
    """The four query forms (SPARQL 1.1 Query Language, section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """A serialization. Compared by identity: there is one object per row of the tables below.

    ``aliases`` are other media types that clients use for it and ``short_names`` what they write
    in ``format=``. With ``charset``, ``; charset=utf-8`` is sent. ``iri`` names the format in a service
    description (http://www.w3.org/ns/formats/). With ``echo``, an alias that the client named is sent back as
    the Content-Type, and with ``by_wildcard`` a wildcard in an Accept header may choose it.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...]
    short_names: tuple[str, ...]
    extension: str
    charset: bool
    iri: str | None
    echo: bool = True
    by_wildcard: bool = True

    @property
    def title(self) -> str:
        """The name that people use, in any language."""
        return _TITLES.get(self.name, self.name)

    def content_type(self, as_media_type: str | None = None) -> str:
        """Return the Content-Type, with ``as_media_type`` (an alias) in place of the format's own type."""
        media_type = as_media_type if as_media_type and self.echo else self.media_type
        if self.charset or media_type.startswith("text/"):
            return f"{media_type}; charset=utf-8"
        return media_type


SPARQL_JSON = Format(
    "sparql-json",
    "application/sparql-results+json",
    ("application/json", "text/json"),
    ("json", "srj"),
    "srj",
    False,
    _FORMAT_IRI + "SPARQL_Results_JSON",
)
SPARQL_XML = Format(
    "sparql-xml",
    "application/sparql-results+xml",
    ("application/xml", "text/xml"),
    ("xml", "srx"),
    "srx",
    True,  # RCurl, which R's SPARQL package uses, reads as Latin-1 what has none
    _FORMAT_IRI + "SPARQL_Results_XML",
)
CSV = Format(
    "csv", "text/csv", ("application/csv",), ("csv",), "csv", True, _FORMAT_IRI + "SPARQL_Results_CSV"
)
TSV = Format(
    "tsv",
    "text/tab-separated-values",
    ("text/tsv",),
    ("tsv",),
    "tsv",
    True,
    _FORMAT_IRI + "SPARQL_Results_TSV",
)
TURTLE = Format(
    "turtle",
    "text/turtle",
    ("application/turtle", "application/x-turtle", "text/n3", "text/rdf+n3"),
    ("ttl", "turtle", "n3"),
    "ttl",
    True,
    _FORMAT_IRI + "Turtle",
)
N_TRIPLES = Format(
    "n-triples",
    "application/n-triples",
    ("text/plain", "text/ntriples"),
    ("nt", "ntriples"),
    "nt",
    False,
    _FORMAT_IRI + "N-Triples",
)
JSON_LD = Format(
    "json-ld",
    "application/ld+json",
    ("application/json", "text/json", "application/x-ld+json"),
    ("jsonld", "json"),
    "jsonld",
    False,
    _FORMAT_IRI + "JSON-LD",
)
RDF_XML = Format(
    "rdf-xml",
    "application/rdf+xml",
    ("application/xml", "text/xml"),
    ("rdf", "rdfxml", "rdf/xml", "xml"),
    "rdf",
    False,
    _FORMAT_IRI + "RDF_XML",
)
TRIG = Format("trig", "application/trig", ("application/x-trig",), (), "trig", False, _FORMAT_IRI + "TriG")
N_QUADS = Format(
    "n-quads",
    "application/n-quads",
    ("text/x-nquads", "text/nquads"),
    ("nq", "nquads"),
    "nq",
    False,
    _FORMAT_IRI + "N-Quads",
)
# A page is HTML, which an XML parser would refuse, so XHTML is not echoed.
HTML = Format(
    "html",
    "text/html",
    ("application/xhtml+xml",),
    ("html", "htm"),
    "html",
    True,
    None,
    echo=False,
    by_wildcard=False,
)
FLAT_JSON = Format("flat-json", "application/json", ("text/json",), ("json", "flat"), "json", False, None)
# Over HTTP N3 is an alias of Turtle, which is N3 too; files are written under this name.
N3 = Format("n3", "text/n3", ("text/rdf+n3",), (), "n3", True, _FORMAT_IRI + "N3")

# The publications in a result, as reference managers read them.
BIBTEX = Format(
    "bibtex",
    "application/x-bibtex",
    ("text/x-bibtex",),
    ("bibtex", "bib"),
    "bib",
    True,
    None,
    by_wildcard=False,
)
RIS = Format(
    "ris",
    "application/x-research-info-systems",
    ("application/research-info-systems",),
    ("ris",),
    "ris",
    True,
    None,
    by_wildcard=False,
)
CSL_JSON = Format(
    "csl-json",
    "application/vnd.citationstyles.csl+json",
    ("application/citeproc+json",),
    ("csl", "csljson"),
    "csl.json",
    False,
    None,
    by_wildcard=False,
)

# Tables for people and programs, of the solutions of a saved query. Clients that read them name them.
ND_JSON = Format(
    "ndjson",
    "application/x-ndjson",
    ("application/ndjson", "application/jsonl", "application/x-jsonlines"),
    ("jsonl",),
    "ndjson",
    False,
    None,
    by_wildcard=False,
)
# Has the media type of CSV, so only its own name chooses it.
EXCEL_CSV = Format("excel-csv", "text/csv", (), ("excel",), "csv", True, None, by_wildcard=False)
XLSX = Format(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("application/xlsx",),
    (),
    "xlsx",
    False,
    None,
    by_wildcard=False,
)
MARKDOWN = Format(
    "markdown", "text/markdown", ("text/x-markdown",), ("md",), "md", True, None, by_wildcard=False
)
GEO_JSON = Format(
    "geojson",
    "application/geo+json",
    ("application/vnd.geo+json",),
    (),
    "geojson",
    False,
    None,
    by_wildcard=False,
)

# The links of a resource (RFC 9264).
LINKSET = Format(
    "linkset", "application/linkset+json", (), ("linkset",), "linkset.json", False, None, by_wildcard=False
)

RESULT_FORMATS = (SPARQL_JSON, SPARQL_XML, CSV, TSV)
GRAPH_FORMATS = (TURTLE, N_TRIPLES, JSON_LD, RDF_XML, TRIG, N_QUADS)
BIBLIOGRAPHIES = (BIBTEX, RIS, CSL_JSON)
TABLE_FORMATS = (ND_JSON, EXCEL_CSV, XLSX, MARKDOWN, GEO_JSON)
# Formats of files; N3 before Turtle, which has its name as a short one.
EXPORT_FORMATS = (N_QUADS, TRIG, N3, TURTLE, N_TRIPLES, RDF_XML, JSON_LD, *BIBLIOGRAPHIES)
# All of them by name.
FORMATS = {fmt.name: fmt for fmt in (*RESULT_FORMATS, *EXPORT_FORMATS, *TABLE_FORMATS, FLAT_JSON, HTML)}
