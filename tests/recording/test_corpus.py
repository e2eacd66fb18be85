"""The requests of the corpus: every route and every saved query is among them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tests.live import ROOT
from tests.recording.commands import commands
from tests.recording.corpus import api, bands, http, machine, pages, resources, sparql, strict
from tests.recording.corpus.saved_queries import read
from tests.recording.corpus.shorthand import distinct

REQUESTS = (sparql.requests, pages.requests, machine.requests, resources.requests, http.requests)


def test_names_are_distinct_and_the_same_each_time() -> None:
    seed = [one for requests in REQUESTS for one in requests()]
    seed += api.requests(ROOT / "queries")
    assert distinct(seed)
    assert [one.name for one in seed if one.name.startswith("sparql")] == [
        one.name for one in sparql.requests()
    ]
    assert distinct(bands.requests())
    assert distinct(strict.requests())


def test_every_documented_path_is_asked() -> None:
    table = (ROOT / "docs" / "protocol.md").read_text().partition("## Paths")[2].partition("\n## ")[0]
    asked = {urlsplit(one.target).path for requests in REQUESTS for one in requests()}
    asked |= {urlsplit(one.target).path for one in api.requests(ROOT / "queries")}
    for row in re.findall(r"^\|([^|]+)\|", table, re.MULTILINE)[2:]:
        for path in re.findall(r"`([^`]+)`", row):
            if path.startswith("/"):
                pattern = re.sub(r"\\{[^}]+\\}", ".+", re.escape(path))
                assert any(re.fullmatch(pattern, one) for one in asked), path


def test_every_command_is_run_and_its_help_shown() -> None:
    found = list(commands())
    assert len({command.name for command in found}) == len(found)
    run = {command.arguments[0] for command in found}
    listed = {command.arguments[0] for command in found if command.arguments[-1] == "--help"}
    assert {"serve", "load", "query", "check", "export"} <= run & listed


def test_every_saved_query_is_asked_in_every_format() -> None:
    names = {one.name for one in api.requests(ROOT / "queries")}
    queries = list(read(ROOT / "queries"))
    assert len(queries) == len(list((ROOT / "queries").glob("*.rq")))
    for query in queries:
        assert {f"api/{query.name}/example", f"api/{query.name}/explain"} <= names
        assert sum(name.startswith(f"api/{query.name}/format-") for name in names) > 10
