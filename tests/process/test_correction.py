"""``endpoint remove``, ``load --replace-subjects`` and ``--dry-run`` as real processes, beside a server."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from endpoint.storage import generations
from tests.live import ROOT, command, environment, serving
from tests.process.test_history import RECORD, TURTLE, derived_of, done, finds, read_only, refused
from tests.process.test_load_interrupted import count, prepare, triples
from tests.waiting import PATIENCE, until

GRAPH = "http://opendata.mofa.go.kr/mofapub"
DERIVED = "http://opendata.mofa.go.kr/derived"
CORRECTED = TURTLE.replace("Quokkas", "Wombats")


def test_a_record_is_corrected_and_removed_beside_a_server(data: Path) -> None:
    flags, into = ("--data", str(data)), ("--format", "turtle", "--graph", GRAPH)
    with serving(data) as server:
        done("load", "-", *into, *flags, text=TURTLE)
        until(lambda: finds(server, "quokkas"))
        told = done("load", "-", "--replace-subjects", "--dry-run", *into, *flags, text=CORRECTED)
        assert f"<{GRAPH}>: 1 added, 1 removed\n" in told
        assert '"Quokkas in diplomacy"@en' in told and '"Wombats in diplomacy"@en' in told
        assert generations.published(data) == 2
        done("load", "-", "--replace-subjects", *into, *flags, text=CORRECTED)
        until(lambda: finds(server, "wombats"))
        assert not finds(server, "quokkas")
        titles = server.query(f"SELECT ?title {{ <{RECORD}> skos:prefLabel ?title }}").rows()
        assert titles == [{"title": "Wombats in diplomacy"}]
        dry = done("remove", "mofapub:resource/Publication/99999", "--dry-run", *flags)
        assert f"<{GRAPH}>: 0 added, 3 removed\n" in dry and dry.count("\nD <") == 3
        assert generations.published(data) == 3
        done("remove", "mofapub:resource/Publication/99999", *flags)
        until(lambda: not finds(server, "wombats"))
        assert derived_of(server, RECORD) == 0
        assert server.query(f"ASK {{ <{RECORD}> ?p ?o }}", "application/json").json()["boolean"] is False
        assert "Nothing is stated of" in refused(1, "remove", RECORD, *flags)
        done("rollback", "3", *flags)
        until(lambda: finds(server, "wombats"))


def test_a_statement_in_the_wrong_graph_is_moved(data: Path) -> None:
    flags = ("--data", str(data))
    done("load", "-", "--format", "turtle", "--graph", "urn:wrong", *flags, text=TURTLE)
    title = f"<{RECORD}> skos:prefLabel ?title"
    move = f"DELETE {{ GRAPH <urn:wrong> {{ {title} }} }} INSERT {{ GRAPH <{GRAPH}> {{ {title} }} }}"
    move += f" WHERE {{ {title} }}"
    dry = done("update", move, "--dry-run", *flags)
    assert "Nothing was published: 1 added, 1 removed.\n" in dry
    assert (
        f"<{GRAPH}>: 1 added, 0 removed\n<urn:wrong>: 0 added, 1 removed\n" in dry and dry.count("\nD <") == 1
    )
    assert generations.published(data) == 2
    assert "Generation 3 holds" in done("update", "-f", "-", *flags, text=move)
    rest = done("query", f"SELECT ?g {{ GRAPH ?g {{ {title} }} }} ORDER BY ?g", "--format", "csv", *flags)
    assert "urn:wrong" not in rest and GRAPH in rest
    assert "Nothing has changed" in done("update", move.replace("<urn:wrong>", f"<{GRAPH}>"), *flags)
    assert "is derived by rules" in refused(1, "update", f"CLEAR GRAPH <{DERIVED}>", *flags)
    assert "use endpoint load" in refused(2, "update", "LOAD <http://example.org/a>", *flags)
    assert "Traceback" not in refused(1, "update", "DELETE nonsense", *flags)
    assert generations.published(data) == 3


def test_wrong_usage_is_told(data: Path) -> None:
    flags = ("--data", str(data))
    assert "'nonsense' is not an absolute IRI" in refused(2, "remove", "nonsense", *flags)
    assert "is derived by rules" in refused(2, "remove", RECORD, "--graph", DERIVED, *flags)
    said = refused(2, "load", "x.ttl", "--replace", "--replace-subjects", "--graph", GRAPH, *flags)
    assert "choose one" in said
    assert generations.numbers(data) == [1]


MANY = 20_000


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    """The flags of a dataset with enough statements that a correction of all takes a while."""
    flags = prepare(tmp_path, tmp_path / "data")
    done("load", "-", "--format", "nt", *flags, text=triples(1, MANY - 1))
    return flags


@pytest.mark.parametrize("after", [0.01, 0.3, 1.0])
def test_a_killed_correction_is_whole_or_nothing(many: list[str], tmp_path: Path, after: float) -> None:
    data, file = Path(many[-1]), tmp_path / "corrected.nt"
    file.write_text(triples(0, MANY).replace("한국", "영국"))
    process = subprocess.Popen(
        command("load", str(file), "--replace-subjects", *many),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd=ROOT,
    )
    until(lambda: list((data / "generations").glob("tmp-*")) or process.poll() is not None)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    process.kill()
    process.wait(PATIENCE)
    assert count(data) == MANY
    assert generations.published(data) in (2, 3)
    done("remove", "http://example.org/7", *many)
    assert count(data) == MANY - 1
    assert not list((data / "generations").glob("tmp-*"))


def test_a_disk_that_cannot_be_written_refuses(small_disk: Path, tmp_path: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    with read_only(small_disk):
        assert "Read-only file system" in refused(1, "remove", "http://example.org/0", *flags)
    assert count(small_disk / "data") == 1


def test_a_full_disk_refuses_a_correction(small_disk: Path, tmp_path: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    file = tmp_path / "large.nt"
    file.write_text(triples(0, 300_000))
    for dry in ((), ("--dry-run",)):
        said = refused(1, "load", str(file), "--replace-subjects", *dry, *flags)
        assert "No space left on device" in said and "What was published before is unchanged" in said
        assert (generations.numbers(small_disk / "data"), count(small_disk / "data")) == ([1], 1)
        assert not list((small_disk / "data" / "generations").glob("tmp-*"))
