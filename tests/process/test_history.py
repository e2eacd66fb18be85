"""The history of a data directory by commands, as real processes: beside a server, on a full disk."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from endpoint.storage import generations
from tests.live import Server, run, serving
from tests.process.test_load_interrupted import prepare, triples
from tests.waiting import until

RECORD = "http://opendata.mofa.go.kr/mofapub/resource/Publication/99999"
# A record that rules derive from, and that a search finds.
TURTLE = f"""
PREFIX mofapub: <http://opendata.mofa.go.kr/mofapub/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
<{RECORD}> a mofapub:Publication ; skos:prefLabel "Quokkas in diplomacy"@en ; mofapub:pubDate 20230522 .
"""


def done(*arguments: str, text: str = "") -> str:
    """Run a command that succeeds, and return what it printed."""
    ended = run(*arguments, text=text)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(code: int, *arguments: str) -> str:
    """Run a command that fails with one sentence, and return that."""
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def derived_of(server: Server, record: str) -> int:
    derived = "GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?g), 'derived'))"
    found = server.query(f"SELECT ?p {{ VALUES ?s {{ <{record}> }} {derived} }}")
    return len(found.rows())


def finds(server: Server, word: str) -> bool:
    return RECORD in server.get(f"/search?q={word}&format=json").text


def test_a_rollback_beside_a_server_takes_what_was_derived_and_indexed_with_it(data: Path) -> None:
    flags = ("--data", str(data))
    with serving(data) as server:
        done("load", "-", "--format", "turtle", *flags, text=TURTLE)
        until(lambda: finds(server, "quokkas"))
        assert derived_of(server, RECORD) > 0
        assert done("rollback", "1", *flags).startswith("Generation 3 is generation 1 again: ")
        until(lambda: not finds(server, "quokkas"))
        assert derived_of(server, RECORD) == 0
        done("rollback", "2", *flags)
        until(lambda: finds(server, "quokkas"))
        assert derived_of(server, RECORD) > 0
        listed = json.loads(done("generations", "--json", *flags))
        assert [(entry["number"], entry["command"]) for entry in listed] == [
            (4, "rollback 2"),
            (3, "rollback 1"),
            (2, "load -"),
            (1, "start"),
        ]
        assert [entry["current"] for entry in listed] == [True, False, False, False]
        feed = server.get("/feed/changes?locale=en").text
        assert re.findall(r"<title>Generation (\d)</title>", feed) == ["4", "3", "2", "1"]
        assert re.search(r"<summary>[\d,]+ statements \(\+\d+\)</summary>", feed)
        # Those that the server served are kept for clients that page through them.
        assert all(entry["in_use"] for entry in listed)
        assert "Removed generations: none." in done("generations", "prune", "--keep", "1", *flags)
    assert "Removed generations: 3, 2, 1." in done("generations", "prune", "--keep", "1", *flags)
    again = json.loads(done("query", f"ASK {{ <{RECORD}> ?p ?o }}", "--format", "json", *flags))
    assert again["boolean"] is True
    assert generations.published(data) == 4


def test_the_difference_of_two_generations_is_rdf_patch(data: Path) -> None:
    flags = ("--data", str(data))
    done("load", "-", "--format", "turtle", *flags, text=TURTLE)
    lines = done("generations", "show", "2", *flags).splitlines()
    assert (lines[0], lines[-1]) == ("TX .", "TC .")
    assert {line[0] for line in lines[1:-1]} == {"A"}
    added = list(parse("\n".join(line[2:] for line in lines[1:-1]), RdfFormat.N_QUADS))
    assert {str(quad.subject) for quad in added} == {f"<{RECORD}>"}
    assert len({quad.graph_name for quad in added}) == 2  # stated and derived
    back = done("generations", "show", "1", "2", *flags).splitlines()
    assert sorted(line[1:] for line in back[1:-1]) == sorted(line[1:] for line in lines[1:-1])
    assert {line[0] for line in back[1:-1]} == {"D"}
    table = done("generations", *flags).splitlines()
    assert table[0].split() == [
        *("number", "published", "quads", "change", "by", "user", "disk", "own", "state")
    ]
    assert [line.split()[0] for line in table[1:]] == ["2", "1"]


def test_what_is_not_there_is_told(tmp_path: Path, data: Path) -> None:
    flags = ("--data", str(data))
    nothing = str(tmp_path / "nothing")
    assert "Nothing is published in" in refused(1, "generations", "--data", nothing)
    assert not Path(nothing).exists()
    assert "There is no generation 7 in" in refused(2, "generations", "show", "7", *flags)
    assert "There is no generation before 1" in refused(2, "generations", "show", "1", *flags)
    assert "There is no generation 7 in" in refused(2, "rollback", "7", *flags)
    assert "1 is the current one already" in refused(2, "rollback", "1", *flags)
    assert "expected an age such as 90d" in refused(2, "generations", "prune", "--older-than", "old", *flags)


def test_commands_with_another_dataset_are_refused(tmp_path: Path) -> None:
    flags = prepare(tmp_path, tmp_path / "data")
    file = tmp_path / "more.nt"
    file.write_text(triples(1, 1))
    only = ("--data", flags[-1])  # the dataset is forgotten
    for arguments in (
        ("load", str(file)),
        ("load", str(file), "--dry-run"),
        ("load", "--own-files"),
        ("remove", "http://example.org/0"),
        ("check",),
        ("query", "ASK {}"),
        ("serve", "--port", "0"),
    ):
        said = refused(2, *arguments, *only)
        assert (
            "belongs to the dataset <http://example.org/>. Without --dataset, the one that comes with" in said
        )
    assert generations.numbers(Path(flags[-1])) == [1]
    assert "are in the store as they are" in done("load", "--own-files", *flags)
    assert "quads" in done("load", str(file), "--adopt", *only)
    assert "belongs to the dataset <http://opendata.mofa.go.kr/>" in refused(2, "load", str(file), *flags)
    assert "Generation 1 belongs to the dataset <http://example.org/>" in refused(2, "rollback", "1", *only)
    assert "Generation 3 is generation 1 again" in done("rollback", "1", "--adopt", *only)
    done("load", str(file), *flags)


def test_retention_is_a_setting_of_each_publication(tmp_path: Path) -> None:
    flags = prepare(tmp_path, tmp_path / "data")
    data = Path(flags[-1])
    for number in range(1, 4):
        done("load", "-", "--format", "nt", *flags, text=triples(number, 1))
    assert generations.numbers(data) == [1, 2, 3, 4]
    done("load", "-", "--format", "nt", "--retain", "2", *flags, text=triples(9, 1))
    assert generations.numbers(data) == [4, 5]
    done("rollback", "4", "--retain", "1", "--data", str(data))
    assert generations.numbers(data) == [6]


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Let nobody write to the mounted file system while the block lasts."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def test_a_disk_that_cannot_be_written_is_read_and_named(small_disk: Path, tmp_path: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    done("load", "-", "--format", "nt", *flags, text=triples(5, 1))
    data = ("--data", flags[-1])
    with read_only(small_disk):
        assert len(json.loads(done("generations", "--json", *data))) == 2
        assert done("generations", "show", "2", *data).count("\nA ") == 1
        for arguments in (("rollback", "1"), ("generations", "prune", "--keep", "1")):
            assert "Read-only file system" in refused(1, *arguments, *data)
    assert generations.published(small_disk / "data") == 2
    assert done("rollback", "1", *data).startswith("Generation 3 is generation 1 again")


def test_a_full_disk_refuses_a_rollback(small_disk: Path, tmp_path: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    done("load", "-", "--format", "nt", *flags, text=triples(5, 1))
    filling = small_disk / "filling"
    free = subprocess.run(["df", "--output=avail", "-k", str(small_disk)], capture_output=True, text=True)
    with filling.open("wb") as file:
        file.write(bytes(int(free.stdout.split()[1]) * 1024))
    said = refused(1, "rollback", "1", "--data", flags[-1])
    assert "No space left on device" in said and "What was published before is unchanged" in said
    assert generations.published(small_disk / "data") == 2
    filling.unlink()
    assert done("rollback", "1", "--data", flags[-1]).startswith("Generation 3 is")
