"""Answers of a server from columns, in every format, against those of the engine behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from tests.datasets.listed_values import make
from tests.live import Answer, Server, run, serving

E = "http://e/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("answers")
    lines = []
    for number in range(3000):
        lines += [
            f'<{E}{number}> <{E}title> "{number} 제목, \\"a\\"\\n & b"@ko <{E}a> .',
            f'<{E}{number}> <{E}year> "{number % 90}"^^<http://www.w3.org/2001/XMLSchema#integer> <{E}a> .',
            f"<{E}{number}> <{E}in> _:b{number % 20} <{E}a> .",
            f'_:b{number % 20} <{E}name> "{number % 20}" <{E}b> .',
        ]
    file = folder / "titles.nq"
    file.write_text("\n".join(lines))
    dataset, data = str(make(folder / "dataset")), folder / "data"
    assert run("load", str(file), "--dataset", dataset, "--data", str(data)).returncode == 0
    with serving(data, "--dataset", dataset, "--workers", "1") as found:
        yield found


def both(server: Server, text: str, accept: str) -> tuple[Answer, Answer]:
    """The answers of columns and of the engine."""
    answer, engine = server.query(text, accept), server.query(text, accept, columns="off")
    assert server.query(text, explain="true").json()["source"] == "columns"
    assert server.query(text, explain="true", columns="off").json()["source"] == "memory"
    assert (answer.status, answer.type) == (engine.status, engine.type) == (200, answer.type)
    return answer, engine


ROWS = (
    f"SELECT ?s ?t ?y ?none {{ ?s <{E}title> ?t ; <{E}year> ?y }} ORDER BY ?s",
    f"SELECT * {{ ?s <{E}title> ?t ; <{E}year> ?y }} ORDER BY ?y ?t",
    f"SELECT ?y (COUNT(*) AS ?n) (AVG(?y) AS ?a) {{ ?s <{E}year> ?y }} GROUP BY ?y ORDER BY DESC(?n) ?y",
)


@pytest.mark.parametrize(
    "accept",
    [
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
        "application/json",
    ],
)
@pytest.mark.parametrize("text", ROWS)
def test_rows_are_the_same_bytes_in_every_format(server: Server, text: str, accept: str) -> None:
    found, wanted = both(server, text, accept)
    assert found.body == wanted.body
    assert len(found.body) > 500


@pytest.mark.parametrize(
    ("accept", "fmt"),
    [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/rdf+xml", RdfFormat.RDF_XML),
        ("application/ld+json", RdfFormat.JSON_LD),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        f"CONSTRUCT {{ ?s <{E}p> ?t , [ <{E}q> ?y ] }} {{ ?s <{E}title> ?t ; <{E}year> ?y FILTER(?y < 5) }}",
        f"CONSTRUCT {{ ?s <{E}p> ?b }} {{ ?s <{E}in> ?b ; <{E}year> ?y FILTER(?y > 80) }}",
        f"DESCRIBE ?s {{ ?s <{E}year> ?y ; <{E}in> ?b FILTER(?y = 3) }}",
    ],
)
def test_graphs_are_the_same_in_every_format(server: Server, text: str, accept: str, fmt: RdfFormat) -> None:
    graphs = []
    for answer in both(server, text, accept):
        graph = Dataset(Quad(*quad.triple) for quad in parse(answer.body, fmt))
        graph.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
        graphs.append(graph)
    assert graphs[0] == graphs[1]
    assert len(graphs[0]) > 50


def test_a_graph_of_the_request_is_asked(server: Server) -> None:
    text = f"SELECT ?o {{ ?s <{E}name> ?o }} ORDER BY ?o"
    wanted = [str(number) for number in sorted(map(str, range(20)))]
    parameters = {"default-graph-uri": f"{E}b"}
    assert [row["o"] for row in server.query(text, **parameters).rows()] == wanted
    parameters = {"default-graph-uri": f"{E}a"}
    assert server.query(text, **parameters).rows() == []
    counted = f"SELECT (COUNT(*) AS ?n) FROM <{E}a> FROM <{E}b> {{ ?s ?p ?o }}"
    assert [row["n"] for row in server.query(counted).rows()] == ["9020"]
