"""The words of a validation report, in Korean and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LANGUAGES = ("ko", "en")

SEVERITIES = {
    "Violation": ("위반", "Violation"),
    "Warning": ("경고", "Warning"),
    "Info": ("참고", "Info"),
}

# What is wrong, by the local name of the constraint component (SHACL section 4) without its common ending.
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


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of a report in the languages ``chosen``, Korean first."""

    chosen: tuple[str, ...]

    def summary(self, checked: int, counts: Sequence[int]) -> list[str]:
        """How much was checked, and the results by severity, worst first; one line in each language."""
        korean = " · ".join(f"{name} {n:,}" for (name, _), n in zip(SEVERITIES.values(), counts, strict=True))
        english = " · ".join(
            f"{n:,} {name.lower()}{'' if n == 1 else 's'}"
            for (_, name), n in zip(SEVERITIES.values(), counts, strict=True)
        )
        nodes = "resource" if checked == 1 else "resources"
        return self._both(f"자원 {checked:,}개 검사: {korean}", f"{checked:,} {nodes} checked: {english}")

    def heading(self, severity: str, about: str, component: tuple[str, str], count: int) -> str:
        """The first line of a kind."""
        name = " ".join(self._both(*SEVERITIES[severity]))
        wrong = " / ".join(dict.fromkeys(self._both(*component)))
        number = " / ".join(self._both(f"{count:,}건", f"{count:,} result{'' if count == 1 else 's'}"))
        return f"[{name}] {about}: {wrong} ({number})"

    def messages(self, texts: Mapping[str, str]) -> list[str]:
        """The messages of a kind in these languages, or in whatever languages it has."""
        return [texts[language] for language in self.chosen if language in texts] or list(texts.values())

    def more(self, count: int) -> str:
        """That so many results are not listed."""
        return " / ".join(self._both(f"… 그 밖에 {count:,}건", f"… and {count:,} more"))

    def advice(self, worst: str) -> list[str]:
        """What to do, by the worst severity found."""
        return self._both(*_ADVICE[worst])

    def _both(self, korean: str, english: str) -> list[str]:
        texts = dict(zip(LANGUAGES, (korean, english), strict=True))
        return [texts[language] for language in self.chosen]


def words(language: str | None) -> Words:
    """The words in ``language``, "ko" or "en", or in both where it is None.

    :raises ValueError: it is another language.
    """
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"a report is written in ko or en, not in {language!r}")
    return Words((language,) if language else LANGUAGES)
