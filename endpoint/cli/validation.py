"""Validation, as ``load --validate`` and ``check --data`` run it: print the report, refuse violations.

``check --data`` also verifies the published generation: its store, and columns and text index against that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from endpoint.cli.output import Observer, say, write
from endpoint.dataset import Dataset
from endpoint.errors import ValidationFailed
from endpoint.ingest import shacl
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.shacl.report import Severity, ValidationReport, as_json, as_text, as_turtle
from endpoint.ingest.start import changed_files
from endpoint.ingest.verification import verify_columns, verify_store, verify_text
from endpoint.storage import generations
from endpoint.storage.origin import origin_in


def validate_published(data: Path, dataset: Dataset, derive: bool, report: str, observer: Observer) -> None:
    """Print the report on what the data directory ``data`` publishes; see :func:`_judge`.

    ``derive`` is the setting of that name.

    :raises ConfigurationError: it belongs to another dataset.
    :raises StoreError: its store is damaged, or columns or text index differ from it.
    """
    generation = generations.current(data)
    origin_in(data, generation, dataset)
    if generation is not None:
        say(f"store: {verify_store(generation):,} quads, as published")
        triples = verify_columns(generation)
        say("columns: " + ("there are none" if triples is None else f"{triples:,} triples, as in the store"))
        records = verify_text(generation, Recipe.read(dataset, derive))
        none = "none that was made with these rules and fields"
        say("text index: " + (none if records is None else f"{records:,} records, as in the store"))
        if changes := changed_files(data, dataset):
            say(f"notice: {changes}")
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
