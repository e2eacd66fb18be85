"""One server on the dataset of bands for all tests of this folder, and a server that nobody should call."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.datasets.grlc_bands import make
from tests.live import Server, serving


@pytest.fixture(scope="package")
def elsewhere() -> Iterator[socket.socket]:
    """A socket that listens: who connects to it was told to by a file or by a client."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="package")
def bands(tmp_path_factory: pytest.TempPathFactory, elsewhere: socket.socket) -> Iterator[Server]:
    """The server on the dataset, with a short deadline and little memory: hostile queries end soon."""
    folder = tmp_path_factory.mktemp("bands")
    dataset = make(folder / "dataset", f"http://127.0.0.1:{elsewhere.getsockname()[1]}/sparql")
    flags = ("--timeout", "4", "--memory", "128MB", "--workers", "2")
    with serving(folder / "data", "--dataset", str(dataset), *flags) as running:
        yield running
