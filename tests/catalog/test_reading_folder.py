"""The folder of saved queries: which files are read, what lies beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from endpoint.catalog import About
from endpoint.catalog.reading import fingerprint, read_catalog, read_folder

ASK = "ASK {}"


def fill(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_names_extensions_and_hidden_files(tmp_path: Path) -> None:
    names = ["a.rq", "b.sparql", "c.v2.rq", "d e.rq", ".hidden.rq", ".git/x.rq", "e.txt", "f.rq~", "g.RQ"]
    catalog = read_catalog(fill(tmp_path, dict.fromkeys(names, ASK)), 64)
    assert list(catalog.queries) == ["a", "b", "c", "d e"]
    assert (catalog.problems, catalog.notices) == ((), ())


def test_sub_folders_are_tags(tmp_path: Path) -> None:
    files = {"a.rq": ASK, "x/b.rq": ASK, "x/y/c.rq": "#+ tags: [x, z]\nASK {}", "x/.old/d.rq": ASK}
    catalog = read_catalog(fill(tmp_path, files), 64)
    tags = {name: query.tags for name, query in catalog.queries.items()}
    assert tags == {"a": (), "b": ("x",), "c": ("x", "y", "z")}


@pytest.mark.parametrize("other", ["a.sparql", "a.v2.rq", "x/a.rq", "a.json", "a.ttl"])
def test_names_that_collide_are_told(tmp_path: Path, other: str) -> None:
    content = {
        ".json": '{"proto": {"id": "?s"}, "$where": "?s ?p ?o"}',
        ".ttl": "@prefix sh: <http://www.w3.org/ns/shacl#> . [] a sh:SPARQLExecutable ; sh:ask 'ASK {}' .",
    }.get(Path(other).suffix, ASK)
    catalog = read_catalog(fill(tmp_path, {"a.rq": ASK, other: content}), 64)
    assert list(catalog.queries) == ["a"]
    (problem,) = catalog.problems
    assert 'The name "a", which ends at the first dot, is taken by' in problem.detail


def test_a_folder_that_goes_away_while_it_is_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, {"a.rq": ASK, "gone/b.rq": ASK})
    scandir = os.scandir

    def late(path: Any) -> Any:
        if str(path).endswith("gone"):
            shutil.rmtree(path, ignore_errors=True)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", late)
    assert [Path(row[0]).name for row in fingerprint(tmp_path)] == ["a.rq"]
    assert list(read_catalog(tmp_path, 64).queries) == ["a"]


def test_urls_with_a_name_for_a_contact_and_nothing_else(tmp_path: Path) -> None:
    found = read_folder(fill(tmp_path, {"urls.yml": "contact: A. Person\ntitle:\n"}))
    assert found[:3] == ((), About(contact_name="A. Person"), ())


def test_a_configuration_file(tmp_path: Path) -> None:
    ini = "[repo_info]\nrepo_title = T 100%\napi_description = D\ncontact_name = C\nlicence_url = http://l/\n"
    found = read_folder(fill(tmp_path, {"local-api-config.ini": ini}))
    assert found.about == About({"": "T 100%"}, {"": "D"}, "C", None, "http://l/")


@pytest.mark.parametrize(
    ("name", "content", "line", "sentence"),
    [
        ("urls.yml", "title: A: B", 1, "is read as a plain text"),
        ("urls.yml", "- a", 1, "takes keys with values"),
        ("urls.yml", "title: {korean: x}", 1, "no language tag"),
        ("urls.yml", "queries:\n  - http://example.org/a.rq", 2, "http://example.org/a.rq is not fetched"),
        ("urls.yml", "queries:\n  - a.rq", 2, 'There is no file "a.rq" here'),
        ("local-api-config.ini", "repo_title", None, "The file is not read"),
        ("endpoint.txt", "http://example.org/sparql", None, "answers from its own data"),
    ],
)
def test_what_is_odd_beside_the_queries(
    tmp_path: Path, name: str, content: str, line: int | None, sentence: str
) -> None:
    (notice,) = read_catalog(fill(tmp_path, {name: content}), 64).notices
    assert sentence in notice.detail
    assert (notice.file, notice.line) == (tmp_path / name, line)
