"""``endpoint load`` as a real process: every kind of source, mistakes in them, and its messages."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import time
import zipfile
from fcntl import ioctl
from pathlib import Path

import openpyxl
import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from endpoint.storage import generations
from tests.live import ROOT, command, environment, run
from tests.waiting import PATIENCE

MOFAPUB = "http://opendata.mofa.go.kr/mofapub"
DERIVED = "http://opendata.mofa.go.kr/derived"
HEADER = ["번호", "제목", "분류", "저자", "발행일"]
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")


def publication(number: int) -> NamedNode:
    return NamedNode(f"{MOFAPUB}/resource/Publication/{number}")


def row(number: int, title: str, date: str = "2023. 5. 22.") -> list[str]:
    return [str(number), title, "IFANS Focus", "김철수; 이영희", date]


def csv(*rows: list[str]) -> str:
    return "".join(",".join(cells) + "\r\n" for cells in (HEADER, *rows))


def quads(data: Path, subject: NamedNode | None = None, graph: str | None = None) -> list[Quad]:
    """Return the current statements about a subject, or in a graph; "" is the default graph."""
    generation = generations.current(data)
    assert generation is not None
    store = Store.read_only(str(generation.path / generations.STORE))
    name = DefaultGraph() if graph == "" else None if graph is None else NamedNode(graph)
    return list(store.quads_for_pattern(subject, None, None, name))


def every_kind(folder: Path) -> list[str]:
    """A CP949 table and an XLSX table in a folder; a page; compressed RDF; an archive."""
    (folder / "자료").mkdir()
    (folder / "자료" / "목록.csv").write_bytes(csv(row(90001, "한국 외교")).encode("cp949"))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (HEADER, row(90002, "엑셀")):
        sheet.append(cells)
    book.save(folder / "자료" / "발간.xlsx")
    (folder / "자료" / "notes.md").write_text("not data")
    page = f"페이지 ( {publication(90003).value} ) at Linked Data\n\nProperty Value\nrdfs:label\n  • 페이지\n"
    (folder / "page.txt").write_text(page)
    (folder / "triples.nt.gz").write_bytes(gzip.compress(b'<urn:nt> <urn:p> "gz" .\n'))
    with zipfile.ZipFile(folder / "모음.zip", "w") as archive:
        archive.writestr("안/a.ttl", '<urn:ttl> <urn:p> "zip" .')
    return [str(folder / name) for name in ("자료", "page.txt", "triples.nt.gz", "모음.zip")]


def test_every_kind_of_source_in_one_load(tmp_path: Path) -> None:
    data = tmp_path / "data"
    trig = '<urn:named> { <urn:trig> <urn:p> "standard input" }'
    ended = run("load", *every_kind(tmp_path), "-", "--data", str(data), text=trig)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"Generation 1 holds {len(quads(data)):,} quads.\n"
    assert "목록.csv: read as CP949 (Korean Windows), which is a guess: " in ended.stderr
    assert "passed over 1 file (unknown extension): notes.md" in ended.stderr
    for number, title in [(90001, "한국 외교"), (90002, "엑셀"), (90003, "페이지")]:
        found = [quad.object for quad in quads(data, publication(number), MOFAPUB) if quad.predicate == LABEL]
        assert found == [Literal(title)]
        assert quads(data, publication(number), DERIVED)
    plain = {(quad.subject, quad.object) for quad in quads(data, graph="")}
    expected = {(NamedNode("urn:nt"), Literal("gz")), (NamedNode("urn:ttl"), Literal("zip"))}
    assert plain == expected
    assert len(quads(data, graph="urn:named")) == 1


def test_the_errors_of_all_files_are_listed_and_nothing_is_published(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> <b c> .\n<urn:a> <urn:p> 1 .\nx:y <urn:p> 1 .\n")
    bad = csv(row(90001, ""), row(90002, "t", "2023-02-30"))
    (tmp_path / "목록.csv").write_bytes(bad.encode("cp949"))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "cut.nt.gz").write_bytes(gzip.compress(b"<urn:a> <urn:p> 1 .\n" * 99)[:40])
    ended = run("load", str(tmp_path), "--data", str(data))
    assert ended.returncode == 1
    assert ended.stdout == ""
    for place in ("a.ttl:1:", "a.ttl:3:1", "목록.csv:2:2", "목록.csv:3:5", "other.csv", "cut.nt.gz"):
        assert f"/{place}" in ended.stderr
    assert "Found: “2023-02-30”" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert generations.numbers(data) == []


USAGE = [
    ([""], "A SOURCE is empty"),
    (["a.ttl", "--replace"], "--replace needs --graph"),
    (["a.ttl", "--graph", "urn:g", "--new-graph"], "--new-graph and --allow-empty need --replace"),
    (["a.ttl", "--graph", "urn:g", "--replace"], "There is no graph <urn:g> to replace"),
    (["a.ttl", "--base", "a"], "'a' is not an absolute IRI"),
    (["a.ttl", "--encoding", "utf-9"], "'utf-9' is no encoding that is known here"),
    (["a.ttl", "--own-files"], "--own-files takes the files that the manifest names"),
    (["a.ttl", "--report", "json"], "--report needs --validate"),
    (["a.ttl", "--graph", "mofapub"], "'mofapub' is not an absolute IRI"),
    (["a.ttl", "--format", "word"], "There is no format 'word'"),
    (["a.ttl", "--graph", DERIVED], "derived by rules"),
]


@pytest.mark.parametrize(("arguments", "sentence"), USAGE)
def test_wrong_usage(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> 1 .")
    path = [str(tmp_path / name) if name == "a.ttl" else name for name in arguments]
    ended = run("load", *path, "--data", str(tmp_path / "data"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr


def test_dry_run_validation_and_replacement(tmp_path: Path) -> None:
    data, good, bad = tmp_path / "data", tmp_path / "good.csv", tmp_path / "bad.ttl"
    good.write_text(csv(row(90001, "하나")))
    bad.write_text(f"<{publication(90002).value}> a <{MOFAPUB}/Publication> ; <{MOFAPUB}/pubDate> 20231301 .")
    flags = ("--graph", MOFAPUB, "--data", str(data))
    dry = run("load", str(good), "--dry-run", *flags)
    assert (dry.returncode, generations.numbers(data)) == (0, []), dry.stderr
    lines = dry.stdout.splitlines()
    assert lines[0] == "Nothing is wrong with the sources. Nothing was published."
    assert lines[1].startswith(f"<{MOFAPUB}>: ") and lines[1].endswith(" added, 0 removed")

    refused = run("load", str(bad), "--validate", "--report", "json", *flags)
    assert (refused.returncode, generations.numbers(data)) == (1, []), refused.stderr
    assert refused.stderr.rstrip().endswith("Nothing was published.")
    report = json.loads(refused.stdout)
    assert not report["conforms"]
    assert publication(90002).value in refused.stdout

    passed = run("load", str(good), "--validate", "--report", "json", *flags)
    assert passed.returncode == 0, passed.stderr
    assert json.loads(passed.stdout)["conforms"]
    assert "Generation 1 holds " in passed.stderr

    before = len(quads(data))
    replaced = run("load", str(good), "--replace", *flags)
    assert replaced.returncode == 0, replaced.stderr
    after = len(quads(data))
    assert {quad.subject for quad in quads(data, graph=MOFAPUB)} == {publication(90001)}
    told = f"Generation 2 holds {after:,} quads, {before - after:,} fewer than generation 1.\n"
    assert replaced.stdout == told


def test_derived_statements_are_switched_off_and_on(tmp_path: Path) -> None:
    data, source = tmp_path / "data", tmp_path / "a.csv"
    source.write_text(csv(row(90001, "하나")))
    assert run("load", str(source), "--derive", "off", "--data", str(data)).returncode == 0
    assert quads(data, graph=DERIVED) == []
    ended = run("load", str(source), "--data", str(data))
    assert ended.returncode == 0, ended.stderr
    assert "derived " in ended.stderr
    assert quads(data, publication(90001), DERIVED)


def in_a_shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# Where standard output and standard error cannot be written, and where standard input is closed.
STREAMS = [">/dev/full", "2>/dev/full", ">&-", "<&-", "2>&1 | true"]


def test_what_nobody_can_read_stops_no_load(tmp_path: Path) -> None:
    data = tmp_path / "data"
    source = tmp_path / "a.ttl"
    source.write_text("<urn:a> <urn:p> 1 .")
    load = shlex.join(command("load", str(source), "--data", str(data)))
    for number, stream in enumerate(STREAMS, start=1):
        shell = f"set -o pipefail; {load} {stream}"
        ended = in_a_shell(shell)
        assert "Traceback" not in ended.stderr, stream
        assert (ended.returncode, generations.numbers(data)[-1]) == (0, number), (stream, ended.stderr)
    closed = in_a_shell(f"{shlex.join(command('load', '-', '--data', str(data)))} <&-")
    assert (closed.returncode, closed.stderr) == (1, "endpoint: standard input: It is empty.\n")


ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
BAR = re.compile("…[^\n]* \\(최종본\\)\\.nt (?:━)+ +[0-9.]+ MB".encode())


def test_a_long_name_leaves_room_for_the_bar(tmp_path: Path) -> None:
    pipe = tmp_path / f"{'외교안보연구소 발간자료 전체 ' * 4}(최종본).nt"
    os.mkfifo(pipe)
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        command("load", str(pipe), "--dry-run", "--data", str(tmp_path / "data")),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**environment(), "TERM": "xterm"},
    )
    os.close(theirs)
    printed = b""
    try:
        with pipe.open("wb") as writing:
            writing.write(b"<urn:a> <urn:p> 1 .\n" * 100_000)
            writing.flush()
            # The pipe stays open, so the load waits for more, and its bar stays.
            deadline = time.monotonic() + PATIENCE
            while not BAR.search(ESCAPE.sub(b"", printed)):
                assert time.monotonic() < deadline
                if select.select([ours], [], [], 1)[0]:
                    printed += os.read(ours, 65536)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
