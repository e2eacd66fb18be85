"""Recorded commands: their arguments, exit code and output, in a folder with a dataset."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.live import ROOT, run
from tests.recording.corpus.shorthand import spelled
from tests.recording.corpus.sparql import ASK, CONSTRUCT, DESCRIBE, SELECT, mistakes, queries
from tests.recording.normal import steady

SUBJECT: Final = "commands"
_QUERIES: Final = Path(__file__).parent / "queries"
_HERE: Final = ("--dataset", "dataset")
_PAGE: Final = ROOT / "tests" / "data" / "publication-14209.txt"
_RECORD: Final = "<urn:s> <http://opendata.mofa.go.kr/mofapub/pubDate> 20231301 .\n"
# Every record here breaks a rule of the shapes.
_WRONG: Final = (
    "<http://opendata.mofa.go.kr/mofapub/resource/Publication/90002> a "
    "<http://opendata.mofa.go.kr/mofapub/Publication> ; "
    "<http://opendata.mofa.go.kr/mofapub/pubDate> 20231301 .\n"
)
_MOFAPUB: Final = "http://opendata.mofa.go.kr/mofapub"


@dataclass(frozen=True, slots=True)
class Command:
    """The arguments of ``endpoint`` and its standard input; ``name`` is that of its file in a recording."""

    name: str
    arguments: tuple[str, ...]
    text: str = ""


def commands() -> Iterator[Command]:
    """Every command, in the order in which they change the data of the folder."""
    for name in ("", "serve", "load", "query", "check", "export"):
        yield Command(f"help/{name or 'none'}", (*((name,) if name else ()), "--help"))
    for arguments in (("nothing",), ("query", "--nothing"), ("export", "--format", "xyz"), ("load",),
                      ("serve", "--port", "x"), ("serve", "--workers", "-1"), ("check", "--memory", "much"),
                      ("serve", "--dataset", "nowhere"), ("check", "--config", "nowhere.toml")):  # fmt: skip
        yield Command(f"usage/{spelled(' '.join(arguments))}", arguments)
    yield Command("check/dataset", ("check", *_HERE))
    yield from _loads()
    yield from _queries()
    yield from _exports()
    for form in ("text", "json", "turtle"):
        yield Command(f"check/data-{form}", ("check", *_HERE, "--data", "data", "--format", form))


def _loads() -> Iterator[Command]:
    load = ("load", "-", *_HERE, "--data", "data")
    into = ("--graph", _MOFAPUB, "--format", "turtle")
    yield Command("load/refused-syntax", (*load, *into), "<urn:s> <urn:p> .")
    yield Command("load/refused-source", ("load", "nowhere.ttl", *_HERE, "--data", "data"))
    yield Command("load/refused-shapes", (*load, *into, "--validate"), _WRONG)
    yield Command("load/dry", (*load, *into, "--dry-run"), _WRONG)
    yield Command("load/first", (*load, *into), _WRONG)
    yield Command("load/second", (*load, "--graph", "urn:g", "--format", "turtle"), _RECORD)
    yield Command("load/replaced", (*load, "--graph", "urn:g", "--format", "turtle", "--replace"), _RECORD)
    yield Command("load/page", ("load", _PAGE.name, *_HERE, "--data", "data", "--graph", _MOFAPUB))


def _queries() -> Iterator[Command]:
    query = ("query", *_HERE, "--data", "data")
    for name, text in {"select": SELECT, "ask": ASK, "construct": CONSTRUCT, "describe": DESCRIBE}.items():
        yield Command(f"query/{name}", (*query, text))
    for fmt in ("json", "bibtex", "turtle"):
        yield Command(f"query/format-{fmt}", (*query, "--format", fmt, SELECT))
    for name in ("from", "star", "text-search", "count-graphs"):
        yield Command(f"query/{name}", (*query, queries()[name]))
    for name in ("misspelt", "service"):
        yield Command(f"query/mistake-{name}", (*query, mistakes()[name]))
    yield Command("query/from-input", (*query, "--file", "-"), ASK)
    yield Command("query/strict", (*query, "--default-graph", "strict", queries()["count"]))


def _exports() -> Iterator[Command]:
    export = ("export", *_HERE, "--data", "data")
    for fmt in ("n-triples", "json-ld", "rdf-xml", "trig"):
        yield Command(f"export/graph-{fmt}", (*export, "--format", fmt, "--graph", "urn:g"))
    yield Command("export/bibliography", (*export, "--format", "bibtex"))
    yield Command("export/no-graphs", (*export, "--format", "turtle"))
    yield Command("export/unknown-graph", (*export, "--format", "turtle", "--graph", "urn:nowhere"))
    derived = "http://opendata.mofa.go.kr/derived"
    yield Command("export/derived", (*export, "--format", "n-quads", "--graph", derived))


def recorded(code: Path) -> Iterator[tuple[Command, str]]:
    """Run all commands of the checkout ``code`` in a folder with its dataset and more saved queries."""
    with tempfile.TemporaryDirectory(prefix="recording-") as name:
        folder = Path(name)
        for part in ("ontology", "seed", "queries"):
            shutil.copytree(code / part, folder / "dataset" / part)
        for query in _QUERIES.iterdir():
            shutil.copy(query, folder / "dataset" / "queries")
        shutil.copy(_PAGE, folder)
        for command in commands():
            ended = run(*command.arguments, cwd=folder, text=command.text, code=code)
            parts = (f"endpoint {' '.join(command.arguments)}", f"exit code {ended.returncode}",
                     ended.stdout, f"standard error:\n{ended.stderr}")  # fmt: skip
            yield command, _steady("\n\n".join(parts))


def _steady(text: str) -> str:
    return re.sub(r"\bin \d+\.\d s\b", "in <seconds>", steady(text))
