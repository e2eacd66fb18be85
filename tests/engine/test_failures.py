"""What a worker's end says to whoever asked."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from endpoint.engine.connection import LAST_WORDS
from endpoint.engine.failures import of_death
from endpoint.errors import EndpointError, MemoryLimitExceeded, QueryTooComplex, WorkerDied

# Numbers and the same as texts: the engine compares some by value and some by text.
MIXED = """
from pyoxigraph import Literal, NamedNode, Quad, Store
store = Store()
for number in range(20):
    for value in (str(number), number):
        store.add(Quad(NamedNode(f"urn:{number}"), NamedNode("urn:p"), Literal(value)))
store.query("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
"""


@pytest.mark.parametrize(
    ("number", "words", "error"),
    [
        (signal.SIGSEGV, "", QueryTooComplex),
        (signal.SIGABRT, "thread 'x' has overflowed its stack", QueryTooComplex),
        (signal.SIGABRT, "memory allocation of 64 bytes failed", MemoryLimitExceeded),
        (signal.SIGKILL, "", WorkerDied),
    ],
)
def test_an_end_is_told_by_its_signal_and_last_words(
    number: int, words: str, error: type[EndpointError]
) -> None:
    assert type(of_death(number, words, 2**28)) is error


def test_a_sort_that_the_engine_gives_up_is_explained() -> None:
    ended = subprocess.run([sys.executable, "-c", MIXED], capture_output=True, text=True, check=False)
    failure = of_death(-ended.returncode, ended.stderr[:LAST_WORDS], 2**28)
    assert type(failure) is QueryTooComplex
    assert "ORDER BY STR(?x)" in failure.detail
