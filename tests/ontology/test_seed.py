"""The seed data against what the ministry's service showed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import Literal, NamedNode, Store, parse

from endpoint.dataset import Dataset, default_root, read_dataset

PAGE = Path(__file__).parents[1] / "data" / "publication-14209.txt"
BASE = "http://opendata.mofa.go.kr/"
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(default_root())


@pytest.fixture(scope="module")
def store(dataset: Dataset) -> Store:
    store = Store()
    for graph in dataset.graphs:
        for file in graph.files:
            store.load(path=file, to_graph=NamedNode(graph.iri))
    return store


def expand(dataset: Dataset, name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(dataset.prefixes[prefix] + local)


# The Linked Data page of publication 14209 against its record.


class Page(NamedTuple):
    heading: str
    iri: str
    rows: list[tuple[str, list[str]]]


def read_page(text: str) -> Page:
    """The page's layout: heading, rows, bullets; further lines of a value are indented by four spaces."""
    first, rest = text.split("\n\nProperty Value\n")
    heading = re.fullmatch(r"(.*) \( (\S+) \) at Linked Data", first)
    assert heading
    table, _, _ = rest.partition("\n\n")
    rows: list[tuple[str, list[str]]] = []
    for line in table.split("\n"):
        if line.startswith("  • "):
            rows[-1][1].append(line[4:])
        elif line.startswith("    "):
            rows[-1][1][-1] += "\n" + line[4:]
        else:
            rows.append((line, []))
    return Page(heading[1], heading[2], rows)


def shown_literal(text: str) -> Literal:
    typed = re.fullmatch(r'"(.*)"\^\^xsd:(\w+)', text)
    return Literal(typed[1], datatype=NamedNode(XSD + typed[2])) if typed else Literal(text)


PAGE_14209 = read_page(PAGE.read_text(encoding="utf-8"))


def test_the_page_is_read_in_full() -> None:
    rows = dict(PAGE_14209.rows)
    assert len(PAGE_14209.rows) == 19
    assert [name for name, values in PAGE_14209.rows if not values] == [
        "rdf:type",
        "mofadocu:relatedCountry",
        "mofadocu:relatedCity",
        "mofa:relatedPerson",
        "mofa:relatedOrg",
        "mofa:relatedEvent",
        "foaf:isPrimaryTopicOf",
        "mofapub:hasProfessor",
    ]
    (abstract,) = rows["bibo:abstract"]
    assert len(abstract) == 11_721
    assert abstract.endswith("with NATO, and the Alli")


@pytest.mark.parametrize(("name", "values"), PAGE_14209.rows, ids=[name for name, _ in PAGE_14209.rows])
def test_record_14209_says_what_its_page_shows(
    dataset: Dataset, store: Store, name: str, values: list[str]
) -> None:
    subject, graph = NamedNode(PAGE_14209.iri), NamedNode(BASE + "mofapub")
    stored = {quad.object for quad in store.quads_for_pattern(subject, expand(dataset, name), None, graph)}
    if name == "rdf:type":
        assert stored == {NamedNode(BASE + "mofapub/Publication")}
    else:
        assert stored == {shown_literal(value) for value in values}


def test_record_14209_keeps_the_order_of_the_rows(dataset: Dataset) -> None:
    statements = list(parse(path=dataset.root / "seed" / "mofapub" / "publication-14209.ttl"))
    assert {quad.subject for quad in statements} == {NamedNode(PAGE_14209.iri)}
    assert [quad.predicate for quad in statements] == [
        expand(dataset, name) for name, values in PAGE_14209.rows if values or name == "rdf:type"
    ]


def test_the_heading_is_the_preferred_label_with_its_white_space_collapsed(
    dataset: Dataset, store: Store
) -> None:
    (quad,) = store.quads_for_pattern(NamedNode(PAGE_14209.iri), expand(dataset, "skos:prefLabel"), None)
    assert isinstance(quad.object, Literal)
    assert "  " in quad.object.value
    assert " ".join(quad.object.value.split()) == PAGE_14209.heading


# The 21 records of which the titles and codes are known: path | label | department or codes | volume.

KNOWN = """
mofapub/Publication/13940 | RCEP CPTPP 인태경제프레임워크(IPEF) : 지역질서의 분절화·진영화 우려와 대응과제
mofapub/Publication/11201 | 열린외교마당
mofapub/Publication/10819 | 최근의 미·일·중 관계 - 일본의 대미, 대중 관계를 중심으로 -
mofapub/Publication/14367 | Assessment of the Ninth ROK-Japan-China Trilateral Summit
mofapub/Publication/14168 | 한 해를 넘긴 우크라이나 전쟁의 향방 전망
mofabrief/Document/368579 | 대변인 정례브리핑 (10.10) | 언론담당관실
mofabrief/Document/368572 | 대변인 정례브리핑 (9.7) | 언론담당관실
mofabrief/Document/368486 | 대변인 정례브리핑 (11.15) | 언론담당관실
mofabrief/Document/368495 | 대변인 정례브리핑 (12.15 브리퍼 : 부대변인) | 언론담당관실
mofapress/Document/372959 | 제21차 한-유엔 군축·비확산 회의 개최 | 원자력비확산외교기획관실
mofapress/Document/373887 | 아세안 관련 외교장관회의 계기 한-EU 외교장관회담(7.13.) 개최 결과 | 유럽국
mofadocu/Document/51386 | 수상급 방한인사 영접기준, 1983-85 | 23024 710.1 2016-0002 13 0001-0094 2017
mofadocu/Document/6995 | 일본 · 중국(구 중공) 관계 | 7927 722.12 C-0082 25 0001-0064 2006
mofadocu/Document/3662 | 김용식 외무장관 미국 방문, 1971.9.20-10.4 | 4183 724.31 C-0047 15 0001-0108 2002
mofadocu/Document/3598 | 한 · 미국 정무일반 | 4109 722.1 C-0044 24 0001-0139 2002
mofadocu/Document/1993 | 한 · 일본간의 정부간행물 교환협정 체결문제 | 2344 741.52 J-0044 11 0001-0122 1998
mofadocu/Document/4230 | 대사파견 - 프랑스 | 4797 711.1 B-0016 17 0001-0029 2003
mofadocu/Document/18516 | 재일본한인 북한 방문 | 3365 791.56 P25-1/2~2/2(fiche) none 0001-0129 2005
mofadocu/Document/21229 | 비동맹 외상회의. Luanda(앙골라) 1985.9.2-7. 전14권. \
| 22026 728.22 2015-0039 06 0001-0285 2016 | V.1 북한의 비동맹회의 개최 유치 동향
mofadocu/Document/17540 | UNESCO(UN교육과학문화기구) 총회, 제22차. Paris, 1983.10.25-11.26. 전3권 \
| 18906 733.3121 2013-0068 3 0001-0345 2014 | V.2 결과보고
mofadocu/Document/57908 | IPU국제의원연맹 총회, 제84차. Punta del Este우루과이, 1990.10.15-20 \
| 30586 736.1321 2020-0078 17 0001-0258 2021
"""
RECORDS = [tuple(part.strip() for part in line.split("|")) for line in KNOWN.strip().split("\n")]
CODES = ("index_Num", "classfication", "inLol", "inFile", "inFrame", "openYear")
# What the service's rules for titles do not give: one TAB, one label too many, one too few.
MORE_TITLES = {"17540": {"[17540] UNESCO(UN교육과학문화기구) 총회, 제22차. Paris, 1983.10.25-11.26. 전3권"}}
OTHER_TITLES = {"368486": {"[368486] \t대변인 정례브리핑 (11.15)"}}
WITH_COMPACT_TITLE = {"14367"}


def iri_of(path: str) -> NamedNode:
    return NamedNode(BASE + path.replace("/", "/resource/", 1))


def expected_facts(path: str, label: str, codes: str = "", volume: str = "") -> set[tuple[str, str]]:
    """The rules of the service: "[id] title volume" is preferred, the title without spaces is a key."""
    kind, _, number = path.split("/")
    compact = "".join(label.split()).lower()
    volume_number, _, volume_name = volume.partition(" ")
    full = f"[{number}] {label} {volume_name}".rstrip()
    facts = {
        ("rdfs:label", label),
        ("mofadocu:volumeNum", volume_number),
        ("mofadocu:volumeName", volume_name),
    }
    if kind == "mofapub":
        facts |= {("rdf:type", BASE + "mofapub/Publication"), ("skos:prefLabel", label)}
    else:
        titles = OTHER_TITLES.get(number, {full} | MORE_TITLES.get(number, set()))
        facts |= {("skos:prefLabel", title) for title in titles}
    if kind in ("mofapub", "mofadocu"):
        facts.add(("skos:altLabel", label))
    if kind != "mofapub" or number in WITH_COMPACT_TITLE:
        facts.add(("skos:altLabel", compact))
    if kind == "mofadocu":
        values = zip(CODES, codes.split(), strict=True)
        facts |= {(f"mofadocu:{name}", value) for name, value in values if value != "none"}
    else:
        facts.add(("mofadocu:relatedDept", codes))
    return {(name, value) for name, value in facts if value}


@pytest.mark.parametrize("record", RECORDS, ids=[record[0] for record in RECORDS])
def test_a_known_record_is_in_its_datasets_graph(
    dataset: Dataset, store: Store, record: tuple[str, ...]
) -> None:
    quads = list(store.quads_for_pattern(iri_of(record[0]), None, None))
    assert {quad.graph_name for quad in quads} == {NamedNode(BASE + record[0].partition("/")[0])}
    assert {(quad.predicate, quad.object) for quad in quads} == {
        (expand(dataset, name), NamedNode(value) if name == "rdf:type" else Literal(value))
        for name, value in expected_facts(*record)
    }


def test_the_seed_holds_these_22_records_and_no_others(dataset: Dataset, store: Store) -> None:
    graphs = [NamedNode(graph.iri) for graph in dataset.graphs if graph.name]
    subjects = {quad.subject for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph)}
    assert subjects == {NamedNode(PAGE_14209.iri), *(iri_of(record[0]) for record in RECORDS)}
    assert len(subjects) == 22
