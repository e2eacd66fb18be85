"""The sides of the benchmark: what is missing is named, and what is started is watched."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.reading_room import Query
from benchmarks.serving import free_port, process
from benchmarks.sides import NAMES, Ours, Running, Side, Virtuoso, megabytes_on_disk, run, sides


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found, missing = sides(NAMES, tmp_path, Ours(tmp_path))
    assert [side.name for side in found] == ["this server", "without columns"]
    assert missing == [
        f"{name} is not measured: the program '{program}' is not installed"
        for name, program in (
            ("oxigraph-disk", "oxigraph"),
            ("oxigraph-memory", "oxigraph"),
            ("rdflib-endpoint", "rdflib-endpoint"),
            ("virtuoso", "virtuoso-t"),
        )
    ]


def test_a_request_has_the_parameters_of_its_side(tmp_path: Path) -> None:
    query = Query("all", "SELECT * { ?s ?p '한 & +' }")
    ours, virtuoso = Ours(tmp_path), Virtuoso(tmp_path, "virtuoso-t")
    asked = {
        side: parse_qs(urlsplit(side.get(query).path).query)
        for side in (Side("a", ours), Side("b", ours, (("columns", "off"),)), Side("c", virtuoso))
    }
    assert [*asked.values()] == [
        {"query": [query.text]},
        {"query": [query.text], "columns": ["off"]},
        {"query": [query.text], "default-graph-uri": ["urn:catalogue"]},
    ]
    assert query.accept == "application/sparql-results+json"
    assert Query("all", "", turtle=True).accept == "text/turtle"


def test_files_with_two_names_count_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(2**20))
    once = megabytes_on_disk(tmp_path)
    os.link(tmp_path / "a", tmp_path / "b")
    assert megabytes_on_disk(tmp_path) == once
    assert once == pytest.approx(1, abs=0.1)


def test_a_program_that_fails_is_an_error_with_what_it_said() -> None:
    script = "import sys; sys.exit('broken disk')"
    with pytest.raises(RuntimeError, match="broken disk"):
        run([sys.executable, "-c", script])
    assert run([sys.executable, "-c", "sum(range(10**6))"]).processor > 0


def test_a_server_that_ends_at_once_is_an_error() -> None:
    with (
        pytest.raises(RuntimeError, match="status 3"),
        process([sys.executable, "-c", "raise SystemExit(3)"], free_port()),
    ):
        pass


def test_processor_time_counts_processes_and_threads_that_have_ended() -> None:
    running = Running(os.getpid(), 0, 0.0)
    before = running.processor()
    run([sys.executable, "-c", "sum(range(10**7))"])
    child = running.processor() - before
    # Ten million additions take some tenths of a second, anything else here far less.
    assert child > 0.01
    before = running.processor()
    thread = threading.Thread(target=lambda: sum(range(10**7)))
    thread.start()
    thread.join()
    assert running.processor() - before > 0.01
    assert running.memory() > 2**20
