"""``endpoint export`` as a real process: a whole file or none, pipes, exit codes, and the way back."""

from __future__ import annotations

import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Store

from endpoint.storage import generations
from tests.live import ROOT, command, environment, run

MANIFEST = """
base = "http://example.org/"
title.en = "Test"
description.en = "Test"

[prefixes]
e = "http://example.org/"

[[graph]]
iri = "http://example.org/graph"
title.en = "Graph"
files = []
"""
# Two graphs and the default graph, blank nodes, languages, datatypes, letters outside the BMP, line breaks.
DATA = r"""
@prefix e: <http://example.org/> .
e:graph { e:한국 e:title "외교\n'정책' \"𠮷\" \\"@ko , "t"@en-GB ; e:part [ e:name "부분" ; e:next [] ] . }
e:other { e:a e:date "2023-05-22"^^<http://www.w3.org/2001/XMLSchema#date> ; e:list ( 1 2.5 true ) . }
e:a e:plain <http://example.org/%20?q=1&r=2#x> .
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "dataset"
    (folder / "seed").mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    return folder


@pytest.fixture(scope="module")
def data(dataset: Path) -> Path:
    """A data directory with ``DATA``, and enough beside it to fill a pipe and a small disk."""
    data = dataset.parent / "data"
    many = "".join(f"<http://example.org/{n}> <http://example.org/p> {n} .\n" for n in range(4_000))
    flags = ("--format", "trig", "--dataset", str(dataset), "--data", str(data))
    loaded = run("load", "-", *flags, text=f"{DATA}\n{many}")
    assert loaded.returncode == 0, loaded.stderr
    return data


@cache
def canonical(data: Path) -> Dataset:
    generation = generations.current(data)
    assert generation is not None
    found = Dataset(Store.read_only(str(generation.path / generations.STORE)))
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


@pytest.mark.parametrize("name", ["all.nq.gz", "all.trig.xz", "all.jsonld.zst", "all.nq.bz2"])
def test_what_was_exported_loads_as_the_same_dataset(
    dataset: Path, data: Path, tmp_path: Path, name: str
) -> None:
    file, again = tmp_path / name, tmp_path / "again"
    made = run("export", "--output", str(file), "--dataset", str(dataset), "--data", str(data))
    assert made.returncode == 0, made.stderr
    assert (made.stdout, made.stderr[:6]) == ("", "4,014 ")
    loaded = run("load", str(file), "--dataset", str(dataset), "--data", str(again))
    assert loaded.returncode == 0, loaded.stderr
    assert canonical(again) == canonical(data)


def test_a_whole_file_or_none(dataset: Path, data: Path, tmp_path: Path) -> None:
    flags = ("--dataset", str(dataset), "--data", str(data))
    file = tmp_path / "all.nq"
    file.write_text("old")
    refused = run("export", "-O", str(file), *flags)
    assert (refused.returncode, file.read_text()) == (2, "old")
    assert "overwrite it with --force" in refused.stderr
    # No file may be larger than 100 kB, as on a full disk.
    export = shlex.join(command("export", "-O", str(file), "--force", *flags))
    full = shell(f"ulimit -f 100; {export}")
    assert (full.returncode, file.read_text()) == (1, "old"), full.stderr
    assert full.stderr == f"endpoint: {file}: The export cannot be written: File too large.\n"
    assert list(tmp_path.iterdir()) == [file]
    forced = run("export", "-O", str(file), "--force", *flags)
    assert (forced.returncode, file.read_text().count("\n")) == (0, 4_014)
    one = run("export", "-O", str(tmp_path / "all.ttl"), *flags)
    assert (one.returncode, (tmp_path / "all.ttl").exists()) == (2, False)
    assert "turtle holds one graph" in one.stderr


def test_a_graph_is_named_with_a_prefix_of_the_dataset(dataset: Path, data: Path) -> None:
    flags = ("--dataset", str(dataset), "--data", str(data))
    short, whole = (
        run("export", "--graph", name, *flags) for name in ("e:graph", "http://example.org/graph")
    )
    assert (short.returncode, short.stdout) == (0, whole.stdout)
    assert "<http://example.org/graph> ." in short.stdout


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_pipes_devices_and_closed_streams(dataset: Path, data: Path) -> None:
    export = shlex.join(command("export", "--dataset", str(dataset), "--data", str(data)))
    enough = shell(f"{export} | head -1")
    assert (enough.stdout.count("\n"), enough.stderr) == (1, "")
    for line, sentence in [
        (f"{export} >/dev/full", "Standard output cannot be written: No space left on device."),
        (f"{export} -o nq -O /dev/full", "/dev/full: The export cannot be written: No space left on device."),
        (f"{export} >&-", "Standard output is closed; name a file with --output."),
    ]:
        ended = shell(line)
        assert ended.returncode in (1, 2), line
        assert ended.stderr == f"endpoint: {sentence}\n"
    graph = shell(f"{export} --graph http://example.org/other -o ttl --compress gz | gzip -dc | grep -c date")
    assert (graph.returncode, graph.stdout) == (0, "1\n"), graph.stderr
    none = shell(f"{export} --graph http://example.org/none")
    assert none.returncode == 2
    assert "  http://example.org/other\n" in none.stderr
