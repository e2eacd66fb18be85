"""The series in which the institute publishes, with the codes that their web addresses carry."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_SITE: Final = "https://www.ifans.go.kr/knda/ifans"


@dataclass(frozen=True, slots=True)
class Series:
    """``weight`` is its share of a year's publications, from ``since`` to ``until``."""

    name: str
    code: str
    language: str
    weight: int
    since: int
    until: int = 9999

    def address(self, number: int) -> str:
        """Return the address of publication ``number``, in the site's own order of parameters."""
        part = "eng" if self.language == "ENG" else "kor"
        return (
            f"{_SITE}/{part}/pblct/PblctView.do?csrfPreventionSalt=null&pblctDtaSn={number}"
            f"&menuCl={self.code}&clCode={self.code}&koreanEngSe={self.language}"
        )

    def number(self, rng: random.Random, year: int, serial: int) -> str:
        """The number of a publication, in one of the forms that occur."""
        if rng.random() < 0.003:
            return "null"
        if self.language == "ENG":
            return f"{year}.-{serial:02d}E" if year >= 2010 else f"No. {year}-{serial}"
        draw = rng.random()
        if draw < 0.6:
            return f"{year}-{serial:02d}"
        if draw < 0.8:
            return f"{year}.-{serial:02d}"
        if draw < 0.9:
            return f"제{year}-{serial}호"
        return f"{year}-{serial:02d} (통권 {(year - 1976) * 40 + serial}호)"


SERIES: Final = (
    Series("주요국제문제분석", "P01", "KOR", 40, 1977),
    Series("정책연구시리즈", "P03", "KOR", 14, 1980),
    Series("국제정세전망", "P04", "KOR", 2, 1983),
    Series("IFANS FOCUS", "P07", "KOR", 24, 2010),
    Series("중국정세", "P14", "KOR", 5, 2012),
    Series("IFANS Perspectives", "P18", "KOR", 6, 2016),
    Series("Past Publications", "P11", "ENG", 20, 1977, 2009),
    Series("IFANS Focus", "P11", "ENG", 25, 2010),
    Series("IFANS PERSPECTIVES", "P19", "ENG", 8, 2016),
    Series("IFANS STUDY REPORT", "P20", "ENG", 3, 2018),
)
