"""What ``load --validate`` and ``check --data`` share: validate, print the report, refuse what violates."""

from __future__ import annotations

from collections.abc import Callable

from endpoint.cli.output import write
from endpoint.cli.progress import Observer
from endpoint.dataset import Dataset
from endpoint.errors import ValidationFailed
from endpoint.ingest.validation_report import Severity, ValidationReport, as_json, as_text, as_turtle


def judge(
    run: Callable[[Callable[[int, int], None]], ValidationReport],
    dataset: Dataset,
    name: str,
    observer: Observer,
    consequence: str = "",
) -> None:
    """Print the report of the validation ``run`` in the format ``name``; ``observer`` shows how far it is.

    ``consequence`` is a sentence that says what violations lead to.

    :raises ValidationFailed: there are violations; warnings pass.
    :raises DataError: the report cannot be written.
    """
    report = run(lambda done, total: observer.show("validating", done, total, done == total, "records"))
    match name:
        case "json":
            written = as_json(report)
        case "turtle":
            written = as_turtle(report, dataset.prefixes)
        case _:
            written = as_text(report, prefixes=dataset.prefixes)
    write(written.rstrip("\n"))
    if not report.conforms:
        count = report.counts[Severity.VIOLATION]
        places = "one place" if count == 1 else f"{count:,} places"
        sentence = f"The data violates the shapes in {places}; the report tells where. {consequence}"
        raise ValidationFailed(sentence.rstrip())
