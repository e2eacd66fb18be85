"""Reports in EARL (https://www.w3.org/TR/EARL10-Schema/), as the W3C's working groups collect them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from endpoint import __version__
from endpoint.vocabulary import DCTERMS, RDF_TYPE, XSD
from tests.conformance.running import Outcome

_EARL: Final = "http://www.w3.org/ns/earl#"
_DOAP: Final = "http://usefulinc.com/ns/doap#"
_PROJECT: Final = NamedNode("urn:endpoint:project")
_PREFIXES: Final = {"earl": _EARL, "doap": _DOAP, "dcterms": DCTERMS, "xsd": XSD}


def write_report(outcomes: Sequence[Outcome], file: Path) -> None:
    """Write the outcomes of tests into a file, in Turtle."""
    with file.open("wb") as output:
        serialize(_triples(outcomes), output, RdfFormat.TURTLE, prefixes=_PREFIXES)


def _triples(outcomes: Sequence[Outcome]) -> Iterator[Triple]:
    yield Triple(_PROJECT, NamedNode(RDF_TYPE), NamedNode(f"{_DOAP}Project"))
    yield Triple(_PROJECT, NamedNode(RDF_TYPE), NamedNode(f"{_EARL}Software"))
    yield Triple(_PROJECT, NamedNode(f"{_DOAP}name"), Literal("endpoint"))
    yield Triple(_PROJECT, NamedNode(f"{_DOAP}revision"), Literal(__version__))
    now = Literal(datetime.now(UTC).isoformat(timespec="seconds"), datatype=NamedNode(f"{XSD}dateTime"))
    for outcome in outcomes:
        assertion, result = BlankNode(), BlankNode()
        yield Triple(assertion, NamedNode(RDF_TYPE), NamedNode(f"{_EARL}Assertion"))
        yield Triple(assertion, NamedNode(f"{_EARL}subject"), _PROJECT)
        yield Triple(assertion, NamedNode(f"{_EARL}test"), NamedNode(outcome.case.iri))
        yield Triple(assertion, NamedNode(f"{_EARL}mode"), NamedNode(f"{_EARL}automatic"))
        yield Triple(assertion, NamedNode(f"{_EARL}result"), result)
        yield Triple(result, NamedNode(RDF_TYPE), NamedNode(f"{_EARL}TestResult"))
        yield Triple(result, NamedNode(f"{_EARL}outcome"), NamedNode(_EARL + outcome.word))
        yield Triple(result, NamedNode(f"{DCTERMS}date"), now)
        if outcome.reason:
            yield Triple(result, NamedNode(f"{DCTERMS}description"), Literal(outcome.reason))
