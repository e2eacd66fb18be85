"""The text index as a step of publication: brought up to date by what changed, or made of all documents."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from endpoint.columns.descriptions import ColumnsDescriptions
from endpoint.columns.opening import open_columns
from endpoint.errors import StoreError
from endpoint.ingest.descriptions import Descriptions, StoreDescriptions
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.search_documents import changed_documents, documents, other_names, properties_of
from endpoint.search import SearchConfiguration
from endpoint.search.build import build_index, update_index
from endpoint.storage.delta import Delta
from endpoint.storage.generations import Generation
from endpoint.storage.writer import Transaction
from endpoint.vocabulary import RDF_TYPE

# The text index in the folder of a generation.
TEXT: Final = "text"


def write_index(
    recipe: Recipe,
    configuration: SearchConfiguration,
    transaction: Transaction,
    before: Generation | None,
    columns: Path | None,
) -> int:
    """Write the text index of the coming generation; return the number of its documents.

    It is made of that of the generation ``before`` where it fits. ``columns`` are those of the transaction's
    store, where there are any: documents are sooner read from them.

    :raises StoreError: it cannot be written.
    """
    folder = transaction.folder / TEXT
    if before is not None and recipe.made(before):
        for way in (_update, _build):
            # Damage of the previous index is noticed only while it is read.
            with suppress(StoreError):
                if (count := way(configuration, transaction, before.path / TEXT, columns)) is not None:
                    return count
            shutil.rmtree(folder, ignore_errors=True)
    return _build(configuration, transaction, None, columns)


def _update(
    configuration: SearchConfiguration, transaction: Transaction, previous: Path, columns: Path | None
) -> int | None:
    """Write the index with the documents that may have changed; return None where these are not known."""
    if transaction.base is None or transaction.delta is None:
        return None
    subjects = transaction.delta.subjects()
    found = list(changed_documents(configuration, StoreDescriptions(transaction.store), subjects))
    come = [document for _, document in found if document is not None]
    gone = [iri for iri, document in found if document is None]
    names = None
    if _concerns_names(configuration, transaction.delta, StoreDescriptions(transaction.store)):
        names = other_names(configuration, StoreDescriptions(transaction.store))
    return update_index(come, gone, transaction.folder / TEXT, configuration, previous, names)


def _concerns_names(
    configuration: SearchConfiguration, delta: Delta, descriptions: StoreDescriptions
) -> bool:
    """Return whether a change may be one of the names of resources."""
    names = configuration.names
    types = {str(quad.object)[1:-1] for quad in delta.removed if quad.predicate.value == RDF_TYPE}
    return bool(names.classes) and (
        not types.isdisjoint(names.classes)
        or any(descriptions.has_any(subject, (), names.classes) for subject in delta.subjects())
    )


def _build(
    configuration: SearchConfiguration, transaction: Transaction, previous: Path | None, columns: Path | None
) -> int:
    """Write the index of all documents; those that ``previous`` has are taken over."""
    descriptions: Descriptions = StoreDescriptions(transaction.store)
    if columns is not None:
        descriptions = ColumnsDescriptions(open_columns(columns), properties_of(configuration))
    return build_index(
        documents(configuration, descriptions),
        transaction.folder / TEXT,
        configuration,
        previous,
        other_names(configuration, descriptions),
    )
