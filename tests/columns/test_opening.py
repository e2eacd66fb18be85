"""Columns with a delta: equal to those that are built anew of the same statements."""

from __future__ import annotations

import io
import random
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from pyoxigraph import Quad, Store

from endpoint.columns.build import build
from endpoint.columns.delta import Delta, extend, read_statements
from endpoint.columns.opening import open_columns
from endpoint.columns.reader import Columns
from endpoint.columns.signatures import runs_of
from endpoint.columns.terms import TermClass
from endpoint.columns.verify import verify
from endpoint.errors import StoreError
from endpoint.ingest.columns import write_statements
from tests.columns.every_kind import quads


def stream(statements: Collection[Quad]) -> io.BytesIO:
    store, out = Store(), io.BytesIO()
    store.extend(statements)
    write_statements(store, out)
    out.seek(0)
    return out


def built(statements: Collection[Quad], folder: Path) -> Columns:
    build(stream(statements), folder)
    return open_columns(folder)


def delta(added: Collection[Quad], removed: Collection[Quad]) -> Delta:
    return Delta(*(frozenset(read_statements(stream(quads))) for quads in (added, removed)))


def assert_equal(found: Columns, wanted: Columns) -> None:
    numbers = range(len(wanted.terms))
    assert [found.terms.term(number) for number in range(len(found.terms))] == [
        wanted.terms.term(number) for number in numbers
    ]
    assert found.terms.classes == wanted.terms.classes
    for name in ("numbers", "times", "characters"):
        assert getattr(found.terms, name).tolist() == getattr(wanted.terms, name).tolist()
    kinds = [[of.terms.kind_names[kind] for kind in of.terms.kinds] for of in (found, wanted)]
    assert kinds[0] == kinds[1]
    for name in ("predicates", "starts", "pairs", "inverse", "triples"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    sets = [
        [{of.graphs[graph] for graph in of.sets[code]} for code in of.graph_sets] for of in (found, wanted)
    ]
    assert sets[0] == sets[1]
    assert found.set_sizes.all()
    assert found.quads == wanted.quads


def assert_reads_alike(found: Columns, wanted: Columns) -> None:
    every = np.arange(len(wanted.terms))
    assert found.terms.lengths(every).tolist() == wanted.terms.lengths(every).tolist()
    assert [*map(found.terms.length, every.tolist())] == [*map(wanted.terms.length, every.tolist())]
    of_text = every[wanted.terms.classes[TermClass.IRI].start :]
    assert found.terms.contents(of_text) == wanted.terms.contents(of_text)
    assert [found.terms.find(wanted.terms.term(number)) for number in every.tolist()] == every.tolist()
    for begin, end in ((0, len(every)), (3, 17), (len(every) // 2, len(every) - 1), (5, 5)):
        assert found.terms.texts(begin, end) == wanted.terms.texts(begin, end)
        for word in ("시작하는".encode(), b"absent"):
            wanted_there = [word in wanted.terms.term(number) for number in range(begin, end)]
            assert (found.terms.possible(every[begin:end], runs_of(word)) >= wanted_there).all()
        for pattern in (b"a", "한".encode(), b"[0-9]{2}"):
            numbers = range(begin, end)
            assert np.array_equal(found.terms.among(numbers, pattern), wanted.terms.among(numbers, pattern))


@pytest.mark.parametrize("seed", range(6))
def test_columns_after_changes_are_those_built_anew(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    pool = sorted(set(quads(seed)), key=str)
    choose.shuffle(pool)
    present = set(pool[: len(pool) // 2])
    built(present, tmp_path / "0")
    for number in range(1, 5):
        share = 0.02 if number % 2 else 0.001
        removed = {quad for quad in sorted(present, key=str) if choose.random() < share}
        added = {quad for quad in pool if quad not in present and choose.random() < share}
        present = (present - removed) | added
        change = delta(added, removed)
        assert extend(tmp_path / str(number - 1), tmp_path / str(number), change)
        found = open_columns(tmp_path / str(number))
        wanted = built(present, tmp_path / f"anew-{number}")
        assert_equal(found, wanted)
        assert_reads_alike(found, wanted)
        verify(found, stream(present), tmp_path / "spool")
        found.ensure_intact()


def test_a_change_shares_the_files_of_what_it_did_not_change(tmp_path: Path) -> None:
    statements = sorted(set(quads(1)), key=str)
    built(statements[1:], tmp_path / "before")
    assert extend(tmp_path / "before", tmp_path / "after", delta(statements[:1], ()))
    for path in (tmp_path / "before").iterdir():
        shared = path.samefile(tmp_path / "after" / path.name)
        assert shared == (path.name != "columns.json")


def test_what_was_added_and_then_removed_leaves_no_trace(tmp_path: Path) -> None:
    statements = sorted(set(quads(1)), key=str)
    before = built(statements[5:], tmp_path / "0")
    assert extend(tmp_path / "0", tmp_path / "1", delta(statements[:5], statements[5:9]))
    assert extend(tmp_path / "1", tmp_path / "2", delta(statements[5:9], statements[:5]))
    assert (tmp_path / "2" / "added.nt").read_bytes() == (tmp_path / "2" / "removed.nt").read_bytes()
    assert_equal(open_columns(tmp_path / "2"), before)


def test_a_large_change_is_left_to_the_builder(tmp_path: Path) -> None:
    statements = sorted(set(quads(1)), key=str)
    built(statements, tmp_path / "before")
    assert not extend(tmp_path / "before", tmp_path / "after", delta((), statements[::4]))
    assert not (tmp_path / "after").exists()


@pytest.mark.parametrize("known", [True, False])
def test_a_delta_that_does_not_fit_is_damage(known: bool, tmp_path: Path) -> None:
    statements = sorted(set(quads(1)), key=str)
    built(statements[1:], tmp_path / "before")
    change = delta(statements[1:2], ()) if known else delta((), statements[:1])
    assert extend(tmp_path / "before", tmp_path / "after", change)
    with pytest.raises(StoreError, match="the delta does not fit"):
        open_columns(tmp_path / "after")


def test_a_delta_that_is_cut_is_damage(tmp_path: Path) -> None:
    statements = sorted(set(quads(1)), key=str)
    built(statements[1:], tmp_path / "before")
    assert extend(tmp_path / "before", tmp_path / "after", delta(statements[:1], ()))
    path = tmp_path / "after" / "added.nt"
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    with pytest.raises(StoreError, match="bytes instead of"):
        open_columns(tmp_path / "after")
    path.write_bytes(whole.replace(b"# end 1", b"# end 2"))
    with pytest.raises(StoreError, match="1 statements instead of 2"):
        open_columns(tmp_path / "after")
