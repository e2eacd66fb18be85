"""What a validation found: counts per kind, some results of each kind, and three ways to write them.

A *kind* is what results of the same cause share: the shape, the path and the constraint component. All
results are counted; of each kind the first are kept, so that a report stays small however wrong the data is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from endpoint.ingest.validation_words import COMPONENTS, Words, words
from endpoint.vocabulary import RDF, RDF_TYPE, SH, XSD

Term = NamedNode | BlankNode | Literal

_EXAMPLES = 10
_PROPERTIES = 3
_VALUE = 80  # characters


class Severity(Enum):
    """How grave a result is, worst first. Only a violation refuses data."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"

    @property
    def iri(self) -> NamedNode:
        """sh:Violation, sh:Warning or sh:Info."""
        return NamedNode(SH + self.value)


@dataclass(frozen=True, slots=True)
class Result:
    """One result: the focus node, and the value at fault where there is one."""

    focus: Term
    value: Term | None = None


@dataclass(slots=True)
class Kind:
    """Results of the same cause. ``path`` has one property, or those of which any may hold the value.

    ``messages`` is by language tag. ``count`` is of all results, ``results`` the first of them.
    """

    shape: Term
    path: tuple[NamedNode, ...]
    component: NamedNode
    severity: Severity
    messages: Mapping[str, str]
    count: int = 0
    results: list[Result] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The outcome of a validation: ``kinds``, worst and most frequent first, of ``checked`` focus nodes."""

    kinds: tuple[Kind, ...]
    checked: int

    @property
    def conforms(self) -> bool:
        """Whether there is no violation; warnings and infos pass."""
        return self.counts[Severity.VIOLATION] == 0

    @property
    def counts(self) -> Mapping[Severity, int]:
        """The number of all results by severity."""
        return {s: sum(kind.count for kind in self.kinds if kind.severity == s) for s in Severity}


def as_text(
    report: ValidationReport, language: str | None = None, prefixes: Mapping[str, str] | None = None
) -> str:
    """The report to read: counts, then each kind with up to ten examples, and last what to do.

    ``language`` is "ko" or "en"; None writes both. IRIs are shortened with ``prefixes``.
    """
    said = words(language)
    names = _Names(prefixes or {})
    lines = said.summary(report.checked, [report.counts[severity] for severity in Severity])
    for kind in report.kinds:
        lines += ["", *_kind_lines(kind, said, names)]
    worst = next((severity.value for severity in Severity if report.counts[severity]), "Nothing")
    return "\n".join([*lines, "", *said.advice(worst)]) + "\n"


def _kind_lines(kind: Kind, said: Words, names: _Names) -> Iterator[str]:
    properties = [names.short(path) for path in kind.path[:_PROPERTIES]]
    properties += ["…"] if len(kind.path) > _PROPERTIES else []
    about = " | ".join(properties) or names.short(kind.shape)
    component = kind.component.value.removeprefix(SH).removesuffix("ConstraintComponent")
    yield said.heading(
        kind.severity.value, about, COMPONENTS.get(component, (component, component)), kind.count
    )
    yield from (f"  {text}" for text in said.messages(kind.messages))
    for result in kind.results[:_EXAMPLES]:
        value = f"  {_shown(result.value, names)}" if result.value not in (None, result.focus) else ""
        yield f"    {names.short(result.focus)}{value}"
    if kind.count > _EXAMPLES:
        yield f"    {said.more(kind.count - min(len(kind.results), _EXAMPLES))}"


@dataclass(frozen=True, slots=True)
class _Names:
    """IRIs as prefixed names where they end in a plain name, else in full."""

    prefixes: Mapping[str, str]

    def short(self, term: Term | None) -> str:
        if isinstance(term, NamedNode):
            for prefix, namespace in self.prefixes.items():
                local = term.value.removeprefix(namespace)
                if local != term.value and local.replace("_", "").isalnum():
                    return f"{prefix}:{local}"
        return str(term)


def _shown(value: Term | None, names: _Names) -> str:
    if not isinstance(value, Literal):
        return names.short(value)
    text = value.value if len(value.value) <= _VALUE else value.value[: _VALUE - 1] + "…"
    quoted = json.dumps(text, ensure_ascii=False)
    if value.language:
        return f"{quoted}@{value.language}"
    return quoted if value.datatype.value == XSD + "string" else f"{quoted}^^{names.short(value.datatype)}"


def as_json(report: ValidationReport) -> str:
    """The report for programs: ``conforms``, ``checked``, ``counts``, ``kinds`` and of each its ``results``.

    Terms are written as in SPARQL 1.1 results in JSON.
    """
    content = {
        "conforms": report.conforms,
        "checked": report.checked,
        "counts": {severity.name.lower(): report.counts[severity] for severity in Severity},
        "kinds": [
            {
                "severity": kind.severity.name.lower(),
                "shape": _json_term(kind.shape),
                "path": [path.value for path in kind.path],
                "component": kind.component.value,
                "messages": dict(kind.messages),
                "count": kind.count,
                "results": [
                    {"focusNode": _json_term(result.focus)}
                    | ({} if result.value is None else {"value": _json_term(result.value)})
                    for result in kind.results
                ],
            }
            for kind in report.kinds
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _json_term(term: Term) -> dict[str, str]:
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    datatype = {} if term.datatype.value == XSD + "string" else {"datatype": term.datatype.value}
    return {"type": "literal", "value": term.value, **datatype}


def as_turtle(report: ValidationReport, prefixes: Mapping[str, str] | None = None) -> str:
    """The report as a sh:ValidationReport (SHACL section 3.6), of the results that were kept.

    sh:conforms is what the specification says, whether there is no result of any severity; that warnings and
    infos pass is this server's rule.
    """
    declared = {"sh": SH, **(prefixes or {})}
    return cast(bytes, serialize(_triples(report), format=RdfFormat.TURTLE, prefixes=declared)).decode()


def _triples(report: ValidationReport) -> Iterator[Triple]:
    top = BlankNode()
    conforms = Literal("false" if report.kinds else "true", datatype=NamedNode(XSD + "boolean"))
    yield Triple(top, NamedNode(RDF_TYPE), NamedNode(SH + "ValidationReport"))
    yield Triple(top, NamedNode(SH + "conforms"), conforms)
    for kind in report.kinds:
        for result in kind.results:
            node = BlankNode()
            yield Triple(top, NamedNode(SH + "result"), node)
            yield from _result_triples(node, kind, result)


def _result_triples(node: BlankNode, kind: Kind, result: Result) -> Iterator[Triple]:
    yield Triple(node, NamedNode(RDF_TYPE), NamedNode(SH + "ValidationResult"))
    yield Triple(node, NamedNode(SH + "focusNode"), result.focus)
    yield Triple(node, NamedNode(SH + "resultSeverity"), kind.severity.iri)
    yield Triple(node, NamedNode(SH + "sourceConstraintComponent"), kind.component)
    yield Triple(node, NamedNode(SH + "sourceShape"), kind.shape)
    for language, text in sorted(kind.messages.items()):
        message = Literal(text, language=language) if language else Literal(text)
        yield Triple(node, NamedNode(SH + "resultMessage"), message)
    if result.value is not None:
        yield Triple(node, NamedNode(SH + "value"), result.value)
    if len(kind.path) == 1:
        yield Triple(node, NamedNode(SH + "resultPath"), kind.path[0])
    elif kind.path:
        path, rest = BlankNode(), BlankNode()
        yield Triple(node, NamedNode(SH + "resultPath"), path)
        yield Triple(path, NamedNode(SH + "alternativePath"), rest)
        yield from _list(rest, kind.path)


def _list(head: BlankNode, items: tuple[NamedNode, ...]) -> Iterator[Triple]:
    for place, item in enumerate(items, 1):
        tail = BlankNode() if place < len(items) else NamedNode(RDF + "nil")
        yield Triple(head, NamedNode(RDF + "first"), item)
        yield Triple(head, NamedNode(RDF + "rest"), tail)
        if isinstance(tail, BlankNode):
            head = tail
