"""Statements of the generated catalogue: the N-Quads form, and the records that are no publications."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from benchmarks.catalogue_entities import CORE, LAST_YEAR, Entities, Entity
from benchmarks.catalogue_places import AREAS, Country
from benchmarks.catalogue_text import pick

BASE: Final = "http://opendata.mofa.go.kr/"
GRAPHS: Final = {
    "core": f" <{BASE}core> .\n",
    "pub": f" <{BASE}mofapub> .\n",
    "docu": f" <{BASE}mofadocu> .\n",
    "brief": f" <{BASE}mofabrief> .\n",
    "press": f" <{BASE}mofapress> .\n",
    "daily": f" <{BASE}mofadaily> .\n",
}
_PREFIXES: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "bibo": "http://purl.org/ontology/bibo/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "schema": "https://schema.org/",
    "mofa": f"{BASE}core/",
    **{name: f"{BASE}{name}/" for name in ("mofapub", "mofadocu", "mofabrief", "mofapress", "mofadaily")},
}
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f" <{_PREFIXES[prefix]}{local}> "


class Record:
    """The statements about one subject, in the order of the rows of its page, each once."""

    def __init__(self, iri: str, graph: str) -> None:
        self.iri = iri
        self._graph = graph
        self._subject = f"<{iri}>"
        self._statements: dict[str, str] = {}  # statement without its end, to its end

    def _add(self, statement: str, graph: str) -> None:
        self._statements[statement] = graph

    def link(self, predicate: str, target: str) -> None:
        """The value is a resource."""
        self._add(f"{self._subject}{_iri(predicate)}<{target}>", self._graph)

    def inverse(self, subject: str, predicate: str) -> None:
        """A core entity that points here; it says so in its own graph."""
        self._add(f"<{subject}>{_iri(predicate)}{self._subject}", GRAPHS["core"])

    def text(self, predicate: str, value: str, language: str = "") -> None:
        """The value is text, in a language where one is given."""
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        tag = f"@{language}" if language else ""
        self._add(f'{self._subject}{_iri(predicate)}"{escaped}"{tag}', self._graph)

    def typed(self, predicate: str, value: str, datatype: str) -> None:
        """The value is a literal of a type of XML Schema."""
        self._add(f'{self._subject}{_iri(predicate)}"{value}"^^<{_XSD}{datatype}>', self._graph)

    def lines(self, graphs: bool) -> list[str]:
        """N-Quads, or N-Triples without the graphs."""
        return [statement + (graph if graphs else " .\n") for statement, graph in self._statements.items()]


def _named(iri: str, kind: str, korean: str, english: str) -> Record:
    record = Record(iri, GRAPHS["core"])
    record.link("rdf:type", f"{BASE}core/{kind}")
    record.text("rdfs:label", korean, "ko")
    record.text("rdfs:label", english, "en")
    record.text("skos:prefLabel", korean)
    for label in (korean, english, "".join(korean.split()).lower(), "".join(english.split()).lower()):
        record.text("skos:altLabel", label)
    return record


def core_records(entities: Entities) -> Iterator[Record]:
    """Areas, countries, cities, years, positions, organisations, persons, events."""
    for code, (korean, english) in AREAS.items():
        record = _named(f"{CORE}Area/{code}", "Area", korean, english)
        for country in entities.countries:
            if country.area == code:
                record.link("mofa:hasCountry", entities.country_iri(country))
        yield record
    for country in entities.countries:
        yield _country(entities, country)
        for city in country.cities:
            yield _named(entities.city_iri(city), "City", city.korean, city.english)
    for year in range(1945, LAST_YEAR + 1):
        yield _named(f"{CORE}Year/{year}", "Year", f"{year}년", str(year))
    yield from _people(entities)
    for organisation in entities.organisations:
        record = _named(organisation.iri, "Organization", organisation.korean, organisation.english)
        record.text("skos:altLabel", organisation.short)
        yield record
    for event in entities.events:
        record = _named(event.iri, "Event", event.korean, event.english)
        record.link("rdf:type", "https://schema.org/Event")
        record.typed("schema:startDate", event.short, "date")
        yield record


def _country(entities: Entities, country: Country) -> Record:
    record = _named(entities.country_iri(country), "Country", country.korean, country.english)
    record.text("mofa:hasISO_2CD", country.code)
    record.text("mofa:hasISO_3CD", country.code3)
    record.link("owl:sameAs", f"http://dbpedia.org/resource/{country.article}")
    for city in country.cities:
        record.link("mofa:hasCity", entities.city_iri(city))
    return record


def _people(entities: Entities) -> Iterator[Record]:
    for position in entities.positions:
        yield _named(position.iri, "Position", position.korean, position.english)
    professor = next(position for position in entities.positions if position.korean == "교수")
    for author in entities.authors:
        if author.iri is not None:
            record = _named(author.iri, "Person", author.korean, author.older)
            record.text("skos:altLabel", author.newer)
            record.link("mofa:hasPosition", professor.iri)
            yield record
    for person in entities.persons:
        record = _named(person.iri, "Person", person.korean, person.english)
        for predicate, target in person.links:
            record.link(f"mofa:{predicate}", target)
        yield record


def document_records(entities: Entities, rng: random.Random, publications: int) -> Iterator[Record]:
    """A few archive files, briefings, press releases and journal entries."""
    makers = (_archive_file, _briefing, _press_release, _journal_entry)
    for number in range(1, 8 + publications // 10):
        country = entities.some_countries(rng, 1)[0]
        organisation = entities.one_of(rng, entities.organisations)
        yield makers[number % 4](entities, rng, number, country, organisation)


def _titled(iri: str, graph: str, kind: str, title: str) -> Record:
    record = Record(iri, GRAPHS[graph])
    record.link("rdf:type", f"{BASE}{kind}")
    record.text("rdfs:label", title)
    record.text("skos:prefLabel", f"[{iri.rpartition('/')[2]}] {title}")
    record.text("skos:altLabel", title)
    record.text("skos:altLabel", "".join(title.split()).lower())
    return record


def _archive_file(
    entities: Entities, rng: random.Random, number: int, country: Country, organisation: Entity
) -> Record:
    start = 1948 + int(rng.random() * 45)
    end = start + int(rng.random() * 4)
    matter = pick(rng, ("정무일반", "경제협력", "대사 파견", "무역협정 체결"))
    title = f"한 · {country.korean} {matter}, {start}-{end % 100:02d}"
    record = _titled(f"{BASE}mofadocu/resource/Document/{60000 + number}", "docu", "mofadocu/Document", title)
    for name, value in (
        ("index_Num", f"{30000 + number}"),
        ("classfication", f"7{int(rng.random() * 99):02d}.{int(rng.random() * 99)}"),
        ("inLol", f"{2000 + int(rng.random() * 25)}-{int(rng.random() * 200):04d}"),
        ("inFile", f"{1 + int(rng.random() * 30):02d}"),
        ("inFrame", f"0001-{1 + int(rng.random() * 400):04d}"),
        ("openYear", f"{end + 31}"),
    ):
        record.text(f"mofadocu:{name}", value)
    record.link("mofadocu:startYear", f"{CORE}Year/{start}")
    record.link("mofadocu:endYear", f"{CORE}Year/{end}")
    record.link("mofadocu:relatedCountry", entities.country_iri(country))
    record.inverse(entities.country_iri(country), "mofadocu:relatedDoc")
    record.inverse(organisation.iri, "mofadocu:relatedDoc")
    return record


def _day(rng: random.Random) -> str:
    return f"{2022 + int(rng.random() * 3)}{1 + int(rng.random() * 12):02d}{1 + int(rng.random() * 28):02d}"


def _news(
    entities: Entities, rng: random.Random, record: Record, country: Country, back: str, posted: str
) -> Record:
    record.text("mofadocu:relatedDept", pick(rng, entities.words["departments"]))
    record.link("mofadocu:relatedCountry", entities.country_iri(country))
    day = _day(rng)
    record.typed(posted, day, "integer")
    record.typed("mofa:yearOfData", day[:4], "integer")
    record.inverse(entities.country_iri(country), back)
    return record


def _briefing(
    entities: Entities, rng: random.Random, number: int, country: Country, organisation: Entity
) -> Record:
    title = f"{country.korean} 관련 대변인 정례브리핑\t{number}차"
    iri = f"{BASE}mofabrief/resource/Document/{368000 + number * 7}"
    record = _titled(iri, "brief", "mofabrief/Briefing", title)
    record.text(
        "bibo:abstract", f"<질문> {organisation.korean} 회의 결과는?\n<답변> 협의를 이어가고 있습니다."
    )
    return _news(entities, rng, record, country, "mofabrief:relatedBriefing", "mofabrief:postingDate")


def _press_release(
    entities: Entities, rng: random.Random, number: int, country: Country, organisation: Entity
) -> Record:
    title = f"외교장관, {country.korean} 외교장관과 회담 - {organisation.korean} 협력 논의"
    iri = f"{BASE}mofapress/resource/Document/{372000 + number * 3}"
    record = _titled(iri, "press", "mofapress/Press", title)
    record.link("mofa:relatedOrg", organisation.iri)
    return _news(entities, rng, record, country, "mofapress:relatedPress", "mofabrief:postingDate")


def _journal_entry(
    entities: Entities, rng: random.Random, number: int, country: Country, organisation: Entity
) -> Record:
    title = f"{country.korean} 대표단 방한, {organisation.korean} 관련 협의"
    iri = f"{BASE}mofadaily/resource/DiplomatJ/{50000 + number}"
    record = _titled(iri, "daily", "mofadaily/DiplomatJ", title)
    return _news(entities, rng, record, country, "mofadaily:relatedDaily", "mofadaily:startDate")
