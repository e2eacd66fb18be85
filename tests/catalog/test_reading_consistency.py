"""Consistency of all saved queries: sources of values, successors, and files that no longer load."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.catalog import Catalog
from endpoint.catalog.reading import read_catalog

ASK = "ASK { ?s ?p ?_x }\n"
LIST = "SELECT ?name { ?s ?p ?name }\n"


def read(folder: Path, files: dict[str, str], before: Catalog | None = None) -> Catalog:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return read_catalog(folder, 64, before=before)


NOTICED = [
    ("#+ params: {x: {values: nmes}}\n", "", 'no saved query "nmes"; did you mean "names"?'),
    ("#+ params: {x: {values: asks}}\n", "", 'the saved query "asks" is ASK, and has no rows'),
    ("#+ params: {x: {values: needs}}\n", "", 'the saved query "needs" needs a value for y'),
    ("#+ deprecated: {successor: nmes}\n", "", 'no saved query: "nmes"; did you mean "names"?'),
    ("#+ enumerate: [x]\n", "ASK { ?s ?p ?o FILTER(?o = ?_x) }", "Name a saved query that lists them"),
]


@pytest.mark.parametrize(("header", "text", "sentence"), NOTICED)
def test_what_a_query_says_of_another_is_noticed(
    tmp_path: Path, header: str, text: str, sentence: str
) -> None:
    others = {"names.rq": LIST, "asks.rq": "ASK {}", "needs.rq": "SELECT ?s { ?s ?p ?_y }"}
    catalog = read(tmp_path, {**others, "q.rq": header + (text or ASK)})
    assert catalog.problems == ()
    (notice,) = catalog.notices
    assert sentence in notice.detail
    assert notice.file == tmp_path / "q.rq"


def test_a_source_of_values_and_a_successor_that_are_there(tmp_path: Path) -> None:
    header = "#+ params: {x: {values: {query: names, count: n, label: {ko: k, en: e}}}}\n"
    catalog = read(
        tmp_path, {"names.rq": LIST, "q.rq": f"{header}#+ deprecated: {{successor: names}}\n{ASK}"}
    )
    assert (catalog.problems, catalog.notices) == ((), ())
    (parameter,) = catalog.queries["q"].parameters
    assert parameter.values is not None
    assert (parameter.values.query, parameter.values.value, parameter.values.count) == ("names", None, "n")
    assert parameter.values.label == {"ko": "k", "en": "e"}


@pytest.mark.parametrize("values", ["{value: x}", "{query: names, colour: x}", "[names]", "''"])
def test_a_source_of_values_that_is_none(tmp_path: Path, values: str) -> None:
    catalog = read(tmp_path, {"q.rq": f"#+ params: {{x: {{values: {values}}}}}\n{ASK}"})
    assert catalog.queries == {}
    assert (catalog.problems[0].line, catalog.problems[0].file) == (1, tmp_path / "q.rq")


BROKEN = ["ASK {", "", "#+ cache: soon\nASK {}", "\x00"]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_stops_to_load_keeps_its_query(tmp_path: Path, content: str) -> None:
    before = read(tmp_path, {"a.rq": ASK, "b.rq": LIST})
    after = read(tmp_path, {"a.rq": content}, before)
    assert after.queries["a"] == before.queries["a"]
    (problem,) = after.problems
    assert problem.detail.endswith("The version read before is served on.")
    assert after.version not in (before.version, read_catalog(tmp_path, 64).version)
    again = read(tmp_path, {}, after)
    assert (again.queries, again.version) == (after.queries, after.version)
    mended = read(tmp_path, {"a.rq": LIST}, again)
    assert (mended.problems, mended.queries["a"].text) == ((), LIST)


def test_a_file_that_never_loaded_has_nothing_to_keep(tmp_path: Path) -> None:
    before = read(tmp_path, {"a.rq": "ASK {", "b.rq": LIST})
    after = read(tmp_path, {"a.rq": "ASK { ?"}, before)
    assert list(after.queries) == ["b"]
    assert "read before" not in after.problems[0].detail


def test_a_file_that_is_gone_takes_its_query_with_it(tmp_path: Path) -> None:
    before = read(tmp_path, {"a.rq": ASK, "b.rq": LIST})
    (tmp_path / "a.rq").unlink()
    after = read(tmp_path, {"b.rq": "SELECT"}, before)
    assert list(after.queries) == ["b"]


def test_a_folder_that_cannot_be_read_keeps_all(tmp_path: Path) -> None:
    before = read(tmp_path / "queries", {"a.rq": ASK, "b.rq": LIST})
    (tmp_path / "queries").rename(tmp_path / "elsewhere")
    after = read_catalog(tmp_path / "queries", 64, before=before)
    assert list(after.queries) == ["a", "b"]
    assert "cannot be read" in after.problems[0].detail


def test_of_two_queries_of_one_path_the_new_one_counts(tmp_path: Path) -> None:
    before = read(tmp_path, {"a.rq": f"#+ path: /by/{{x}}\n{ASK}"})
    after = read(tmp_path, {"a.rq": "ASK {", "b.rq": f"#+ path: /by/{{x}}\n{ASK}"}, before)
    assert list(after.queries) == ["b"]
    assert [problem.file for problem in after.problems] == [tmp_path / "a.rq", tmp_path / "a.rq"]


def test_the_version_is_that_of_the_files(tmp_path: Path) -> None:
    first = read(tmp_path / "one", {"a.rq": ASK, "c.frame.json": "{}"})
    same = read(tmp_path / "two", {"a.rq": ASK, "c.frame.json": "{}"})
    assert first.version == same.version
    assert read(tmp_path / "two", {"c.frame.json": "{} "}).version != same.version
    (tmp_path / "one" / "a.rq").rename(tmp_path / "one" / "b.rq")
    assert read_catalog(tmp_path / "one", 64).version != first.version
