"""TOML files: values of the right type, and mistakes with their line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from endpoint.errors import DataError
from endpoint.toml_file import TomlTable, read_toml

TEXT = """# A file
name = "x"
empty = " "
[labels]
ko = "이름"
[labels.more]
flag = true
[[row]]
iri = "http://example.org/a"
[[row]]
iri = "no iri"
names = ["a", 1]
"""


@pytest.fixture
def top(tmp_path: Path) -> TomlTable:
    (tmp_path / "a.toml").write_text(TEXT, encoding="utf-8")
    return read_toml(tmp_path / "a.toml")


def test_values(top: TomlTable) -> None:
    assert top.text("name") == "x"
    assert top.text("other", "y") == "y"
    assert top.texts("name") == ("x",)
    assert top.table("labels").table("more").flag("flag", False) is True
    assert top.table("none").flag("flag", False) is False
    first, second = top.tables("row")
    assert (first.iri("iri"), first.lines[second.place]) == ("http://example.org/a", 10)


MISTAKES: list[tuple[Callable[[TomlTable], object], int, str]] = [
    (lambda top: top.text("empty"), 3, "empty must not be empty."),
    (lambda top: top.text("nothing"), 1, "nothing is missing."),
    (lambda top: top.text("labels"), 4, "labels must be a string, but is a table."),
    (lambda top: top.by_language("name"), 2, "name must be a table, but is a string."),
    (lambda top: top.by_language("labels"), 6, "labels.more must be a string, but is a table."),
    (lambda top: top.flag("name", True), 2, "name must be true or false, but is a string."),
    (lambda top: top.tables("labels"), 4, "labels must be written as [[labels]] tables."),
    (
        lambda top: top.tables("row")[1].iri("iri"),
        11,
        "[[row]] 2: iri must be an absolute IRI, but is 'no iri'.",
    ),
    (
        lambda top: top.tables("row")[1].texts("names"),
        12,
        "2: names must be a string, but is an integer.",
    ),
    (lambda top: top.check_keys(["nam", "empty", "labels", "row"]), 2, "did you mean 'nam'?"),
    (lambda top: top.table("labels").check_keys(["x"]), 5, "known are x."),
]


@pytest.mark.parametrize(("read", "line", "sentence"), MISTAKES)
def test_mistakes(top: TomlTable, read: Callable[[TomlTable], object], line: int, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        read(top)
    assert (caught.value.file, caught.value.line) == (top.file, line)
    assert caught.value.detail.endswith(sentence)


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b'a = "\xb0\xa1"', 1, "The file must be UTF-8, but this line is not."),
        (b'\xef\xbb\xbfgraph = "a"\nb = ', 2, "This is not TOML: "),
        (b"a = 1\nb = [\n", 3, "This is not TOML: "),
        (b"a = " + b"[" * 5000, None, "The file is nested too deeply."),
    ],
)
def test_files_that_are_not_toml(tmp_path: Path, content: bytes, line: int | None, told: str) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_toml(file)
    assert caught.value.line == line
    assert caught.value.detail.startswith(told)
