"""The store that a start needs, published where it is not there; else nothing of publication is imported."""

from __future__ import annotations

from importlib import import_module

from endpoint.dataset import Dataset
from endpoint.ingest.recipe import Recipe
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.retention import Retention
from endpoint.telemetry import log


def ensure_store(settings: Settings, dataset: Dataset) -> None:
    """Publish the dataset's files where nothing is published, or where they have changed since.

    Data that was loaded beside them stays; its derived statements and its text index are made anew when the
    rules, the fields or the setting ``derive`` have changed.

    :raises DataError: a rule, a field or a file of the dataset is wrong.
    :raises StoreError: the data directory cannot be read or written.
    """
    recipe = Recipe.read(dataset, settings.derive, settings.columns)
    current = generations.current(settings.data)
    stale = current is not None and current.digest != "" and current.digest != dataset.digest()
    if current is None or stale or not recipe.made(current):
        publishing = import_module("endpoint.ingest.publish")
        made: Generation = publishing.publish(
            publishing.Change(rebuild=stale, command="start"),
            recipe,
            settings.data,
            retention=Retention.of(settings),
        )
        log.info("built generation %d, %d quads, in %s", made.number, made.quads, settings.data)
