"""The store that a start needs, published where it is not there; else nothing of publication is imported."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from endpoint.dataset import Dataset
from endpoint.ingest.recipe import Recipe
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.origin import FileChanges, Origin, origin_in
from endpoint.storage.retention import Retention
from endpoint.telemetry import log


def ensure_store(settings: Settings, dataset: Dataset, adopt: bool = False) -> None:
    """Publish the dataset's files where nothing is published, or where they have changed since.

    Data that was loaded beside them stays; its derived statements and its text index are made anew when the
    rules, the fields or the setting ``derive`` have changed. With ``adopt`` so does what was loaded beside
    those of another dataset.

    :raises ConfigurationError: the data belongs to another dataset.
    :raises DataError: a rule, a field or a file of the dataset is wrong.
    :raises StoreError: the data directory cannot be read or written.
    """
    recipe = Recipe.read(dataset, settings.derive, settings.columns)
    current = generations.current(settings.data)
    origin = origin_in(settings.data, current, dataset, adopt)
    known = origin is not None and origin.identifier == dataset.identifier
    stale = current is not None and current.digest != "" and current.digest != dataset.digest()
    if current is None or stale or not known or not recipe.made(current):
        publishing = import_module("endpoint.ingest.publish")
        change = publishing.Change(rebuild=stale, adopt=adopt, command="start")
        retention = Retention.of(settings)
        made: Generation = publishing.publish(change, recipe, settings.data, retention=retention)
        for notice in change.notices:
            log.info("%s", notice)
        log.info("built generation %d, %d quads, in %s", made.number, made.quads, settings.data)


def changed_files(data: Path, dataset: Dataset) -> FileChanges | None:
    """Return what has changed in the dataset's own files since they were brought into ``data``.

    None where nothing has, and where the next start builds the store from them by itself.

    :raises DataError: a file can no longer be read.
    :raises StoreError: the data directory cannot be read.
    """
    current = generations.current(data)
    if current is None or current.digest:
        return None
    origin = Origin.of(current)
    return None if origin is None else FileChanges.since(origin, dataset) or None


def warn_of_changed_files(data: Path, dataset: Dataset) -> None:
    """Log one line where the dataset's own files have changed and the store keeps what it has."""
    if changes := changed_files(data, dataset):
        log.warning("%s", changes)
