"""Publication: the dataset's files, sources added, replaced, tried, refused; derived statements and index."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Store

from endpoint.dataset import MANIFEST, Dataset, read_dataset
from endpoint.errors import ConfigurationError, DataError, DataErrors, StoreError
from endpoint.ingest.change import Change, own_files_change
from endpoint.ingest.publish import publish, rehearse
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.start import changed_files, ensure_store, warn_of_changed_files
from endpoint.ingest.text_index import TEXT
from endpoint.search.index import TextIndex
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.origin import RECORD, Origin
from endpoint.storage.writer import Writer
from tests.datasets.two_graphs import BUILT, DERIVED, EMPTY, ONE, RULE, STATED, TWO, small_dataset, statements

FURTHER = "<http://example.org/f> <http://example.org/p> 'f' ."
NEW = NamedNode("http://example.org/new")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture(params=["in memory first", "into the store at once"])
def _each_way_of_reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small sources tell which subjects they change; the derived statements must be the same either way."""
    if request.param == "into the store at once":
        monkeypatch.setattr("endpoint.ingest.publish._SMALL", 0)


@pytest.fixture
def further(tmp_path: Path) -> Path:
    path = tmp_path / "further.ttl"
    path.write_text(FURTHER)
    return path


@pytest.fixture
def before(settings: Settings, dataset: Dataset) -> Generation:
    return built(settings, dataset)


def built(settings: Settings, dataset: Dataset, report: Callable[[str], None] = lambda _: None) -> Generation:
    """Publish the dataset's own files."""
    return publish(Change(rebuild=True), Recipe.read(dataset, settings.derive), settings.data, report)


def loaded(
    settings: Settings,
    dataset: Dataset,
    paths: Sequence[Path],
    graph: NamedNode | None = None,
    **options: Any,
) -> Generation:
    change = Change(discover(paths, graph)[0], graph, **options)
    return publish(change, Recipe.read(dataset), settings.data)


def indexed(generation: Generation, query: str) -> list[str]:
    """The local names of the records that the text index of the generation has for ``query``."""
    index = TextIndex.open(generation.path / TEXT)
    try:
        return sorted(hit.iri.rpartition("/")[2] for hit in index.matches(query))
    finally:
        index.close()


def test_a_dataset_becomes_a_generation(settings: Settings, dataset: Dataset) -> None:
    reported: list[str] = []
    generation = built(settings, dataset, reported.append)
    assert statements(generation) == BUILT
    assert (generation.quads, generation.digest) == (8, dataset.digest())
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY, DERIVED}
    assert {quad.predicate.value for quad in store} == {"http://example.org/p", "http://example.org/q"}
    assert [line.partition(" in ")[0] for line in reported] == ["derived 3 statements", "indexed 2 records"]
    assert indexed(generation, "b1") == ["b"]


def test_without_derived_statements_and_without_an_index(settings: Settings, dataset: Dataset) -> None:
    (dataset.root / "seed" / "search.toml").unlink()
    generation = built(Settings(data=settings.data, derive=False), dataset)
    assert statements(generation) == STATED
    assert not (generation.path / TEXT).exists()


def test_building_replaces_everything(settings: Settings, dataset: Dataset) -> None:
    built(settings, dataset)
    (dataset.root / "seed" / "2.ttl").write_text("<c> <p> 'c2' .")
    generation = built(settings, dataset)
    gone = {("a", "a2", "two"), ("a", "a2", "derived")}
    assert statements(generation) == (BUILT - gone) | {("c", "c2", "two"), ("c", "c2", "derived")}
    assert (indexed(generation, "a2"), indexed(generation, "c2")) == ([], ["c"])


def test_a_wrong_file_of_the_dataset_publishes_nothing(settings: Settings, dataset: Dataset) -> None:
    built(settings, dataset)
    (dataset.root / "seed" / "1a.ttl").write_text("wrong")
    (dataset.root / "seed" / "2.ttl").write_text("wrong")
    with pytest.raises(DataErrors) as caught:
        built(settings, dataset)
    assert [error.file for error in caught.value.errors] == [
        dataset.root / "seed" / "1a.ttl",
        dataset.root / "seed" / "2.ttl",
    ]
    assert statements(generations.current(settings.data)) == BUILT
    assert generations.numbers(settings.data) == [1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rules/10-copy.rq", "SELECT * {}"),
        ("seed/search.toml", "[field.title]\nweigt = 1"),
    ],
)
def test_a_wrong_rule_or_field_is_reported_before_anything_is_done(
    settings: Settings, dataset: Dataset, name: str, content: str
) -> None:
    (dataset.root / name).write_text(content)
    with pytest.raises(DataError, match=name):
        ensure_store(settings, read_dataset(dataset.root))
    assert not settings.data.exists()


def changed_rule(dataset: Dataset) -> Settings:
    (dataset.root / "rules" / "10-copy.rq").write_text(RULE.replace("isLiteral", "!isLiteral"))
    return Settings()


def changed_fields(dataset: Dataset) -> Settings:
    fields = dataset.root / "seed" / "search.toml"
    fields.write_text(fields.read_text().replace("weight = 2", "weight = 3"))
    return Settings()


def switched_off(dataset: Dataset) -> Settings:
    return Settings(derive=False)


@pytest.mark.parametrize("change", [changed_rule, changed_fields, switched_off])
def test_a_changed_recipe_completes_the_data_anew(
    settings: Settings, dataset: Dataset, change: Callable[[Dataset], Settings]
) -> None:
    generation = built(settings, dataset)
    assert Recipe.read(dataset).made(generation)
    recipe = Recipe.read(dataset, change(dataset).derive)
    assert not recipe.made(generation)
    anew = publish(Change(), recipe, settings.data)
    assert recipe.made(anew)
    assert anew.digest == generation.digest
    stated = {statement for statement in statements(anew) if statement[2] != "derived"}
    assert stated == STATED
    assert (statements(anew) == STATED) is (change is not changed_fields)


def test_a_first_start_builds_the_store_and_the_next_leaves_it(settings: Settings, dataset: Dataset) -> None:
    ensure_store(settings, dataset)
    ensure_store(settings, dataset)
    assert generations.numbers(settings.data) == [1]
    assert statements(generations.current(settings.data)) == BUILT


def test_a_wrong_mapping_file_stops_loads_and_no_server(
    settings: Settings, dataset: Dataset, further: Path
) -> None:
    (dataset.root / "seed" / "tables").mkdir()
    (dataset.root / "seed" / "tables" / "wrong.toml").write_text("wrong")
    ensure_store(settings, dataset)
    with pytest.raises(DataError, match=r"wrong\.toml"):
        loaded(settings, dataset, [further])
    assert generations.numbers(settings.data) == [1]


def test_changed_files_of_the_dataset_are_built_anew(settings: Settings, dataset: Dataset) -> None:
    ensure_store(settings, dataset)
    (dataset.root / "seed" / "2.ttl").write_text("<c> <p> 'c2' .")
    ensure_store(settings, dataset)
    generation = generations.current(settings.data)
    assert generation is not None and generation.digest == dataset.digest()
    gone = {("a", "a2", "two"), ("a", "a2", "derived")}
    assert statements(generation) == (BUILT - gone) | {("c", "c2", "two"), ("c", "c2", "derived")}


def test_loaded_data_outlives_a_changed_rule_and_changed_files(
    settings: Settings, dataset: Dataset, further: Path
) -> None:
    loaded(settings, dataset, [further])
    (dataset.root / "seed" / "2.ttl").unlink()
    ensure_store(settings, dataset)
    assert generations.numbers(settings.data) == [1]
    changed_rule(dataset)
    ensure_store(settings, dataset)
    generation = generations.current(settings.data)
    assert generation is not None and (generation.number, generation.digest) == (2, "")
    assert statements(generation) == STATED | {("f", "f", "")}


def other(dataset: Dataset) -> Dataset:
    """The same folder as another dataset."""
    manifest = dataset.root / MANIFEST
    manifest.write_text(f'identifier = "urn:other"\n{manifest.read_text()}')
    return read_dataset(dataset.root)


def test_another_dataset_is_refused_whatever_it_comes_for(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    loaded(settings, dataset, [further])
    another = other(dataset)
    for attempt in (
        lambda: ensure_store(settings, another),
        lambda: loaded(settings, another, [further]),
        lambda: rehearse(Change(discover([further])[0]), Recipe.read(another), settings.data),
    ):
        with pytest.raises(ConfigurationError, match=r"belongs to the dataset <http://example\.org/>"):
            attempt()
    assert generations.numbers(settings.data) == [1, 2]


@pytest.mark.parametrize("by", ["start", "load"])
def test_a_dataset_adopts_what_was_loaded_into_that_of_another(
    settings: Settings, dataset: Dataset, further: Path, by: str
) -> None:
    loaded(settings, dataset, [further])
    another = other(dataset)
    if by == "start":
        ensure_store(settings, another, adopt=True)
    else:
        loaded(settings, another, [further], adopt=True)
    generation = generations.current(settings.data)
    assert generation is not None and Origin.of(generation) == Origin("urn:other", {})
    assert statements(generation) == BUILT | {("f", "f", ""), ("f", "f", "derived")}
    # Of its own files none was brought in.
    changes = changed_files(settings.data, another)
    assert changes is not None and changes.new == ("seed/1a.ttl", "seed/1b.ttl", "seed/2.ttl")
    ensure_store(settings, another)
    assert generations.numbers(settings.data) == [1, 2]


def test_a_store_without_a_record_is_taken_by_the_present_dataset(
    settings: Settings, dataset: Dataset, further: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = loaded(settings, dataset, [further])
    (old.path / RECORD).unlink()
    with caplog.at_level("INFO", logger="endpoint"):
        ensure_store(settings, dataset)
    assert "belongs to <http://example.org/> from now on" in caplog.text
    generation = generations.current(settings.data)
    assert generation is not None and generation.number == 2
    assert Origin.of(generation) == Origin("http://example.org/", dataset.file_digests())
    assert statements(generation) == statements(old)


def test_changed_files_beside_loaded_data_are_told_and_brought_in(
    settings: Settings, dataset: Dataset, further: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loaded(settings, dataset, [further])
    warn_of_changed_files(settings.data, dataset)
    assert caplog.text == ""
    (dataset.root / "seed" / "1b.ttl").write_text("<b> <p> 'new' .")
    (dataset.root / "seed" / "1c.ttl").write_text("<c> <p> 'c1' .")
    (dataset.root / "seed" / "2.ttl").unlink()
    manifest = dataset.root / MANIFEST
    manifest.write_text(manifest.read_text().replace('["seed/2.ttl"]', "[]"))
    now = read_dataset(dataset.root)
    warn_of_changed_files(settings.data, now)
    assert "(changed: seed/1b.ttl; new: seed/1c.ttl; gone: seed/2.ttl)" in caplog.text
    change = own_files_change(now, settings.data)
    assert change is not None
    told = rehearse(change, Recipe.read(now), settings.data)
    assert {graph: count for graph, count in told.added.items() if graph != ONE} == {}
    made = publish(change, Recipe.read(now), settings.data)
    stated = STATED - {("b", "b1", "one"), ("b", "_", "one")} | {("b", "new", "one"), ("c", "c1", "one")}
    assert {row for row in statements(made) if row[2] != "derived"} == stated | {("f", "f", "")}
    assert (changed_files(settings.data, now), own_files_change(now, settings.data)) == (None, None)


def test_changed_files_alone_are_built_anew_and_rehearsed(settings: Settings, dataset: Dataset) -> None:
    built(settings, dataset)
    assert own_files_change(dataset, settings.data) is None
    (dataset.root / "seed" / "2.ttl").write_text("<c> <p> 'c2' .")
    assert changed_files(settings.data, dataset) is None  # the next start builds them anew
    change = own_files_change(dataset, settings.data)
    assert change is not None
    told = rehearse(change, Recipe.read(dataset), settings.data)
    assert (told.added[TWO], told.removed[TWO], DERIVED in told.graphs) == (1, 1, False)
    made = publish(change, Recipe.read(dataset), settings.data)
    assert (made.digest, ("c", "c2", "two") in statements(made)) == (dataset.digest(), True)


def packed(folder: Path, **members: str) -> None:
    with zipfile.ZipFile(folder / "seed" / "2.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)


def in_the_manifest(dataset: Dataset, name: str) -> Dataset:
    """The dataset with another file for its second graph."""
    manifest = dataset.root / MANIFEST
    manifest.write_text(manifest.read_text().replace("seed/2.ttl", f"seed/{name}"))
    return read_dataset(dataset.root)


def test_files_of_the_dataset_may_be_tables_pages_and_archives(settings: Settings, dataset: Dataset) -> None:
    seed = dataset.root / "seed"
    (seed / "tables").mkdir()
    (seed / "tables" / "records.toml").write_text(MAPPING)
    packed(
        dataset.root,
        a_ttl="<http://example.org/a> <http://example.org/p> 'zip' .",
        table_csv="number,text\n7,table\n",
        page_txt=PAGE,
        readme_txt="This is about the others.",
        _DS_Store="",
        picture_png="",
    )
    change = Change(rebuild=True)
    made = publish(change, Recipe.read(in_the_manifest(dataset, "2.zip")), settings.data, lambda _: None)
    stated = {row for row in STATED if row[2] != "two"}
    stated |= {("a", "zip", "two"), ("7", "table", "two"), ("1", "page", "two")}
    assert {row for row in statements(made) if row[2] != "derived"} == stated
    passed_over = [notice.partition(": passed over ")[2] for notice in change.notices]
    assert [notice for notice in passed_over if notice] == [
        "1 file (text that is no page): readme.txt",
        "1 file (hidden): .DS.Store",
        "1 file (unknown extension): picture.png",
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("2.csv", b"number,text\n7,table\n", "2.csv: The dataset has no mapping file for tables"),
        ("2.txt", b"This is about the others.", "2.txt"),
        ("2.html", b"<p>This is about the others.", "2.html"),
        ("2.png", b"\x89PNG", "dataset.toml:18: files has SEED/2.png: The extension names no format to load"),
        ("2.zip", b"PK\x03\x04 damaged", "dataset.toml:18: files has SEED/2.zip: "),
        ("2.tar.gz", b"", "dataset.toml:18: files has SEED/2.tar.gz: "),
        ("2.xlsx", b"PK\x03\x04 damaged", "2.xlsx"),
        ("2.json", b"[", "2.json"),
        ("2.nq.gz", b"<a> <b> <c> .", "2.nq.gz"),
        ("2.rdf", b"<a/>", "2.rdf"),
        ("2.ttl", b"\xff\xfe\0", "2.ttl:1"),
    ],
)
def test_files_that_are_no_data_are_refused_with_their_place(
    settings: Settings, dataset: Dataset, name: str, content: bytes, sentence: str
) -> None:
    (dataset.root / "seed" / name).write_bytes(content)
    with pytest.raises(DataErrors) as caught:
        built(settings, in_the_manifest(dataset, name))
    told = str(caught.value).replace(str(dataset.root / "seed"), "SEED")
    assert sentence in told
    assert generations.numbers(settings.data) == []


def test_nothing_is_published_while_another_process_writes(settings: Settings, dataset: Dataset) -> None:
    with Writer(settings.data), pytest.raises(StoreError, match="Another process is writing"):
        built(settings, dataset)
    assert generations.current(settings.data) is None


@pytest.mark.usefixtures("_each_way_of_reading")
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
    assert generation.digest == ""
    assert indexed(generation, "f") == ["f"]


@pytest.mark.usefixtures("_each_way_of_reading")
def test_a_damaged_index_is_made_from_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    for file in (path for path in (before.path / TEXT).rglob("*") if path.is_file()):
        file.write_bytes(file.read_bytes()[:5000] + b"damaged" * 1000)
    generation = loaded(settings, dataset, [further])
    assert (indexed(generation, "f"), indexed(generation, "a1")) == (["f"], ["a"])


@pytest.mark.usefixtures("_each_way_of_reading")
@pytest.mark.parametrize("graph", [ONE, TWO, EMPTY, NEW], ids=str)
def test_a_graph_is_replaced(
    graph: NamedNode, settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    # Graph one is most of the data, and two is little of it: they are replaced in different ways.
    name = graph.value.rpartition("/")[2]
    blank = {quad.subject for quad in Store.read_only(str(before.path / "store"))}
    loaded(settings, dataset, [further])
    generation = loaded(settings, dataset, [further], graph, replace=True, new_graph=graph == NEW)
    kept = {statement for statement in STATED if statement[2] != name} | {("f", "f", ""), ("f", "f", name)}
    derived = {(subject, value, "derived") for subject, value, _ in kept if value != "_"}
    assert statements(generation) == kept | derived
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY, DERIVED, graph}
    loaded_into = (graph, DERIVED, DefaultGraph())
    assert {quad.subject for quad in store if quad.graph_name not in loaded_into} <= blank


@pytest.mark.usefixtures("_each_way_of_reading")
def test_a_graph_that_is_not_there_is_replaced_only_where_it_is_to_be_new(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    misspelt = NamedNode("http://example.org/tow")
    sources = discover([further], misspelt)[0]
    for attempt in (publish, rehearse):
        with pytest.raises(
            ConfigurationError, match=r"no graph <.*tow> to replace; did you mean .*--new-graph"
        ):
            attempt(Change(sources, misspelt, replace=True), Recipe.read(dataset), settings.data)
    assert generations.numbers(settings.data) == [1]
    loaded(settings, dataset, [further], misspelt)
    assert ("f", "f", "tow") in statements(loaded(settings, dataset, [further], misspelt, replace=True))


@pytest.mark.usefixtures("_each_way_of_reading")
@pytest.mark.parametrize("graph", [ONE, TWO], ids=str)
def test_a_graph_is_emptied_only_where_that_is_meant(
    graph: NamedNode, settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    further.write_text("# nothing yet")
    sources = discover([further], graph)[0]
    for attempt in (publish, rehearse):
        with pytest.raises(
            DataError, match=r"state nothing in the graph <.*>, so that nothing .* --allow-empty"
        ):
            attempt(Change(sources, graph, replace=True), Recipe.read(dataset), settings.data)
    assert generations.current(settings.data) == before
    emptied = loaded(settings, dataset, [further], graph, replace=True, allow_empty=True)
    assert not {row for row in statements(emptied) if row[2] == graph.value.rpartition("/")[2]}


@pytest.mark.usefixtures("_each_way_of_reading")
def test_into_an_empty_data_directory_the_dataset_goes_first(
    settings: Settings, dataset: Dataset, further: Path
) -> None:
    generation = loaded(settings, dataset, [further], NEW, replace=True, new_graph=True)
    assert statements(generation) == BUILT | {("f", "f", "new"), ("f", "f", "derived")}


@pytest.mark.usefixtures("_each_way_of_reading")
@pytest.mark.parametrize("graph", [ONE, TWO], ids=str)
def test_a_replacement_that_fails_leaves_the_graph(
    graph: NamedNode, settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    further.write_text(f"{FURTHER}\nwrong")
    with pytest.raises(DataErrors, match=r"further\.ttl:2"):
        loaded(settings, dataset, [further], graph, replace=True)
    assert generations.current(settings.data) == before
    assert statements(before) == BUILT


@pytest.mark.usefixtures("_each_way_of_reading")
def test_replacing_needs_a_graph(settings: Settings, dataset: Dataset, further: Path) -> None:
    with pytest.raises(ConfigurationError, match="--graph"):
        loaded(settings, dataset, [further], replace=True)
    assert generations.current(settings.data) is None


@pytest.mark.usefixtures("_each_way_of_reading")
def test_a_dry_run_reads_everything_and_publishes_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    seen: list[int] = []
    recipe = Recipe.read(dataset)
    sources = discover([further])[0]
    rehearse(Change(sources, check=lambda store: seen.append(len(store))), recipe, settings.data)
    rehearse(Change(sources), recipe, settings.data)
    assert seen == [len(BUILT) + 1]
    assert generations.current(settings.data) == before
    further.write_text("wrong")
    for change in (Change(sources), Change(sources, check=lambda store: None)):
        with pytest.raises(DataErrors):
            rehearse(change, recipe, settings.data)


@pytest.mark.usefixtures("_each_way_of_reading")
def test_a_check_that_fails_publishes_nothing(
    settings: Settings, dataset: Dataset, before: Generation, further: Path
) -> None:
    def refuse(store: Store) -> None:
        assert len(store) == len(BUILT) + 1
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        loaded(settings, dataset, [further], check=refuse)
    assert generations.current(settings.data) == before


@pytest.mark.usefixtures("_each_way_of_reading")
def test_relative_iris_are_relative_to_the_base_or_to_the_file(
    settings: Settings, dataset: Dataset, tmp_path: Path
) -> None:
    relative = tmp_path / "relative.ttl"
    relative.write_text("<r> <http://example.org/p> 'r' .")
    for base, expected in (
        ("http://base.example/x", "http://base.example/r"),
        (None, (tmp_path / "r").as_uri()),
    ):
        generation = loaded(settings, dataset, [relative], NEW, replace=True, new_graph=True, base_iri=base)
        store = Store.read_only(str(generation.path / "store"))
        assert {quad.subject for quad in store.quads_for_pattern(None, None, None, NEW)} == {
            NamedNode(expected)
        }


PAGE = """A ( http://example.org/two/resource/A/1 ) at Linked Data

Property Value
e:p
  • page
"""


@pytest.mark.usefixtures("_each_way_of_reading")
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


@pytest.mark.usefixtures("_each_way_of_reading")
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


@pytest.mark.usefixtures("_each_way_of_reading")
def test_what_is_wrong_with_an_argument_does_not_hide_what_is_wrong_with_a_file(
    settings: Settings, dataset: Dataset, before: Generation, further: Path, tmp_path: Path
) -> None:
    further.write_text("wrong")
    (tmp_path / "none.zip").write_bytes(b"PK\x03\x04 damaged")
    errors: list[DataError] = []
    sources, _ = discover([tmp_path / "missing.ttl", tmp_path / "none.zip", further], errors=errors)
    for attempt in (publish, rehearse):
        with pytest.raises(DataErrors) as caught:
            attempt(Change(sources, errors=errors), Recipe.read(dataset), settings.data)
        assert [str(error.file).rpartition("/")[2] for error in caught.value.errors] == [
            "missing.ttl",
            "none.zip",
            "further.ttl",
        ]
    assert generations.current(settings.data) == before
