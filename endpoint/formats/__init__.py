"""Result and RDF formats, and their negotiation (RFC 9110 section 12.5.1).

Everything here is a table or a pure function of its arguments.
"""

from __future__ import annotations

from endpoint.formats.representation import (
    Facts,
    Links,
    Page,
    Plain,
    Representation,
    by_extension,
    by_name,
    negotiate,
)
from endpoint.formats.table import (
    BIBLIOGRAPHIES,
    BIBTEX,
    CSL_JSON,
    CSV,
    EXCEL_CSV,
    EXPORT_FORMATS,
    FLAT_JSON,
    GEO_JSON,
    GRAPH_FORMATS,
    HTML,
    JSON_LD,
    LINKSET,
    MARKDOWN,
    N3,
    N_QUADS,
    N_TRIPLES,
    ND_JSON,
    RDF_XML,
    RESULT_FORMATS,
    RIS,
    SPARQL_JSON,
    SPARQL_XML,
    TABLE_FORMATS,
    TRIG,
    TSV,
    TURTLE,
    XLSX,
    Format,
    QueryForm,
)

__all__ = [
    "BIBLIOGRAPHIES",
    "BIBTEX",
    "CSL_JSON",
    "CSV",
    "EXCEL_CSV",
    "EXPORT_FORMATS",
    "FLAT_JSON",
    "GEO_JSON",
    "GRAPH_FORMATS",
    "HTML",
    "JSON_LD",
    "LINKSET",
    "MARKDOWN",
    "N3",
    "ND_JSON",
    "N_QUADS",
    "N_TRIPLES",
    "RDF_XML",
    "RESULT_FORMATS",
    "RIS",
    "SPARQL_JSON",
    "SPARQL_XML",
    "TABLE_FORMATS",
    "TRIG",
    "TSV",
    "TURTLE",
    "XLSX",
    "Facts",
    "Format",
    "Links",
    "Page",
    "Plain",
    "QueryForm",
    "Representation",
    "by_extension",
    "by_name",
    "negotiate",
    "offered",
    "saved_formats",
]

_GRAPHS = (*GRAPH_FORMATS, HTML, *BIBLIOGRAPHIES)
_OFFERED = {
    QueryForm.SELECT: (*RESULT_FORMATS, HTML, *BIBLIOGRAPHIES, EXCEL_CSV),
    QueryForm.ASK: (SPARQL_JSON, SPARQL_XML, HTML),
    QueryForm.CONSTRUCT: _GRAPHS,
    QueryForm.DESCRIBE: _GRAPHS,
}
_SAVED = {
    form: (FLAT_JSON, *dict.fromkeys((*formats, *(TABLE_FORMATS if form is QueryForm.SELECT else ()))))
    for form, formats in _OFFERED.items()
}


def rdf_format(media_type: str) -> Format | None:
    """Return the format of RDF with this media type, in lower case; None for others."""
    rdf = (each for each in EXPORT_FORMATS if each.iri is not None)
    return next((each for each in rdf if media_type in (each.media_type, *each.aliases)), None)


def offered(form: QueryForm) -> tuple[Format, ...]:
    """Return the formats for the result of a query of this form, in the server's order of preference.

    CSV and TSV have no booleans (SPARQL 1.1 Query Results CSV and TSV Formats), so ASK has neither;
    and no publication is in a boolean.
    """
    return _OFFERED[form]


def saved_formats(form: QueryForm) -> tuple[Format, ...]:
    """Return the formats for the answer of a saved query: flat JSON first, then its form's and tables."""
    return _SAVED[form]
