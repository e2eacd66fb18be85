"""Columns that are built of what is stored, while it is stored, are those that are built of the store."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, serialize

from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.columns.terms import Unreadable
from endpoint.dataset import Dataset
from endpoint.errors import DataErrors
from endpoint.ingest import publish as publication
from endpoint.ingest.change import Change
from endpoint.ingest.column_builder import Canonical
from endpoint.ingest.columns import build_columns
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.verification import verify_columns
from endpoint.storage.generations import Generation
from endpoint.storage.overlap import find_overlap
from tests.children import children
from tests.columns.every_kind import NS, XSD, quads
from tests.datasets.two_graphs import small_dataset

ONE = NamedNode(f"{NS}one")
MANY = 1_000_000

# Lines in the layout of the engine, but not in its words; objects that look as if a graph followed.
WORDS = f"""\
<{NS}a> <{NS}p> "01"^^<{XSD}integer> .
<{NS}a> <{NS}p> "1"^^<{XSD}integer> <{NS}two> .
<{NS}a> <{NS}p> "+1"^^<{XSD}integer> .
<{NS}a> <{NS}p> "x"^^<{XSD}string> .
<{NS}a> <{NS}p> "x" .
<{NS}a> <{NS}p> "\\u0078" .
<{NS}a> <{NS}p> "x"@EN-us .
<{NS}\\u0061> <{NS}p> "\\'" <{NS}two> .
<{NS}a> <{NS}p> "see <{NS}two>" .
<{NS}a> <{NS}p> "see <{NS}two> ." .
<{NS}a> <{NS}p> " <{NS}two>"^^<{NS}own> .
<{NS}a> <{NS}p> <{NS}two> .
<{NS}a> <{NS}p> <{NS}two> <{NS}two> .
<{NS}a> <{NS}p> <<( <{NS}a> <{NS}p> "01"^^<{XSD}integer> )>> .
<{NS}a> <{NS}p> <<( <{NS}a> <{NS}p> <{NS}two> )>> <{NS}two> .
<{NS}a> <{NS}p> "\ufffe\uffe6\x85" .
"""
# In another layout.
LAYOUT = f"""\
# graph {NS}comment
<{NS}a>\t<{NS}p> "tab" .

<{NS}a> <{NS}p>  "spaces"  <{NS}two>  .
<{NS}a> <{NS}p> "end" . # comment
<{NS}a><{NS}p><{NS}o><{NS}two>.
# end 3
"""
# Each line begins and ends as the builder reads it, and yet is not what it would take it for.
COMMENT = f'<{NS}a> <{NS}p> "x" . # <{NS}two> .\n'
TURTLE = f"""
@prefix : <{NS}> .
:a :p 01 , 1.0 , true , "x"@EN , [ :p 'a1' , [] ] , ( 1 2 ) , _:x .
_:x :p <<( :a :p 'x' )>> , "a1" .
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture
def read_back(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of columns that were built of a store."""
    folders: list[Path] = []

    def build(store: Store, folder: Path) -> None:
        folders.append(folder)
        build_columns(store, folder)

    monkeypatch.setattr(publication, "build_columns", build)
    return folders


@pytest.fixture(autouse=True)
def _small_datasets_in_small_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.ingest.publish._LEAST", 0)
    monkeypatch.setattr("endpoint.ingest.rdf._SMALL_TEXT", 1)
    monkeypatch.setattr("endpoint.ingest.rdf._PIECE", 3000)
    monkeypatch.setattr("endpoint.ingest.derive._BULK", 1)


def load(
    dataset: Dataset,
    files: Sequence[Path] = (),
    change: Change | None = None,
    columns: int = MANY,
    derive: bool = True,
) -> Generation:
    change = change or Change()
    sources, _ = discover(files, change.graph)
    recipe = Recipe.read(dataset, derive, columns)
    return publish(replace(change, sources=sources), recipe, dataset.root.parent / "data", lambda _: None)


def of_store(generation: Generation, folder: Path) -> dict[str, bytes]:
    """The files of columns that are built of the store."""
    build_columns(Store.read_only(str(generation.path / "store")), folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def of_feed(generation: Generation) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (generation.path / FOLDER).iterdir()}


def every_kind(folder: Path) -> list[Path]:
    """Statements with every kind of term, with blank nodes and without, in several syntaxes, some twice."""
    lines = (serialize(quads(1), format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    texts: dict[str, bytes] = {
        "every.nq": b"".join(line for line in lines if b"_:" not in line),
        "blank.nq": b"".join(lines),
        "words.nq": WORDS.encode(),
        "layout.nq": LAYOUT.encode(),
        "again.nq": WORDS.encode().rstrip(),
        "a.ttl": TURTLE.encode(),
        "a.trig": TURTLE.encode() + f"<{NS}two> {{ :a :p 'a1', _:x }}".encode(),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    return [folder / name for name in texts]


def test_what_is_stored_has_the_columns_of_the_store(
    dataset: Dataset, tmp_path: Path, read_back: list[Path]
) -> None:
    generation = load(dataset, every_kind(tmp_path))
    assert of_feed(generation) == of_store(generation, tmp_path / "again")
    assert read_back == []
    assert verify_columns(generation)


@pytest.mark.parametrize(("text", "overlap"), [("<a> <p> 'a1' .", True), ("<a> <p> 'a3' .", False)])
def test_columns_tell_whether_a_triple_is_in_two_graphs(dataset: Dataset, text: str, overlap: bool) -> None:
    (dataset.root / "seed" / "2.ttl").write_text(text)
    generation = load(dataset)
    assert find_overlap(Store.read_only(str(generation.path / "store"))) is overlap
    assert generation.overlap is overlap
    assert open_columns(generation.path / FOLDER).overlap is overlap


@pytest.mark.parametrize("rules", [True, False])
def test_what_is_derived_and_stated_is_stated_once(
    dataset: Dataset, tmp_path: Path, read_back: list[Path], rules: bool
) -> None:
    stated = tmp_path / "q.nt"
    stated.write_text(f'<{NS}a> <{NS}q> "a1" .\n')
    generation = load(dataset, [stated], derive=rules)
    assert of_feed(generation) == of_store(generation, tmp_path / "again")
    assert read_back == []


def test_a_large_graph_that_is_replaced(dataset: Dataset, tmp_path: Path, read_back: list[Path]) -> None:
    many = tmp_path / "many.nt"
    many.write_text("".join(f'<{NS}c> <{NS}p> "{number}" .\n' for number in range(3000)))
    load(dataset, [*every_kind(tmp_path), many], Change(graph=ONE))
    further = tmp_path / "further.nq"
    further.write_text(WORDS)
    generation = load(dataset, [further], Change(graph=ONE, replace=True))
    assert of_feed(generation) == of_store(generation, tmp_path / "again")
    assert read_back == []


@pytest.mark.parametrize(
    "change",
    [
        Change(removed=[NamedNode(f"{NS}a")]),
        Change(replace_subjects=True),
        Change(graph=ONE, replace=True),
    ],
)
def test_where_statements_go_columns_are_read_from_the_store(
    dataset: Dataset, tmp_path: Path, read_back: list[Path], change: Change
) -> None:
    generation = load(dataset, every_kind(tmp_path), change)
    assert len(read_back) == 1
    assert of_feed(generation) == of_store(generation, tmp_path / "again")


@pytest.mark.parametrize(
    "text", [COMMENT, f"<{NS}a> <{NS}p> <{NS}o> <{NS}derived> .\n"], ids=["a comment", "a derived graph"]
)
def test_what_the_builder_cannot_tell_is_read_from_the_store(
    dataset: Dataset, tmp_path: Path, read_back: list[Path], text: str
) -> None:
    (tmp_path / "text.nq").write_text(text)
    generation = load(dataset, [tmp_path / "text.nq"])
    assert len(read_back) == 1
    assert of_feed(generation) == of_store(generation, tmp_path / "again")


def test_too_many_statements_end_the_builder(dataset: Dataset, tmp_path: Path, read_back: list[Path]) -> None:
    before = children()
    (tmp_path / "twice.nt").write_text(2000 * f'<{NS}a> <{NS}p> "x" .\n')
    generation = load(dataset, [tmp_path / "twice.nt"], Change(check=lambda _: none_of(before)), 1000)
    assert len(read_back) == 1
    assert of_feed(generation) == of_store(generation, tmp_path / "again")


def none_of(before: set[int]) -> None:
    assert children() <= before


def test_without_its_builder_a_generation_is_published_all_the_same(dataset: Dataset) -> None:
    before = children()

    def kill(_: Store) -> None:
        (builder,) = children() - before
        os.kill(builder, signal.SIGKILL)

    generation = load(dataset, change=Change(check=kill))
    assert not (generation.path / FOLDER).exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataErrors])
def test_a_load_that_fails_ends_the_builder(
    dataset: Dataset, tmp_path: Path, error: type[BaseException]
) -> None:
    def interrupt(_: Store) -> None:
        raise KeyboardInterrupt

    before = children()
    (tmp_path / "wrong.nt").write_text(f'<{NS}a> <{NS}p> "x" .\n' * 2000 + "wrong\n")
    options: dict[type, Callable[[], Generation]] = {
        KeyboardInterrupt: lambda: load(dataset, change=Change(check=interrupt)),
        DataErrors: lambda: load(dataset, [tmp_path / "wrong.nt"]),
    }
    with pytest.raises(error):
        options[error]()
    assert not list((dataset.root.parent / "data" / "generations").iterdir())
    assert children() <= before


@pytest.mark.parametrize(
    "term",
    [
        '"a" . # ',
        '"a" <x:y> . <x:> <x:> "b"',
        '"a" <x:y> . #',
        '"a" . <x:> <x:> "b"',
        '"a',
        "",
        "<a b",
        '"a"  <x:y>',
    ],
)
def test_what_is_more_than_a_term_is_none(term: str) -> None:
    with pytest.raises(Unreadable):
        Canonical()(term.encode())
