"""Corrections: what goes, what stays, what was derived and indexed from it, and what a rehearsal tells."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.errors import ConfigurationError, DataError
from endpoint.ingest.change import Change, Effect, effect, going
from endpoint.ingest.publish import publish, rehearse
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.text_index import TEXT
from endpoint.ingest.verification import verify_columns, verify_text
from endpoint.search.index import TextIndex
from endpoint.storage import generations
from endpoint.storage.difference import Sign, difference
from endpoint.storage.generations import Generation
from tests.datasets.two_graphs import BUILT, DERIVED, ONE, TWO, small_dataset, statements

E = "http://example.org/"
A, B, P = (NamedNode(f"{E}{name}") for name in "abp")
OF_A = {
    ("a", "a1", "one"),
    ("a", "_", "one"),
    ("a", "a2", "two"),
    ("a", "a1", "derived"),
    ("a", "a2", "derived"),
}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture
def data(tmp_path: Path, dataset: Dataset) -> Path:
    """A data directory with the dataset's own files."""
    publish(Change(), Recipe.read(dataset), tmp_path / "data", lambda _: None)
    return tmp_path / "data"


@pytest.fixture(params=["in memory", "in temporary files"])
def _each_place_of_sources(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in temporary files":
        monkeypatch.setattr("endpoint.ingest.publish._SMALL", -1)


def changed(dataset: Dataset, data: Path, text: str = "", **fields: Any) -> Generation:
    """Publish a change whose effect is what a rehearsal told; ``text`` is a source in N-Quads."""
    change = Change(**fields)
    if text:
        file = data.parent / "source.nq"
        file.write_text(text.replace("'", '"'))
        sources, _ = discover([file], change.graph)
        change = dataclasses.replace(change, sources=sources)
    recipe = Recipe.read(dataset)
    before = generations.current(data)
    assert before is not None
    told = rehearse(change, recipe, data)
    assert generations.current(data) == before
    seen: list[int] = []
    assert (
        rehearse(dataclasses.replace(change, check=lambda store: seen.append(len(store))), recipe, data)
        == told
    )
    made = publish(change, recipe, data, lambda _: None)
    happened = list(difference(before, made))
    for sign, counts in ((Sign.ADDED, told.added), (Sign.REMOVED, told.removed)):
        lines = "".join(f"{each.statement} .\n" for each in happened if each.sign is sign)
        found = Counter(quad.graph_name for quad in parse(lines, RdfFormat.N_QUADS))
        assert {graph: number for graph, number in found.items() if graph != DERIVED} == counts
    assert not list((data / "generations").glob("tmp-*"))
    verify_text(made, recipe)
    return made


def finds(generation: Generation, word: str) -> list[str]:
    index = TextIndex.open(generation.path / TEXT)
    try:
        return sorted(hit.iri.removeprefix(E) for hit in index.matches(word))
    finally:
        index.close()


@pytest.mark.usefixtures("_each_place_of_sources")
def test_subjects_of_the_sources_lose_their_own_statements_in_the_graph_loaded(
    dataset: Dataset, data: Path
) -> None:
    made = changed(dataset, data, f"<{E}a> <{E}p> 'new' .", graph=ONE, replace_subjects=True)
    gone = {("a", "a1", "one"), ("a", "_", "one"), ("a", "a1", "derived")}
    assert statements(made) == BUILT - gone | {("a", "new", "one"), ("a", "new", "derived")}
    assert (finds(made, "a1"), finds(made, "new"), finds(made, "a2"), finds(made, "b1")) == (
        [],
        *[["a"]] * 2,
        ["b"],
    )


@pytest.mark.usefixtures("_each_place_of_sources")
def test_each_graph_of_the_sources_is_corrected_by_itself(dataset: Dataset, data: Path) -> None:
    text = f"<{E}a> <{E}p> 'new' <{E}two> .\n<{E}b> <{E}p> 'b1' <{E}one> .\n<{E}c> <{E}p> 'c' ."
    made = changed(dataset, data, text, replace_subjects=True)
    gone = {("a", "a2", "two"), ("a", "a2", "derived"), ("b", "_", "one")}
    come = {("a", "new", "two"), ("a", "new", "derived"), ("c", "c", ""), ("c", "c", "derived")}
    assert statements(made) == BUILT - gone | come


@pytest.mark.usefixtures("_each_place_of_sources")
def test_a_resource_goes_with_what_was_derived_and_indexed_from_it(dataset: Dataset, data: Path) -> None:
    made = changed(dataset, data, removed=[A])
    assert statements(made) == BUILT - OF_A
    assert (finds(made, "a1"), finds(made, "a2"), finds(made, "b1")) == ([], [], ["b"])
    assert made.digest == ""


def test_a_resource_goes_from_one_graph_only(dataset: Dataset, data: Path) -> None:
    made = changed(dataset, data, removed=[A], graph=TWO)
    assert statements(made) == BUILT - {("a", "a2", "two"), ("a", "a2", "derived")}


def test_several_resources_go_together(dataset: Dataset, data: Path) -> None:
    assert statements(changed(dataset, data, removed=[A, B])) == set()


def test_statements_that_point_to_a_resource_go_where_that_is_wanted(dataset: Dataset, data: Path) -> None:
    linked = f"<{E}b> <{E}r> <{E}a> <{E}two> .\n"
    changed(dataset, data, linked)
    made = changed(dataset, data, removed=[A])
    assert statements(made) == BUILT - OF_A | {("b", "a", "two")}
    # Nothing is stated of it any more, but something points to it.
    assert statements(changed(dataset, data, removed=[A], as_object=True)) == BUILT - OF_A


@pytest.mark.parametrize("graph", [None, TWO])
def test_what_nothing_is_stated_of_is_refused(dataset: Dataset, data: Path, graph: NamedNode | None) -> None:
    recipe = Recipe.read(dataset)
    wrong = [NamedNode(f"{E}x"), NamedNode(f"{E}y")]
    for attempt in (publish, rehearse):
        with pytest.raises(DataError, match=r"Nothing is stated.* of\n  .*/x\n  .*/y\n") as caught:
            attempt(Change(removed=[A, *wrong], graph=graph), recipe, data)
        assert ("in the graph" in str(caught.value)) is (graph is not None)
    assert generations.numbers(data) == [1] and statements(generations.current(data)) == BUILT


def test_a_derived_graph_and_two_ways_at_once_are_refused(dataset: Dataset, data: Path) -> None:
    recipe = Recipe.read(dataset)
    with pytest.raises(ConfigurationError, match="is derived by rules"):
        publish(Change(removed=[A], graph=DERIVED), recipe, data)
    with pytest.raises(ConfigurationError, match="choose one"):
        publish(Change(graph=ONE, replace=True, replace_subjects=True), recipe, data)


def test_into_an_empty_data_directory_a_correction_goes_after_the_dataset(
    dataset: Dataset, tmp_path: Path
) -> None:
    recipe, data = Recipe.read(dataset), tmp_path / "data"
    told = rehearse(Change(removed=[A]), recipe, data)
    assert (told.removed, told.added) == (Counter({ONE: 2, TWO: 1}), Counter())
    assert statements(publish(Change(removed=[A]), recipe, data)) == BUILT - OF_A


def test_a_graph_that_is_replaced_is_compared_with_what_comes(dataset: Dataset, data: Path) -> None:
    text = f"<{E}a> <{E}p> 'a1' .\n<{E}new> <{E}p> 'new' ."
    made = changed(dataset, data, text, graph=ONE, replace=True)
    assert ("new", "new", "derived") in statements(made)


def store_of(*quads: Quad) -> Store:
    store = Store()
    store.extend(quads)
    return store


def left(store: Store, *removed: NamedNode, **fields: Any) -> set[Quad]:
    gone = Store()
    going(store, Change(removed=removed, **fields), None, None, gone)
    assert all(quad in store for quad in gone)
    return {quad for quad in store if quad not in gone}


X, Y, Z = (BlankNode(name) for name in "xyz")


def test_blank_nodes_go_with_the_last_statement_that_points_to_them() -> None:
    chain = [Quad(A, P, X), Quad(X, P, Y), Quad(Y, P, Literal("deep")), Quad(Y, P, Y)]
    other = Quad(B, P, Z)
    assert left(store_of(*chain, other), A) == {other}
    shared = [*chain, Quad(B, P, Y)]
    assert left(store_of(*shared), A) == set(chain[2:]) | {Quad(B, P, Y)}
    assert left(store_of(*shared), A, B) == set()
    assert left(store_of(*shared), B, A) == set()


def test_blank_nodes_that_nothing_points_to_stay() -> None:
    alone = [Quad(X, P, A), Quad(X, P, Literal("stays"))]
    assert left(store_of(Quad(A, P, B), *alone), A) == set(alone)
    assert left(store_of(Quad(A, P, B), *alone), A, as_object=True) == {alone[1]}


NODES = st.sampled_from([A, B, NamedNode(f"{E}c"), X, Y, Z])
QUADS = st.builds(
    Quad, NODES, st.just(P), NODES | st.just(Literal("l")), st.sampled_from([ONE, DefaultGraph()])
)


@given(st.sets(QUADS, max_size=20), st.booleans())
def test_a_removal_leaves_nothing_of_the_resource_and_all_of_others(
    quads: set[Quad], as_object: bool
) -> None:
    store = store_of(*quads)
    concerned = {quad for quad in quads if quad.subject == A or (as_object and quad.object == A)}
    if not concerned:
        return
    kept = left(store, A, as_object=as_object)
    assert not kept & concerned
    gone = quads - kept - concerned
    # Only blank nodes to which nothing points any more go as well.
    for quad in gone:
        assert isinstance(quad.subject, BlankNode)
        assert not [each for each in kept if each.object == quad.subject]


def test_the_effect_of_nothing_is_nothing() -> None:
    same = store_of(Quad(A, P, B))
    assert effect(same, store_of(Quad(A, P, B)), [Quad(A, P, B)]) == Effect(Counter(), Counter(), ())


def test_the_sample_has_some_of_each_kind() -> None:
    many = [Quad(A, P, Literal(number), TWO) for number in range(20)]
    found = effect(store_of(*many), store_of(Quad(B, P, Literal("x"))), many)
    assert (found.added, found.removed) == (Counter({DefaultGraph(): 1}), Counter({TWO: 20}))
    assert found.graphs == [DefaultGraph(), TWO]
    assert [line[0] for line in found.sample] == ["D"] * 5 + ["A"]
    assert found.sample[-1] == f'A <{E}b> <{E}p> "x" .'


def derived(generation: Generation, graph: NamedNode) -> set[Quad]:
    store = Store.read_only(str(generation.path / generations.STORE))
    return set(store.quads_for_pattern(None, None, None, graph))


def test_after_corrections_the_rules_of_the_project_would_derive_the_same_anew(tmp_path: Path) -> None:
    dataset = read_dataset(default_root())
    recipe, data = Recipe.read(dataset, columns=10**6), tmp_path / "data"
    assert recipe.graph is not None
    first = publish(Change(), recipe, data, lambda _: None)
    store = Store.read_only(str(first.path / generations.STORE))
    stated = {
        quad.subject: quad
        for node in {quad.subject for quad in derived(first, recipe.graph)}
        for quad in store.quads_for_pattern(node, None, None)
        if quad.graph_name != recipe.graph
    }
    own = sorted((node for node in stated if isinstance(node, NamedNode)), key=str)
    assert len(own) > 20
    corrected = stated[own[-1]]
    (tmp_path / "one.nq").write_text(f"{corrected} .\n")
    sources, _ = discover([tmp_path / "one.nq"], None)
    removing = Change(removed=own[: len(own) // 2 : 3], as_object=True)
    for change in (removing, Change(sources=sources, replace_subjects=True)):
        made = publish(change, recipe, data, lambda _: None)
        assert verify_columns(made) and verify_text(made, recipe)
    anew = publish(Change(), dataclasses.replace(recipe, digest="another"), data, lambda _: None)
    assert derived(anew, recipe.graph) == derived(made, recipe.graph) != derived(first, recipe.graph)
