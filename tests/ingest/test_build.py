"""A dataset, and single files, published as generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Store

from endpoint.dataset import Dataset, read_dataset
from endpoint.engines import Generation, generations
from endpoint.engines.writer import Writer
from endpoint.errors import ConfigurationError, DataErrors, StoreError
from endpoint.ingest.build import add, build
from endpoint.ingest.rdf import RdfSource

ONE, TWO, EMPTY = (NamedNode(f"http://example.org/{name}") for name in ("one", "two", "empty"))
MANIFEST = """
base = "http://example.org/"
title.en = "Test"
description.en = "Test"

[prefixes]
e = "http://example.org/"

[[graph]]
iri = "http://example.org/one"
title.en = "One"
files = ["seed/1*.ttl"]

[[graph]]
iri = "http://example.org/two"
title.en = "Two"
files = ["seed/2.ttl"]

[[graph]]
iri = "http://example.org/empty"
title.en = "Empty"
files = []
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    seed = tmp_path / "dataset" / "seed"
    seed.mkdir(parents=True)
    (seed / "dataset.toml").write_text(MANIFEST)
    (seed / "1a.ttl").write_text("<a> <p> 'a1', _:x .")
    (seed / "1b.ttl").write_text("<b> <p> 'b1', _:x .")
    (seed / "2.ttl").write_text("<a> <p> 'a2' .")
    return read_dataset(tmp_path / "dataset")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Writer(tmp_path / "data") as opened:
        yield opened


def statements(generation: Generation | None) -> set[tuple[str, str, str]]:
    """Subject, object and graph, each without ``http://example.org/``; blank nodes are ``_``."""
    assert generation is not None

    def short(term: object) -> str:
        return "_" if isinstance(term, BlankNode) else str(getattr(term, "value", "")).rpartition("/")[2]

    quads = Store.read_only(str(generation.path / "store"))
    return {(short(quad.subject), short(quad.object), short(quad.graph_name)) for quad in quads}


BUILT = {("a", "a1", "one"), ("a", "_", "one"), ("b", "b1", "one"), ("b", "_", "one"), ("a", "a2", "two")}


def test_a_dataset_becomes_a_generation(dataset: Dataset, writer: Writer) -> None:
    generation = build(dataset, writer)
    assert statements(generation) == BUILT
    assert (generation.quads, generation.digest) == (5, dataset.digest())
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY}
    assert {quad.predicate.value for quad in store} == {"http://example.org/p"}


def test_building_replaces_everything(dataset: Dataset, writer: Writer, tmp_path: Path) -> None:
    extra = tmp_path / "extra.ttl"
    extra.write_text("<http://example.org/x> <http://example.org/p> 'x' .")
    add([RdfSource(extra)], writer, None)
    assert statements(build(dataset, writer)) == BUILT


def test_a_wrong_file_of_the_dataset_publishes_nothing(dataset: Dataset, writer: Writer) -> None:
    build(dataset, writer)
    (dataset.root / "seed" / "1a.ttl").write_text("wrong")
    (dataset.root / "seed" / "2.ttl").write_text("wrong")
    with pytest.raises(DataErrors) as caught:
        build(dataset, writer)
    assert [error.file for error in caught.value.errors] == [
        dataset.root / "seed" / "1a.ttl",
        dataset.root / "seed" / "2.ttl",
    ]
    assert statements(generations.current(writer.data)) == BUILT
    assert generations.numbers(writer.data) == [1]


@pytest.fixture
def further(tmp_path: Path) -> Path:
    path = tmp_path / "further.ttl"
    path.write_text("<http://example.org/f> <http://example.org/p> 'f' .")
    return path


@pytest.mark.parametrize(("graph", "name"), [(None, ""), (ONE, "one"), (NamedNode("http://e/new"), "new")])
def test_files_are_added(
    graph: NamedNode | None, name: str, dataset: Dataset, writer: Writer, further: Path
) -> None:
    build(dataset, writer)
    generation = add([RdfSource(further, graph)], writer, graph)
    assert statements(generation) == BUILT | {("f", "f", name)}
    assert generation.digest == ""


@pytest.mark.parametrize("graph", [ONE, TWO, EMPTY, NamedNode("http://example.org/new")], ids=str)
def test_a_graph_is_replaced(graph: NamedNode, dataset: Dataset, writer: Writer, further: Path) -> None:
    # Graph one is most of the data, and two is little of it: they are replaced in different ways.
    name = graph.value.rpartition("/")[2]
    blank = {quad.subject for quad in Store.read_only(str(build(dataset, writer).path / "store"))}
    add([RdfSource(further)], writer, None)
    generation = add([RdfSource(further, graph)], writer, graph, replace=True)
    kept = {statement for statement in BUILT if statement[2] != name}
    assert statements(generation) == kept | {("f", "f", ""), ("f", "f", name)}
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY, graph}
    assert {quad.subject for quad in store if quad.graph_name not in (graph, DefaultGraph())} <= blank


def test_replacing_in_an_empty_data_directory_adds(writer: Writer, further: Path) -> None:
    assert statements(add([RdfSource(further, ONE)], writer, ONE, replace=True)) == {("f", "f", "one")}


@pytest.mark.parametrize("graph", [ONE, TWO], ids=str)
def test_a_replacement_that_fails_leaves_the_graph(
    graph: NamedNode, dataset: Dataset, writer: Writer, tmp_path: Path
) -> None:
    build(dataset, writer)
    with pytest.raises(DataErrors, match=r"missing\.ttl"):
        add([RdfSource(tmp_path / "missing.ttl", graph)], writer, graph, replace=True)
    assert statements(generations.current(writer.data)) == BUILT


def test_replacing_needs_a_graph(writer: Writer, further: Path) -> None:
    with pytest.raises(ConfigurationError, match="--graph"):
        add([RdfSource(further)], writer, None, replace=True)
    assert generations.current(writer.data) is None


def test_a_writer_that_is_not_open_publishes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open"):
        build(dataset, Writer(tmp_path / "data"))
