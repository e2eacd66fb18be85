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
from endpoint.search import Document, Request, SearchConfiguration, analysis, schema
from endpoint.search.build import build_index
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
    assert [file.name for file in (tmp_path / "text").iterdir()] == ["index.sqlite"]


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
    original = analysis.analyse_document

    def counting(fields: Mapping[str, Sequence[str]], names: Sequence[str], long: str) -> analysis.Analysed:
        analysed.append(fields)
        return original(fields, names, long)

    monkeypatch.setattr("endpoint.search.analyses.analyse_document", counting)
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


@pytest.mark.parametrize("content", [None, b"", b"no index at all", b"SQLite format 3\x00" + b"\xff" * 9_000])
def test_a_previous_index_that_cannot_be_read_is_no_obstacle(tmp_path: Path, content: bytes | None) -> None:
    before = tmp_path / "before"
    before.mkdir()
    if content is not None:
        (before / schema.FILE).write_bytes(content)
    opened = index(tmp_path / "on", previous=before)
    assert opened.search(Request("")).total == len(LIBRARY)
    opened.close()


def test_a_previous_index_without_its_description_is_no_obstacle(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    connection = sqlite3.connect(tmp_path / "before" / schema.FILE)
    connection.execute("DROP TABLE meta")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="load the data again"):
        TextIndex.open(tmp_path / "before")
    index(tmp_path / "on", previous=tmp_path / "before").close()


def test_what_is_held_in_memory_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = index(tmp_path / "usual")
    monkeypatch.setattr("endpoint.search.build._DOCUMENTS_IN_MEMORY", 2)
    monkeypatch.setattr("endpoint.search.build._WORDS_IN_MEMORY", 3)
    monkeypatch.setattr("endpoint.search.index._MANY", 2)
    frugal = index(tmp_path / "frugal")
    assert answers(frugal) == answers(usual)
    assert frugal.matches("") == usual.matches("")
    frugal.close()
    usual.close()


def test_the_index_before_is_left_as_it_was(tmp_path: Path) -> None:
    index(tmp_path / "before").close()
    content = (tmp_path / "before" / schema.FILE).read_bytes()
    index(tmp_path / "on", LIBRARY[1:], previous=tmp_path / "before").close()
    assert (tmp_path / "before" / schema.FILE).read_bytes() == content


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
    assert not (tmp_path / "text" / schema.FILE).exists()


def test_a_python_without_full_text_search_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            if "fts5" in sql:
                raise sqlite3.OperationalError("no such module: fts5")
            return super().execute(sql, *arguments)  # type: ignore[arg-type]

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, factory=Without)

    monkeypatch.setattr(schema, "open_for_writing", connect)
    monkeypatch.setattr(schema, "_TABLES", schema._TABLES.replace("CREATE VIRTUAL TABLE spelling", "-- "))
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
    (folder / schema.FILE).chmod(stat.S_IRUSR)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
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
    folder.chmod(0o700)
    assert ended.stderr == ""
    assert ended.stdout.strip() == "[6, 6, 6, 6]"
    assert [file.name for file in folder.iterdir()] == [schema.FILE]


def _everybody_may_enter(folders: list[Path]) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


def test_a_path_with_characters_of_uris(tmp_path: Path) -> None:
    folder = tmp_path / "한국 100% ?mode=rw#x"
    opened = index(folder)
    assert opened.search(Request("한국")).total == 5
    opened.close()
    assert list(tmp_path.iterdir()) == [folder]
