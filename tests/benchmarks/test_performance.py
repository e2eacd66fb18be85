"""A tiny run of the whole benchmark, as ``make bench`` starts it, and its tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import performance
from benchmarks.performance import ratio, table
from benchmarks.serving import program

PARTS = "load,singles,mixes,analytic"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.performance", "--publications", "60", "--rounds", "1"]
    return subprocess.run(
        [*command, "--abstracts", "short", *arguments], capture_output=True, text=True, check=False
    )


def test_a_tiny_run_compares_and_prints_every_part(tmp_path: Path) -> None:
    done = bench(
        *("--parts", PARTS, "--sides", "ours,engine,oxigraph-disk,oxigraph-memory"),
        *("--requests", "100", "--seconds", "20", "--folder", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    titles = re.findall(r"^## (.+)$", done.stdout, re.MULTILINE)
    assert titles == [
        "Loading", "Start", "Single requests", "Mix A", "Mix B", "Analytic queries", "Memory afterwards",
    ]  # fmt: skip
    missing = program("oxigraph") is None
    assert ("the program 'oxigraph' is not installed" in done.stdout) is missing
    others = "" if missing else " oxigraph, disk | oxigraph, memory |"
    heads = [line for line in done.stdout.splitlines() if "ratio to the first column" in line]
    assert len(heads) == 4
    assert all(head.endswith("| this server | without columns |" + others) for head in heads)
    # A cell of every side for every query.
    for name in ("page of a year", "record, Turtle", "class × predicate", "regular expression", "in sum"):
        lines = [line for line in done.stdout.splitlines() if line.startswith(f"| {name} |")]
        assert len(lines) in (2, 4)
        assert {line.count("|") for line in lines} == {heads[0].count("|")}
        assert "–" not in "".join(lines)
    assert re.search(r"^\| this server \| [\d,.]+ \| 1.00 × \|.*\| 100 \|.*$", done.stdout, re.MULTILINE)
    assert not [*tmp_path.iterdir()]


def test_pages_are_measured(tmp_path: Path) -> None:
    done = bench("--parts", "http", "--sides", "ours", "--seconds", "0.2", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (\w[^|]+) \| ([\d,.]+|none) \|", done.stdout, re.MULTILINE)
    assert [name for name, _ in rows] == [
        "page of a publication", "page of the catalogue", "page of a search", "page of a saved query",
        "saved query, JSON", "publication, Turtle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--parts", "singles,all"), "'all' is none of load"),
        (("--sides", "ours,fuseki"), "'fuseki' is none of ours"),
        (("--sides", "engine,ours"), "the first side is ours"),
    ],
)
def test_a_wrong_argument_is_told(
    arguments: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["performance", *arguments])
    with pytest.raises(SystemExit) as ended:
        performance.arguments()
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


def test_a_ratio_is_bold_where_another_side_is_better() -> None:
    assert [ratio(value) for value in (0.5, 1.0, 1.23, 45.6)] == ["**0.50 ×**", "1.00 ×", "1.2 ×", "46 ×"]


def test_a_table_is_markdown() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
