"""The tests of a checkout, run against a server that has all their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from endpoint.errors import EndpointError
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.operation import classify
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.sparql.syntax.parser import parse as parse_query
from endpoint.vocabulary import SD
from tests.conformance.answers import expected, media_type, read
from tests.conformance.exclusions import SUITES
from tests.conformance.manifests import Case
from tests.conformance.protocol import exchanged
from tests.live import Answer, Server, serving

_BASE: Final = "http://example.org/"
# A graph that holds nothing, for a default graph that is empty.
_EMPTY: Final = f"{_BASE}empty"
# Of the graph that has the statements of a file as those of a default graph.
_DEFAULT: Final = "?default"
# Extensions of files that have graphs.
DATASETS: Final = (".trig", ".nq")
_MANIFEST: Final = f"""base = "{_BASE}"
title.en = "Test suites"
description.en = "The data of all tests."
prefixes = {{}}
[[graph]]
iri = "{_EMPTY}"
title.en = "Empty"
files = ["seed/data.nq"]
"""
_QUERY: Final = "application/sparql-query"


class Outcome(NamedTuple):
    """What became of a test: ``passed``, ``failed`` or ``inapplicable``, and why."""

    case: Case
    word: str
    reason: str = ""


# Runs a test on a server, and returns what is wrong with the answer, or None.
Run = Callable[[Case, Server], str | None]


@contextmanager
def server_with(cases: Sequence[Case], folder: Path) -> Iterator[Server]:
    """A server in a new ``folder`` on the data of all tests, which reads the default graph strictly."""
    with serving(folder / "data", *flags(folder / "dataset", _quads(cases))) as server:
        yield server


def flags(dataset: Path, quads: Iterable[Quad]) -> tuple[str, ...]:
    """Write a dataset of statements into a new folder, and return the flags of a server on it."""
    (dataset / "seed").mkdir(parents=True)
    (dataset / "seed" / "dataset.toml").write_text(_MANIFEST)
    with (dataset / "seed" / "data.nq").open("wb") as file:
        serialize(quads, file, RdfFormat.N_QUADS)
    return ("--dataset", str(dataset), "--default-graph", "strict", "--workers", "2", "--budget", "0")


def groups(cases: Sequence[Case]) -> list[list[Case]]:
    """Return the tests in groups within which each name of a graph stands for one file."""
    found: list[tuple[list[Case], dict[str, Path]]] = []
    for case in cases:
        default, named = _graphs(case)
        files = dict([*default, *named])
        for group, known in found:
            if all(known.get(name, file) == file for name, file in files.items()):
                group.append(case)
                known.update(files)
                break
        else:
            found.append(([case], files))
    return [group for group, _ in found]


def _quads(cases: Sequence[Case]) -> Iterator[Quad]:
    """Yield the statements of every graph of every test, in graphs of their names."""
    wanted: dict[tuple[str, Path], None] = {}
    for case in cases:
        if READING.get(case.kind) in (_evaluation, exchanged):
            default, named = _graphs(case)
            wanted |= dict.fromkeys([*default, *named])
    for name, file in wanted:
        for quad in statements(file):
            # Of a file with graphs, each goes to its own name, and what is in none to the default graph.
            own = name if file.suffix in DATASETS and not name.endswith(_DEFAULT) else None
            if (None if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value) == own:
                yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(name))


@cache
def statements(file: Path) -> list[Quad]:
    """Return the statements of a file; the graphs of one share its blank nodes."""
    return list(parse(path=str(file), base_iri=file.as_uri(), rename_blank_nodes=True))


def _graphs(case: Case) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    """Return the graphs of the default graph and the named graphs of a test, those of its FROM included."""
    default = [(file.as_uri() + _DEFAULT, file) for file in case.data]
    named = list(case.graphs)
    for file in case.data:
        if file.suffix in DATASETS:
            names = {q.graph_name.value for q in statements(file) if isinstance(q.graph_name, NamedNode)}
            named += [(name, file) for name in sorted(names)]
    if case.query is not None:
        try:
            dataset = translate(parse_query(case.query.read_text()), {}, case.query.as_uri()).dataset
        except (Unsupported, SyntaxError, ValueError, EndpointError):
            dataset = None
        if dataset is not None:
            files = [
                each.value for each in (*dataset.default, *dataset.named) if each.value.startswith("file:")
            ]
            named += [(each, Path(each.removeprefix("file://"))) for each in files]
    return default, named


def outcomes(cases: Sequence[Case], server: Server, kinds: Mapping[str, Run]) -> Iterator[Outcome]:
    """Run the tests one after the other, each as ``kinds`` says for its class."""
    for case in cases:
        reason = SUITES.get(case.suite) or _inapplicable(case, kinds)
        if reason is not None:
            yield Outcome(case, "inapplicable", reason)
            continue
        fault = kinds[case.kind](case, server)
        yield Outcome(case, "passed" if fault is None else "failed", fault or "")


def _inapplicable(case: Case, kinds: Mapping[str, Run]) -> str | None:
    if case.regime:
        return "No entailment regime is offered."
    if case.kind in ("ProtocolTest", "GraphStoreProtocolTest") and not case.requests:
        return "The test is words for people, without requests."
    return None if case.kind in kinds else f"Tests of the class {case.kind} are not run."


def _evaluation(case: Case, server: Server) -> str | None:
    """Return the fault of an evaluation, by columns where they answer and by the engine alone."""
    assert case.query is not None
    assert case.result is not None
    text = case.query.read_bytes()
    loose = b"REDUCED" in text.upper()
    wanted, of_type = expected(case.result, loose), media_type(case.result)
    for columns in ("on", "off"):
        answer = _asked(server, case, text, of_type, columns)
        if answer.status != 200:
            return f"{answer.status}: {answer.text[:200]}"
        found = read(answer.body, of_type, loose)
        if found != wanted:
            return f"columns {columns}: {found} is not {wanted}"
    return None


def _asked(server: Server, case: Case, text: bytes, accept: str, columns: str) -> Answer:
    assert case.query is not None
    default, named = _graphs(case)
    pairs = [] if columns == "on" else [("columns", "off")]
    if not classify(text.decode(), 500, _BASE).dataset_clause:
        pairs += [("default-graph-uri", name) for name, _ in default]
        pairs += [("named-graph-uri", name) for name, _ in named]
        if not default and not named:
            pairs.append(("default-graph-uri", _EMPTY))
    body = f"BASE <{case.query.as_uri()}>\n".encode() + text
    headers = {"Content-Type": _QUERY, "Accept": accept}
    return server.request("POST", f"/sparql?{urlencode(pairs)}", body, headers)


def _syntax(case: Case, server: Server) -> str | None:
    assert case.query is not None
    answer = server.request("POST", "/sparql", case.query.read_bytes(), {"Content-Type": _QUERY})
    positive = case.kind.startswith("Positive")
    if answer.status == (200 if positive else 400):
        return None
    return f"{answer.status}: {answer.text[:200]}"


def _description(case: Case, server: Server) -> str | None:
    answer = server.get("/sparql", "text/turtle")
    if answer.status != 200 or answer.type != "text/turtle":
        return f"{answer.status} {answer.type}"
    triples = [
        Triple(each.subject, each.predicate, each.object) for each in parse(answer.body, RdfFormat.TURTLE)
    ]
    endpoints = [each for each in triples if each.predicate.value == f"{SD}endpoint"]
    if [str(each.object) for each in endpoints] != [f"<{server.url}/sparql>"]:
        return f"The endpoint is {endpoints}."
    typed = any(
        each.subject == endpoints[0].subject and each.object == NamedNode(f"{SD}Service") for each in triples
    )
    return None if typed else "What has the endpoint is no sd:Service."


# The tests that only read, by their classes.
READING: Final[Mapping[str, Run]] = {
    "QueryEvaluationTest": _evaluation,
    "CSVResultFormatTest": _evaluation,
    **dict.fromkeys(
        ("PositiveSyntaxTest", "PositiveSyntaxTest11", "NegativeSyntaxTest", "NegativeSyntaxTest11"), _syntax
    ),
    "ProtocolTest": exchanged,
    "GraphStoreProtocolTest": exchanged,
    "ServiceDescriptionTest": _description,
}
