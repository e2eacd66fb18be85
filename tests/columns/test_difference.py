"""The difference of two columns is that of two sets of statements, whatever is looked at at once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.columns import difference as module
from endpoint.columns.difference import difference
from endpoint.columns.reader import Columns
from tests.columns.every_kind import quads
from tests.columns.test_columns import made

E = "http://example.org/"


def columns(folder: Path, name: str, given: Iterable[Quad]) -> Columns:
    return made(stored(given), folder / name)


def stored(given: Iterable[Quad]) -> Store:
    store = Store()
    store.extend(given)
    return store


# As a store returns them: it writes numbers in one way.
EVERY = [*stored([*quads(1), *quads(2)])]


def check(old: Columns, new: Columns, before: set[Quad], after: set[Quad]) -> None:
    found = [*difference(old, new)]
    assert len(found) == len(set(found))
    for added, wanted in ((False, before - after), (True, after - before)):
        lines = b"".join(text + b" .\n" for sign, text in found if sign is added)
        assert {*parse(lines, RdfFormat.N_QUADS, lenient=True)} == wanted


@pytest.fixture(params=[1, 3, 50, 2**16])
def _looks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Triples and terms that are looked at at once."""
    monkeypatch.setattr(module, "_TRIPLES", request.param)
    monkeypatch.setattr(module, "_TERMS", max(request.param // 4, 1))


@pytest.mark.usefixtures("_looks")
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95, 1.0])
def test_the_difference_is_that_of_sets(tmp_path: Path, share: float) -> None:
    chance = random.Random(share)
    before = {quad for quad in EVERY if chance.random() >= share}
    after = {quad for quad in EVERY if chance.random() >= share}
    old, new = columns(tmp_path, "old", before), columns(tmp_path, "new", after)
    check(old, new, before, after)
    check(new, old, after, before)
    assert [*difference(old, old)] == []


def test_a_triple_that_goes_from_graph_to_graph(tmp_path: Path) -> None:
    named = [NamedNode(f"{E}g{number}") for number in range(3)]
    graphs: list[NamedNode | BlankNode | DefaultGraph] = [DefaultGraph(), *named, BlankNode("g")]

    def of(*places: int) -> set[Quad]:
        return {Quad(NamedNode(f"{E}s"), NamedNode(f"{E}p"), Literal("o"), graphs[place]) for place in places}

    other = {Quad(NamedNode(f"{E}s"), NamedNode(f"{E}p"), Literal("p"), graph) for graph in reversed(graphs)}
    before, after = of(0, 1, 4) | other, of(1, 2, 3) | other
    old, new = columns(tmp_path, "old", before), columns(tmp_path, "new", after)
    check(old, new, before, after)


@pytest.mark.usefixtures("_looks")
def test_terms_that_only_the_old_columns_have_stand_before_all_others(tmp_path: Path) -> None:
    def subjects(letter: str) -> set[Quad]:
        return {Quad(NamedNode(f"{E}{letter}{n}"), NamedNode(f"{E}p"), Literal(n)) for n in range(200)}

    before, after = subjects("a") | subjects("m"), subjects("m") | subjects("z")
    old, new = columns(tmp_path, "old", before), columns(tmp_path, "new", after)
    check(old, new, before, after)
    check(new, old, after, before)
