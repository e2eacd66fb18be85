"""The core entities of the generated catalogue: who and what its publications are about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.catalogue_english import ordinal
from benchmarks.catalogue_places import AREAS, City, Country, read_countries
from benchmarks.catalogue_text import pick, spread
from benchmarks.catalogue_words import in_languages, read_words

CORE: Final = "http://opendata.mofa.go.kr/core/resource/"
FIRST_YEAR: Final = 1977
LAST_YEAR: Final = 2025
_LARGE: Final = 17  # bits of a table of authors: there may be twenty thousand


@dataclass(frozen=True, slots=True)
class Entity:
    """Something with an IRI and a name in each language; ``links`` are further statements about it."""

    iri: str
    korean: str
    english: str
    short: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """One who writes: the name on Korean, on older and on newer English items; ``iri`` where a professor."""

    korean: str
    older: str
    newer: str
    iri: str | None

    def written(self, language: str, year: int) -> str:
        """The name as an item in that language and year has it."""
        if language == "KOR":
            return self.korean
        return self.newer if year >= 2012 else self.older


class Entities:
    """All of them, made from the words and the seed; ``size`` is the number of publications."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.words = read_words()
        self.countries = read_countries()
        self.organisations = tuple(
            Entity(f"{CORE}Organization/{number}", *in_languages(entry), entry.split("/")[2])
            for number, entry in enumerate(self.words["organisations"], 1)
        )
        self.positions = tuple(
            Entity(f"{CORE}Position/{number}", *in_languages(entry))
            for number, entry in enumerate(self.words["positions"], 1)
        )
        self._written: set[str] = set()
        self.authors = tuple(self._author(rng, number) for number in range(120 + size // 50))
        people = len(self.authors)
        self.persons = tuple(
            self._person(rng, people + number) for number in range(min(200 + size // 10, 20_000))
        )
        self.events = tuple(self._event(rng, number) for number in range(min(200 + size // 2, 20_000)))
        self._frequent = _Frequent(self)
        self._events_of: dict[int, list[Entity]] = {}
        for event in self.events:
            self._events_of.setdefault(int(event.short[:4]), []).append(event)

    def _author(self, rng: random.Random, number: int) -> Author:
        while True:
            family, first, second = (
                in_languages(pick(rng, self.words[part])) for part in ("surnames", "syllables", "syllables")
            )
            korean = family[0] + first[0] + second[0]
            # Two people of one name there are, but not by the dozen.
            if korean not in self._written or rng.random() < 0.02 or len(self._written) > 50_000:
                break
        self._written.add(korean)
        given = f"{first[1]} {second[1]}"
        professor = f"{CORE}Person/{number + 1}" if rng.random() < 0.6 else None
        return Author(korean, f"{family[1]} {given}", f"{family[1].upper()} {given}", professor)

    def _person(self, rng: random.Random, number: int) -> Entity:
        parts = ("foreign names", "foreign surnames") if rng.random() < 0.7 else ("surnames", "syllables")
        first, second = (in_languages(pick(rng, self.words[part])) for part in parts)
        korean = f"{first[0]} {second[0]}"
        english = f"{first[1]} {second[1]}"
        if parts[0] == "surnames":
            third = in_languages(pick(rng, self.words["syllables"]))
            korean, english = first[0] + second[0] + third[0], f"{english} {third[1]}"
        position = self.positions[int(rng.random() * len(self.positions))]
        return Entity(f"{CORE}Person/{number + 1}", korean, english, links=(("hasPosition", position.iri),))

    def _event(self, rng: random.Random, number: int) -> Entity:
        year = LAST_YEAR - int(rng.random() * rng.random() * (LAST_YEAR - FIRST_YEAR + 1))
        date = f"{year}-{1 + int(rng.random() * 12):02d}-{1 + int(rng.random() * 28):02d}"
        country = self.countries[int(rng.random() * rng.random() * len(self.countries))]
        iri = f"{CORE}Event/{number + 1}"
        if rng.random() < 0.5:
            korean, english = f"한·{country.korean} 정상회담", f"ROK-{country.english} Summit"
            return Entity(iri, f"{korean} ({date[:7]})", f"{english} ({date[:7]})", date)
        body = self.organisations[int(rng.random() * rng.random() * len(self.organisations))]
        count = 1 + int(rng.random() * 40)
        return Entity(
            iri, f"제{count}차 {body.korean} 정상회의", f"{ordinal(count)} {body.short} Summit {year}", date
        )

    def country_iri(self, country: Country) -> str:
        """As the ministry's own: it ends with the ISO code."""
        return f"{CORE}Country/{country.code}"

    def city_iri(self, city: City) -> str:
        """It ends with a number."""
        return f"{CORE}City/{city.number}"

    def area(self, country: Country, korean: bool) -> str:
        """The name of the area in which the country lies."""
        return AREAS[country.area][0 if korean else 1]

    def authors_of(self, rng: random.Random) -> list[Author]:
        """One author, seldom several; the busiest write most."""
        draw = rng.random()
        count = 1 if draw < 0.86 else 2 if draw < 0.96 else 3
        found = (self.authors[self._frequent.author(rng)] for _ in range(count))
        return list(dict.fromkeys(found))

    def some_countries(self, rng: random.Random, count: int) -> list[Country]:
        """Different countries, those written about most first among the likely ones."""
        return list(dict.fromkeys(self.countries[self._frequent.country(rng)] for _ in range(count)))

    def event_of(self, rng: random.Random, year: int) -> Entity:
        """An event of that year, or of another where nothing happened in it."""
        return self.one_of(rng, self._events_of.get(year, self.events))

    def one_of(self, rng: random.Random, entities: Sequence[Entity]) -> Entity:
        """One of the entities, the first ones more often."""
        return entities[int(rng.random() * rng.random() * len(entities))]


class _Frequent:
    """Indexes of authors and of countries, as often as they are written of."""

    def __init__(self, entities: Entities) -> None:
        self._authors = tuple(map(int, spread([*map(str, range(len(entities.authors)))], _LARGE)))
        self._countries = tuple(map(int, spread([*map(str, range(len(entities.countries)))])))

    def author(self, rng: random.Random) -> int:
        return self._authors[rng.getrandbits(_LARGE)]

    def country(self, rng: random.Random) -> int:
        return self._countries[rng.getrandbits(13)]
