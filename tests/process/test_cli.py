"""``endpoint query``, ``load``, ``check``, and the built wheel, as real processes."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.live import ROOT, command, environment, run, serving
from tests.waiting import PATIENCE

ASK = "ASK { mofapub:Publication ?p ?o }"
DATE = "SELECT ?date WHERE { ?s mofapub:pubDate ?date }"


@pytest.fixture(scope="module")
def data(published: Path) -> Path:
    """The project's own dataset, which no test here changes."""
    return published


def test_a_query_from_an_argument_a_file_and_standard_input(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "query.rq"
    file.write_text("\ufeff" + DATE)
    flags = ("--data", str(data))
    answers = [
        run("query", DATE, *flags),
        run("query", "--file", str(file), *flags),
        run("query", "-f", "-", *flags, text=DATE),
        run("query", *flags, text=DATE),
    ]
    assert [(a.returncode, a.stdout, a.stderr) for a in answers] == [(0, "date\n20230522\n", "")] * 4


FORMATS = [
    ("json", DATE, '{"head"'),
    ("xml", DATE, "<?xml"),
    ("tsv", DATE, "?date\n"),
    ("turtle", "DESCRIBE mofapub:Publication", "@prefix"),
    ("nt", "DESCRIBE mofapub:Publication", "<http://opendata.mofa.go.kr/mofapub/Publication>"),
    ("json", ASK, '{"head":{},"boolean":true}'),
]


@pytest.mark.parametrize(("name", "text", "start"), FORMATS)
def test_any_result_format(data: Path, name: str, text: str, start: str) -> None:
    ended = run("query", "--format", name, text, "--data", str(data))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(start)


def on_a_terminal(*arguments: str) -> str:
    """Return the output of the command on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=theirs, env=environment()
    )
    os.close(theirs)
    printed = b""
    try:
        while piece := os.read(ours, 65536):
            printed += piece
    except OSError:  # the terminal is gone when the process ends
        pass
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    return printed.decode()


def test_a_terminal_gets_a_table(data: Path) -> None:
    table = on_a_terminal("query", "SELECT ('한국' AS ?이름) (1 AS ?n) {}", "--data", str(data))
    assert "?이름" in table
    assert "한국" in table
    assert "┃" in table
    assert "true" in on_a_terminal("query", ASK, "--data", str(data))


def test_a_reader_that_has_enough_is_no_failure(data: Path) -> None:
    query = shlex.join(command("query", "SELECT * { ?s ?p ?o . ?a ?b ?c }", "--data", str(data)))
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{query} | head -1"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 1), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_syntax_error_points_at_the_place(data: Path) -> None:
    ended = run("query", "SELECT * WHERE { ?s ?p }", "--data", str(data))
    assert ended.returncode == 1
    assert "^" in ended.stderr


def test_check_passes_on_the_project(tmp_path: Path) -> None:
    ended = run("check")
    assert ended.returncode == 0, ended.stderr
    assert "publications-by-author" in ended.stdout


def copy_of_the_dataset(folder: Path) -> Path:
    for name in ("ontology", "seed", "queries"):
        for file in (ROOT / name).rglob("*"):
            if file.is_file():
                target = folder / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    return folder


def test_check_lists_every_problem(tmp_path: Path) -> None:
    root = copy_of_the_dataset(tmp_path / "dataset")
    (root / "queries" / "broken.rq").write_text("#+ summary: x\nSELECT * WHERE { ?s ?p ?o ")
    (root / "queries" / "unknown.rq").write_text("#+ params: {b: {}}\nSELECT * WHERE { ?s ?p ?_a }")
    ended = run("check", "--dataset", str(root))
    assert ended.returncode == 1
    assert "broken.rq" in ended.stderr
    assert "unknown.rq" in ended.stderr
    assert "publications-by-year" in ended.stdout
    (root / "seed" / "mofapub" / "observed.ttl").write_text("<urn:a> <urn:b> .")
    ended = run("check", "--dataset", str(root))
    assert ended.returncode == 1
    assert "observed.ttl:1" in ended.stderr


def test_a_broken_saved_query_does_not_take_the_others_down(tmp_path: Path) -> None:
    root = copy_of_the_dataset(tmp_path / "dataset")
    for name, text in {
        "odd": "#+ sumary: x\nSELECT * { ?s ?p ?o }",
        "broken": "#+ params: {b: {}}\nSELECT * { ?s ?p ?_a }",
        "wrong": "SELECT * { ?s ?p }",
        "ungrouped": "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }",
    }.items():
        (root / "queries" / f"{name}.rq").write_text(text)
    with serving(tmp_path / "data", "--dataset", str(root)) as server:
        assert server.get("/api/publications-by-year?year=2023").status == 200
        assert server.get("/api/odd").status == 200
        assert [server.get(f"/api/{name}").status for name in ("broken", "wrong")] == [404, 404]
        log = server.log.read_text()
        assert all(f"{name}.rq" in log for name in ("odd", "broken", "wrong"))
        assert "summary" in log
        # What only the engine knows shows when it is asked.
        ungrouped = server.get("/api/ungrouped")
        assert ungrouped.status == 500
        assert "saved query ungrouped" in ungrouped.text


def test_a_changed_dataset_is_built_anew_and_loaded_data_is_not(tmp_path: Path) -> None:
    root = copy_of_the_dataset(tmp_path / "dataset")
    data = tmp_path / "data"
    flags = ("--dataset", str(root), "--data", str(data))
    more = root / "seed" / "mofapub" / "more.ttl"
    asked = "ASK { <urn:more> ?p ?o }"
    assert "false" in run("query", asked, "-o", "json", *flags).stdout
    more.write_text("<urn:more> <urn:p> 1 .")
    assert "true" in run("query", asked, "-o", "json", *flags).stdout
    (tmp_path / "own.ttl").write_text("<urn:own> <urn:p> 1 .")
    loaded = run("load", str(tmp_path / "own.ttl"), "--graph", "urn:g", "--data", str(data))
    assert loaded.returncode == 0, loaded.stderr
    more.unlink()
    assert "true" in run("query", "ASK { <urn:more> ?p ?o . <urn:own> ?q ?r }", "-o", "json", *flags).stdout


def test_the_wheel_serves_the_dataset_from_an_empty_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "venv"
    venv.create(place)
    # Its dependencies are those of the tests' own environment, so that no network is needed.
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
    # The second one finds everything installed, or fails.
    for arguments in (
        ["--no-deps", "--ignore-installed", wheel],
        ["--no-index", "sparql-publishing-endpoint"],
    ):
        subprocess.run([*pip, *arguments], check=True, capture_output=True, timeout=300)
    empty = tmp_path / "empty"
    empty.mkdir()
    endpoint = place / "bin" / "endpoint"
    outside = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [str(endpoint), "serve", "--port", "0"],
        cwd=empty,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=outside,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        asked = f"{url}?query=ASK%7Bmofapub%3APublication%20%3Fp%20%3Fo%7D"
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            assert answer.read() == b'{"head":{},"boolean":true}'
        assert (empty / "endpoint-data" / "current").exists()
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()
