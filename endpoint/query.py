"""``endpoint query``: one query on the published data, through the same engine as the server and without one.

It is above the packages, beside :mod:`endpoint.app`, because it composes them too: a dataset, its store and
an engine. It imports none of the libraries of the web.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.engine import Engine, Limits, Result
from endpoint.engine.embedded import EmbeddedEngine
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
    async with single_engine(settings, dataset) as engine:
        yield await engine.query(operation, representation, Limits(settings.timeout))


@asynccontextmanager
async def single_engine(settings: Settings, dataset: Dataset) -> AsyncIterator[Engine]:
    """Open the embedded engine with one worker on the current generation; it ends with the block.

    Raises :class:`~endpoint.errors.StoreError`.
    """
    engine = await EmbeddedEngine.open(dataclasses.replace(settings, workers=1), dict(dataset.prefixes))
    try:
        yield engine
    finally:
        await engine.aclose()
