"""Values of facets: what readers call them, and in which order they see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from endpoint.search import Facet
from endpoint.web.http.view import View

YEAR: Final = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: what people call it, how many hits have it, where choosing it leads."""

    name: str
    count: int
    url: str
    selected: bool = False


def label_of(view: View, facet: Facet) -> str:
    """What the reader calls a facet."""
    return view.text(facet.labels) or facet.name


def name_of(view: View, facet: Facet, value: str) -> str:
    """What the reader calls a value of a facet."""
    return view.text(facet.names[value]) if value in facet.names else value


def is_years(counted: Sequence[tuple[str, int]]) -> bool:
    """Whether all values are years."""
    return bool(counted) and all(YEAR.fullmatch(value) for value, _ in counted)


def ordered(counted: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Years with the latest first, other values as the search counted them: most records first."""
    return sorted(counted, reverse=True) if is_years(counted) else counted


def grouped(values: Sequence[Value], years: bool, korean: bool) -> list[tuple[str, list[Value]]]:
    """The values by their first letter, the reader's script first; years by decade, newest first."""
    groups: dict[str, list[Value]] = {}
    ours = {value.name: ("가" <= value.name[:1] <= "힣") is korean for value in values}
    for value in sorted(values, key=lambda row: (not ours[row.name], row.name.casefold()), reverse=years):
        groups.setdefault(f"{value.name[:3]}0–" if years else _initial(value.name), []).append(value)
    return list(groups.items())


_CONSONANTS: Final = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"


def _initial(name: str) -> str:
    first = name[:1].upper()
    if "가" <= first <= "힣":
        return _CONSONANTS[(ord(first) - ord("가")) // 588]
    return first if first.isalpha() else "#"
