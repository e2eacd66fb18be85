"""Servers as processes, and data directories for them: what all benchmarks over HTTP share."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Store

# Seconds that a server may take to its first answer; reading a large dataset into memory comes before it.
_PATIENCE: Final = 1800.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def program(name: str) -> str | None:
    """Return the path of a program, of this environment or else of the machine; ``None`` without one."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


@contextlib.contextmanager
def process(
    command: Sequence[str], port: int, checkout: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block starts when it answers.

    Raises :class:`RuntimeError` where the program ends before its first answer.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout)} if checkout else None
    running = subprocess.Popen(
        command, env=environment, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(running, port)
        yield running
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            # Some servers end only with their last query.
            running.kill()
            running.wait()


def _wait(running: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if running.poll() is not None:
            raise RuntimeError(f"the server ended with status {running.returncode}: {running.args!r}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=_PATIENCE):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not answer within {_PATIENCE:.0f} s: {running.args!r}")


def store_of(folder: Path, data: Path | None, checkout: Path | None = None) -> Path:
    """Make a data directory with the server of ``checkout``: of its own dataset, or of ``data``."""
    made = folder / f"data-{checkout.name if checkout else 'own'}"
    command = ["query", "ASK {}", "-o", "json"] if data is None else ["load", str(data.resolve())]
    subprocess.run(
        [sys.executable, "-m", "endpoint", *command, "--data", str(made)],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)} if checkout else None,
    )
    return made


def generation_folder(data: Path) -> Path:
    """Return the folder of the current generation of a data directory."""
    return data / "generations" / f"{int((data / 'current').read_text()):06d}"


def generation_store(data: Path) -> Store:
    """Open the store of the current generation of a data directory."""
    return Store.read_only(str(generation_folder(data) / "store"))


def dump_triples(data: Path, file: Path) -> Path:
    """Write the triples of all graphs of a data directory as N-Triples, and return the file."""
    stored = generation_store(data)
    with file.open("wb") as out:
        for graph in stored.named_graphs():
            stored.dump(out, RdfFormat.N_TRIPLES, from_graph=graph)
    return file
