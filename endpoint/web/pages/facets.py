"""Facets on pages: the names of their values in the reader's language, their order, and years as bars.

The index has one name of what a record is linked to; the data may have others, such as a country's Korean and
English one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from endpoint.errors import EndpointError
from endpoint.search import Facet, SearchConfiguration
from endpoint.telemetry import log
from endpoint.vocabulary import RDFS_LABEL
from endpoint.web.cache import Region
from endpoint.web.http.view import LANGUAGES, View
from endpoint.web.store import Bindings, Snapshot

Names = Mapping[str, Mapping[str, str]]

YEAR: Final = re.compile(r"[0-9]{4}")
# The histogram in its own units.
WIDTH: Final = 300
HEIGHT: Final = 72
# Years of a longer span get no bar each: nobody could hit one.
_MOST_YEARS: Final = 120
# What is there at all can be seen.
_LOWEST: Final = 2.0
# Names that are read for one facet, and seconds that a page waits for them, at most.
_MOST_NAMES: Final = 20_000
_PATIENCE: Final = 2.0
_FACET_NAMES: Final[Region[Mapping[str, Names]]] = Region("names of facets")
_CONSONANTS: Final = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: its name, how many hits have it, where choosing it leads."""

    name: str
    count: int
    url: str
    selected: bool = False


def label_of(view: View, facet: Facet) -> str:
    """Return the name of a facet in the reader's language."""
    return view.text(facet.labels) or facet.name


def name_of(view: View, facet: Facet, value: str) -> str:
    """Return the name of a value in the reader's language."""
    return view.text(facet.names[value]) if value in facet.names else value


def is_years(counted: Sequence[tuple[str, int]]) -> bool:
    """Tell whether all values are years."""
    return bool(counted) and all(YEAR.fullmatch(value) for value, _ in counted)


def ordered(counted: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Sort years with the latest first; other values stay as the search counted them, most records first."""
    return sorted(counted, reverse=True) if is_years(counted) else counted


def grouped(values: Sequence[Value], years: bool, korean: bool) -> list[tuple[str, list[Value]]]:
    """Group the values by their first letter, the reader's script first; years by decade, newest first."""
    groups: dict[str, list[Value]] = {}
    ours = {value.name: ("가" <= value.name[:1] <= "힣") is korean for value in values}
    for value in sorted(values, key=lambda row: (not ours[row.name], row.name.casefold()), reverse=years):
        groups.setdefault(f"{value.name[:3]}0–" if years else _initial(value.name), []).append(value)
    return list(groups.items())


def _initial(name: str) -> str:
    first = name[:1].upper()
    if "가" <= first <= "힣":
        return _CONSONANTS[(ord(first) - ord("가")) // 588]
    return first if first.isalpha() else "#"


@dataclass(frozen=True, slots=True)
class Bar:
    """One year in the histogram: its number of hits, where choosing it leads, and the place of its bar."""

    year: int
    count: int
    url: str
    selected: bool
    x: float
    y: float
    width: float
    height: float


def histogram(years: Sequence[tuple[int, int, str, bool]]) -> tuple[Bar, ...]:
    """Return the bars of ``(year, count, url, selected)`` in the order of time; none for too long a span."""
    first, last = min(row[0] for row in years), max(row[0] for row in years)
    span = last - first + 1
    if span > _MOST_YEARS:
        return ()
    step = WIDTH / span
    most = max(row[1] for row in years) or 1
    bars = []
    for year, count, url, selected in sorted(years):
        height = max(round(HEIGHT * count / most, 1), _LOWEST) if count else 0.0
        x = round((year - first) * step + step * 0.1, 2)
        bars.append(
            Bar(year, count, url, selected, x, round(HEIGHT - height, 1), round(step * 0.8, 2), height)
        )
    return tuple(bars)


async def with_names(snapshot: Snapshot, configuration: SearchConfiguration) -> SearchConfiguration:
    """Return ``configuration`` with the names that the data has, as it is where they take too long."""
    if not any(facet.through for facet in configuration.facets):
        return configuration
    try:
        async with asyncio.timeout(_PATIENCE):
            read = partial(_read_names, configuration)
            names = await snapshot.cached(_FACET_NAMES, read)
    except TimeoutError:
        return configuration
    except EndpointError as error:
        log.warning("the names of facets could not be read: %s", error.detail)
        return configuration
    facets = tuple(
        replace(facet, names={**names.get(facet.name, {}), **facet.names}) for facet in configuration.facets
    )
    return replace(configuration, facets=facets)


async def _read_names(configuration: SearchConfiguration, snapshot: Snapshot) -> Mapping[str, Names]:
    return {
        facet.name: _names(await snapshot.bindings(_query(facet), whole=True))
        for facet in configuration.facets
        if facet.through
    }


def _query(facet: Facet) -> str:
    through, properties = ("|".join(f"<{iri}>" for iri in iris) for iris in (facet.through, facet.properties))
    languages = ", ".join(f'"{language}"' for language in LANGUAGES)
    return (
        "SELECT DISTINCT ?value ?name WHERE {\n"
        f"  {{ SELECT DISTINCT ?linked WHERE {{ ?record {through} ?linked }} }}\n"
        f"  ?linked {properties} ?value ;\n"
        f"          <{RDFS_LABEL}> ?name .\n"
        f"  FILTER(LANG(?name) IN ({languages}))\n"
        f"}} ORDER BY ?value ?name LIMIT {_MOST_NAMES}"
    )


def _names(rows: Sequence[Bindings]) -> Names:
    names: dict[str, dict[str, str]] = {}
    for row in rows:
        # Two things of one name keep the first of their other names.
        known = names.setdefault(row["value"]["value"], {})
        known.setdefault(row["name"]["xml:lang"], row["name"]["value"])
    return names
