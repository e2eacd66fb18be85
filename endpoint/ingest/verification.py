"""The verification of the columns of a generation: they have what its store has.

It imports NumPy, which whoever builds columns (:mod:`endpoint.ingest.columns`) does without.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pyoxigraph import Store

from endpoint.columns import FOLDER
from endpoint.columns.reader import Columns
from endpoint.columns.verify import verify
from endpoint.errors import StoreError
from endpoint.ingest.columns import write_statements
from endpoint.storage import generations
from endpoint.storage.generations import Generation


def verify_columns(generation: Generation) -> int | None:
    """Check the columns of a generation against its store; return the number of triples, None without them.

    :raises StoreError: they differ, or cannot be read.
    """
    path = generation.path / FOLDER
    with generations.hold(generation):
        if not path.is_dir():
            return None
        columns = Columns.open(path)
        store = Store.read_only(str(generation.path / generations.STORE))
        with tempfile.TemporaryDirectory() as folder, (Path(folder) / "statements.nt").open("w+b") as stream:
            write_statements(store, stream)
            stream.seek(0)
            try:
                verify(columns, stream, Path(folder) / "terms")
            except ValueError as error:
                raise StoreError(
                    f"The columns in {path} do not agree with the store: {error}. Remove that folder, and "
                    "queries are answered without them; load the data again to make them anew."
                ) from None
        return len(columns)
