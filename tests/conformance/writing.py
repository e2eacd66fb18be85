"""The tests that write, each on a dataset that holds what the test says and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse

from tests.conformance.answers import same
from tests.conformance.manifests import Case, Graphs
from tests.conformance.protocol import exchanged
from tests.conformance.running import DATASETS, Run, flags, statements
from tests.live import Server
from tests.process.writing import EDITOR, bearer, update, writable

_TYPES: Final = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
    ".trig": "application/trig",
    ".nq": "application/n-quads",
}
# Those that can declare a base.
_WITH_BASE: Final = (".ttl", ".trig")
# Of answers to updates that were parsed, and then could not be done: a graph is not there, LOAD is refused.
_UNDERSTOOD: Final = ("conflict", "service-refused")


@contextmanager
def server_for_writes(folder: Path) -> Iterator[Server]:
    """A server in a new ``folder`` that takes writes, and reads the default graph strictly."""
    (folder / "data").mkdir()
    with writable(folder / "data", *flags(folder / "dataset", ())) as server:
        yield server


def _evaluation(case: Case, server: Server) -> str | None:
    """Return the fault of an update: another dataset after it than the test says."""
    assert case.query is not None
    if fault := _clear(server) or _put_all(case, server):
        return fault
    answer = update(server, case.query.read_text())
    if answer.status != 200:
        return f"{answer.status}: {answer.text[:200]}"
    dump = server.get("/store", "application/n-quads")
    found = same(parse(dump.body, RdfFormat.N_QUADS))
    wanted = same(_quads(case.data_after, case.graphs_after))
    return None if found == wanted else f"{found} is not {wanted}"


def _syntax(case: Case, server: Server) -> str | None:
    """Return the fault of an answer to a text alone, which is 400 for one that is malformed and no other."""
    assert case.query is not None
    headers = {"Content-Type": "application/sparql-update", "Accept": "application/json", **bearer(EDITOR)}
    answer = server.request("POST", "/update", case.query.read_bytes(), headers)
    understood = answer.status == 200 or answer.json()["code"] in _UNDERSTOOD
    if understood if case.kind.startswith("Positive") else answer.status == 400:
        return None
    return f"{answer.status}: {answer.text[:200]}"


def _protocol(case: Case, server: Server) -> str | None:
    return _clear(server) or exchanged(case, server, bearer(EDITOR))


def _clear(server: Server) -> str | None:
    answer = update(server, "DROP ALL")
    return None if answer.status == 200 else f"{answer.status} to DROP ALL: {answer.text[:200]}"


def _put_all(case: Case, server: Server) -> str | None:
    """Put each graph of a test, and a file of several as the whole dataset.

    Relative IRIs are of the file, where they would be of the address that it is put to.
    """
    targets = [("" if file.suffix in DATASETS else "?default", file) for file in case.data]
    targets += [(f"?{urlencode({'graph': name})}", file) for name, file in case.graphs]
    for target, file in targets:
        headers = {"Content-Type": _TYPES[file.suffix], **bearer(EDITOR)}
        base = f"BASE <{file.as_uri()}>\n" if file.suffix in _WITH_BASE else ""
        answer = server.request("PUT", f"/store{target}", base.encode() + file.read_bytes(), headers)
        if answer.status not in (201, 204):
            return f"{answer.status} to PUT {target}: {answer.text[:200]}"
    return None


def _quads(data: tuple[Path, ...], graphs: Graphs) -> Iterator[Quad]:
    for file in data:
        yield from statements(file)
    for name, file in graphs:
        for quad in statements(file):
            assert isinstance(quad.graph_name, DefaultGraph)
            yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(name))


# The tests that write, by their classes.
WRITING: Final[Mapping[str, Run]] = {
    "UpdateEvaluationTest": _evaluation,
    **dict.fromkeys(
        (
            *("PositiveUpdateSyntaxTest", "PositiveUpdateSyntaxTest11"),
            *("NegativeUpdateSyntaxTest", "NegativeUpdateSyntaxTest11"),
        ),
        _syntax,
    ),
    "ProtocolTest": _protocol,
    "GraphStoreProtocolTest": _protocol,
}
