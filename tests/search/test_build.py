"""Writing an index: what is on disk, what is taken over, who can read it."""

from __future__ import annotations

import random
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from endpoint.errors import ConfigurationError, StoreError
from endpoint.search import Document, Request, SearchConfiguration, schema
from endpoint.search.analysis import Analysed, Analyser
from endpoint.search.build import build_index, update_index
from endpoint.search.index import TextIndex
from tests.live import ROOT, environment
from tests.search.indexed_publications import CONFIGURATION, LIBRARY, document, index

QUERIES = (
    "",
    "한국",
    "정세 OR 외교",
    "export",
    "핵",
    "title:전망",
    "-한국",
    "새로운",
    "summmit",
    "우크라이너",
)


def answers(opened: TextIndex) -> list[object]:
    sorts = ("relevance", "newest", "oldest", "title")
    return [opened.search(Request(query, sort=sort, limit=100)) for query in QUERIES for sort in sorts]


def test_the_number_of_documents(tmp_path: Path) -> None:
    assert build_index(LIBRARY, tmp_path / "text", CONFIGURATION) == len(LIBRARY)
    assert sorted(file.name for file in (tmp_path / "text").iterdir()) == ["1", "index.json", "names.json"]


def test_an_index_of_nothing(tmp_path: Path) -> None:
    opened = index(tmp_path / "text", [])
    for query in ("", "한국", "-한국"):
        assert opened.search(Request(query)).total == 0
    opened.close()


def test_documents_in_any_order_answer_alike(tmp_path: Path) -> None:
    shuffled = random.Random(1).sample(LIBRARY, len(LIBRARY))
    one, other = index(tmp_path / "one"), index(tmp_path / "other", shuffled)
    assert answers(one) == answers(other)
    one.close()
    other.close()


CHANGES: dict[str, Callable[[list[Document]], list[Document]]] = {
    "nothing": lambda library: library,
    "one changed": lambda library: [replace(library[0], fields={"title": ("새로운 제목",)}), *library[1:]],
    "one added": lambda library: [*library, document("new", "새로운 한국 전망", "핵을 수출하였다")],
    "one removed": lambda library: library[1:],
    "first and last removed, one added": lambda library: [*library[1:-1], document("new", "새로운 외교")],
    "only a facet changed": lambda library: [replace(library[0], facets={"year": ("1800",)}), *library[1:]],
    "only a date changed": lambda library: [replace(library[0], date="18000101"), *library[1:]],
    "all changed": lambda library: [
        replace(one, fields={**one.fields, "series": ("새로운 총서",)}) for one in library
    ],
    "all removed": lambda library: [],
}


@pytest.mark.parametrize("change", CHANGES)
def test_going_on_from_the_index_before_is_as_building_anew(tmp_path: Path, change: str) -> None:
    changed = CHANGES[change](list(LIBRARY))
    index(tmp_path / "before").close()
    fresh = index(tmp_path / "fresh", changed)
    going_on = index(tmp_path / "on", changed, previous=tmp_path / "before")
    assert answers(going_on) == answers(fresh)
    fresh.close()
    going_on.close()


def test_many_generations_stay_as_good_as_new(tmp_path: Path) -> None:
    chance = random.Random(7)
    pool = [*LIBRARY, *(document(f"n{at}", f"새로운 외교 {at}", "한국과 전망" * at) for at in range(10))]
    before: Path | None = None
    for generation in range(8):
        chosen = chance.sample(pool, chance.randrange(len(pool)))
        folder = tmp_path / f"on{generation}"
        going_on = index(folder, chosen, previous=before)
        fresh = index(tmp_path / f"fresh{generation}", chosen)
        assert answers(going_on) == answers(fresh)
        before = folder
        going_on.close()
        fresh.close()


def test_what_is_unchanged_is_not_analysed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(tmp_path / "before").close()
    analysed: list[object] = []
    original = Analyser.analyse

    def counting(analyser: Analyser, fields: Mapping[str, Sequence[str]]) -> Analysed:
        analysed.append(fields)
        return original(analyser, fields)

    monkeypatch.setattr(Analyser, "analyse", counting)
    index(tmp_path / "on", [*LIBRARY, document("new", "새로운 외교")], previous=tmp_path / "before").close()
    assert len(analysed) == 1


def test_other_fields_are_built_anew(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    fewer = SearchConfiguration(fields=CONFIGURATION.fields[:1])
    build_index(LIBRARY, tmp_path / "on", fewer, previous=tmp_path / "before")
    opened = TextIndex.open(tmp_path / "on")
    assert opened.fields == ("title",)
    assert opened.facets == ()
    assert {hit.iri for hit in opened.matches("한국")} == {"apart", "hanja"}
    opened.close()


def test_other_weights_need_no_new_tokens(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    fields = tuple(replace(field, weight=1.0) for field in CONFIGURATION.fields)
    flat = replace(CONFIGURATION, fields=fields)
    build_index(LIBRARY, tmp_path / "on", flat, previous=tmp_path / "before")
    build_index(LIBRARY, tmp_path / "fresh", flat)
    going_on, fresh = TextIndex.open(tmp_path / "on"), TextIndex.open(tmp_path / "fresh")
    assert answers(going_on) == answers(fresh)
    going_on.close()
    fresh.close()


@pytest.mark.parametrize("content", [None, b"", b"no index at all", b"{}", b'{"format": 1}'])
def test_a_previous_index_that_cannot_be_read_is_no_obstacle(tmp_path: Path, content: bytes | None) -> None:
    before = tmp_path / "before"
    before.mkdir()
    if content is not None:
        (before / schema.DESCRIPTION).write_bytes(content)
    opened = index(tmp_path / "on", previous=before)
    assert opened.search(Request("")).total == len(LIBRARY)
    opened.close()


def test_a_previous_index_that_is_damaged_is_told(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    (tmp_path / "before" / "1" / schema.FILE).unlink()
    with pytest.raises(StoreError, match="load the data again"):
        TextIndex.open(tmp_path / "before")
    with pytest.raises(StoreError, match="load the data again"):
        index(tmp_path / "on", previous=tmp_path / "before")


def test_what_is_held_in_memory_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = index(tmp_path / "usual")
    monkeypatch.setattr("endpoint.search.segment_writer._DOCUMENTS_IN_MEMORY", 2)
    monkeypatch.setattr("endpoint.search.segment_writer._WORDS_IN_MEMORY", 3)
    monkeypatch.setattr("endpoint.search.segment._MANY", 2)
    monkeypatch.setattr("endpoint.search.inverted.writer._IN_MEMORY", 40)
    monkeypatch.setattr("endpoint.search.inverted.merging._AT_ONCE", 30)
    frugal = index(tmp_path / "frugal")
    assert answers(frugal) == answers(usual)
    assert frugal.matches("") == usual.matches("")
    frugal.close()
    usual.close()


def test_the_index_before_is_left_as_it_was(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    before = contents(tmp_path / "before")
    index(tmp_path / "on", LIBRARY[1:], previous=tmp_path / "before").close()
    update_index(
        [document("new", "새로운 외교")], ["rcep"], tmp_path / "up", CONFIGURATION, tmp_path / "before"
    )
    assert contents(tmp_path / "before") == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_a_failure_leaves_nothing_that_is_taken_for_an_index(tmp_path: Path) -> None:
    def failing() -> Iterator[Document]:
        yield from LIBRARY
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        build_index(failing(), tmp_path / "text", CONFIGURATION)
    with pytest.raises(StoreError, match="no text index"):
        TextIndex.open(tmp_path / "text")


def test_a_kill_leaves_nothing_that_is_taken_for_an_index(tmp_path: Path) -> None:
    code = f"""
        import os, signal
        from pathlib import Path
        from endpoint.search.build import build_index
        from tests.search.indexed_publications import CONFIGURATION, LIBRARY
        def killing():
            yield from LIBRARY
            os.kill(os.getpid(), signal.SIGKILL)
        build_index(killing(), Path({str(tmp_path / "text")!r}), CONFIGURATION)
    """
    assert python(code).returncode == -9
    with pytest.raises(StoreError, match="no text index"):
        TextIndex.open(tmp_path / "text")


def test_a_folder_that_is_there_or_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        build_index(LIBRARY, tmp_path, CONFIGURATION)
    with pytest.raises(StoreError, match="cannot be written"):
        build_index(LIBRARY, tmp_path / "missing" / "text", CONFIGURATION)


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    code = f"""
        import resource, signal
        from pathlib import Path
        from endpoint.errors import StoreError
        from endpoint.search.build import build_index
        from tests.search.indexed_publications import CONFIGURATION, LIBRARY
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        try:
            build_index(LIBRARY * 20, Path({str(tmp_path / "text")!r}), CONFIGURATION)
        except StoreError as error:
            print(error)
    """
    ended = python(
        code.replace(
            "LIBRARY * 20",
            "(d.__class__(d.iri + str(n), d.fields, d.facets) for n in range(200) for d in LIBRARY)",
        )
    )
    assert "cannot be written" in ended.stdout
    assert not (tmp_path / "text" / schema.DESCRIPTION).exists()


def test_a_python_without_full_text_search_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without(sqlite3.Connection):
        def executescript(self, script: str) -> sqlite3.Cursor:
            if "fts5" in script:
                raise sqlite3.OperationalError("no such module: fts5")
            return super().executescript(script)

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, factory=Without)

    monkeypatch.setattr(schema, "open_for_writing", connect)
    with pytest.raises(ConfigurationError, match="FTS5"):
        build_index(LIBRARY, tmp_path / "text", CONFIGURATION)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_reading_behind_the_fence_on_a_read_only_folder_by_many_forked_processes(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    index(folder).close()
    before = contents(folder)
    for path in (*folder.rglob("*"), folder):
        path.chmod(stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0))
    # SQL can do without the rights of root, which overrule those of the file.
    code = f"""
        import os
        from pathlib import Path
        from endpoint.engine import fence
        from endpoint.engine.memory import WorkerMemory
        from endpoint.search import Request
        from endpoint.search.index import TextIndex
        if os.getuid() == 0:
            os.setuid(65534)
        fence.enclose_template()
        children = []
        for _ in range(4):
            child = os.fork()
            if child == 0:
                WorkerMemory().limit(256 * 1024 * 1024)
                assert fence.seal_worker()
                index = TextIndex.open(Path({str(folder)!r}))
                answer = index.search(Request("한국 OR 외교"))
                index.close()
                os._exit(answer.total)
            children.append(child)
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
    """
    parents = [tmp_path, *tmp_path.parents]
    ended = (
        python(code) if _everybody_may_enter(parents) else python(code.replace("os.getuid() == 0", "False"))
    )
    for path in (folder, folder / "1"):
        path.chmod(0o700)
    assert ended.stderr == ""
    assert ended.stdout.strip() == "[6, 6, 6, 6]"
    assert contents(folder) == before


def _everybody_may_enter(folders: list[Path]) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


def test_a_path_with_characters_of_uris(tmp_path: Path) -> None:
    folder = tmp_path / "한국 100% ?mode=rw#x"
    opened = index(folder)
    assert opened.search(Request("한국")).total == 5
    opened.close()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_change_answers_as_an_index_built_anew(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    changed = [document("new", "새로운 한국 전망"), replace(LIBRARY[2], fields={"title": ("다른 외교",)})]
    number = update_index(
        [*changed, LIBRARY[5]], ["rcep", "nobody"], tmp_path / "up", CONFIGURATION, tmp_path / "before"
    )
    whole = [*LIBRARY[:1], changed[1], *LIBRARY[3:], changed[0]]
    fresh, updated = index(tmp_path / "fresh", whole), TextIndex.open(tmp_path / "up")
    assert number == len(whole)
    assert answers(updated) == answers(fresh)
    fresh.close()
    updated.close()


def test_a_change_links_the_files_of_segments_that_stay(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    update_index([document("new", "외교")], ["rcep"], tmp_path / "up", CONFIGURATION, tmp_path / "before")
    names = sorted(path.name for path in (tmp_path / "up").iterdir())
    assert names == ["1", "1.gone.npy", "2", "index.json", "names.json"]
    for file in (tmp_path / "before" / "1").iterdir():
        assert file.samefile(tmp_path / "up" / "1" / file.name)


def test_many_changes_leave_few_segments(tmp_path: Path) -> None:
    pool = [document(f"n{at:03}", f"외교 {at}", "한국과 전망" * (at % 5)) for at in range(300)]
    index(tmp_path / "0", pool).close()
    chance = random.Random(5)
    for generation in range(1, 40):
        place = chance.randrange(len(pool))
        pool[place] = replace(pool[place], fields={"title": (f"새로운 외교 {generation}",)})
        update_index(
            [pool[place]], [], tmp_path / str(generation), CONFIGURATION, tmp_path / str(generation - 1)
        )
        assert len(schema.read_description(tmp_path / str(generation))["segments"]) <= 4
    fresh, updated = index(tmp_path / "fresh", pool), TextIndex.open(tmp_path / "39")
    assert answers(updated) == answers(fresh)
    fresh.close()
    updated.close()


def test_a_change_to_an_index_of_other_fields_is_refused(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    fewer = SearchConfiguration(fields=CONFIGURATION.fields[:1])
    with pytest.raises(StoreError, match="other fields"):
        update_index([], [], tmp_path / "up", fewer, tmp_path / "before")
    with pytest.raises(StoreError, match="other fields"):
        update_index([], [], tmp_path / "up", CONFIGURATION, tmp_path / "missing")


def test_a_full_segment_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = index(tmp_path / "whole")
    monkeypatch.setattr("endpoint.search.inverted.writer.MOST", 100)
    monkeypatch.setattr("endpoint.search.compaction.due", lambda _: None)
    parts = index(tmp_path / "parts")
    assert len(schema.read_description(tmp_path / "parts")["segments"]) > 3
    assert answers(parts) == answers(whole)
    whole.close()
    parts.close()
