"""The choice of the browser, and the message where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import INSTALLED, MADE_FOR_THIS, PACKAGE, VARIABLE, BrowserMissing, Chromium, find


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(chromium, "PACKAGE", tmp_path / "none")
    return folder


def program(path: Path) -> Path:
    path.touch(0o755)
    return path


def test_the_environment_decides_first(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs / INSTALLED[0])
    named = program(programs / "mine")
    monkeypatch.setenv(VARIABLE, str(named))
    assert find("/nowhere") == Chromium(str(named))


def test_a_name_without_a_program_is_an_error(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs / INSTALLED[0])
    monkeypatch.setenv(VARIABLE, "/nowhere/chrome")
    with pytest.raises(BrowserMissing, match=f"{VARIABLE} names /nowhere/chrome"):
        find("/nowhere")


@pytest.mark.parametrize("name", INSTALLED)
def test_an_installed_one_comes_before_a_downloaded_one(programs: Path, name: str, tmp_path: Path) -> None:
    downloaded = program(tmp_path / "downloaded")
    assert find(str(downloaded)) == Chromium(str(downloaded))
    assert find(str(downloaded)) != Chromium(str(program(programs / name)))
    assert find(str(downloaded)) == Chromium(str(programs / name))


def test_without_any_it_is_said_what_to_install(programs: Path) -> None:
    with pytest.raises(BrowserMissing) as caught:
        find("/nowhere")
    assert "apt-get install chromium" in str(caught.value)
    assert "playwright install chromium" in str(caught.value)
    assert VARIABLE in str(caught.value)


def test_the_one_of_npm_comes_before_an_installed_one(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = shutil.which("node", path="/usr/bin:/usr/local/bin")
    if node is None or not PACKAGE.is_dir() or not MADE_FOR_THIS:
        # There the sentence above is the answer.
        with pytest.raises(BrowserMissing):
            find("/nowhere")
        return
    program(programs / INSTALLED[0])
    (programs / "node").symlink_to(node)
    monkeypatch.setattr(chromium, "PACKAGE", PACKAGE)
    monkeypatch.setattr(chromium, "UNPACKED", tmp_path / "cache" / "chromium")
    found = find("/nowhere")
    assert Path(found.path).stat().st_size > 100_000_000
    assert Path(found.environment["LD_LIBRARY_PATH"], "libnss3.so").is_file()
    assert find("/nowhere") == found
