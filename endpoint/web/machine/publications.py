"""Publications for programs: metadata in the page of each.

The page has schema.org JSON-LD, OpenGraph, and ``citation_*`` tags: Highwire's, as Google Scholar's inclusion
guidelines list them and Zotero's "Embedded Metadata" reads them. Dublin Core has one tag, ``DC.type``, and
only where Highwire cannot express the kind of publication: Scholar uses Dublin Core as a last resort, and
Zotero would prefer it to Highwire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from endpoint.results.bibliography import Item
from endpoint.results.bibliography.citation import is_web_address
from endpoint.results.bibliography.items import ARTICLE, BOOK, REPORT
from endpoint.results.bibliography.names import Name, parse_name, single_line
from endpoint.vocabulary import SCHEMA
from endpoint.web.http.view import LANGUAGES

Pair = tuple[str, str]

# Characters of an abstract, at most: what a search engine shows, and what a reference manager keeps.
DESCRIPTION: Final = 200
ABSTRACT: Final = 2000
# Characters of a headline that search engines show.
HEADLINE: Final = 110

_TERRITORIES: Final = {"ko": "ko_KR", "en": "en_US"}
_SENTENCE_END: Final = re.compile(r"[.?!。…][\"'”’」』)\]]*(?=\s)")
# Inside <script> only these could end the element, begin a comment, or break an old reader's lines.
_IN_SCRIPT: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_SCHEMA_TYPES: Final = {REPORT.csl: "Report", ARTICLE.csl: "ScholarlyArticle", BOOK.csl: "Book"}
_PDF: Final = re.compile(r"https?://[^?#]*\.pdf(?:[?#].*)?", re.IGNORECASE)
_HANGUL_NAME: Final = re.compile(r"[가-힣]{2,4}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The tags of one page's head, in order, for the template ``metadata.html``.

    ``names`` are for ``<meta name>`` and ``properties`` for ``<meta property>``; ``json_ld`` is the text
    of a script element, safe within it.
    """

    names: tuple[Pair, ...]
    properties: tuple[Pair, ...]
    json_ld: Markup


def metadata_of(item: Item, page: str, language: str, site_name: str) -> Metadata:
    """Return the tags for ``item`` on its page at the absolute address ``page``, in a site of that name.

    ``language`` is that of the page (:data:`~endpoint.web.http.view.LANGUAGES`), not of the publication.
    """
    description = shorten(item.abstract, DESCRIPTION) or _summary(item)
    names = [("description", description), *_citation_tags(item, page), ("twitter:card", "summary")]
    properties = _open_graph(item, page, language, site_name, description)
    return Metadata(
        names=tuple(pair for pair in names if pair[1]),
        properties=tuple(pair for pair in properties if pair[1]),
        json_ld=script_json(schema_org(item, page)),
    )


def script_json(value: object) -> Markup:
    """Return ``value`` as JSON that is safe inside a script element."""
    written = json.dumps(value, ensure_ascii=False).translate(_IN_SCRIPT)
    return Markup(written)  # noqa: S704 - nothing that HTML would read is left in it


def shorten(text: str, most: int) -> str:
    """Cut ``text`` to ``most`` characters on a line, at the end of a sentence, or of a word with "…"."""
    line = single_line(text)
    if len(line) <= most:
        return line
    ends = [end.end() for end in _SENTENCE_END.finditer(line, 0, most + 1)]
    if ends and ends[-1] > most // 2:
        return line[: ends[-1]]
    words, _, cut = line[:most].rpartition(" ")
    return f"{words or cut[: most - 1]}…"


def iso_date(date: tuple[int, ...]) -> str:
    """Return year, month and day, or fewer, as ISO 8601 writes them; empty without a date."""
    return "-".join([f"{date[0]:04d}", *(f"{part:02d}" for part in date[1:])]) if date else ""


def schema_type(item: Item) -> str:
    """Return the IRI of the class of Schema.org that a publication is of."""
    return f"{SCHEMA}{_SCHEMA_TYPES.get(item.kind.csl, 'CreativeWork')}"


def schema_org(item: Item, page: str) -> Mapping[str, object]:
    """Return the publication as a schema.org object; unknown members are left out."""
    members: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": _SCHEMA_TYPES.get(item.kind.csl, "CreativeWork"),
        "@id": item.iri,
        "url": page,
        "name": item.title,
        "headline": shorten(item.title, HEADLINE) if item.kind is ARTICLE else "",
        "author": [_agent(name) for name in item.authors],
        "datePublished": iso_date(item.date),
        "inLanguage": item.language,
        "abstract": shorten(item.abstract, ABSTRACT),
        "keywords": [*item.keywords],
        "isPartOf": _part_of(item),
        "reportNumber": item.number if item.kind is REPORT else "",
        "position": item.number if item.kind not in (REPORT, ARTICLE) and item.series else "",
        "publisher": {"@type": "Organization", "name": item.publisher} if item.publisher else None,
        "identifier": item.identifier,
        "sameAs": item.url if is_web_address(item.url) and item.url not in (page, item.iri) else "",
    }
    return {name: value for name, value in members.items() if value}


def _agent(name: Name) -> Mapping[str, str]:
    if name.given:
        whole = f"{name.given} {name.family}"
        return {"@type": "Person", "name": whole, "familyName": name.family, "givenName": name.given}
    rest, _, last = name.family.rpartition(" ")
    # A name that can be inverted is that of a person; names of organisations contain other words.
    person = _HANGUL_NAME.fullmatch(name.family) or (rest and parse_name(f"{last}, {rest}").given)
    return {"@type": "Person" if person else "Organization", "name": name.family}


def _part_of(item: Item) -> Mapping[str, object] | None:
    if not item.series:
        return None
    if item.kind is not ARTICLE:
        return {"@type": "CreativeWorkSeries", "name": item.series}
    periodical = {"@type": "Periodical", "name": item.series}
    if not item.number:
        return periodical
    return {"@type": "PublicationIssue", "issueNumber": item.number, "isPartOf": periodical}


def _citation_tags(item: Item, page: str) -> Iterator[Pair]:
    yield "citation_title", item.title
    for name in item.authors:
        yield "citation_author", f"{name.family}, {name.given}" if name.given else name.family
    yield "citation_publication_date", iso_date(item.date).replace("-", "/")
    if item.kind is ARTICLE:
        yield "citation_journal_title", item.series
        yield "citation_issue", item.number
        yield "citation_publisher", item.publisher
    elif item.kind is REPORT:
        yield "citation_technical_report_institution", item.publisher
        yield "citation_technical_report_number", item.number
        yield "citation_series_title", item.series
    else:
        yield "citation_series_title", item.series
        yield "citation_publisher", item.publisher
    yield "citation_language", item.language
    yield "citation_abstract_html_url", page
    yield "citation_pdf_url", item.url if _PDF.fullmatch(item.url) else ""
    for keyword in item.keywords:
        yield "citation_keywords", keyword
    yield "citation_abstract", shorten(item.abstract, ABSTRACT)
    yield "DC.type", _dublin_core_type(item)


def _dublin_core_type(item: Item) -> str:
    """Return the type where readers of Highwire's tags would take a publication for an article."""
    if item.kind is ARTICLE or (item.kind is REPORT and item.publisher):
        return ""
    return item.kind.csl


def _open_graph(item: Item, page: str, language: str, site_name: str, description: str) -> Iterator[Pair]:
    book = item.kind is BOOK
    yield "og:type", "book" if book else "article"
    yield "og:title", item.title
    yield "og:url", page
    yield "og:site_name", site_name
    yield "og:description", description
    yield "og:locale", _TERRITORIES[language]
    for other in LANGUAGES:
        if other != language:
            yield "og:locale:alternate", _TERRITORIES[other]
    yield "book:release_date" if book else "article:published_time", iso_date(item.date)
    for keyword in item.keywords:
        yield "book:tag" if book else "article:tag", keyword


def _summary(item: Item) -> str:
    """Return a description of a publication that has no abstract."""
    authors = ", ".join(f"{name.given} {name.family}".strip() for name in item.authors)
    return " · ".join(filter(None, (authors, f"{item.series} {item.number}".strip(), iso_date(item.date))))
