"""The template process, started ahead of its order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from endpoint.dataset import default_root, read_dataset
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.template_process import TemplateForks, TemplateProcess
from endpoint.errors import StoreError
from endpoint.ingest.start import ensure_store
from endpoint.settings import Settings
from tests.children import children
from tests.live import environment
from tests.waiting import until

LEFT = """
import os
from endpoint.engine.template_process import TemplateProcess
process = TemplateProcess()
print(process.pid, flush=True)
os._exit(0)
"""
IMPORTED = """
import sys
import endpoint.engine.template
before = {*sys.modules}
from endpoint.formats import BIBLIOGRAPHIES
from endpoint.results.bibliography import write_items
for fmt in BIBLIOGRAPHIES:
    list(write_items([], fmt))
print(*sorted({"numpy", "pybtex", "pyld", "rispy", "snowballstemmer"} - before), *{*sys.modules} - before)
"""


def test_one_that_is_not_used_ends_with_its_block() -> None:
    with TemplateProcess() as process:
        assert Path(f"/proc/{process.pid}").exists()
    assert not Path(f"/proc/{process.pid}").exists()


def test_one_without_an_order_ends_with_its_server() -> None:
    program = [sys.executable, "-W", "error", "-c", LEFT]
    ended = subprocess.run(program, capture_output=True, text=True, check=True, env=environment())
    assert ended.stderr == ""
    until(lambda: not Path(f"/proc/{int(ended.stdout)}").exists())


def test_an_engine_takes_the_one_that_was_started_ahead(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", workers=1)
    ensure_store(settings, read_dataset(default_root()))

    async def run(process: TemplateProcess) -> None:
        engine = await EmbeddedEngine.open(settings, {}, process)
        try:
            assert engine.occupancy.templates == [process.pid]
        finally:
            await engine.aclose()

    with TemplateProcess() as process:
        asyncio.run(run(process))
        assert not Path(f"/proc/{process.pid}").exists()


def test_workers_have_all_libraries_from_the_fork_on() -> None:
    program = [sys.executable, "-c", IMPORTED]
    ended = subprocess.run(program, capture_output=True, text=True, check=True, env=environment())
    assert ended.stdout.split() == []


def test_forks_are_whole_template_processes_and_outlive_the_end_of_forking(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", workers=1)
    ensure_store(settings, read_dataset(default_root()))
    forks = TemplateForks()
    first, second = forks.fork(), forks.fork()
    assert children(forks.pid) == {first.pid, second.pid}
    forks.close()

    async def run() -> None:
        engine = await EmbeddedEngine.open(settings, {}, first)
        try:
            assert engine.occupancy.templates == [first.pid]
        finally:
            await engine.aclose()

    asyncio.run(run())
    until(lambda: not exists(first.pid))
    with second:
        assert exists(second.pid)
    forks.wait()
    assert not exists(second.pid)


def test_a_fork_ends_with_the_process_that_forked_it() -> None:
    forks = TemplateForks()
    process = forks.fork()
    forks.kill()
    forks.wait()
    until(lambda: not exists(process.pid))
    process.wait()
    process.control.close()
    with pytest.raises(StoreError, match="can be forked"):
        forks.fork()


def test_a_fork_that_was_ended_before_is_a_sentence() -> None:
    forks = TemplateForks()
    os.kill(forks.pid, signal.SIGKILL)
    forks.wait()
    with pytest.raises(StoreError, match="process"):
        forks.fork()
    forks.close()


def exists(pid: int) -> bool:
    """Return whether the process has not ended, whoever is to wait for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
