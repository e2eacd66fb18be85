"""The verification of a generation: its columns and its text index have what its store has.

It imports NumPy, which whoever builds columns (:mod:`endpoint.ingest.columns`) does without.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import Store

from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.columns.verify import verify
from endpoint.errors import StoreError
from endpoint.ingest.columns import write_statements
from endpoint.ingest.descriptions import StoreDescriptions
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.search_documents import documents, other_names
from endpoint.ingest.text_index import TEXT
from endpoint.search.verify import verify_index
from endpoint.storage import generations
from endpoint.storage.dump import open_store
from endpoint.storage.generations import Generation


@contextmanager
def _opened(generation: Generation) -> Iterator[tuple[Store, Path]]:
    """Yield the store of a generation, which is held, and a folder for temporary files."""
    with generations.hold(generation), tempfile.TemporaryDirectory() as folder:
        yield open_store(generation), Path(folder)


def verify_store(generation: Generation) -> int:
    """Read the whole store of a generation; return the number of its quads.

    :raises StoreError: it cannot be read, or has another number of quads than was published.
    """
    with _opened(generation) as (store, _):
        try:
            quads = sum(1 for _ in store)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"The store in {generation.path} is damaged: {error}. {_REMEDY}") from error
    if quads != generation.quads:
        raise StoreError(
            f"The store in {generation.path} has {quads:,} quads instead of {generation.quads:,}. {_REMEDY}"
        )
    return quads


_REMEDY = "Publish an older generation ('endpoint rollback'), restore a backup, or load the data again."


def verify_columns(generation: Generation) -> int | None:
    """Check the columns of a generation against its store; return the number of triples, None without them.

    :raises StoreError: they differ, or cannot be read.
    """
    path = generation.path / FOLDER
    with _opened(generation) as (store, folder):
        if not path.is_dir():
            return None
        columns = open_columns(path)
        with (folder / "statements.nt").open("w+b") as stream:
            write_statements(store, stream)
            stream.seek(0)
            try:
                verify(columns, stream, folder / "terms")
            except ValueError as error:
                raise StoreError(
                    f"The columns in {path} do not agree with the store: {error}. Remove that folder, and "
                    "queries are answered without them; load the data again to make them anew."
                ) from None
        return len(columns)


def verify_text(generation: Generation, recipe: Recipe) -> int | None:
    """Check the text index of a generation against its store; return the number of records.

    None where there is none, or where it was made with other fields, rules or another version: the next start
    makes it anew.

    :raises StoreError: it differs, or cannot be read.
    """
    with _opened(generation) as (store, folder):
        if recipe.search is None or not recipe.made(generation):
            return None
        path = generation.path / TEXT
        try:
            descriptions = StoreDescriptions(store)
            found, names = documents(recipe.search, descriptions), other_names(recipe.search, descriptions)
            return verify_index(found, path, recipe.search, folder / "text", names)
        except (ValueError, zlib.error) as error:
            raise StoreError(
                f"The text index in {path} does not agree with the store: {error}. Remove the file "
                f"{generation.path / 'recipe'}, and the next start makes it anew."
            ) from None
