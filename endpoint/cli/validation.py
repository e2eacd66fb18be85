"""Validation, as ``load --validate`` and ``check --data`` run it: print the report, refuse violations.

``check --data`` also verifies the columns of the published generation against its store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from endpoint.cli.output import Observer, say, write
from endpoint.dataset import Dataset
from endpoint.errors import ValidationFailed
from endpoint.ingest import shacl
from endpoint.ingest.shacl.report import Severity, ValidationReport, as_json, as_text, as_turtle
from endpoint.ingest.verification import verify_columns
from endpoint.storage import generations


def validate_published(data: Path, dataset: Dataset, report: str, observer: Observer) -> None:
    """Print the report on what the data directory ``data`` publishes; see :func:`_judge`.

    :raises StoreError: its columns differ from its store.
    """
    generation = generations.current(data)
    if generation is not None:
        triples = verify_columns(generation)
        outcome = "there are none" if triples is None else f"{triples:,} triples, as in the store"
        say(f"columns: {outcome}")
    _judge(partial(shacl.validate_published, data, dataset), dataset, report, observer)


def validate_store(dataset: Dataset, report: str, observer: Observer) -> Callable[..., None]:
    """Return the check of a store before it is published: it prints the report; see :func:`_judge`."""
    refusal = "Nothing was published."
    return lambda store: _judge(
        partial(shacl.validate_data, store, dataset), dataset, report, observer, refusal
    )


def _judge(
    run: Callable[[Callable[[int, int], None]], ValidationReport],
    dataset: Dataset,
    name: str,
    observer: Observer,
    consequence: str = "",
) -> None:
    """Print the report of the validation ``run`` in the format ``name``; ``observer`` shows its progress.

    ``consequence`` is a sentence about the consequence of violations.

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
