"""Huge intermediate results on a server with columns: a query ends by a limit, with its error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.datasets.listed_values import make
from tests.live import Server, run, serving

# The join of any three statements, or of the pages with themselves.
JOINS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("limits")
    file = folder / "pages.nt"
    file.write_text("".join(f"<http://e/{n}> <http://e/p> <http://e/{n % 7}> .\n" for n in range(3000)))
    dataset, data = str(make(folder / "dataset")), folder / "data"
    assert run("load", str(file), "--dataset", dataset, "--data", str(data)).returncode == 0
    assert list(data.glob("generations/*/columns/columns.json"))
    with serving(data, "--dataset", dataset, "--timeout", "2", "--memory", "200M", "--workers", "1") as found:
        yield found


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT (COUNT(*) AS ?n) {{ {JOINS} }}",
        f"SELECT ?a (COUNT(DISTINCT ?g) AS ?n) {{ {JOINS} }} GROUP BY ?a",
        f"SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT * {{ {JOINS} }} }}",
        f"SELECT * {{ {JOINS} }} ORDER BY ?a ?d ?g LIMIT 5",
        f'ASK {{ {JOINS} FILTER(CONCAT(STR(?a), STR(?d), STR(?g)) = "none") }}',
        "SELECT (COUNT(*) AS ?n) { ?a <http://e/p> ?x . ?b <http://e/p> ?x . ?c <http://e/p> ?x . "
        "?d <http://e/p> ?x }",
        f"CONSTRUCT {{ <http://e/a> <http://e/b> ?n }} {{ SELECT (COUNT(*) AS ?n) {{ {JOINS} }} }}",
    ],
)
def test_a_huge_intermediate_result_ends_by_a_limit(server: Server, text: str) -> None:
    answer = server.query(text, "application/problem+json, */*;q=0.1")
    assert answer.status in (503, 504)
    assert answer.json()["code"] in ("deadline-exceeded", "memory-limit-exceeded")
    after = server.query("SELECT (COUNT(*) AS ?n) { ?s <http://e/p> ?o }")
    assert [row["n"] for row in after.rows()] == ["3000"]
    assert "columns failed" not in server.log.read_text()
