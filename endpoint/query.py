"""``endpoint query``: one query on the published data, through the same engine as the server and without one.

It stands above the packages, beside the application, because it composes them: a dataset, its store, the gate
for SPARQL text and an engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from endpoint.app import open_engine
from endpoint.dataset import default_root, read_dataset
from endpoint.engine import Limits, Result
from endpoint.formats import Format, QueryForm, Representation
from endpoint.ingest.publish import ensure_store
from endpoint.settings import Settings
from endpoint.sparql.operation import admit, classify


@asynccontextmanager
async def evaluated(
    settings: Settings, text: str, choose: Callable[[QueryForm], Format]
) -> AsyncIterator[Result]:
    """Evaluate the query ``text`` on the store of the settings, which is built where there is none.

    ``choose`` returns the format for the form of the query. The engine ends with the block. Raises designed
    errors, such as :class:`~endpoint.errors.MalformedQuery`.
    """
    dataset = read_dataset(settings.dataset or default_root())
    operation = admit(classify(text, settings.max_nesting, dataset.base))
    representation = Representation.of(choose(operation.query_form))
    ensure_store(settings, dataset)
    engine = await open_engine(dataclasses.replace(settings, workers=1), dataset)
    try:
        yield await engine.query(operation, representation, Limits(settings.timeout))
    finally:
        await engine.aclose()
