from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.formats import (
    BIBLIOGRAPHIES,
    EXCEL_CSV,
    EXPORT_FORMATS,
    FLAT_JSON,
    GRAPH_FORMATS,
    HTML,
    N3,
    RESULT_FORMATS,
    SPARQL_JSON,
    Format,
    QueryForm,
    by_extension,
    by_name,
    negotiate,
    offered,
    saved_formats,
)

SELECT = offered(QueryForm.SELECT)
ASK = offered(QueryForm.ASK)
GRAPH = offered(QueryForm.CONSTRUCT)
SAVED = saved_formats(QueryForm.SELECT)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
ALL = (*RESULT_FORMATS, *GRAPH_FORMATS, HTML, FLAT_JSON, *BIBLIOGRAPHIES)

JSON = "sparql-json application/sparql-results+json"
XML = "sparql-xml application/sparql-results+xml; charset=utf-8"
CSV = "csv text/csv; charset=utf-8"
TSV = "tsv text/tab-separated-values; charset=utf-8"
TTL = "turtle text/turtle; charset=utf-8"
NT = "n-triples application/n-triples"
LD = "json-ld application/ld+json"
RDF = "rdf-xml application/rdf+xml"
BIB = "bibtex application/x-bibtex; charset=utf-8"
RIS = "ris application/x-research-info-systems; charset=utf-8"
CSL = "csl-json application/vnd.citationstyles.csl+json"
PAGE = "html text/html; charset=utf-8"
NONE = "none"

# offered, Accept, chosen format and Content-Type
CASES = {
    "no header": (SELECT, None, JSON),
    "empty header": (SELECT, "", JSON),
    "blank header": (SELECT, "  \t ", JSON),
    "curl": (SELECT, "*/*", JSON),
    "curl, graph": (GRAPH, "*/*", TTL),
    "curl, ask": (ASK, "*/*", JSON),
    "any with low quality": (SELECT, "*/*;q=0.1", JSON),
    "text wildcard": (SELECT, "text/*", CSV),
    "text wildcard, graph": (GRAPH, "text/*", TTL),
    "text wildcard, ask": (ASK, "text/*", NONE),
    "application wildcard, graph": (GRAPH, "application/*", NT),
    "browser": (SELECT, BROWSER, PAGE),
    "browser, graph": (GRAPH, BROWSER, PAGE),
    "browser, saved query": (SAVED, BROWSER, PAGE),
    "java": (SELECT, JAVA, PAGE),
    "lone star": (SELECT, "*", JSON),
    "html before anything": (SELECT, "text/html, */*", PAGE),
    "html and data alike": (SELECT, "text/html, application/sparql-results+json", JSON),
    "html weaker than data": (SELECT, "text/html;q=0.5, text/csv", CSV),
    "html refused": (SELECT, "text/html;q=0, */*", JSON),
    "xhtml is sent as html": (SELECT, "application/xhtml+xml", PAGE),
    "xhtml where html is refused": (SELECT, "application/xhtml+xml, text/html;q=0", NONE),
    "html is all there is": ((HTML,), "*/*", PAGE),
    "yasgui select": (SELECT, "application/sparql-results+json,*/*;q=0.9", JSON),
    "yasgui construct": (GRAPH, "application/n-triples,*/*;q=0.9", NT),
    "matdata construct": (GRAPH, "text/turtle,*/*;q=0.9", TTL),
    "xml named": (SELECT, "application/sparql-results+xml", XML),
    "tsv named": (SELECT, "text/tab-separated-values", TSV),
    "csv is no boolean": (ASK, "text/csv", NONE),
    "tsv is no boolean": (ASK, "text/tab-separated-values", NONE),
    "alias is echoed": (SELECT, "application/json", "sparql-json application/json"),
    "alias is echoed, graph": (GRAPH, "application/json", "json-ld application/json"),
    "plain xml": (SELECT, "application/xml", "sparql-xml application/xml; charset=utf-8"),
    "plain xml, graph": (GRAPH, "application/xml", "rdf-xml application/xml"),
    "text xml": (GRAPH, "text/xml", "rdf-xml text/xml; charset=utf-8"),
    "plain text is n-triples": (GRAPH, "text/plain", "n-triples text/plain; charset=utf-8"),
    "plain text is no result": (SELECT, "text/plain", NONE),
    "old turtle": (GRAPH, "application/x-turtle", "turtle application/x-turtle; charset=utf-8"),
    "n3": (GRAPH, "text/rdf+n3", "turtle text/rdf+n3; charset=utf-8"),
    "flat json": (SAVED, "application/json", "flat-json application/json"),
    "saved query, default": (SAVED, None, "flat-json application/json"),
    "saved query, sparql json": (SAVED, "application/sparql-results+json", JSON),
    "rdf/xml named": (GRAPH, "application/rdf+xml", RDF),
    "trig named": (GRAPH, "application/trig", "trig application/trig"),
    "n-quads named": (GRAPH, "application/n-quads", "n-quads application/n-quads"),
    "highest quality": (GRAPH, "text/turtle;q=0.5, application/rdf+xml;q=0.8", RDF),
    "three decimals": (GRAPH, "text/turtle;q=0.998, application/rdf+xml;q=0.999", RDF),
    "server order breaks ties": (GRAPH, "application/rdf+xml, text/turtle", TTL),
    "named wins over wildcard": (SELECT, "*/*, text/csv", CSV),
    "wildcard with more quality": (SELECT, "text/csv;q=0.5, */*", JSON),
    "exact is more specific": (GRAPH, "text/turtle;q=0.1, text/*;q=0.9, */*;q=0.5", NT),
    "parameter is most specific": (GRAPH, "text/turtle;q=0.9, text/turtle;charset=utf-8;q=0", NONE),
    "refused by name": (GRAPH, "text/turtle;q=0, */*", NT),
    "all refused": (SELECT, "*/*;q=0", NONE),
    "refused with zeros": (SELECT, "*/*;q=0.000", NONE),
    "refused wildcard, named allowed": (SELECT, "*/*;q=0, text/csv;q=0.1", CSV),
    "refused canonical, alias allowed": (
        SELECT,
        "application/sparql-results+json;q=0, application/json",
        "sparql-json application/json",
    ),
    "malformed quality is ignored": (SELECT, "text/csv;q=x, application/sparql-results+xml", XML),
    "quality above one is ignored": (SELECT, "text/csv;q=2, application/sparql-results+xml;q=0.1", XML),
    "negative quality is ignored": (SELECT, "text/csv;q=-1, application/sparql-results+xml;q=0.1", XML),
    "dot is no quality": (SELECT, "text/csv;q=., application/sparql-results+xml;q=0.1", XML),
    "empty quality is ignored": (SELECT, "text/csv;q=, application/sparql-results+xml;q=0.1", XML),
    "only malformed": (SELECT, "text/csv;q=x", JSON),
    "quality one with zeros": (SELECT, "text/csv;q=1.000, application/sparql-results+json;q=0.9", CSV),
    "quality in upper case": (SELECT, "text/csv;Q=0.1, text/tab-separated-values;Q=0.2", TSV),
    "blanks around signs": (SELECT, "text/csv ; q = 0.1 , text/tab-separated-values ; q=0.2", TSV),
    "extension after quality": (SELECT, "text/csv;q=0.1;x=y, text/tab-separated-values", TSV),
    "upper case": (SELECT, "TEXT/CSV", CSV),
    "charset utf-8": (GRAPH, "text/turtle;charset=utf-8", TTL),
    "charset UTF-8 quoted": (GRAPH, 'text/turtle; charset="UTF-8"', TTL),
    "other charset": (GRAPH, "text/turtle;charset=euc-kr", NONE),
    "other charset, then any": (GRAPH, "text/turtle;charset=euc-kr, */*;q=0.1", TTL),
    "profile is a hint": (GRAPH, 'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"', LD),
    "comma in quotes": (GRAPH, 'application/ld+json;profile="a,text/turtle;q=1"', LD),
    "escaped quote in quotes": (GRAPH, 'application/ld+json;profile="a\\",text/turtle"', LD),
    "unclosed quote is ignored": (GRAPH, 'text/turtle;q=0.5, application/ld+json;profile="a', TTL),
    "version": (SELECT, "application/sparql-results+json;version=1.1", JSON),
    "csv with header": (SELECT, "text/csv;header=present", CSV),
    "csv without header": (SELECT, "text/csv;header=absent", NONE),
    "unknown parameter": (SELECT, "text/csv;x=y", NONE),
    "empty parameters": (SELECT, "text/csv;;", CSV),
    "empty elements": (SELECT, ",, ,text/csv,,", CSV),
    "garbage": (SELECT, "@@@ ;;; ===", JSON),
    "garbage, then a type": (SELECT, "garbage, text/csv", CSV),
    "half a wildcard": (SELECT, "*/csv, text/tab-separated-values", TSV),
    "missing subtype": (SELECT, "text/, text/tab-separated-values", TSV),
    "control characters": (SELECT, "text/csv\x00, text/tab-separated-values", TSV),
    "nothing offered": (SELECT, "image/png", NONE),
    "graph type for a table": (SELECT, "text/turtle, application/rdf+xml", NONE),
    "result type for a graph": (GRAPH, "application/sparql-results+json", NONE),
    "jena": (
        SELECT,
        "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/csv;q=0.5, */*;q=0.1",
        JSON,
    ),
    "bibtex named": (SELECT, "application/x-bibtex", BIB),
    "bibtex named, graph": (GRAPH, "application/x-bibtex", BIB),
    "bibtex as text": (SAVED, "text/x-bibtex", "bibtex text/x-bibtex; charset=utf-8"),
    "ris named": (SAVED, "application/x-research-info-systems", RIS),
    "ris preferred": (GRAPH, "text/turtle;q=0.8, application/x-research-info-systems", RIS),
    "csl named": (SELECT, "application/vnd.citationstyles.csl+json, application/json;q=0.5", CSL),
    "doi clients": (
        GRAPH,
        "application/vnd.citationstyles.csl+json;q=0.9, application/citeproc+json;q=0.9, text/turtle;q=0.5",
        CSL,
    ),
    "no bibliography by wildcard": (GRAPH, "application/*, text/turtle;q=0", NT),
    "no bibliography of a boolean": (ASK, "application/x-bibtex", NONE),
    "a bibliography is all there is": (BIBLIOGRAPHIES[:1], "*/*", BIB),
    "rdflib": (GRAPH, "application/rdf+xml, text/turtle;q=0.9, */*;q=0.1", RDF),
}


@pytest.mark.parametrize(("formats", "accept", "expected"), CASES.values(), ids=CASES)
def test_negotiation(formats: tuple[Format, ...], accept: str | None, expected: str) -> None:
    chosen = negotiate(accept, formats)
    assert (f"{chosen.format.name} {chosen.content_type}" if chosen else NONE) == expected


@given(st.text(), st.sampled_from([SELECT, ASK, GRAPH, SAVED, (HTML,), ()]))
def test_any_header_gives_an_offered_format_or_none(accept: str, formats: tuple[Format, ...]) -> None:
    chosen = negotiate(accept, formats)
    assert chosen is None or chosen.format in formats


RANGES = st.sampled_from(
    sorted(
        {name for row in ALL for name in (row.media_type, *row.aliases)} | {"*/*", "text/*", "application/*"}
    )
)
QUALITIES = st.sampled_from(["", ";q=1", ";q=0.5", ";q=0.1", ";charset=utf-8"])


@given(
    st.sampled_from([SELECT, GRAPH, SAVED]),
    st.lists(st.tuples(RANGES, QUALITIES), max_size=6),
    RANGES.filter(lambda name: "*" not in name),
)
def test_a_type_with_quality_zero_is_never_sent(
    formats: tuple[Format, ...], others: list[tuple[str, str]], refused: str
) -> None:
    header = ", ".join([*(name + q for name, q in others if name != refused), f"{refused};q=0"])
    chosen = negotiate(header, formats)
    assert chosen is None or not chosen.content_type.startswith(refused)


@given(
    st.lists(st.tuples(RANGES, QUALITIES), max_size=6),
    st.sampled_from([SELECT, GRAPH]),
    st.sampled_from([HTML, *BIBLIOGRAPHIES]),
)
def test_html_and_bibliographies_are_never_sent_to_who_does_not_name_them(
    parts: list[tuple[str, str]], formats: tuple[Format, ...], unnamed: Format
) -> None:
    named = [part for part in parts if part[0] not in (unnamed.media_type, *unnamed.aliases)]
    chosen = negotiate(", ".join(name + q for name, q in named), formats)
    assert chosen is None or chosen.format is not unnamed


@pytest.mark.parametrize(
    "header",
    ["a/b," * 100_000, '"' * 400_000, "a/b;q=1" + ";" * 400_000, '"\\' * 200_000, 'a/b;x="\\"' * 50_000],
    ids=["elements", "quotes", "semicolons", "escapes", "quoted values"],
)
def test_a_very_long_header_is_answered(header: str) -> None:
    chosen = negotiate(header, SELECT)
    assert chosen is None or chosen.format in SELECT


@pytest.mark.parametrize(
    ("name", "formats", "expected"),
    [
        ("json", SELECT, "sparql-json"),
        ("json", SAVED, "flat-json"),
        ("json", GRAPH, "json-ld"),
        ("flat", SAVED, "flat-json"),
        ("flat", SELECT, None),
        ("srj", SELECT, "sparql-json"),
        ("xml", SELECT, "sparql-xml"),
        ("srx", SELECT, "sparql-xml"),
        ("xml", GRAPH, "rdf-xml"),
        ("CSV", SELECT, "csv"),
        ("tsv", SELECT, "tsv"),
        ("html", SELECT, "html"),
        ("ttl", GRAPH, "turtle"),
        ("Turtle", GRAPH, "turtle"),
        ("nt", GRAPH, "n-triples"),
        ("ntriples", GRAPH, "n-triples"),
        ("n-triples", GRAPH, "n-triples"),
        ("nq", GRAPH, "n-quads"),
        ("nquads", GRAPH, "n-quads"),
        ("trig", GRAPH, "trig"),
        ("rdf", GRAPH, "rdf-xml"),
        ("rdf/xml", GRAPH, "rdf-xml"),
        ("rdfxml", GRAPH, "rdf-xml"),
        ("jsonld", GRAPH, "json-ld"),
        ("json-ld", GRAPH, "json-ld"),
        (" text/csv ", SELECT, "csv"),
        ("application/sparql-results+json", SELECT, "sparql-json"),
        ("application/sparql-results json", SELECT, "sparql-json"),
        ("application/rdf xml", GRAPH, "rdf-xml"),
        ("text/turtle; charset=utf-8", GRAPH, "turtle"),
        ("application/json", SELECT, "sparql-json"),
        ("bibtex", SELECT, "bibtex"),
        ("BibTeX", SAVED, "bibtex"),
        ("bib", GRAPH, "bibtex"),
        ("ris", GRAPH, "ris"),
        ("csl", SAVED, "csl-json"),
        ("csl-json", SELECT, "csl-json"),
        ("application/vnd.citationstyles.csl json", SELECT, "csl-json"),
        ("bibtex", ASK, None),
        ("n3", GRAPH, "turtle"),
        ("n3", EXPORT_FORMATS, "n3"),
        ("json", EXPORT_FORMATS, "json-ld"),
        ("csv", ASK, None),
        ("pdf", SELECT, None),
        ("", SELECT, None),
        (";", SELECT, None),
    ],
)
def test_format_by_name(name: str, formats: tuple[Format, ...], expected: str | None) -> None:
    found = by_name(name, formats)
    assert (found.name if found else None) == expected


@given(st.text())
def test_any_name_gives_an_offered_format_or_none(name: str) -> None:
    assert by_name(name, SELECT) in (*SELECT, None)


@pytest.mark.parametrize("form", QueryForm)
def test_every_offered_format_is_found_by_its_name_and_its_type(form: QueryForm) -> None:
    for row in offered(form):
        assert by_name(row.name, offered(form)) is row
        # CSV for Excel is CSV to everybody else.
        assert by_name(row.media_type, offered(form)) is (by_name("csv", SELECT) if row is EXCEL_CSV else row)


def test_names_types_and_extensions_are_unique() -> None:
    for field in ("name", "media_type", "extension"):
        values = [getattr(row, field) for row in (*RESULT_FORMATS, *GRAPH_FORMATS, HTML, N3, *BIBLIOGRAPHIES)]
        assert len(set(values)) == len(values)


def test_text_types_name_their_charset() -> None:
    assert SPARQL_JSON.content_type() == "application/sparql-results+json"
    assert SPARQL_JSON.content_type("text/json") == "text/json; charset=utf-8"
    assert HTML.content_type("application/xhtml+xml") == "text/html; charset=utf-8"


EXTENSIONS = [
    ("json", "flat-json"),
    ("srj", "sparql-json"),
    ("xml", "sparql-xml"),
    ("csv", "csv"),
    ("CSV", "csv"),
    ("htm", "html"),
    ("ndjson", "ndjson"),
    ("jsonl", "ndjson"),
    ("md", "markdown"),
    ("xlsx", "xlsx"),
    ("geojson", "geojson"),
    ("bib", "bibtex"),
    ("csl.json", "csl-json"),
    ("ttl", None),
    ("", None),
    ("text/csv", None),
]


@pytest.mark.parametrize(("extension", "name"), EXTENSIONS)
def test_the_format_of_an_extension(extension: str, name: str | None) -> None:
    found = by_extension(extension, SAVED)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("form", QueryForm)
def test_every_format_of_a_saved_query_can_be_asked_for(form: QueryForm) -> None:
    formats = saved_formats(form)
    assert formats[0] is FLAT_JSON
    assert set(offered(form)) <= set(formats)
    for row in formats:
        assert by_name(row.name, formats) is row
        assert "." not in row.name
        # CSV for Excel is CSV to everybody else.
        expected = "csv" if row.name == "excel-csv" else row.name
        for found in (by_extension(row.extension, formats), by_name(row.media_type, formats)):
            assert found is not None
            assert found.name == expected


@pytest.mark.parametrize("accept", [None, "*/*", "application/*", "text/*"])
def test_a_wildcard_gives_no_table_that_was_not_named(accept: str | None) -> None:
    chosen = negotiate(accept, SAVED)
    assert chosen is not None
    assert chosen.format.name in ("flat-json", "csv")
