"""Good records of each class and bad ones for each constraint, read from ``tests/ingest/shacl/records/``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, parse
from rdflib import SH, Graph
from rdflib.term import Node

from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.ingest.shacl.report import ValidationReport
from endpoint.ingest.shacl.shapes import from_rdflib, path_of

DATASET: Dataset = read_dataset(default_root())
SHAPES = DATASET.root / "ontology" / "shapes.ttl"
FOLDER = Path(__file__).parent / "records"
DATA = NamedNode("http://example.org/data")
HIERARCHY = NamedNode("http://example.org/ontology")
SHAPE = "http://opendata.mofa.go.kr/shapes/"
SHACL = "http://www.w3.org/ns/shacl#"
Term = NamedNode | BlankNode | Literal

PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

# A result: focus node, path, value, component, shape, severity.
Row = tuple[object, ...]

# What the bad records link to: of no class that any property takes, though one has the address of a country.
OTHERS = """
<http://example.org/museum> a <http://example.org/Museum> .
<http://opendata.mofa.go.kr/core/resource/Country/XX> a mofa:City ; rdfs:label "하노이" .
"""


@dataclass(frozen=True)
class Finding:
    """One expected result: shape and component by local name, the property's prefixed name, the value."""

    shape: str
    component: str
    path: str
    value: Term | None
    severity: str


@dataclass(frozen=True)
class BadRecord:
    """A record, and all that is to be found wrong with it."""

    name: str
    subject: NamedNode | BlankNode
    quads: tuple[Quad, ...]
    findings: frozenset[Finding]


def turtle(text: str) -> list[Quad]:
    """The statements of a piece of Turtle, with the dataset's prefixes."""
    prefixes = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in DATASET.prefixes.items())
    return list(parse(prefixes + text, format=RdfFormat.TURTLE))


def term(text: str, focus: Term) -> Term | None:
    """A term in Turtle; ``-`` is none and ``focus`` is the record itself."""
    if text in ("-", "focus"):
        return focus if text == "focus" else None
    stored = Store()  # which writes numbers its own way, 2023.0 as 2023
    stored.extend(turtle(f"<urn:s> <urn:p> {text} ."))
    return cast(Term, next(iter(stored)).object)


GOOD_TEXT = (FOLDER / "good.ttl").read_text(encoding="utf-8")
GOOD = {
    found[1]: found[0] for found in re.finditer(r"^<\S+resource.* a \w+:(\w+) ;(?:\n .*)+", GOOD_TEXT, re.M)
}


def good_records() -> list[Quad]:
    """One good record of each class."""
    return turtle("\n\n".join(GOOD.values()))


def bad_records() -> Iterator[BadRecord]:
    """The table of ``bad.txt``; each record has a number of its own."""
    lines = (FOLDER / "bad.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    starts = [place for place, row in enumerate(rows) if not row.startswith(" ")]
    for number, (start, end) in enumerate(pairwise([*starts, len(rows)]), 50_001):
        yield _bad_record([[cell.strip() for cell in row.split("|")] for row in rows[start:end]], number)


def _bad_record(rows: list[list[str]], number: int) -> BadRecord:
    shape, component, record, change, *_ = rows[0]
    name, _, place = record.partition(" as ")
    quads = turtle(_numbered(GOOD[name], number))
    subject = cast(NamedNode | BlankNode, quads[0].subject)
    if place:
        old, subject = subject, BlankNode() if place == "blank node" else NamedNode(place[1:-1])
        quads = [Quad(subject, q.predicate, q.object) for q in quads if q.subject == old]
    prop = ""
    if change != "-":
        prop, _, values = change.removeprefix("+").partition(" ")
        if not change.startswith("+"):
            quads = [q for q in quads if q.predicate.value != full(prop)]
        if values:
            quads += turtle(_numbered(f"{subject} {prop} {values} .", number))
    findings = frozenset(
        Finding(found[0], found[1], prop, term(_numbered(found[-2], number), subject), found[-1])
        for found in rows
    )
    return BadRecord(f"{shape} {component} {record}", subject, tuple(quads), findings)


def _numbered(text: str, number: int) -> str:
    """``text`` with a number, and a country's code, that no other record has."""
    code = f"{chr(ord('A') + number % 26)}{chr(ord('A') + number // 26 % 26)}"
    return re.sub(r'(?<=Country/)ZQ|(?<=")ZQ(?=")', code, text.replace("90001", str(number)))


def full(name: str) -> str:
    """The IRI of a prefixed name."""
    prefix, _, local = name.partition(":")
    return DATASET.prefixes[prefix] + local


def store_of(quads: list[Quad]) -> Store:
    """A store with ``quads`` in one graph and the ontologies' class hierarchy in another."""
    store = Store()
    store.extend(Quad(q.subject, q.predicate, q.object, DATA) for q in quads)
    for file in sorted((DATASET.root / "ontology").glob("*.ttl")):
        if file != SHAPES:
            store.load(path=file, to_graph=HIERARCHY)
    return store


def findings_of(report: ValidationReport, focus: Term, prop: str) -> frozenset[Finding]:
    """Return the results about one record; ``prop`` where the path is or has that property, else the path."""
    found = set()
    for kind in report.kinds:
        paths = {path.value for path in kind.path}
        path = prop if prop and full(prop) in paths else " ".join(sorted(paths))
        for result in kind.results:
            if result.focus == focus:
                shape = str(cast(NamedNode, kind.shape).value).removeprefix(SHAPE)
                component = kind.component.value.removeprefix(SHACL).removesuffix("ConstraintComponent")
                found.add(Finding(shape, component, path, result.value, kind.severity.value))
    return frozenset(found)


def rows_of(report: ValidationReport) -> Counter[Row]:
    return Counter(
        (result.focus, kind.path, result.value, kind.component.value, kind.shape, kind.severity.iri.value)
        for kind in report.kinds
        for result in kind.results
    )


def row_of(found: Graph, node: Node) -> Row:
    focus, value, component, shape, severity = (
        found.value(node, name)
        for name in (
            SH.focusNode, SH.value, SH.sourceConstraintComponent, SH.sourceShape, SH.resultSeverity,
        )
    )  # fmt: skip
    path = path_of(found, found.value(node, SH.resultPath))
    assert focus is not None
    assert shape is not None
    return (
        from_rdflib(focus),
        path,
        None if value is None else from_rdflib(value),
        str(component),
        from_rdflib(shape),
        str(severity),
    )


def named(rows: Counter[Row]) -> Counter[Row]:
    """Without the labels of blank nodes: those of a file differ from one reading to the next."""
    return Counter(
        {
            tuple("_" if isinstance(item, BlankNode) else item for item in row): count
            for row, count in rows.items()
        }
    )


def ex(name: str) -> NamedNode:
    return NamedNode(f"http://example.org/{name}")
