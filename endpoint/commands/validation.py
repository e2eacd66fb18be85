"""What ``load --validate`` and ``check --data`` share: validate, print the report, refuse what violates."""

from __future__ import annotations

from collections.abc import Callable

import click

from endpoint.commands.progress import Observer
from endpoint.dataset import Dataset
from endpoint.errors import ValidationFailed
from endpoint.ingest.validation_report import Severity, ValidationReport, as_json, as_text, as_turtle


def judge(
    run: Callable[[Callable[[int, int], None]], ValidationReport],
    dataset: Dataset,
    name: str,
    observer: Observer,
) -> None:
    """Print the report of the validation ``run`` in the format ``name``; ``observer`` shows how far it is.

    :raises ValidationFailed: there are violations; warnings pass.
    """
    report = run(lambda done, total: observer.show("validating", done, total, done == total, "records"))
    match name:
        case "json":
            written = as_json(report)
        case "turtle":
            written = as_turtle(report, dataset.prefixes)
        case _:
            written = as_text(report, prefixes=dataset.prefixes)
    click.echo(written.rstrip("\n"))
    if not report.conforms:
        count = report.counts[Severity.VIOLATION]
        raise ValidationFailed(f"The data violates the shapes in {count:,} places; the report tells where.")
