"""What tests of the engine change in it so that they take less time."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import pytest

from endpoint.engine import template_process
from endpoint.engine.template_process import TemplateForks
from tests.engine.replaced_generations import QUICK


@pytest.fixture
def few_quads_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve generations of more than QUICK quads from disk first, so that tests need not make large ones."""
    monkeypatch.setattr("endpoint.engine.supervisor.QUICK", QUICK)


@pytest.fixture(scope="module")
def template_forks() -> Iterator[TemplateForks]:
    """A process that has imported what template processes need."""
    forks = TemplateForks()
    yield forks
    forks.close()
    forks.wait()


@pytest.fixture
def forked_templates(template_forks: TemplateForks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork every template process, as the engine does where generations follow each other.

    So its start takes a hundredth of the time.
    """
    spawn = template_process._spawn

    def fork(
        function: str,
    ) -> tuple[subprocess.Popen[bytes] | template_process._Forked, socket.socket]:
        if function != "main":
            return spawn(function)
        made = template_forks.fork()
        return made._process, made.control

    monkeypatch.setattr(template_process, "_spawn", fork)
