"""The report of a validation: as text to read, as JSON, and as a sh:ValidationReport."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode
from pyshacl import validate as validate_graph
from rdflib import RDF, SH, Graph
from rdflib import BNode as RdflibBlankNode
from rdflib import Literal as RdflibLiteral

from endpoint.ingest.shacl import validate
from endpoint.ingest.shacl.report import (
    COMPONENTS,
    ResultKind,
    Severity,
    ValidationReport,
    ValidationResult,
    as_json,
    as_text,
    as_turtle,
)
from tests.ingest.shacl.shape_cases import (
    DATA,
    DATASET,
    OTHERS,
    PREFIXES,
    SHAPES,
    bad_records,
    ex,
    named,
    row_of,
    rows_of,
    store_of,
    turtle,
)

FOCUS = NamedNode("http://opendata.mofa.go.kr/mofapub/resource/Publication/7")
LABEL, PREF = (NamedNode(iri) for iri in ("urn:label", "http://www.w3.org/2004/02/skos/core#prefLabel"))
KO_EN = {"ko": "제목이 있어야 한다.", "en": "A title must be there."}
VALUES = (
    Literal('a "quoted"\nlong text ' + "가" * 100),
    Literal("text", language="en"),
    Literal("7", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    ex("b"),
    BlankNode("x"),
    None,
)


def sample(severity: Severity = Severity.VIOLATION, count: int = 6) -> ValidationReport:
    results = [ValidationResult(FOCUS, value) for value in VALUES]
    title = ResultKind(
        ex("Title"), (LABEL, PREF), NamedNode(f"{SH}PatternConstraintComponent"), severity, KO_EN
    )
    title.count, title.results = count, results
    node = ResultKind(
        BlankNode("s"),
        (),
        NamedNode("urn:own"),
        Severity.INFO,
        {"": "Generic."},
        1,
        [ValidationResult(FOCUS, FOCUS)],
    )
    return ValidationReport((title, node), 1234)


def test_the_text_has_counts_kinds_examples_and_what_to_do() -> None:
    text = as_text(sample(count=2006), prefixes=DATASET.prefixes)
    lines = text.splitlines()
    assert lines[0] == "자원 1,234개 검사: 위반 2,006 · 경고 0 · 참고 1"
    assert lines[1] == "1,234 resources checked: 2,006 violations · 0 warnings · 1 info"
    assert lines[3] == (
        "[위반 Violation] <urn:label> | skos:prefLabel: 꼴이 다름 / wrong form (2,006건 / 2,006 results)"
    )
    assert lines[4:6] == ["  제목이 있어야 한다.", "  A title must be there."]
    focus = f"    {FOCUS}"
    assert lines[6] == f'{focus}  "a \\"quoted\\"\\nlong text {"가" * 58}…"'
    assert lines[7:12] == [
        f'{focus}  "text"@en',
        f'{focus}  "7"^^xsd:integer',
        f"{focus}  <http://example.org/b>",
        f"{focus}  _:x",
        focus,
    ]
    assert lines[12] == "    … 그 밖에 2,000건 / … and 2,000 more"
    assert lines[14] == "[참고 Info] _:s: urn:own (1건 / 1 result)"
    assert lines[15:17] == ["  Generic.", focus]
    assert lines[-2].startswith("할 일: 위반이 있어")
    assert lines[-1].startswith("To do: the violations keep this data from being published.")


@pytest.mark.parametrize(
    ("language", "first", "heading", "last"),
    [
        ("ko", "자원 1,234개 검사: 위반 6 · 경고 0 · 참고 1", "꼴이 다름 (6건)", "할 일: 위반이 있어"),
        (
            "en",
            "1,234 resources checked: 6 violations · 0 warnings · 1 info",
            "wrong form (6 results)",
            "To do:",
        ),
    ],
)
def test_the_text_in_one_language(language: str, first: str, heading: str, last: str) -> None:
    lines = as_text(sample(), language).splitlines()
    assert (lines[0], lines[1]) == (first, "")
    assert lines[2].endswith(heading)
    assert lines[3] == f"  {KO_EN[language]}"
    assert lines[-1].startswith(last)


def test_a_choice_of_many_properties_is_cut_short() -> None:
    path = tuple(ex(name) for name in "abcd")
    kind = ResultKind(
        ex("S"), path, NamedNode("urn:own"), Severity.WARNING, KO_EN, 1, [ValidationResult(FOCUS)]
    )
    heading = as_text(ValidationReport((kind,), 1), "en", {"e": "http://example.org/"}).splitlines()[2]
    assert heading == "[Warning] e:a | e:b | e:c | …: urn:own (1 result)"


def test_no_more_than_ten_examples_of_a_kind() -> None:
    results = [ValidationResult(ex(f"r{number}")) for number in range(40)]
    kind = ResultKind(ex("S"), (LABEL,), NamedNode("urn:own"), Severity.WARNING, KO_EN, 50, results)
    text = as_text(ValidationReport((kind,), 50), "en")
    assert text.count("    <http://example.org/r") == 10
    assert "… and 40 more" in text


@pytest.mark.parametrize(
    ("report", "advice"),
    [
        (sample(), "the violations keep this data from being published"),
        (sample(Severity.WARNING), "Most warnings are mistakes"),
        (sample(Severity.INFO), "the infos are worth knowing"),
        (ValidationReport((), 5), "The data fits its shapes in full"),
    ],
)
def test_the_last_line_says_what_to_do(report: ValidationReport, advice: str) -> None:
    assert advice in as_text(report, "en").splitlines()[-1]


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="ko or en"):
        as_text(sample(), "fr")


def test_every_component_of_the_shapes_has_words() -> None:
    assert {finding.component for bad in bad_records() for finding in bad.findings} <= set(COMPONENTS)


def test_the_json_parses_back() -> None:
    content = json.loads(as_json(sample(count=2006)))
    assert (content["conforms"], content["checked"]) == (False, 1234)
    assert content["counts"] == {"violation": 2006, "warning": 0, "info": 1}
    title, node = content["kinds"]
    assert title["path"] == [LABEL.value, PREF.value]
    assert title["shape"] == {"type": "uri", "value": "http://example.org/Title"}
    assert (title["severity"], title["count"], title["messages"]) == ("violation", 2006, KO_EN)
    assert [result.get("value") for result in title["results"]] == [
        {"type": "literal", "value": VALUES[0].value},
        {"type": "literal", "value": "text", "xml:lang": "en"},
        {"type": "literal", "value": "7", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
        {"type": "uri", "value": "http://example.org/b"},
        {"type": "bnode", "value": "x"},
        None,
    ]
    assert {result["focusNode"]["value"] for result in title["results"]} == {FOCUS.value}
    assert node["shape"]["type"] == "bnode"


def test_the_turtle_says_what_the_report_says() -> None:
    quads = [*turtle(OTHERS), *(quad for bad in bad_records() for quad in bad.quads)]
    report = validate(store_of(quads), [DATA], SHAPES, keep=10_000)
    graph = Graph().parse(data=as_turtle(report, DATASET.prefixes))
    (top,) = graph.subjects(RDF.type, SH.ValidationReport)
    read = Counter(row_of(graph, node) for node in graph.objects(top, SH.result))
    assert named(read) == named(rows_of(report))
    texts = (text for text in graph.objects(None, SH.resultMessage) if isinstance(text, RdflibLiteral))
    messages = {(text.language, str(text)) for text in texts}
    assert messages == {item for kind in report.kinds for item in kind.messages.items()}


# SHACL section 3.6 as shapes: what a validation report must have.
REPORT_SHAPES = """
ex:Report a sh:NodeShape ; sh:targetClass sh:ValidationReport ;
    sh:property [ sh:path sh:conforms ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:boolean ] ,
        [ sh:path sh:result ; sh:node ex:Result ] .
ex:Result a sh:NodeShape ; sh:class sh:ValidationResult ;
    sh:property [ sh:path sh:focusNode ; sh:minCount 1 ; sh:maxCount 1 ] ,
        [ sh:path sh:resultPath ; sh:maxCount 1 ; sh:nodeKind sh:BlankNodeOrIRI ] ,
        [ sh:path sh:value ; sh:maxCount 1 ] ,
        [ sh:path sh:sourceShape ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:BlankNodeOrIRI ] ,
        [ sh:path sh:sourceConstraintComponent ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
        [ sh:path sh:resultSeverity ; sh:minCount 1 ; sh:maxCount 1 ;
            sh:in ( sh:Violation sh:Warning sh:Info ) ] ,
        [ sh:path sh:resultMessage ; sh:minCount 1 ; sh:uniqueLang true ] .
"""


@pytest.mark.parametrize(
    "report", [sample(), sample(Severity.INFO), ValidationReport((), 0)], ids=["violation", "info", "none"]
)
def test_the_turtle_is_a_validation_report(report: ValidationReport) -> None:
    graph = Graph().parse(data=as_turtle(report))
    conforms, _, text = validate_graph(graph, shacl_graph=Graph().parse(data=PREFIXES + REPORT_SHAPES))
    assert conforms, text
    (top,) = graph.subjects(RDF.type, SH.ValidationReport)
    # In the specification any result breaks conformance, an info too (section 3.6.1.1).
    assert str(graph.value(top, SH.conforms)) == ("false" if report.kinds else "true")
    assert len(list(graph.objects(top, SH.result))) == sum(len(kind.results) for kind in report.kinds)
    assert all(isinstance(node, RdflibBlankNode) for node in graph.objects(top, SH.result))
