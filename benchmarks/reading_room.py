"""The requests of a reading room: what people and programs ask of a catalogue, as SPARQL.

Mix A has the shares and the popularity of such traffic: a few records, authors and years are asked for again
and again, so that about two thirds of its requests are exact repeats. Mix B has the same shares, and each
request is another one. Both are the same for the same catalogue and seed.
"""

from __future__ import annotations

import random
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, count, islice
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, RdfFormat, Triple, parse

_BASE: Final = "http://opendata.mofa.go.kr/"
PREFIXES: Final = "".join(
    f"PREFIX {name}: <{iri}>\n"
    for name, iri in {
        "core": f"{_BASE}core/",
        "docu": f"{_BASE}mofadocu/",
        "pub": f"{_BASE}mofapub/",
        "bibo": "http://purl.org/ontology/bibo/",
        "dcterms": "http://purl.org/dc/terms/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    }.items()
)
SHARES: Final = {
    "record": 0.35,
    "author": 0.18,
    "year": 0.15,
    "category": 0.10,
    "facet": 0.08,
    "words in titles": 0.06,
    "co-authors": 0.04,
    "country": 0.04,
}
_PAGE: Final = 20
# The exponent of Zipf's law by which entities are asked for, and the share of readers that turn a page.
_ZIPF: Final = 0.85
_TURNS: Final = 0.5
# Entities of a kind that are asked for at all; a larger catalogue has more that nobody wants.
_ASKED: Final = 4000
_WORD: Final = re.compile(r"[A-Za-z]{4,}|[가-힣]{2,}")
_JSON: Final = "application/sparql-results+json"


@dataclass(frozen=True)
class Query:
    """A query; ``keys`` are the variables that decide the order of its rows, ``turtle`` its format."""

    kind: str
    text: str
    keys: tuple[str, ...] = ()
    turtle: bool = False

    @property
    def accept(self) -> str:
        """The media type that is wanted."""
        return "text/turtle" if self.turtle else _JSON

    @property
    def body(self) -> str:
        """The text on one line, without prefixes and mark."""
        lines = self.text.splitlines()
        return " ".join(line for line in lines if not line.startswith(("PREFIX ", "# ")))

    def marked(self, mark: object) -> Query:
        """Return the same query with a text that no server has seen, unless it had this mark."""
        return replace(self, text=f"{self.text}\n# {mark}")


@dataclass
class Names:
    """What the publications of a catalogue have, each with the number of those that have it."""

    records: list[str] = field(default_factory=list)
    years: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, file: Path) -> Names:
        """Read them off a file of N-Quads or N-Triples that :mod:`benchmarks.catalogue` wrote."""
        names = cls()
        properties = {
            f"{_BASE}core/yearOfData": names.years,
            f"{_BASE}mofadocu/category": names.categories,
            f"{_BASE}mofapub/hasAuthor": names.authors,
            f"{_BASE}mofadocu/relatedCountry": names.countries,
        }
        for quad in parse(path=str(file), format=RdfFormat.N_QUADS):
            subject, predicate, value = str(quad.subject), quad.predicate.value, quad.object
            if "/Publication/" not in subject or isinstance(value, Triple):
                continue
            if predicate.endswith("/dataURL"):
                names.records.append(subject)
            elif predicate.endswith("#prefLabel") and isinstance(value, Literal):
                names.words.update({word.lower() for word in _WORD.findall(value.value)})
            elif (counted := properties.get(predicate)) is not None:
                counted[str(value)] += 1
        return names


def listed(kind: str, pattern: str, start: int = 0, more: int = 0) -> Query:
    """Return the query of a page of publications, the newest first."""
    offset = f" OFFSET {start}" if start else ""
    text = (
        f"SELECT ?p ?t ?d {{ ?p {pattern} ; rdfs:label ?t ; pub:pubDate ?d }} "
        f"ORDER BY DESC(?d) ?t LIMIT {_PAGE + more}{offset}"
    )
    return Query(kind, PREFIXES + text, ("d", "t"))


def record(iri: str, turtle: bool, more: int = 0) -> Query:
    """Return the query of all that is known of one record: its table, or the triples."""
    limit = f" LIMIT {1000 + more}" if more else ""
    if turtle:
        return Query("record", f"CONSTRUCT {{ {iri} ?p ?o }} WHERE {{ {iri} ?p ?o }}{limit}", turtle=True)
    return Query("record", f"SELECT ?p ?o {{ {iri} ?p ?o }}{limit}")


def facet(pattern: str, counted: str, more: int = 0) -> Query:
    """Return the query of the values of one property, with counts, among some publications."""
    limit = f" LIMIT {1000 + more}" if more else ""
    text = f"SELECT ?x (COUNT(?p) AS ?n) {{ ?p {pattern} ; {counted} ?x }} GROUP BY ?x{limit}"
    return Query("facet", PREFIXES + text)


def titles(word: str, more: int = 0) -> Query:
    """Return the query of titles with a word in them."""
    text = (
        "SELECT ?p ?t { ?p a pub:Publication ; rdfs:label ?t "
        f'FILTER(CONTAINS(LCASE(?t), "{word}")) }} ORDER BY ?t LIMIT {_PAGE + more}'
    )
    return Query("words in titles", PREFIXES + text, ("t",))


def coauthors(author: str, more: int = 0) -> Query:
    """Return the query of those who wrote with an author, and how much."""
    limit = f" LIMIT {1000 + more}" if more else ""
    text = (
        f"SELECT ?x (COUNT(?p) AS ?n) {{ ?p pub:hasAuthor {author} , ?x FILTER(?x != {author}) }} "
        f"GROUP BY ?x{limit}"
    )
    return Query("co-authors", PREFIXES + text)


# What leads to a query: the place of a page among those of its entity, and the number of its variation.
_Make = Callable[[str, int, int], Query]


@dataclass(frozen=True)
class _Kind:
    """One kind of request: its entities with the number of their pages, the most frequent ones first."""

    entities: Sequence[tuple[str, int]]
    make: _Make

    def drawn(self, rng: random.Random) -> Iterator[Query]:
        """Yield requests as readers send them: a few entities are asked for most, and first pages."""
        asked = min(len(self.entities), _ASKED)
        until = [*accumulate(1 / place**_ZIPF for place in range(1, asked + 1))]
        while True:
            entity, pages = self.entities[bisect(until, rng.random() * until[-1])]
            page = 0
            while page + 1 < pages and rng.random() < _TURNS:
                page += 1
            yield self.make(entity, page, 0)

    def distinct(self, rng: random.Random) -> Iterator[Query]:
        """Yield requests of which no two are the same: all pages of all entities, then variations."""
        pages = [(entity, page) for entity, number in self.entities for page in range(number)]
        rng.shuffle(pages)
        for variation in count():
            for entity, page in pages:
                yield self.make(entity, page, variation)


def _halves(both: str) -> tuple[str, str]:
    pattern, _, counted = both.partition("\t")
    return pattern, counted


def _kinds(names: Names) -> dict[str, _Kind]:
    def ranked(values: Counter[str], paged: bool) -> list[tuple[str, int]]:
        rows = sorted(values.items(), key=lambda row: (-row[1], row[0]))
        return [(value, -(-number // _PAGE) if paged else 1) for value, number in rows]

    def pages(kind: str, name: str) -> _Make:
        return lambda value, page, more: listed(kind, f"{name} {value}", page * _PAGE, more)

    # The order of the numbers is that of publication: readers want new and old ones alike.
    records = random.Random(7).sample(names.records, len(names.records))
    categories, countries = ("docu:category", names.categories), ("docu:relatedCountry", names.countries)
    years, languages = ("core:yearOfData", names.years), ("dcterms:language", Counter[str]())
    pairs = [
        *((years, by) for by in (categories, countries, languages)),
        *((categories, by) for by in (years, countries)),
        *((countries, by) for by in (years, categories, languages)),
    ]
    facets = [
        (f"{of} {value}\t{by}", 1) for (of, values), (by, _) in pairs for value, _ in ranked(values, False)
    ]
    facets = random.Random(7).sample(facets, len(facets))
    return {
        "record": _Kind(
            [(iri, 2) for iri in records],
            # A reader wants the table of one record and the triples of another, seldom both.
            lambda iri, page, more: record(iri, (page + int(iri[-2])) % 2 == 1, more),
        ),
        "author": _Kind(ranked(names.authors, True), pages("author", "pub:hasAuthor")),
        "year": _Kind(ranked(names.years, True), pages("year", "core:yearOfData")),
        "category": _Kind(ranked(names.categories, True), pages("category", "docu:category")),
        "facet": _Kind(
            facets, lambda both, _, more: facet(both.partition("\t")[0], both.partition("\t")[2], more)
        ),
        "words in titles": _Kind(ranked(names.words, False), lambda word, _, more: titles(word, more)),
        "co-authors": _Kind(ranked(names.authors, False), lambda name, _, more: coauthors(name, more)),
        "country": _Kind(ranked(names.countries, True), pages("country", "docu:relatedCountry")),
    }


def mix(names: Names, requests: int, repeats: bool, seed: int = 1) -> list[Query]:
    """Return mix A (``repeats``) or B, each kind with its share, in an order of no meaning."""
    rng = random.Random(f"{seed} {repeats}")
    found: list[Query] = []
    for name, kind in _kinds(names).items():
        stream = kind.drawn(rng) if repeats else kind.distinct(rng)
        found += islice(stream, round(SHARES[name] * requests))
    rng.shuffle(found)
    return found


def singles(names: Names) -> dict[str, Query]:
    """Return one request of each kind, for the values that most publications have."""

    def most(values: Counter[str]) -> str:
        return min(values, key=lambda value: (-values[value], value))

    year, category, author, country = map(
        most, (names.years, names.categories, names.authors, names.countries)
    )
    newest = "SELECT ?p ?t ?d { ?p pub:pubDate ?d ; rdfs:label ?t } ORDER BY DESC(?d) ?t LIMIT 10"
    by_title = "SELECT ?p ?t { ?p docu:category ?c ; rdfs:label ?t } ORDER BY ?t LIMIT 10"
    deep = names.categories[category] // _PAGE // 2 * _PAGE
    return {
        "page of a year": listed("year", f"core:yearOfData {year}", _PAGE),
        "page of a category": listed("category", f"docu:category {category}", deep),
        "facet: categories of a year": facet(f"core:yearOfData {year}", "docu:category"),
        "facet: categories of all": facet("a pub:Publication", "docu:category"),
        "newest": Query("newest", PREFIXES + newest, ("d", "t")),
        "author": listed("author", f"pub:hasAuthor {author}"),
        "co-authors": coauthors(author),
        "country": listed("country", f"docu:relatedCountry {country}"),
        "words in titles": titles(most(names.words)),
        "record": record(names.records[len(names.records) // 2], False),
        "record, Turtle": record(names.records[len(names.records) // 3], True),
        "ORDER BY title LIMIT 10": Query("by title", PREFIXES + by_title, ("t",)),
    }


_N: Final = "(COUNT(*) AS ?n)"
_ANALYTIC: Final = {
    "count of all": f"SELECT {_N} {{ ?s ?p ?o }}",
    "count by predicate": f"SELECT ?p {_N} {{ ?s ?p ?o }} GROUP BY ?p",
    "count by class": f"SELECT ?c {_N} {{ ?s a ?c }} GROUP BY ?c",
    "class × predicate": f"SELECT ?c ?p {_N} {{ ?s a ?c ; ?p ?o }} GROUP BY ?c ?p",
    "publications by year": f"SELECT ?y {_N} {{ ?p a pub:Publication ; core:yearOfData ?y }} GROUP BY ?y",
    "year × category": f"SELECT ?y ?c {_N} {{ ?p core:yearOfData ?y ; docu:category ?c }} GROUP BY ?y ?c",
    "country × year, distinct": "SELECT ?c ?y (COUNT(DISTINCT ?p) AS ?n) "
    "{ ?p docu:relatedCountry ?c ; core:yearOfData ?y } GROUP BY ?c ?y",
    "authors with ten or more": f"SELECT ?a {_N} {{ ?p pub:hasAuthor ?a }} "
    "GROUP BY ?a HAVING(COUNT(*) >= 10)",
    "pairs of authors": f"SELECT ?a ?b {_N} {{ ?p pub:hasAuthor ?a , ?b FILTER(STR(?a) < STR(?b)) }} "
    "GROUP BY ?a ?b",
    "OPTIONAL counts": "SELECT ?c (COUNT(?p) AS ?n) (COUNT(?a) AS ?m) "
    "{ ?p docu:category ?c OPTIONAL { ?p bibo:abstract ?a } } GROUP BY ?c",
    "length of abstracts": "SELECT ?c (AVG(STRLEN(?a)) AS ?n) "
    "{ ?p docu:category ?c ; bibo:abstract ?a } GROUP BY ?c",
    "regular expression": f'SELECT {_N} {{ ?p bibo:abstract ?a FILTER(REGEX(?a, "(China|Russia) and")) }}',
}


def analytic() -> dict[str, Query]:
    """Return the twelve analytic queries."""
    return {name: Query(name, PREFIXES + text) for name, text in _ANALYTIC.items()}
