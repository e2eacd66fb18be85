"""``endpoint check --data`` as a real process: what is published, validated."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from tests.live import ROOT, command, environment, run

MOFAPUB = "http://opendata.mofa.go.kr/mofapub"
SUBJECT = f"{MOFAPUB}/resource/Publication/90002"
WRONG_DATE = f"<{SUBJECT}> a <{MOFAPUB}/Publication> ; <{MOFAPUB}/pubDate> 20231301 ."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one publication on a day that no calendar has."""
    data = tmp_path_factory.mktemp("check") / "data"
    flags = ("--format", "turtle", "--graph", MOFAPUB, "--data", str(data))
    loaded = run("load", "-", *flags, text=WRONG_DATE)
    assert loaded.returncode == 0, loaded.stderr
    return data


def test_violations_are_reported_in_three_forms(data: Path) -> None:
    text = run("check", "--data", str(data))
    assert text.returncode == 1
    assert text.stderr.splitlines()[-1].startswith("endpoint: The data violates the shapes in ")
    assert "[위반 Violation] mofapub:pubDate" in text.stdout
    assert f'<{SUBJECT}>  "20231301"^^xsd:integer' in text.stdout

    machine = run("check", "--data", str(data), "--format", "json")
    report = json.loads(machine.stdout)
    assert (machine.returncode, report["conforms"]) == (1, False)
    assert report["counts"]["violation"] == sum(
        kind["count"] for kind in report["kinds"] if kind["severity"] == "violation"
    )

    turtle = run("check", f"--data={data}", "--format", "turtle")
    assert turtle.returncode == 1
    shacl = "http://www.w3.org/ns/shacl#"
    triples = list(parse(turtle.stdout, RdfFormat.TURTLE))
    said = {(quad.predicate.value.removeprefix(shacl), quad.object) for quad in triples}
    assert ("focusNode", NamedNode(SUBJECT)) in said
    assert ("conforms", Literal(False)) in said


def test_a_folder_without_data_is_no_success(tmp_path: Path) -> None:
    missing = run("check", "--data", str(tmp_path / "typo"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert (
        missing.stderr
        == f"endpoint: Nothing is published in {tmp_path / 'typo'} yet; name the folder of the data.\n"
    )
    assert not (tmp_path / "typo").exists()


def test_the_files_are_validated_before_anything_is_published(tmp_path: Path) -> None:
    config = tmp_path / "endpoint.toml"
    config.write_text(f'data = "{tmp_path}/data"\n')
    ended = run("check", "--data", "--config", str(config))
    assert ended.returncode == 0, ended.stderr
    assert "resources checked: 0 violations" in ended.stdout
    assert "Nothing is published" in ended.stderr


def test_usage_and_a_full_disk(data: Path) -> None:
    usage = run("check", "--format", "json")
    assert (usage.returncode, usage.stdout) == (2, "")
    assert "--format needs --data" in usage.stderr
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("check", "--data", str(data)),
            cwd=ROOT,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.endswith("endpoint: Standard output cannot be written: No space left on device.\n")
