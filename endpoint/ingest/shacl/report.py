"""Validation reports: counts for each kind of result, some results of each, in three formats.

A *kind* is all results of the same cause: the shape, the path and the constraint component. All results are
counted; of each kind the first are kept, so that a report stays small however wrong the data is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from endpoint.vocabulary import RDF, RDF_TYPE, SH, XSD

Term = NamedNode | BlankNode | Literal

_EXAMPLES = 10
_PROPERTIES = 3
_VALUE = 80  # characters

LANGUAGES = ("ko", "en")

SEVERITIES = {
    "Violation": ("위반", "Violation"),
    "Warning": ("경고", "Warning"),
    "Info": ("참고", "Info"),
}

# Faults by the local name of the constraint component (SHACL section 4) without its common ending.
COMPONENTS = {
    "And": ("여러 조건 가운데 일부에 맞지 않음", "fails one of several conditions"),
    "Class": ("클래스가 다름", "not of the class"),
    "Closed": ("알려지지 않은 속성", "unknown property"),
    "Datatype": ("데이터형이 다름", "wrong datatype"),
    "Disjoint": ("다른 속성과 같은 값", "value of another property"),
    "Equals": ("다른 속성과 값이 다름", "differs from another property"),
    "HasValue": ("필요한 값이 없음", "lacks a certain value"),
    "In": ("정해진 값이 아님", "not one of the values"),
    "LanguageIn": ("정해진 언어가 아님", "not one of the languages"),
    "LessThan": ("값이 너무 큼", "value too large"),
    "LessThanOrEquals": ("값이 너무 큼", "value too large"),
    "MaxCount": ("값이 너무 많음", "too many values"),
    "MaxExclusive": ("값이 너무 큼", "value too large"),
    "MaxInclusive": ("값이 너무 큼", "value too large"),
    "MaxLength": ("값이 너무 긺", "value too long"),
    "MinCount": ("값이 없거나 모자람", "missing value"),
    "MinExclusive": ("값이 너무 작음", "value too small"),
    "MinInclusive": ("값이 너무 작음", "value too small"),
    "MinLength": ("값이 너무 짧음", "value too short"),
    "Node": ("가리키는 자원이 맞지 않음", "unfit resource or value"),
    "NodeKind": ("IRI나 문자열의 종류가 다름", "IRI and text confused"),
    "Not": ("허용되지 않는 값", "forbidden value"),
    "Or": ("어느 조건에도 맞지 않음", "fits none of several conditions"),
    "Pattern": ("꼴이 다름", "wrong form"),
    "QualifiedMaxCount": ("값이 너무 많음", "too many values"),
    "QualifiedMinCount": ("값이 모자람", "too few values"),
    "SPARQL": ("다른 값과 어긋남", "disagrees with other values"),
    "UniqueLang": ("같은 언어의 값이 여럿", "several values in one language"),
    "Xone": ("여러 조건에 함께 맞음", "does not fit exactly one condition"),
}

_ADVICE = {
    "Violation": (
        "할 일: 위반이 있어 데이터를 실을 수 없다. 위에 적힌 기록을 원본 파일에서 고친 뒤 다시 싣는다.",
        "To do: the violations keep this data from being published. Correct the records named above in their "
        "source files and load them again.",
    ),
    "Warning": (
        "할 일: 데이터를 실을 수 있다. 경고는 대개 잘못이므로, 원본 파일에서 살펴보고 고친다.",
        "To do: the data can be published. Most warnings are mistakes: look at them and correct the sources.",
    ),
    "Info": (
        "할 일: 없음. 참고 사항은 알아 두면 된다.",
        "To do: nothing. The data can be published; the infos are worth knowing.",
    ),
    "Nothing": (
        "할 일: 없음. 데이터가 형태에 모두 맞는다.",
        "To do: nothing. The data fits its shapes in full.",
    ),
}


class Severity(Enum):
    """The severity of a result, worst first. Only a violation refuses data."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"

    @property
    def iri(self) -> NamedNode:
        """sh:Violation, sh:Warning or sh:Info."""
        return NamedNode(SH + self.value)


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """One result: the focus node, and the value at fault where there is one."""

    focus: Term
    value: Term | None = None


@dataclass(slots=True)
class ResultKind:
    """Results of the same cause. ``path`` has one property, or several alternatives.

    ``messages`` is by language tag. ``count`` is of all results, ``results`` the first of them.
    """

    shape: Term
    path: tuple[NamedNode, ...]
    component: NamedNode
    severity: Severity
    messages: Mapping[str, str]
    count: int = 0
    results: list[ValidationResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The outcome of a validation: ``kinds``, worst and most frequent first, of ``checked`` focus nodes."""

    kinds: tuple[ResultKind, ...]
    checked: int

    @property
    def conforms(self) -> bool:
        """Return whether there is no violation; warnings and infos pass."""
        return self.counts[Severity.VIOLATION] == 0

    @property
    def counts(self) -> Mapping[Severity, int]:
        """The number of all results by severity."""
        return {s: sum(kind.count for kind in self.kinds if kind.severity == s) for s in Severity}


def as_text(
    report: ValidationReport, language: str | None = None, prefixes: Mapping[str, str] | None = None
) -> str:
    """Write the report for people: counts, then each kind with up to ten examples, and last what to do.

    ``language`` is "ko" or "en"; None writes both. IRIs are shortened with ``prefixes``.
    """
    text = words(language)
    names = _Names(prefixes or {})
    lines = text.summary(report.checked, [report.counts[severity] for severity in Severity])
    for kind in report.kinds:
        lines += ["", *_kind_lines(kind, text, names)]
    worst = next((severity.value for severity in Severity if report.counts[severity]), "Nothing")
    return "\n".join([*lines, "", *text.advice(worst)]) + "\n"


def _kind_lines(kind: ResultKind, text: Words, names: _Names) -> Iterator[str]:
    properties = [names.short(path) for path in kind.path[:_PROPERTIES]]
    properties += ["…"] if len(kind.path) > _PROPERTIES else []
    about = " | ".join(properties) or names.short(kind.shape)
    component = kind.component.value.removeprefix(SH).removesuffix("ConstraintComponent")
    yield text.heading(
        kind.severity.value, about, COMPONENTS.get(component, (component, component)), kind.count
    )
    yield from (f"  {message}" for message in text.messages(kind.messages))
    for result in kind.results[:_EXAMPLES]:
        value = f"  {_shown(result.value, names)}" if result.value not in (None, result.focus) else ""
        yield f"    {names.short(result.focus)}{value}"
    if kind.count > _EXAMPLES:
        yield f"    {text.more(kind.count - min(len(kind.results), _EXAMPLES))}"


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
    """Write the report for programs: ``conforms``, ``checked``, ``counts``, and ``kinds`` with ``results``.

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
    """Write the report as a sh:ValidationReport (SHACL section 3.6), of the results that were kept.

    sh:conforms is that of the specification: there is no result of any severity. That warnings and infos pass
    is this server's rule.
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


def _result_triples(node: BlankNode, kind: ResultKind, result: ValidationResult) -> Iterator[Triple]:
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


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of a report in the languages ``chosen``, Korean first."""

    chosen: tuple[str, ...]

    def summary(self, checked: int, counts: Sequence[int]) -> list[str]:
        """Return the number of resources and of results by severity, a line in each language."""
        korean = " · ".join(f"{name} {n:,}" for (name, _), n in zip(SEVERITIES.values(), counts, strict=True))
        english = " · ".join(
            f"{n:,} {name.lower()}{'' if n == 1 else 's'}"
            for (_, name), n in zip(SEVERITIES.values(), counts, strict=True)
        )
        nodes = "resource" if checked == 1 else "resources"
        return self._both(f"자원 {checked:,}개 검사: {korean}", f"{checked:,} {nodes} checked: {english}")

    def heading(self, severity: str, about: str, component: tuple[str, str], count: int) -> str:
        """Return the first line of a kind."""
        name = " ".join(self._both(*SEVERITIES[severity]))
        wrong = " / ".join(dict.fromkeys(self._both(*component)))
        number = " / ".join(self._both(f"{count:,}건", f"{count:,} result{'' if count == 1 else 's'}"))
        return f"[{name}] {about}: {wrong} ({number})"

    def messages(self, texts: Mapping[str, str]) -> list[str]:
        """Return the messages of a kind in these languages, or in whatever languages it has."""
        return [texts[language] for language in self.chosen if language in texts] or list(texts.values())

    def more(self, count: int) -> str:
        """Return the number of results that are not listed, as a line."""
        return " / ".join(self._both(f"… 그 밖에 {count:,}건", f"… and {count:,} more"))

    def advice(self, worst: str) -> list[str]:
        """Return what to do, by the worst severity of the report."""
        return self._both(*_ADVICE[worst])

    def _both(self, korean: str, english: str) -> list[str]:
        texts = dict(zip(LANGUAGES, (korean, english), strict=True))
        return [texts[language] for language in self.chosen]


def words(language: str | None) -> Words:
    """Return the words in ``language``, "ko" or "en", or in both where it is None.

    :raises ValueError: it is another language.
    """
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"a report is written in ko or en, not in {language!r}")
    return Words((language,) if language else LANGUAGES)
