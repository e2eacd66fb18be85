"""A watch of a folder: told of changes at once, also when the folder is replaced; else it looks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from unittest.mock import patch

import pytest

from endpoint.engine import folder_watch
from endpoint.engine.folder_watch import FolderWatch
from tests.waiting import PATIENCE


def watched(test: Callable[[FolderWatch, Path], Coroutine[object, object, None]]) -> Callable[[Path], None]:
    """A test with a watch of a folder, which looks by itself only after a long time."""

    def run(tmp_path: Path) -> None:
        async def main() -> None:
            folder = tmp_path / "data"
            folder.mkdir()
            watch = FolderWatch(folder)
            try:
                async with asyncio.timeout(PATIENCE):
                    await test(watch, folder)
            finally:
                watch.close()

        with patch.object(folder_watch, "WITH_INOTIFY", 600.0):
            asyncio.run(main())

    run.__doc__ = test.__doc__
    return run


async def replace(file: Path) -> None:
    """Put a file in the place of another, as a writer does."""
    await asyncio.sleep(0.05)
    new = file.with_name("new")
    new.write_text("2")
    new.replace(file)


@watched
async def test_a_replaced_file_is_told(watch: FolderWatch, folder: Path) -> None:
    await watch.wait()  # the first time it returns at once: what is there may be new
    for _ in range(3):
        waiting = asyncio.create_task(watch.wait())
        await replace(folder / "current")
        await waiting
        # One replacement may be told in several pieces.
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(watch.wait(), 0.1)


@watched
async def test_a_folder_that_is_replaced_is_watched_anew(watch: FolderWatch, folder: Path) -> None:
    await watch.wait()
    folder.rename(folder.with_name("old"))
    await watch.wait()
    await watch.wait()  # there is none: it looks now and then
    folder.mkdir()
    while not watch._watched:
        await watch.wait()
    waiting = asyncio.create_task(watch.wait())
    await replace(folder / "current")
    await waiting


@watched
async def test_it_can_be_woken(watch: FolderWatch, folder: Path) -> None:
    await watch.wait()
    watch.wake()
    await watch.wait()


@watched
async def test_where_nothing_is_told_it_looks(watch: FolderWatch, folder: Path) -> None:
    with (
        patch.object(FolderWatch, "_open", return_value=-1),
        patch.object(folder_watch, "WITHOUT_INOTIFY", 0.05),
    ):
        start = time.monotonic()
        await watch.wait()
        await watch.wait()
        assert time.monotonic() - start >= 0.1
