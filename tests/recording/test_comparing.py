"""A comparison finds what differs, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recording.__main__ import main, write
from tests.recording.comparing import LONGEST, compare, read, report

BEFORE = {
    "seed/a": "GET /a\n\nHTTP 200 OK\nvary: Accept\n\nold\n",
    "seed/b": "GET /b\n\nHTTP 404 Not Found\n",
}


def test_equal_recordings_have_no_difference() -> None:
    assert not list(compare(BEFORE, dict(BEFORE)))


def test_a_planted_difference_is_found() -> None:
    after = {**BEFORE, "seed/a": BEFORE["seed/a"].replace("old", "new")}
    (found,) = compare(BEFORE, after)
    assert found.name == "seed/a"
    assert {"-old", "+new"} <= set(found.lines)


def test_what_one_recording_has_alone_differs() -> None:
    names = [found.name for found in compare(BEFORE, {"seed/a": BEFORE["seed/a"], "seed/c": "x"})]
    assert names == ["seed/b", "seed/c"]


def test_lines_can_be_ignored() -> None:
    after = {**BEFORE, "seed/a": BEFORE["seed/a"].replace("Accept", "Accept, Accept-Encoding")}
    assert not list(compare(BEFORE, after, ["^vary: "]))


def test_a_difference_may_be_expected() -> None:
    after = {**BEFORE, "seed/a": f"May differ: compression\n{BEFORE['seed/a']}"}
    (found,) = compare(BEFORE, after)
    assert found.expected == "compression"


def test_a_long_difference_is_cut() -> None:
    lines = list(report(compare({"a": "x\n" * 1000}, {"a": "y\n" * 1000})))
    assert len(lines) == LONGEST + 2
    assert lines[-2].endswith(" more lines differ.")


def test_the_same_change_of_several_answers_is_reported_once() -> None:
    before = {name: f"GET /{name}\n\nHTTP 200 OK\nvary: Accept\n" for name in "abc"}
    after = {name: text.replace("Accept", "Accept, Accept-Encoding") for name, text in before.items()}
    after["c"] = after["c"].replace("200", "404")
    lines = list(report(compare(before, after)))
    assert lines.count("+vary: Accept, Accept-Encoding") == 2
    assert "The same lines differ in 1 more: b" in lines


def test_the_command_compares_two_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    after = {**BEFORE, "seed/a": BEFORE["seed/a"].replace("old", "new")}
    one, other = tmp_path / "one", tmp_path / "other"
    write(one, BEFORE)
    write(other, after)
    assert read(one) == BEFORE
    assert main(["compare", str(one), str(one)]) == 0
    assert main(["compare", str(one), str(other)]) == 1
    assert "+new" in capsys.readouterr().out
    assert main(["compare", str(one), str(other), "--only", "seed/b"]) == 0
    assert main(["compare", str(one), str(other), "--subject", "bands"]) == 0
    assert main(["compare", str(one), str(other), "--ignore", "^(old|new)$"]) == 0


def test_a_folder_with_files_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(SystemExit):
        main(["record", str(tmp_path)])
    assert (tmp_path / "precious").exists()


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)
