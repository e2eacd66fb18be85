"""``endpoint query`` and ``explain``: one query on the published data, through the engine of the server.

It is above the packages, beside :mod:`endpoint.app`, because it composes them too: a dataset, its store and
an engine. It imports none of the libraries of the web.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.engine import Engine, Limits, Result
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.explanation import explain
from endpoint.engine.template_process import TemplateProcess
from endpoint.errors import NotFound
from endpoint.formats import Format, QueryForm, Representation, offered, saved_formats
from endpoint.ingest.start import ensure_store
from endpoint.settings import Settings
from endpoint.sparql.operation import admit, classify
from endpoint.wording import did_you_mean, shown

if TYPE_CHECKING:
    from endpoint.catalog import Catalog, SavedQuery


@asynccontextmanager
async def evaluated(
    settings: Settings,
    text: str,
    choose: Callable[[QueryForm], Format],
    process: TemplateProcess | None = None,
) -> AsyncIterator[Result]:
    """Evaluate the query ``text`` on the store of the settings, which is built where there is none.

    ``choose`` returns the format for the form of the query; ``process`` is a template process that was
    started ahead. The engine ends with the block. Raises designed errors, such as
    :class:`~endpoint.errors.MalformedQuery`.
    """
    dataset = read_dataset(settings.dataset or default_root())
    operation = admit(classify(text, settings.max_nesting, dataset.base))
    representation = Representation.of(choose(operation.query_form))
    ensure_store(settings, dataset)
    async with single_engine(settings, dataset, process) as engine:
        yield await engine.query(operation, representation, Limits(settings.timeout))


async def explained(
    settings: Settings,
    text: str | None,
    saved: str,
    values: Sequence[tuple[str, str]],
    process: TemplateProcess | None = None,
) -> dict[str, object]:
    """Return what a query does on the store of the settings: ``text``, or else a saved query with values.

    The store is built where there is none; ``process`` is a template process that was started ahead. Raises
    designed errors.
    """
    dataset = read_dataset(settings.dataset or default_root())
    if text is not None:
        operation = admit(classify(text, settings.max_nesting, dataset.base))
        fmt = offered(operation.query_form)[0]
    else:
        query = _saved_query(settings, dataset, saved)
        operation, fmt = query.operation(values, dataset.base), saved_formats(query.form)[0]
    ensure_store(settings, dataset)
    limits = Limits(settings.timeout, settings.max_rows, settings.max_result)
    async with single_engine(settings, dataset, process) as engine:
        explanation = await explain(
            engine, operation, Representation.of(fmt), limits, dataset.search is not None
        )
    return explanation.members(settings.default_graph == "union")


def _saved_query(settings: Settings, dataset: Dataset, name: str) -> SavedQuery:
    # Only this one case waits for what reads saved queries.
    reading = import_module("endpoint.catalog.reading")
    catalog: Catalog = reading.read_catalog(dataset.queries, settings.max_nesting, dataset.prefixes)
    if name not in catalog.queries:
        known = list(catalog.queries)
        raise NotFound(f'There is no saved query "{shown(name)}"{did_you_mean(name, known)}')
    return catalog.queries[name]


@asynccontextmanager
async def single_engine(
    settings: Settings, dataset: Dataset, process: TemplateProcess | None = None
) -> AsyncIterator[Engine]:
    """Open the embedded engine with one worker on the current generation; it ends with the block.

    Raises :class:`~endpoint.errors.StoreError`.
    """
    own = dataclasses.replace(settings, workers=1)
    engine = await EmbeddedEngine.open(own, dict(dataset.prefixes), process)
    try:
        yield engine
    finally:
        await engine.aclose()
