"""Sources loaded beside a dataset: added, replaced, tried, refused; what is derived and indexed follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.dataset import Dataset
from endpoint.errors import ConfigurationError, DataError, DataErrors
from endpoint.ingest.build import build, writer_of
from endpoint.ingest.completion import TEXT
from endpoint.ingest.expansion import expand
from endpoint.ingest.loading import Order, load
from endpoint.search.index import TextIndex
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from tests.datasets.two_graphs import BUILT, DERIVED, EMPTY, ONE, STATED, TWO, small_dataset, statements

FURTHER = "<http://example.org/f> <http://example.org/p> 'f' ."
NEW = NamedNode("http://example.org/new")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture(autouse=True, params=["in memory first", "into the store at once"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small sources tell which subjects they change; the derived statements must be the same either way."""
    if request.param == "into the store at once":
        monkeypatch.setattr("endpoint.ingest.loading._SMALL", 0)


@pytest.fixture
def further(tmp_path: Path) -> Path:
    path = tmp_path / "further.ttl"
    path.write_text(FURTHER)
    return path


@pytest.fixture
def before(settings: Settings, dataset: Dataset) -> Generation:
    writer, completion = writer_of(settings, dataset)
    with writer:
        return build(dataset, writer, completion)


def loaded(
    settings: Settings,
    dataset: Dataset,
    paths: Sequence[Path],
    graph: NamedNode | None = None,
    **options: Any,
) -> Generation | None:
    order = Order(expand(paths, graph)[0], graph, **options)
    writer, completion = writer_of(settings, dataset)
    with writer:
        return load(order, dataset, writer, completion)


@pytest.mark.parametrize(("graph", "name"), [(None, ""), (ONE, "one"), (NEW, "new")])
def test_sources_are_added(
    graph: NamedNode | None,
    name: str,
    settings: Settings,
    dataset: Dataset,
    before: Generation,
    further: Path,
) -> None:
    generation = loaded(settings, dataset, [further], graph)
    assert statements(generation) == BUILT | {("f", "f", name), ("f", "f", "derived")}
    assert generation is not None
    assert generation.digest == ""
    index = TextIndex.open(generation.path / TEXT)
    assert [hit.iri for hit in index.matches("f")] == ["http://example.org/f"]
    index.close()


def test_a_damaged_index_is_made_from_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    for file in (before.path / TEXT).iterdir():
        file.write_bytes(file.read_bytes()[:5000] + b"damaged" * 1000)
    generation = loaded(settings, dataset, [further])
    assert generation is not None
    index = TextIndex.open(generation.path / TEXT)
    assert [hit.iri for hit in index.matches("f")] == ["http://example.org/f"]
    assert index.matches("a1")
    index.close()


@pytest.mark.parametrize("graph", [ONE, TWO, EMPTY, NEW], ids=str)
def test_a_graph_is_replaced(
    graph: NamedNode, settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    # Graph one is most of the data, and two is little of it: they are replaced in different ways.
    name = graph.value.rpartition("/")[2]
    blank = {quad.subject for quad in Store.read_only(str(before.path / "store"))}
    loaded(settings, dataset, [further])
    generation = loaded(settings, dataset, [further], graph, replace=True)
    kept = {statement for statement in STATED if statement[2] != name} | {("f", "f", ""), ("f", "f", name)}
    derived = {(subject, value, "derived") for subject, value, _ in kept if value != "_"}
    assert statements(generation) == kept | derived
    assert generation is not None
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY, DERIVED, graph}
    loaded_into = (graph, DERIVED, DefaultGraph())
    assert {quad.subject for quad in store if quad.graph_name not in loaded_into} <= blank


def test_into_an_empty_data_directory_the_dataset_goes_first(
    settings: Settings, dataset: Dataset, further: Path
) -> None:
    generation = loaded(settings, dataset, [further], NEW, replace=True)
    assert statements(generation) == BUILT | {("f", "f", "new"), ("f", "f", "derived")}


@pytest.mark.parametrize("graph", [ONE, TWO], ids=str)
def test_a_replacement_that_fails_leaves_the_graph(
    graph: NamedNode, settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    further.write_text(f"{FURTHER}\nwrong")
    with pytest.raises(DataErrors, match=r"further\.ttl:2"):
        loaded(settings, dataset, [further], graph, replace=True)
    assert generations.current(settings.data) == before
    assert statements(before) == BUILT


def test_replacing_needs_a_graph(settings: Settings, dataset: Dataset, further: Path) -> None:
    with pytest.raises(ConfigurationError, match="--graph"):
        loaded(settings, dataset, [further], replace=True)
    assert generations.current(settings.data) is None


def test_a_dry_run_reads_everything_and_publishes_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    seen: list[int] = []
    assert (
        loaded(settings, dataset, [further], dry_run=True, check=lambda store: seen.append(len(store)))
        is None
    )
    assert seen == [len(BUILT) + 1]
    assert generations.current(settings.data) == before
    further.write_text("wrong")
    with pytest.raises(DataErrors):
        loaded(settings, dataset, [further], dry_run=True)


def test_a_check_that_fails_publishes_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    def refuse(store: Store) -> None:
        assert len(store) == len(BUILT) + 1
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        loaded(settings, dataset, [further], check=refuse)
    assert generations.current(settings.data) == before


def test_relative_iris_are_relative_to_the_base_or_to_the_file(
    settings: Settings, dataset: Dataset, tmp_path: Path
) -> None:
    relative = tmp_path / "relative.ttl"
    relative.write_text("<r> <http://example.org/p> 'r' .")
    for base, expected in (
        ("http://base.example/x", "http://base.example/r"),
        (None, (tmp_path / "r").as_uri()),
    ):
        generation = loaded(settings, dataset, [relative], NEW, replace=True, base_iri=base)
        assert generation is not None
        store = Store.read_only(str(generation.path / "store"))
        assert {quad.subject for quad in store.quads_for_pattern(None, None, None, NEW)} == {
            NamedNode(expected)
        }


PAGE = """A ( http://example.org/two/resource/A/1 ) at Linked Data

Property Value
e:p
  • page
"""


@pytest.mark.parametrize(("graph", "expected"), [(None, TWO), (NEW, NEW)], ids=["by its IRI", "by the order"])
def test_a_page_goes_to_the_graph_that_its_iri_lies_in(
    graph: NamedNode | None,
    expected: NamedNode,
    settings: Settings,
    dataset: Dataset,
    before: Generation,
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(PAGE)
    generation = loaded(settings, dataset, [page], graph)
    assert statements(generation) - BUILT == {
        ("1", "page", expected.value.rpartition("/")[2]),
        ("1", "page", "derived"),
    }


MAPPING = """
title.en = "Records"
title.ko = "기록"
graph = "http://example.org/one"
subject = "http://example.org/{number}"

[columns.number]
names = ["number", "번호"]
required = "value"

[columns.text]
names = ["text"]
required = "column"

[[statement]]
property = "e:p"
value = "{text}"
"""


@pytest.mark.parametrize(
    ("graph", "expected"), [(None, "one"), (NEW, "new")], ids=["by the mapping", "by the order"]
)
def test_a_table_goes_to_the_graph_of_its_mapping(
    graph: NamedNode | None,
    expected: str,
    settings: Settings,
    dataset: Dataset,
    before: Generation,
    tmp_path: Path,
) -> None:
    (dataset.root / "seed" / "tables").mkdir()
    (dataset.root / "seed" / "tables" / "records.toml").write_text(MAPPING)
    table = tmp_path / "table.csv"
    table.write_bytes("번호,text\r\n7,외교\r\n".encode("cp949"))
    notices: list[str] = []
    generation = loaded(settings, dataset, [table], graph, notices=notices)
    assert statements(generation) - BUILT == {("7", "외교", expected), ("7", "외교", "derived")}
    assert any("CP949" in notice for notice in notices)


def test_what_is_wrong_with_an_argument_does_not_hide_what_is_wrong_with_a_file(
    settings: Settings, dataset: Dataset, before: Generation, further: Path, tmp_path: Path
) -> None:
    further.write_text("wrong")
    (tmp_path / "none.zip").write_bytes(b"PK\x03\x04 damaged")
    errors: list[DataError] = []
    sources, _ = expand([tmp_path / "missing.ttl", tmp_path / "none.zip", further], errors=errors)
    writer, completion = writer_of(settings, dataset)
    with writer, pytest.raises(DataErrors) as caught:
        load(Order(sources, errors=errors), dataset, writer, completion)
    assert [str(error.file).rpartition("/")[2] for error in caught.value.errors] == [
        "missing.ttl",
        "none.zip",
        "further.ttl",
    ]
    assert generations.current(settings.data) == before
