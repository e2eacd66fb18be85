"""Folders that the processes of one run share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import shared


def test_a_folder_is_made_by_the_first_that_needs_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("whole")

    first, second = (shared(tmp_path_factory, "made", make) for _ in range(2))
    assert first == second
    assert (first / "file").read_text() == "whole"
    assert len(made) == 1
    assert not made[0].exists()


def test_what_could_not_be_made_is_tried_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        shared(tmp_path_factory, "failed", fail)
    assert list(shared(tmp_path_factory, "failed", Path.exists).iterdir()) == []
