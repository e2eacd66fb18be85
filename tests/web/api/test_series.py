"""Series in the rows of results of every kind."""

from __future__ import annotations

import pytest

from endpoint.web.api.series import MOST_BARS, MOST_KINDS, Row, Series, Value, series_of


def rows(columns: str, *values: tuple[Value, ...]) -> tuple[list[str], list[Row]]:
    names = columns.split()
    return names, [dict(zip(names, row, strict=True)) for row in values]


SERIES: dict[str, tuple[tuple[list[str], list[Row]], Series]] = {
    "years": (
        rows("year n", (2023, 5), (2021, 7)),
        Series("year", ("2021", "2023"), {"n": (7, 5)}, time=True),
    ),
    "years as text": (
        rows("year n", ("2023", 5), ("2021", 7)),
        Series("year", ("2021", "2023"), {"n": (7, 5)}, time=True),
    ),
    "dates": (
        rows("day n", ("2023-05-02", 5), ("2023-05-01", 7.5)),
        Series("day", ("2023-05-01", "2023-05-02"), {"n": (7.5, 5)}, time=True),
    ),
    "names": (
        rows("name n", ("나", 5), ("가", 7)),
        Series("name", ("나", "가"), {"n": (5, 7)}),
    ),
    "names of IRIs": (
        rows("iri name n", ("http://e/1", "A", 5), ("http://e/2", "B", 7)),
        Series("name", ("A", "B"), {"n": (5, 7)}),
    ),
    "IRIs alone": (
        rows("iri n", ("http://e/a#x", 5), ("http://e/b/", 7)),
        Series("iri", ("x", "b"), {"n": (5, 7)}),
    ),
    "two measures": (
        rows("name n m", ("A", 5, None), ("B", 7, 1)),
        Series("name", ("A", "B"), {"n": (5, 7), "m": (None, 1)}),
    ),
    "counts like years": (
        rows("year n", (2020, 1500), (2021, 1600)),
        Series("year", ("2020", "2021"), {"n": (1500, 1600)}, time=True),
    ),
    "days beside counts": (
        rows("name n first", ("A", 5, 20230522), ("B", 7, 20230523)),
        Series("name", ("A", "B"), {"n": (5, 7)}),
    ),
}


@pytest.mark.parametrize(("answer", "series"), SERIES.values(), ids=SERIES.keys())
def test_what_is_a_series(answer: tuple[list[str], list[Row]], series: Series) -> None:
    assert series_of(*answer) == series


TITLE = "A title of a publication that is far longer than any name of a category could ever be, isn't it"

NONE = {
    "no rows": rows("year n"),
    "one column": rows("n", (1,), (2,)),
    "no measure": rows("name code", ("A", "a"), ("B", "b")),
    "titles": rows("title n", (TITLE, 1), (TITLE + "!", 2)),
    "a title with its day": rows("title day", ("A", 20230522), ("B", 20230523)),
    "names that are told twice": rows("name n", ("A", 1), ("A", 2)),
    "many columns": rows("a b c d e f g", *[(f"n{n}", n, 1, 1, 1, 1, 1) for n in range(3)]),
    "booleans": rows("name yes", ("A", True), ("B", False)),
    "a name is missing": rows("name n", (None, 1), ("B", 2)),
    "numbers and texts": rows("name n", ("A", 1), ("B", "x")),
}


@pytest.mark.parametrize("answer", NONE.values(), ids=NONE.keys())
def test_what_is_none(answer: tuple[list[str], list[Row]]) -> None:
    assert series_of(*answer) is None


def test_a_matrix_is_stacked_by_its_kinds() -> None:
    columns, cells = rows("year kind n", (2022, "a", 1), (2022, "b", 2), (2021, "a", 3), (2020, "c", 9))
    found = series_of(columns, cells)
    assert found == Series(
        axis="year",
        labels=("2020", "2021", "2022"),
        measures={"c": (9, None, None), "a": (None, 3, 1), "b": (None, None, 2)},
        kind="kind",
        stacked=True,
        time=True,
    )


def test_the_smallest_kinds_are_added_up() -> None:
    cells = [(year, f"k{kind:02}", kind + 1) for year in (2021, 2022) for kind in range(12)]
    found = series_of(*rows("year kind n", *cells))
    assert found is not None
    assert len(found.measures) == MOST_KINDS
    assert list(found.measures)[:2] == ["k11", "k10"]
    rest = 12 - MOST_KINDS + 1
    assert found.measures[""] == (sum(range(1, rest + 1)),) * 2
    assert found.rest == rest


def test_of_many_names_the_first_are_drawn() -> None:
    found = series_of(*rows("name n", *[(f"n{n}", n) for n in range(100)]))
    assert found is not None
    assert (len(found.labels), found.labels[0], found.left_out) == (MOST_BARS, "n0", 100 - MOST_BARS)


def test_prefixes_shorten_iris() -> None:
    columns, cells = rows("iri n", ("http://e/ns/a", 5), ("http://e/other/a", 7))
    found = series_of(columns, cells, {"ex": "http://e/ns/"})
    assert found is not None
    assert found.labels == ("ex:a", "a")
