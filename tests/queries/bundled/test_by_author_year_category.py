"""Publications by author, year and category, evaluated on records that the tests know by heart."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from endpoint.catalog import Catalog
from endpoint.catalog.reading import read_catalog

ROOT = Path(__file__).parents[3]
GRAPH = NamedNode("http://opendata.mofa.go.kr/mofapub")
DERIVED = NamedNode("http://example.org/derived")
PUBLICATION = "http://opendata.mofa.go.kr/mofapub/resource/Publication/"
COLUMNS = ["publication", "title", "date", "authors", "category", "language", "number", "url"]
LANGUAGE = NamedNode("http://purl.org/dc/terms/language")
BY_AUTHOR, BY_CATEGORY, BY_YEAR = "publications-by-author", "publications-by-category", "publications-by-year"


def quads() -> list[Quad]:
    """The records in one graph, and a second graph that repeats some statements and adds a language IRI."""
    read = list(parse(path=ROOT / "tests/data/publications.ttl", format=RdfFormat.TURTLE))
    first = [Quad(quad.subject, quad.predicate, quad.object, GRAPH) for quad in read]
    second = [Quad(quad.subject, quad.predicate, quad.object, DERIVED) for quad in read[::3]]
    english = NamedNode("http://id.loc.gov/vocabulary/iso639-2/eng")
    return [*first, *second, Quad(NamedNode(f"{PUBLICATION}1"), LANGUAGE, english, DERIVED)]


def store_of(statements: list[Quad]) -> Store:
    store = Store()
    store.extend(statements)
    return store


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog(ROOT / "queries", 64)


@pytest.fixture(scope="module")
def store() -> Store:
    return store_of(quads())


def evaluate(store: Store, text: str, only: NamedNode | None = None) -> list[dict[str, str]]:
    """The rows, by column, on the union of all graphs or on one graph as default graph."""
    if only is None:
        found = store.query(text, use_default_graph_as_union=True)
    else:
        found = store.query(text, default_graph=only)
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    assert names == COLUMNS
    return [{n: row[n].value for n in names if row[n] is not None} for row in found]


def rows_for(catalog: Catalog, store: Store, name: str, values: Mapping[str, str]) -> list[dict[str, str]]:
    return evaluate(store, catalog.queries[name].operation(list(values.items())).text)


def ids(rows: list[dict[str, str]]) -> list[str]:
    return [row["publication"].removeprefix(PUBLICATION) for row in rows]


def test_the_folder_loads_without_a_problem(catalog: Catalog) -> None:
    assert catalog.problems == ()
    assert {BY_AUTHOR, BY_CATEGORY, BY_YEAR} < set(catalog.queries)


CASES = [
    (BY_AUTHOR, "author", "SONG Tae Eun", ["2", "1", "3"]),
    (BY_AUTHOR, "author", "tae eun song", ["2", "1", "3"]),
    (BY_AUTHOR, "author", "  Song\tTae\u3000Eun ", ["2", "1", "3"]),
    (BY_AUTHOR, "author", "Eun Tae SONG", ["5"]),
    (BY_AUTHOR, "author", "SONG Eun Tae", ["5"]),
    (BY_AUTHOR, "author", "SONG", []),
    (BY_AUTHOR, "author", "SONG Tae", []),
    (BY_AUTHOR, "author", "SONG.Tae.Eun", []),
    (BY_AUTHOR, "author", "Tae Eun Min SONG", ["7"]),
    # SONG is a family name: nobody's name has it in the middle.
    (BY_AUTHOR, "author", "Min SONG Tae Eun", []),
    (BY_AUTHOR, "author", "홍길동", ["2"]),
    (BY_AUTHOR, "author", "\u1112\u1169\u11bc\u1100\u1175\u11af\u1103\u1169\u11bc", ["2"]),
    (BY_AUTHOR, "author", "서동만", ["4"]),
    (BY_YEAR, "year", "2023", ["2", "1", "5", "6"]),
    (BY_YEAR, "year", "2024", []),
    (BY_YEAR, "year", "2022", ["3"]),
    (BY_YEAR, "year", "1999", ["4"]),
    (BY_CATEGORY, "category", "ifans focus", ["2", "1", "6"]),
    (BY_CATEGORY, "category", "정책연구", ["4", "6"]),
    (BY_CATEGORY, "category", "IFANS", []),
]


@pytest.mark.parametrize(("name", "parameter", "value", "expected"), CASES)
def test_it_finds_these_publications_in_this_order(
    catalog: Catalog, store: Store, name: str, parameter: str, value: str, expected: list[str]
) -> None:
    assert ids(rows_for(catalog, store, name, {parameter: value})) == expected


def test_a_record_with_everything_fills_every_column(catalog: Catalog, store: Store) -> None:
    row = next(row for row in rows_for(catalog, store, BY_YEAR, {"year": "2023"}) if row["title"] == "A")
    assert row == {
        "publication": f"{PUBLICATION}1",
        "title": "A",
        "date": "20230522",
        "authors": "SONG Tae Eun",
        "category": "IFANS Focus",
        "language": "ENG",
        "number": "2023.-07E",
        "url": "http://example.org/1",
    }


def test_several_values_are_joined_in_alphabetical_order(catalog: Catalog, store: Store) -> None:
    by_author = rows_for(catalog, store, BY_AUTHOR, {"author": "홍길동"})
    assert by_author[0]["authors"] == "Lee Seo Hang; Tae Eun Song; 홍길동"
    by_category = rows_for(catalog, store, BY_CATEGORY, {"category": "정책연구"})
    assert by_category[1]["category"] == "IFANS Focus; 정책연구"
    assert by_category[1]["title"] == "F"


def test_what_a_record_does_not_tell_stays_unbound(catalog: Catalog, store: Store) -> None:
    (row,) = rows_for(catalog, store, BY_YEAR, {"year": "2022"})
    assert row.keys() & {"title", "date", "language", "number", "url"} == set()


@pytest.mark.parametrize(("name", "parameter", "value", "expected"), CASES)
def test_the_publications_graph_alone_gives_the_same_rows(
    catalog: Catalog, store: Store, name: str, parameter: str, value: str, expected: list[str]
) -> None:
    text = catalog.queries[name].operation([(parameter, value)]).text
    assert evaluate(store, text, GRAPH) == evaluate(store, text)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_the_rows_do_not_depend_on_the_order_of_loading(
    catalog: Catalog, store: Store, seed: int, on_disk: bool, tmp_path: Path
) -> None:
    shuffled = quads()
    random.Random(seed).shuffle(shuffled)
    other = Store(tmp_path) if on_disk else Store()
    for quad in shuffled:
        other.add(quad)
    for name, parameter, value, _ in CASES:
        given = {parameter: value}
        assert rows_for(catalog, other, name, given) == rows_for(catalog, store, name, given)


@pytest.mark.parametrize("name", [BY_AUTHOR, BY_CATEGORY, BY_YEAR])
def test_the_example_finds_the_complete_record_of_the_seed(catalog: Catalog, name: str) -> None:
    seed = Store()
    seed.load(path=ROOT / "seed/mofapub/publication-14209.ttl", format=RdfFormat.TURTLE, to_graph=GRAPH)
    query = catalog.queries[name]
    rows = evaluate(seed, query.operation(list(query.example_values().items())).text)
    assert ids(rows) == ["14209"]
    assert rows[0].keys() == set(COLUMNS)


@pytest.mark.parametrize("name", [BY_AUTHOR, BY_CATEGORY, BY_YEAR])
def test_the_file_is_a_query_as_it_stands(catalog: Catalog, name: str) -> None:
    evaluate(Store(), catalog.queries[name].path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [BY_AUTHOR, BY_CATEGORY, BY_YEAR])
def test_it_is_described_in_korean_and_english(catalog: Catalog, name: str) -> None:
    query = catalog.queries[name]
    (parameter,) = query.parameters
    for texts in (query.summary, query.description, parameter.description):
        assert list(texts) == ["ko", "en"]
    assert query.tags == ("publications",)
    assert parameter.required
    assert parameter.example is not None


@pytest.mark.parametrize(
    "author",
    [
        'x" } UNION { ?s ?p ?o } #',
        '"""',
        "'",
        "a\\",
        "\\u0022 } #",
        "a\n} #",
        "?publication",
        "<http://example.org/>",
        "$1 ^(.*)$",
        "# no comment",
        "\U0001f600",
    ],
)
def test_a_value_that_looks_like_syntax_is_a_value(catalog: Catalog, author: str) -> None:
    statements = quads()
    wanted = NamedNode(f"{PUBLICATION}9")
    statements += [
        Quad(
            wanted,
            NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
            NamedNode(f"{GRAPH.value}/Publication"),
        ),
        Quad(wanted, NamedNode(f"{GRAPH.value}/hasAuthor"), Literal(author)),
    ]
    assert ids(rows_for(catalog, store_of(statements), BY_AUTHOR, {"author": author})) == ["9"]
