"""Result and RDF formats, and their negotiation (RFC 9110 section 12.5.1).

Everything here is a table or a pure function of its arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_FORMAT_IRI = "http://www.w3.org/ns/formats/"
# Headers longer than this are negotiated every time, so that a client cannot fill the cache with them.
_CACHED_LENGTH = 512
# Nothing that long is an Accept header; reading it would keep other requests waiting.
_READ_LENGTH = 8192


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
    in ``format=``. ``charset`` says whether ``; charset=utf-8`` is sent. ``iri`` names the format
    in a service description (http://www.w3.org/ns/formats/). ``echo`` says whether an alias that
    the client named is sent back as the Content-Type, and ``by_wildcard`` whether a wildcard in an
    Accept header may choose it.
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

    def content_type(self, as_media_type: str | None = None) -> str:
        """The Content-Type, with ``as_media_type`` (an alias) in place of the format's own type."""
        media_type = as_media_type if as_media_type and self.echo else self.media_type
        if self.charset or media_type.startswith("text/"):
            return f"{media_type}; charset=utf-8"
        return media_type


class Negotiated(NamedTuple):
    """What negotiation chose: a format and the Content-Type to send."""

    format: Format
    content_type: str


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
    False,
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
# A page is HTML whatever it is called: an XML parser would refuse it, so XHTML is not echoed.
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

RESULT_FORMATS = (SPARQL_JSON, SPARQL_XML, CSV, TSV)
GRAPH_FORMATS = (TURTLE, N_TRIPLES, JSON_LD, RDF_XML, TRIG, N_QUADS)
BIBLIOGRAPHIES = (BIBTEX, RIS, CSL_JSON)
# What a file can be written in; N3 before Turtle, which has its name as a short one.
EXPORT_FORMATS = (N_QUADS, TRIG, N3, TURTLE, N_TRIPLES, RDF_XML, JSON_LD, *BIBLIOGRAPHIES)

_GRAPHS = (*GRAPH_FORMATS, HTML, *BIBLIOGRAPHIES)
_OFFERED = {
    QueryForm.SELECT: (*RESULT_FORMATS, HTML, *BIBLIOGRAPHIES),
    QueryForm.ASK: (SPARQL_JSON, SPARQL_XML, HTML),
    QueryForm.CONSTRUCT: _GRAPHS,
    QueryForm.DESCRIBE: _GRAPHS,
}


def offered(form: QueryForm) -> tuple[Format, ...]:
    """The formats for the result of a query of this form, in the server's order of preference.

    CSV and TSV have no booleans (SPARQL 1.1 Query Results CSV and TSV Formats), so ASK has neither;
    and no publication is in a boolean.
    """
    return _OFFERED[form]


def by_name(name: str, offered: tuple[Format, ...]) -> Format | None:
    """The offered format that ``format=`` or ``output=`` names, or None.

    ``name`` is a short name or a media type in any case, parameters ignored, also with the ``+``
    that decoding a form turned into a blank.
    """
    wanted = name.partition(";")[0].strip().lower()
    media_type = wanted.replace(" ", "+")
    for candidate in offered:
        if wanted == candidate.name or wanted in candidate.short_names:
            return candidate
        if media_type == candidate.media_type or media_type in candidate.aliases:
            return candidate
    return None


def negotiate(accept: str | None, offered: tuple[Format, ...]) -> Negotiated | None:
    """Choose among ``offered`` by an Accept header (several joined with ", "), or None for a 406.

    The highest quality wins; at equal quality a type that the client named wins over one that a
    wildcard covers, then the order of ``offered`` decides. What cannot be parsed is passed over, a
    range with a malformed quality included; a header with nothing left counts as absent. HTML and
    bibliographies are never chosen by a wildcard, unless one is all that is offered: who can read
    them asks for them by name.
    """
    if accept is not None and len(accept) > _READ_LENGTH:
        return None
    if accept is not None and len(accept) > _CACHED_LENGTH:
        return _negotiate(accept, offered)
    return _negotiate_cached(accept or "", offered)


class _Range(NamedTuple):
    """A media range: ``named`` without wildcard, made more specific by ``parameters`` in number."""

    media_type: str
    named: bool
    parameters: int
    quality: float


_ELEMENT = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # noqa: S105 - a token of RFC 9110 section 5.6.2, no secret
_RANGE = re.compile(rf"[ \t]*+({_TOKEN})(?:/({_TOKEN}))?+[ \t]*+")
_PARAMETER = re.compile(
    rf';[ \t]*+(?:({_TOKEN})[ \t]*+=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|({_TOKEN})))?+[ \t]*+', re.DOTALL
)
_QUALITY = re.compile(r"0|0?\.[0-9]*|1(?:\.0*)?", re.ASCII)
_HINTS = frozenset({"profile", "version"})
_VALUES = {"charset": frozenset({"utf-8", "utf8"}), "header": frozenset({"present"})}


def _negotiate(accept: str, offered: tuple[Format, ...]) -> Negotiated | None:
    ranges = _most_specific(accept)
    best = (0.0, False)
    chosen: Negotiated | None = None
    for candidate in offered:
        own = ranges.get(candidate.media_type)
        if own is None and (candidate.by_wildcard or len(offered) == 1):
            own = ranges.get(candidate.media_type.partition("/")[0] + "/*") or ranges.get("*/*")
        names = [(candidate.media_type, own)]
        if candidate.echo or own is None or own.quality > 0:
            names += [(alias, ranges.get(alias)) for alias in candidate.aliases]
        for media_type, entry in names:
            if entry is not None and entry.quality > 0 and (entry.quality, entry.named) > best:
                best = (entry.quality, entry.named)
                chosen = Negotiated(candidate, candidate.content_type(media_type))
    return chosen


_negotiate_cached = lru_cache(maxsize=1024)(_negotiate)


def _most_specific(accept: str) -> dict[str, _Range]:
    ranges: dict[str, _Range] = {}
    for element in _ELEMENT.finditer(accept):
        found = _range(element[0])
        if found is not None:
            known = ranges.get(found.media_type)
            if known is None or found.parameters > known.parameters:
                ranges[found.media_type] = found
    return ranges or {"*/*": _Range("*/*", False, 0, 1.0)}


def _range(element: str) -> _Range | None:
    """One media range, or None where it is malformed."""
    head = _RANGE.match(element)
    if head is None:
        return None
    main, sub = head[1].lower(), (head[2] or "").lower()
    if main == "*" and sub in ("", "*"):
        main, sub = "*", "*"  # Java's URLConnection sends a lone "*"
    elif main == "*" or not sub:
        return None
    named = sub != "*"
    parameters = 0
    position = head.end()
    while position < len(element):
        parameter = _PARAMETER.match(element, position)
        if parameter is None:
            return None
        position = parameter.end()
        name = (parameter[1] or "").lower()
        value = parameter[2] if parameter[2] is not None else parameter[3] or ""
        if name == "q":
            # Parameters after the quality were extensions in RFC 7231; nothing depends on them.
            return _Range(f"{main}/{sub}", named, parameters, float(value)) if _is_quality(value) else None
        if name and not _fits(name, value):
            return _Range(element, named, parameters, 0.0)  # well-formed, and matches nothing
        parameters += bool(name)
    return _Range(f"{main}/{sub}", named, parameters, 1.0)


def _is_quality(value: str) -> bool:
    return value != "." and _QUALITY.fullmatch(value) is not None


def _fits(name: str, value: str) -> bool:
    return name in _HINTS or value.lower() in _VALUES.get(name, ())
