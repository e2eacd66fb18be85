"""The generated catalogue: the same bytes for a seed, and facts that hold for the real one."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from benchmarks.catalogue import KNOWN, Catalogue, write
from benchmarks.catalogue_english import ordinal, participle, past, plural
from benchmarks.catalogue_korean import join
from benchmarks.catalogue_places import read_countries
from endpoint.dataset import default_root, read_dataset

DATASET = read_dataset(default_root())
COUNT = 400


def written(publications: int = COUNT, seed: int = 1, shortened: int = 1, graphs: bool = True) -> bytes:
    out = io.BytesIO()
    count = write(Catalogue(publications, seed, shortened), out, graphs)
    assert out.getvalue().count(b"\n") == count
    return out.getvalue()


@cache
def quads() -> list[Quad]:
    """Return the catalogue that most tests look at, made when the first one does."""
    return [*parse(written(), format=RdfFormat.N_QUADS)]


ONTOLOGY = [quad for file in sorted((DATASET.root / "ontology").glob("*.ttl")) for quad in parse(path=file)]


def term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(DATASET.prefixes[prefix] + local)


@cache
def publications() -> set[object]:
    """Return the subjects of the publications."""
    return {quad.subject for quad in quads() if quad.object == term("mofapub:Publication")}


def values(predicate: str) -> list[Literal]:
    return [
        quad.object
        for quad in quads()
        if quad.predicate == term(predicate)
        and quad.subject in publications()
        and isinstance(quad.object, Literal)
    ]


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    assert hashlib.sha256(written(20)).hexdigest() == (
        "3296ada9aa5f43bd8e6496c944e78c088f0d5889dc8b63dd7c67080bae127ea0"
    )


def test_another_seed_gives_another_catalogue() -> None:
    assert written(20) != written(20, seed=2)


def test_triples_are_the_quads_without_their_graphs() -> None:
    triples = [*parse(written(graphs=False), format=RdfFormat.N_TRIPLES)]
    assert [quad.triple for quad in quads()] == [quad.triple for quad in triples]


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "small.nt.gz"
    command = [sys.executable, "-m", "benchmarks.catalogue", "--publications", "30", "--abstracts", "short"]
    done = subprocess.run([*command, "--output", str(file)], check=True, capture_output=True, text=True)
    (piped,) = re.findall(r"[\d,]+(?= statements)", done.stderr)
    out = subprocess.run([*command, "--output", "-"], check=True, capture_output=True).stdout
    assert file.read_bytes()[:2] == b"\x1f\x8b"
    assert out.count(b"\n") == int(piped.replace(",", ""))


def test_no_statement_comes_twice() -> None:
    assert [quad for quad, count in Counter(quads()).items() if count > 1] == []


def test_every_predicate_and_class_is_declared() -> None:
    declared = {quad.subject for quad in ONTOLOGY if quad.predicate == term("rdf:type")}
    assert {quad.predicate for quad in quads()} - declared == set()
    assert {quad.object for quad in quads() if quad.predicate == term("rdf:type")} - declared == set()


def test_literals_have_the_type_that_the_range_says() -> None:
    ranges = {quad.subject: quad.object for quad in ONTOLOGY if quad.predicate == term("rdfs:range")}
    checked = wrong = 0
    for quad in quads():
        wanted = ranges.get(quad.predicate)
        if not isinstance(wanted, NamedNode) or not wanted.value.startswith(DATASET.prefixes["xsd"]):
            continue
        checked += 1
        wrong += not (isinstance(quad.object, Literal) and quad.object.datatype == wanted)
    assert checked > 3 * COUNT
    assert wrong == 0


def test_every_property_of_a_publication_occurs() -> None:
    used = Counter(quad.predicate for quad in quads() if quad.subject in publications())
    rows = (
        "rdf:type", "rdfs:label", "skos:prefLabel", "skos:altLabel", "mofadocu:relatedCountry",
        "bibo:abstract", "mofadocu:relatedCity", "mofadocu:category", "mofa:relatedPerson", "mofa:relatedOrg",
        "mofa:relatedEvent", "foaf:isPrimaryTopicOf", "mofa:yearOfData", "mofapub:dataURL",
        "mofapub:hasAuthor", "mofapub:hasProfessor", "mofapub:pubDate", "mofapub:pubNumber",
        "dcterms:language",
    )  # fmt: skip
    assert {term(name) for name in rows} == set(used)
    assert min(used.values()) > COUNT / 10


def test_publications_are_new_ones_in_the_graph_of_publications() -> None:
    assert len(publications()) == COUNT
    numbers = {int(str(subject).rstrip(">").rpartition("/")[2]) for subject in publications()}
    assert not numbers & KNOWN
    graphs = {quad.graph_name for quad in quads() if quad.subject in publications()}
    assert graphs == {NamedNode("http://opendata.mofa.go.kr/mofapub")}
    published = {graph.iri for graph in DATASET.graphs} | {"http://opendata.mofa.go.kr/core"}
    assert {quad.graph_name.value for quad in quads() if isinstance(quad.graph_name, NamedNode)} <= published


def test_no_triple_stands_in_two_graphs() -> None:
    assert len({quad.triple for quad in quads()}) == len(quads())


def test_every_link_within_the_dataset_leads_to_a_record() -> None:
    described = {quad.subject for quad in quads() if quad.predicate == term("rdfs:label")}
    linked = {
        quad.object
        for quad in quads()
        if isinstance(quad.object, NamedNode)
        and "/resource/" in quad.object.value
        and "mofa.go.kr" in quad.object.value
    }
    assert linked - described == set()


def test_dates_are_days_that_grow_in_number() -> None:
    days = [datetime.strptime(day.value, "%Y%m%d") for day in values("mofapub:pubDate")]
    assert {1977, 2025} <= {day.year for day in days} <= set(range(1977, 2026))
    assert sum(day.year > 2005 for day in days) > sum(day.year <= 2005 for day in days)


def test_languages_and_their_forms() -> None:
    languages = Counter(value.value for value in values("dcterms:language"))
    assert 0.15 < languages["ENG"] / COUNT < 0.35
    assert languages["ENG"] + languages["KOR"] == COUNT
    authors = {value.value for value in values("mofapub:hasAuthor")}
    for form in (r"[가-힣]{3}", r"[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+", r"[A-Z]+ [A-Z][a-z]+ [A-Z][a-z]+"):
        assert any(re.fullmatch(form, author) for author in authors), form


def test_a_few_authors_write_most() -> None:
    counted = Counter(value.value for value in values("mofapub:hasAuthor")).most_common()
    assert counted[0][1] > 4 * counted[len(counted) // 2][1]


def test_abstracts_have_real_lengths_and_the_oddities_of_real_text() -> None:
    texts = [value.value for value in values("bibo:abstract")]
    lengths = sorted(map(len, texts))
    assert 900 < lengths[len(lengths) // 2] < 2200
    assert lengths[-1] > 8000
    assert lengths[-1] <= 40_000
    everything = "".join(texts) + "".join(value.value for value in values("rdfs:label"))
    for oddity in ("\u00a0", "Ⅱ. ", "1. ", "□ ", "○ ", "●", "<요약>", "“", "’", "·", "․", "・", "  "):
        assert oddity in everything, oddity


def test_short_abstracts_change_nothing_else() -> None:
    short = [*parse(written(shortened=10), format=RdfFormat.N_QUADS)]
    abstract = term("bibo:abstract")
    assert [q for q in short if q.predicate != abstract] == [q for q in quads() if q.predicate != abstract]
    assert [q.subject for q in short] == [q.subject for q in quads()]
    sizes = [sum(len(str(q.object)) for q in found if q.predicate == abstract) for found in (short, quads())]
    assert sizes[0] < sizes[1] / 4


def test_countries_are_those_of_iso_3166() -> None:
    countries = read_countries()
    assert len({country.code for country in countries}) == len({c.code3 for c in countries}) == 196
    assert len({country.korean for country in countries}) == 196
    assert all(re.fullmatch("[A-Z]{2}", c.code) and re.fullmatch("[A-Z]{3}", c.code3) for c in countries)
    assert all(re.fullmatch("[가-힣]+", country.korean) for country in countries)


JOINED = [
    ("한국", "은", "한국은"), ("러시아", "은", "러시아는"),
    ("미국", "과의", "미국과의"), ("NATO", "과의", "NATO와의"),
    ("서울", "으로", "서울로"), ("부산", "으로", "부산으로"), ("G7", "을", "G7을"), ("G20", "이", "G20이"),
    ("RCEP", "은", "RCEP는"), ("2,678만 달러", "으로", "2,678만 달러로"), ("26%", "으로", "26%으로"),
    ("중국", "의", "중국의"), ("규범", "이라는", "규범이라는"), ("제도", "이라는", "제도라는"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "particle", "joined"), JOINED, ids=[row[2] for row in JOINED])
def test_particles_follow_the_last_sound(word: str, particle: str, joined: str) -> None:
    assert join(word, particle) == joined


def test_english_inflections() -> None:
    assert [plural(word) for word in ("policy", "relation", "crash", "survey")] == [
        "policies", "relations", "crashes", "surveys",
    ]  # fmt: skip
    assert [participle(word) for word in ("share", "deter", "agree")] == ["sharing", "deterring", "agreeing"]
    assert [past(word) for word in ("deter", "deny", "seek", "share")] == [
        "deterred",
        "denied",
        "sought",
        "shared",
    ]
    assert [ordinal(number) for number in (1, 2, 3, 11, 22)] == ["1st", "2nd", "3rd", "11th", "22nd"]
