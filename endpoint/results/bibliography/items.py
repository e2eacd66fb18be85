"""Publications as a bibliography needs them, read from statements in standard vocabularies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from endpoint.results.bibliography.names import Name, is_blank, key_of, parse_names, single_line, with_digest
from endpoint.vocabulary import (
    BIBO,
    DC,
    DCTERMS,
    FOAF,
    RDF_TYPE,
    RDFS_LABEL,
    RDFS_SUBCLASS_OF,
    RDFS_SUBPROPERTY_OF,
    SCHEMA,
    SKOS_PREF_LABEL,
)

Term = NamedNode | BlankNode | Literal | Triple
Description = Mapping[str, Sequence[Term]]

# The standard terms that describe a publication, in order of preference.
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
# Below the first are names that are no titles, below the second days that are not those of publication.
_NOT_WIDENED: Final = (RDFS_LABEL, DCTERMS + "date")
# ISO 639-2, both forms, to the shorter tag that BCP 47 prefers; other codes stay as they are.
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
# Resources and labels kept in memory, which must not grow with the result.
_REMEMBERED: Final = 8192
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class PublicationKind:
    """The type of a publication in each format, and the fields of its series, number and publisher there.

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


REPORT: Final = PublicationKind(
    *("techreport", "RPRT", "report"),
    bibtex_series="series",
    bibtex_publisher="institution",
    # Zotero and EndNote keep a report's number in SN; IS would become a note.
    ris_number="issn",
    csl_series="collection-title",
    csl_number="number",
)
ARTICLE: Final = PublicationKind(
    *("article", "JOUR", "article-journal"),
    bibtex_series="journal",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="container-title",
    csl_number="issue",
)
BOOK: Final = PublicationKind(
    *("book", "BOOK", "book"),
    bibtex_series="series",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="collection-title",
    csl_number="collection-number",
)
DOCUMENT: Final = PublicationKind(
    *("misc", "GEN", "document"),
    bibtex_series="series",
    bibtex_publisher="publisher",
    ris_number="number",
    csl_series="collection-title",
    csl_number="number",
)

# Of several classes that a publication has, the first of these decides its kind.
KINDS: Final = {
    BIBO + "Report": REPORT,
    BIBO + "AcademicArticle": ARTICLE,
    BIBO + "Article": ARTICLE,
    BIBO + "EditedBook": BOOK,
    BIBO + "Book": BOOK,
    BIBO + "Document": DOCUMENT,
}


class Describe(Protocol):
    """A look-up of the statements about a resource: all of them, or those with one predicate."""

    def __call__(
        self, subject: NamedNode, predicate: NamedNode | None = None, /
    ) -> Iterable[Quad | Triple]: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One publication. Texts are empty where nothing is known, and single lines but for the abstract.

    ``date`` is year, month and day, or fewer; ``language`` a BCP 47 tag.
    """

    key: str
    iri: str
    kind: PublicationKind
    title: str
    authors: tuple[Name, ...] = ()
    date: tuple[int, ...] = ()
    number: str = ""
    series: str = ""
    publisher: str = ""
    url: str = ""
    language: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    identifier: str = ""
    author_iris: tuple[str, ...] = ()


def read_items(candidates: Iterable[Term | None], describe: Describe) -> Iterator[Item]:
    """Yield the publications among ``candidates``, each once, in the order of their first appearance."""
    reader = _ItemReader(describe)
    written: set[str] = set()
    keys: set[str] = set()
    for candidate in candidates:
        if not isinstance(candidate, NamedNode) or candidate.value in written:
            continue
        if not reader.is_publication(candidate.value):
            continue
        written.add(candidate.value)
        key = key_of(candidate.value)
        if key.lower() in keys:  # BibTeX takes keys that differ in case for the same
            key = with_digest(key, candidate.value)
        keys.add(key.lower())
        yield reader.read(candidate.value, key)


class _ItemReader:
    """A reader of publications; it keeps what many of them share: classes, properties, series, subjects."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self.is_publication = lru_cache(_REMEMBERED)(self._is_publication)
        self._kinds_of_class = lru_cache(_REMEMBERED)(self._find_kinds)
        self._wider_properties = lru_cache(_REMEMBERED)(self._find_wider_properties)
        self._label_of = lru_cache(_REMEMBERED)(self._find_label)

    def _is_publication(self, iri: str) -> bool:
        types = _iris(self._description(iri, (RDF_TYPE,)).get(RDF_TYPE, ()))
        return any(map(self._kinds_of_class, types))

    def _find_kinds(self, of: str) -> frozenset[str]:
        """Return the rows of ``KINDS`` that the class is or is below, by the hierarchy in the data."""
        return frozenset(self._upwards(of, RDFS_SUBCLASS_OF) & KINDS.keys())

    def _find_wider_properties(self, of: str) -> frozenset[str]:
        """Return the properties above this one, without those above other names and other dates."""
        return frozenset(self._upwards(of, RDFS_SUBPROPERTY_OF) - {of, *_NOT_WIDENED})

    def _upwards(self, term: str, relation: str) -> set[str]:
        """Return the term and all terms above it, by the hierarchy in the data."""
        seen = {term}
        left = [term]
        while left:
            above = set(_iris(self._description(left.pop(), (relation,)).get(relation, ()))) - seen
            seen |= above
            left += above
        return seen

    def _description(self, iri: str, predicates: Sequence[str] | None = None) -> Description:
        """Return objects by predicate, each once, sorted: stores differ in their order.

        A country or a person may have many thousand statements: then name the ``predicates`` needed.
        """
        subject = NamedNode(iri)
        described: dict[str, set[Term]] = defaultdict(set)
        for predicate in [None] if predicates is None else map(NamedNode, predicates):
            for statement in self._describe(subject, predicate):
                described[statement.predicate.value].add(statement.object)
        return _sorted(described)

    def _widened(self, statements: Description) -> Description:
        """Return the statements, and what they say with wider properties (RDFS entailment rule rdfs7)."""
        widened: dict[str, set[Term]] = defaultdict(set)
        for predicate, terms in statements.items():
            for wider in self._wider_properties(predicate):
                widened[wider].update(terms)
        return {
            **statements,
            **_sorted({wider: terms.union(statements.get(wider, ())) for wider, terms in widened.items()}),
        }

    def read(self, iri: str, key: str) -> Item:
        """Read the publication ``iri``, under the citation key given."""
        statements = self._widened(self._description(iri))
        language = _language(statements)
        series = self._text(statements, SERIES, language, NAME)
        return Item(
            key=key,
            iri=iri,
            kind=self._kind(statements, series),
            title=_text(statements, TITLE, language) or iri,
            authors=self._authors(statements, language),
            author_iris=tuple(
                dict.fromkeys(name for part in CREATOR for name in _iris(statements.get(part, ())))
            ),
            date=_date(statements),
            number=_text(statements, NUMBER, language),
            series=series,
            publisher=self._text(statements, PUBLISHER, language, LABEL),
            url=_address(statements) or (iri if iri.startswith(("http://", "https://")) else ""),
            language=language,
            abstract=_literal(statements, ABSTRACT, language),
            keywords=self._keywords(statements, language),
            identifier=_text(statements, IDENTIFIER, language),
        )

    def _kind(self, statements: Description, series: str) -> PublicationKind:
        rows = {name for of in _iris(statements.get(RDF_TYPE, ())) for name in self._kinds_of_class(of)}
        kind = next(kind for name, kind in KINDS.items() if name in rows)
        # Without a series, styles would print an article with an empty journal.
        return DOCUMENT if kind is ARTICLE and not series else kind

    def _text(
        self, statements: Description, predicates: Sequence[str], language: str, names: Sequence[str]
    ) -> str:
        """Return a text, or the name of a resource, by the first of the predicates that has one."""
        for predicate in predicates:
            if text := _text(statements, (predicate,), language):
                return text
            for iri in _iris(statements.get(predicate, ())):
                if label := self._label_of(iri, language, tuple(names)):
                    return label
        return ""

    def _find_label(self, iri: str, language: str, names: tuple[str, ...]) -> str:
        for name in names:
            if text := _text(self._description(iri, (name,)), (name,), language):
                return text
        return ""

    def _authors(self, statements: Description, language: str) -> tuple[Name, ...]:
        for predicate in CREATOR:
            names: list[Name] = []
            for term in statements.get(predicate, ()):
                if isinstance(term, Literal):
                    names += parse_names(term.value)
                elif isinstance(term, NamedNode):
                    names += self._person(term.value, language)
            if names:
                return tuple(dict.fromkeys(names))
        return ()

    def _person(self, iri: str, language: str) -> list[Name]:
        statements = self._description(iri, (RDF_TYPE, *FAMILY, *GIVEN, *LABEL))
        if family := _text(statements, FAMILY, language):
            return [Name(family, _text(statements, GIVEN, language))]
        label = _text(statements, LABEL, language)
        if ORGANISATION.intersection(_iris(statements.get(RDF_TYPE, ()))):
            return [Name(label)] if label else []
        return parse_names(label)

    def _keywords(self, statements: Description, language: str) -> tuple[str, ...]:
        keywords: dict[str, None] = {}
        for predicate in KEYWORD:
            for term in statements.get(predicate, ()):
                if isinstance(term, Literal):
                    keywords[single_line(term.value)] = None
                elif isinstance(term, NamedNode):
                    keywords[self._label_of(term.value, language, LABEL)] = None
        keywords.pop("", None)
        return tuple(keywords)


def _sorted(described: Mapping[str, set[Term]]) -> Description:
    # str() copies a literal, and an abstract is long.
    return {
        predicate: sorted(objects, key=str) if len(objects) > 1 else [*objects]
        for predicate, objects in described.items()
    }


def _iris(terms: Iterable[Term]) -> list[str]:
    return [term.value for term in terms if isinstance(term, NamedNode)]


def _text(statements: Description, predicates: Sequence[str], language: str) -> str:
    return single_line(_literal(statements, predicates, language))


def _literal(statements: Description, predicates: Sequence[str], language: str) -> str:
    """Return the literal of the first predicate that has one: in the language given, in none, in English."""
    for predicate in predicates:
        literals = [term for term in statements.get(predicate, ()) if isinstance(term, Literal)]
        ranked = sorted(literals, key=lambda literal: _rank(literal.language or "", language))
        for literal in ranked:
            if not is_blank(literal.value):
                return literal.value.strip()
    return ""


def _rank(tag: str, language: str) -> int:
    spoken = tag.partition("-")[0].lower()
    preferred = (language.partition("-")[0], "", "en")
    return preferred.index(spoken) if spoken in preferred else len(preferred)


def _language(statements: Description) -> str:
    """Return a BCP 47 tag, from a tag, from an ISO 639-2 code, or from an IRI that ends in one."""
    for predicate in LANGUAGE:
        for term in statements.get(predicate, ()):
            if isinstance(term, Literal | NamedNode):
                code = re.split(r"[/#]", term.value.strip())[-1]
                if _LANGUAGE.fullmatch(code):
                    return LANGUAGES.get(code.lower(), code.lower() if len(code) <= 3 else code)
    return ""


def _date(statements: Description) -> tuple[int, ...]:
    """Return the most precise date of the first predicate that has one, as year, month, day, or fewer."""
    for predicate in DATE:
        texts = (term.value for term in statements.get(predicate, ()) if isinstance(term, Literal))
        if dates := [date for text in texts if (date := parse_date(text))]:
            return max(dates, key=len)
    return ()


def parse_date(text: str) -> tuple[int, ...]:
    """Parse ``2023``, ``2023-05``, ``2023-05-22``, with or without a time; nothing for everything else.

    A month or a day that no calendar has is left out, with what follows it.
    """
    match = _DATE.match(text.strip())
    date: list[int] = []
    for part, last in zip(match.groups() if match else (), (9999, 12, 31), strict=False):
        if part is None or not 1 <= int(part) <= last:
            break
        date.append(int(part))
    return tuple(date)


def _address(statements: Description) -> str:
    for predicate in ADDRESS:
        for term in statements.get(predicate, ()):
            if isinstance(term, Literal | NamedNode) and (address := single_line(term.value)):
                return address
    return ""
