"""A small library of publications for the tests of searching."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from endpoint.search import Document, Facet, Field, SearchConfiguration
from endpoint.search.analysis import Analysed, Analyser
from endpoint.search.build import build_index
from endpoint.search.index import TextIndex

FIELDS = ("title", "alternative", "abstract", "author", "series", "linked")
CONFIGURATION = SearchConfiguration(
    fields=(
        Field("title", (), 10, labels={"ko": "제목", "en": "Title"}),
        Field("alternative", (), 5),
        Field("abstract", (), 1),
        Field("author", (), 5, labels={"ko": "저자"}),
        Field("series", (), 2),
        Field("linked", (), 2),
    ),
    facets=(Facet("year", ()), Facet("language", ()), Facet("author", ())),
    snippet="abstract",
)

ARMS = (
    "The Russo-Ukrainian War is depleting stockpiles.\n\n"
    "South Korean defense companies are providers of high-tech weapons. From 2017 to 2021, Korea’s arms "
    "exports were ranked eighth with a 2.8% share. Exporters in the U.S. and Türkiye compete <strongly> & "
    "openly. Each policy was one of many policies."
)
RCEP = "RCEP CPTPP 인태경제프레임워크(IPEF) : 지역질서의 분절화·진영화 우려와 대응과제"
SUMMIT = "Assessment of the Ninth ROK-Japan-China Trilateral Summit"


def document(iri: str, title: str, abstract: str = "", year: str = "2023", **more: str) -> Document:
    """A publication; its second alternative title is as the data has it, without white space."""
    fields = {
        "title": (title,),
        "alternative": ("".join(title.split()).lower(),),
        "abstract": (abstract,) if abstract else (),
        **{name: tuple(more[name].split(";")) for name in FIELDS if name in more},
    }
    language = "ENG" if title.isascii() else "KOR"
    facets = {"year": (year,), "language": (language,), "author": fields.get("author", ())}
    return Document(iri, fields, facets, more.get("date", f"{year}0101"))


LIBRARY = (
    document("arms", "South Korea’s Arms Exports and Defense Diplomacy", ARMS, author="SONG Tae Eun"),
    document("rcep", RCEP, year="2022"),
    document("open", "열린외교마당", year="2004", author="김 철수;이영희"),
    document("three", "최근의 미·일·중 관계 - 일본의 대미, 대중 관계를 중심으로 -", year="1999"),
    document("summit", SUMMIT, year="2024", linked="대한민국;Japan"),
    document("war", "한 해를 넘긴 우크라이나 전쟁의 향방 전망", "전쟁은 핵을 둘러싼 협상을 바꾸었다."),
    document("outlook", "2023년 국제정세전망", "핵심은 한국의 대외전략이다.", "2022", series="국제정세전망"),
    document("apart", "국제 정세 전망과 한국", "한국은 미·중 사이에 있다.", "2021"),
    document("alliance", "한미동맹의 미래", "한국과 미국의 방위비 분담금", "2020", author="이영희"),
    document("meeting", "아시아유럽정상회의 결과", "정상회담이 열렸다. 정상회담의 의미.", "2018"),
    document("hanja", "韓國과 北韓의 歷史", "兩國 關係", "1995"),
    document("korea", "FTA 협상 동향", "한국이 한국의 협상을 한국에서 한국과 " * 20, "2010"),
    document("atom", "핵무기와 무기 통제", "무기", "2011"),
)


def index(folder: Path, documents: Iterable[Document] = LIBRARY, previous: Path | None = None) -> TextIndex:
    """The index of ``documents`` in the new ``folder``."""
    build_index(documents, folder, CONFIGURATION, previous)
    return TextIndex.open(folder)


def written(analysed: Analysed, tokens: Sequence[str]) -> tuple[str, ...]:
    """The numbered ``tokens`` of each field, separated by spaces."""
    return tuple(" ".join(tokens[number] for number in array("I", each)) for each in analysed.tokens)


def tokens_of(fields: Mapping[str, Sequence[str]], names: Sequence[str], long: str = "") -> tuple[str, ...]:
    """The tokens of each of the fields ``names`` of a document."""
    analyser = Analyser(names, long)
    return written(analyser.analyse(fields), analyser.tokens.order)
