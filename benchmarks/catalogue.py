"""A realistic catalogue of any size, as N-Quads or N-Triples; the same bytes for the same seed.

    python -m benchmarks.catalogue --publications 4174 --seed 1 --output catalogue.nq

Publications with every property and link of the real ones, and the oddities of their text; the core
entities they are about; archive files, briefings, press releases and journal entries among them. The
records stream: only the entities are held in memory.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Final, cast

from benchmarks.catalogue_english import ordinal
from benchmarks.catalogue_entities import FIRST_YEAR, LAST_YEAR, Entities, Entity
from benchmarks.catalogue_places import Country
from benchmarks.catalogue_records import BASE, GRAPHS, Record, core_records, document_records
from benchmarks.catalogue_series import SERIES, Series
from benchmarks.catalogue_text import Subject, abstract_length
from benchmarks.catalogue_writing import English, Korean, with_article

FIRST_NUMBER: Final = 10_403
# Publications of which real records are known: theirs are not invented beside them.
KNOWN: Final = frozenset({10819, 11201, 13940, 14168, 14209, 14367})
# The country's one-syllable name in titles such as 미·중 관계.
_INITIALS: Final = {
    "US": "미", "CN": "중", "KP": "북", "JP": "일", "KR": "한", "RU": "러", "GB": "영", "DE": "독", "IN": "인"
}  # fmt: skip
_KOREA: Final = "한국"  # as its own texts call it
_LAST_DAY: Final = date(2025, 9, 30)


class Catalogue:
    """The records of one seed; ``shortened`` divides the lengths of abstracts."""

    def __init__(self, publications: int, seed: int, shortened: int = 1) -> None:
        self._count = publications
        self._shortened = shortened
        self._rng = random.Random(seed)
        self.entities = Entities(self._rng, publications)
        self._languages: dict[str, Korean | English] = {
            "KOR": Korean(self.entities, self._rng),
            "ENG": English(self.entities, self._rng),
        }
        self._serials: dict[tuple[str, int], int] = {}
        # Publications grew in number over the years: the share of each year grows by a fixed step.
        self._until: list[int] = []
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            before = self._until[-1] if self._until else 0
            self._until.append(before + 4 + year - FIRST_YEAR)

    def records(self) -> Iterator[Record]:
        """Everything: entities first, then documents, then publications in the order of their numbers."""
        yield from core_records(self.entities)
        yield from document_records(self.entities, self._rng, self._count)
        number = FIRST_NUMBER
        for index in range(self._count):
            while number in KNOWN or self._rng.random() < 0.055:
                number += 1
            yield self._publication(index, number)
            number += 1

    def _publication(self, index: int, number: int) -> Record:
        rng = self._rng
        day = self._day(index)
        series = self._series(day.year)
        countries = self.entities.some_countries(rng, 1 + int(rng.random() * 3))
        body = self.entities.one_of(rng, self.entities.organisations)
        event = self.entities.event_of(rng, day.year - int(rng.random() * 2))
        subject = self._subject(series, countries, body, event, day.year)
        record = Record(f"{BASE}mofapub/resource/Publication/{number}", GRAPHS["pub"])
        record.link("rdf:type", f"{BASE}mofapub/Publication")
        self._titles(record, series, subject)
        self._links(record, countries, body, event)
        if rng.random() < 0.94:
            # Random numbers of its own, so that a shorter abstract changes nothing else.
            own = random.Random(rng.getrandbits(48))
            length = abstract_length(own) // self._shortened
            record.text("bibo:abstract", self._languages[series.language].abstract(own, subject, length))
        self._bibliography(record, series, day, number)
        return record

    def _day(self, index: int) -> date:
        """Later publications have later days, in about the order of their numbers."""
        total = self._until[-1]
        at = min((index * total) // self._count, total - 1)
        year = FIRST_YEAR + next(n for n, until in enumerate(self._until) if at < until)
        day = date(year, 1, 1).toordinal() + int(self._rng.random() * 365)
        if day <= _LAST_DAY.toordinal():
            return date.fromordinal(day)
        return date(year, 1, 1 + int(self._rng.random() * 31))

    def _series(self, year: int) -> Series:
        language = "ENG" if self._rng.random() < 0.25 else "KOR"
        running = [one for one in SERIES if one.language == language and one.since <= year <= one.until]
        at = self._rng.random() * sum(one.weight for one in running)
        for one in running:
            at -= one.weight
            if at < 0:
                break
        return one

    def _subject(
        self, series: Series, countries: list[Country], body: Entity, event: Entity, year: int
    ) -> Subject:
        rng = self._rng
        first, second = countries[0], countries[-1]
        if second is first:
            second = self.entities.countries[4 if first.code != "KR" else 0]
        city = first.cities[int(rng.random() * len(first.cities))] if first.cities else None
        korean = series.language == "KOR"
        dot = "·" if rng.random() < 0.7 else "․" if rng.random() < 0.7 else "・"
        names = [_KOREA if country.code == "KR" else country.korean for country in (first, second)]
        initials = [_INITIALS.get(country.code, country.korean) for country in (first, second)]
        about = {
            "country1": names[0] if korean else with_article(first.english),
            "country2": names[1] if korean else with_article(second.english),
            "dyad": dot.join(initials) if korean else f"{first.english}-{second.english}",
            "org": body.korean if korean else body.short,
            "city": (city.korean if korean else city.english) if city else "서울" if korean else "Seoul",
            "area": self.entities.area(first, korean),
            "summit": event.korean if korean else event.english,
            "number": str(1 + int(rng.random() * 30)),
            "nth": ordinal(1 + int(rng.random() * 30)),
            "year": str(year),
            "nextyear": str(year + 1),
        }
        return self._languages[series.language].subject(rng, about, year)

    def _titles(self, record: Record, series: Series, subject: Subject) -> None:
        rng = self._rng
        title = self._languages[series.language].title(rng, subject)
        record.text("rdfs:label", title)
        # A tab that somebody typed stands in one preferred label of a thousand or so.
        record.text("skos:prefLabel", title.replace(" ", "\t", 1) if rng.random() < 0.002 else title)
        record.text("skos:altLabel", title)
        if rng.random() < 0.6:
            record.text("skos:altLabel", "".join(title.split()).lower())

    def _links(self, record: Record, countries: list[Country], body: Entity, event: Entity) -> None:
        rng = self._rng
        entities = self.entities
        if rng.random() < 0.85:
            for country in countries:
                record.link("mofadocu:relatedCountry", entities.country_iri(country))
        if rng.random() < 0.35:
            for country in countries[:2]:
                for city in country.cities[: 1 + int(rng.random() * 2)]:
                    record.link("mofadocu:relatedCity", entities.city_iri(city))
        if rng.random() < 0.35:
            for _ in range(1 + int(rng.random() * 3)):
                record.link("mofa:relatedPerson", entities.one_of(rng, entities.persons).iri)
        if rng.random() < 0.3:
            record.link("mofa:relatedEvent", event.iri)
        self._bodies(record, body)
        if rng.random() < 0.5:
            record.inverse(entities.country_iri(countries[0]), "mofadocu:relatedDoc")

    def _bodies(self, record: Record, body: Entity) -> None:
        rng = self._rng
        if rng.random() < 0.6:
            record.link("mofa:relatedOrg", body.iri)
            if rng.random() < 0.4:
                record.link("mofa:relatedOrg", self.entities.one_of(rng, self.entities.organisations).iri)
        if rng.random() < 0.2:
            record.inverse(body.iri, "mofadocu:relatedDoc")

    def _bibliography(self, record: Record, series: Series, day: date, number: int) -> None:
        rng = self._rng
        record.text("mofadocu:category", series.name)
        record.link("foaf:isPrimaryTopicOf", series.address(number).replace("csrfPreventionSalt=null&", ""))
        record.typed("mofa:yearOfData", str(day.year if rng.random() < 0.98 else day.year - 1), "integer")
        record.typed("mofapub:dataURL", series.address(number), "anyURI")
        for author in self.entities.authors_of(rng):
            record.text("mofapub:hasAuthor", author.written(series.language, day.year))
            if author.iri is not None:
                record.link("mofapub:hasProfessor", author.iri)
        if rng.random() < 0.985:
            record.typed("mofapub:pubDate", f"{day:%Y%m%d}", "integer")
        if rng.random() < 0.8:
            serial = self._serials.get((series.name, day.year), 0) + 1
            self._serials[series.name, day.year] = serial
            record.text("mofapub:pubNumber", series.number(rng, day.year, serial))
        record.text("dcterms:language", series.language)


def write(catalogue: Catalogue, out: IO[bytes], graphs: bool) -> int:
    """Write all records; returns the number of statements."""
    count = 0
    for record in catalogue.records():
        lines = record.lines(graphs)
        count += len(lines)
        out.write("".join(lines).encode())
    return count


def main() -> None:
    """Write the file that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--output", default="-", help="FILE.nq or FILE.nt, .gz after it to compress; - is stdout"
    )
    parser.add_argument("--abstracts", choices=("real", "short"), default="real", help="short: a tenth")
    options = parser.parse_args()
    catalogue = Catalogue(options.publications, options.seed, 10 if options.abstracts == "short" else 1)
    name = Path(options.output)
    with ExitStack() as opened:
        out = sys.stdout.buffer
        if options.output != "-":
            plain = opened.enter_context(name.open("wb"))
            out = plain
            if name.suffix == ".gz":
                packed = gzip.GzipFile("", "wb", compresslevel=5, fileobj=plain, mtime=0)
                out = cast("IO[bytes]", opened.enter_context(packed))
        count = write(catalogue, out, graphs=name.name.removesuffix(".gz").rpartition(".")[2] != "nt")
    print(f"{count:,} statements", file=sys.stderr)


if __name__ == "__main__":
    main()
