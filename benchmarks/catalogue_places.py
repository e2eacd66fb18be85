"""Areas, countries and cities of the generated catalogue, in Korean and English."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class City:
    """A capital, or another city that hosts conferences; ``number`` ends its IRI."""

    number: int
    korean: str
    english: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country as ISO 3166-1 lists it; ``article`` is its page on DBpedia."""

    code: str
    code3: str
    korean: str
    english: str
    area: str
    article: str
    cities: tuple[City, ...]


AREAS: Final = {
    "NEA": ("동북아시아", "Northeast Asia"),
    "SEA": ("동남아시아", "Southeast Asia"),
    "SA": ("서남아시아", "South Asia"),
    "CA": ("중앙아시아", "Central Asia"),
    "OC": ("대양주", "Oceania"),
    "NA": ("북미", "North America"),
    "LA": ("중남미", "Latin America and the Caribbean"),
    "EU": ("유럽", "Europe"),
    "ME": ("중동·북아프리카", "Middle East and North Africa"),
    "AF": ("사하라 이남 아프리카", "Sub-Saharan Africa"),
}

_TABLE: Final = Path(__file__).with_name("catalogue_places.txt")

# Names that mean something else on DBpedia.
_ARTICLES: Final = {
    "GE": "Georgia_(country)",
    "TR": "Turkey",
    "MK": "North_Macedonia",
    "IE": "Republic_of_Ireland",
    "FM": "Federated_States_of_Micronesia",
}


def read_countries() -> tuple[Country, ...]:
    """The table beside this file, the countries written about most first."""
    found: list[Country] = []
    cities = 0
    for line in _TABLE.read_text().splitlines():
        if line.startswith("#"):
            continue
        head, *places = line.split("; ")
        code, code3, area, names = head.split(" ", 3)
        korean, english = names.split("/")
        listed = []
        for place in places:
            cities += 1
            listed.append(City(cities, *place.split("/")))
        article = _ARTICLES.get(code, english.replace(" ", "_"))
        found.append(Country(code, code3, korean, english, area, article, tuple(listed)))
    return tuple(found)
