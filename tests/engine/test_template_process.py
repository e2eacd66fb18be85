"""The template process, started ahead of its order."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from endpoint.dataset import default_root, read_dataset
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.template_process import TemplateProcess
from endpoint.ingest.start import ensure_store
from endpoint.settings import Settings
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
