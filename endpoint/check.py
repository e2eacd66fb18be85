"""``endpoint check``: the check of a dataset before it is served.

It is above the packages, beside :mod:`endpoint.app`, because the catalog, the sources and an engine must
agree.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.reading import read_catalog
from endpoint.dataset import MANIFEST, Dataset, Pages, default_root, read_dataset
from endpoint.engine import Engine, Limits
from endpoint.errors import DataError, EndpointError, StoreError
from endpoint.formats import FLAT_JSON, JSON_LD, Representation
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.start import changed_files
from endpoint.ingest.tables.mapping import read_mappings
from endpoint.query import single_engine
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.origin import origin_in
from endpoint.wording import did_you_mean


@dataclass(slots=True)
class Report:
    """The result of a check: its lines, and the problems among them."""

    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def check_dataset(settings: Settings) -> Report:
    """Load the dataset into a store of its own and run every saved query with its examples.

    Raises :class:`DataError` only where the dataset's description cannot be read at all, and
    :class:`ConfigurationError` where the packaged dataset was meant for want of another, and the data belongs
    to one.
    """
    report = Report()
    dataset = read_dataset(settings.dataset or default_root())
    catalog = read_catalog(dataset.queries, settings.max_nesting, dataset.prefixes)
    try:
        report.lines += _check_store(settings, dataset)
    except StoreError as error:
        report.problems.append(str(error))
    report.problems += [str(problem) for problem in catalog.problems]
    report.lines += [f"notice: {notice}" for notice in catalog.notices]
    manifest = dataset.root / MANIFEST
    report.problems += [f"{manifest}: {problem}" for problem in _check_pages(dataset.pages, catalog)]
    report.lines.append(f"{dataset.root}: {len(dataset.graphs)} graphs, {len(catalog.queries)} saved queries")
    try:
        mappings = read_mappings(dataset.tables, dataset.prefixes)
        report.lines.append(f"mapping files of tables: {len(mappings)}")
    except DataError as error:
        report.problems.append(str(error))
    with tempfile.TemporaryDirectory() as folder:
        own = dataclasses.replace(settings, data=Path(folder) / "data")
        try:
            recipe = Recipe.read(dataset, own.derive, own.columns)
            change = Change()
            made = publish(change, recipe, own.data, report.lines.append)
            report.lines += [f"notice: {notice}" for notice in change.notices]
        except DataError as error:
            report.problems.append(str(error))
            return report
        report.lines.append(f"ontologies and seed: {made.quads:,} quads")
        async with single_engine(own, dataset) as engine:
            for query in catalog.queries.values():
                await _run_example(engine, query, dataset.base, own.timeout, report)
    return report


def _check_store(settings: Settings, dataset: Dataset) -> Iterator[str]:
    """Yield notices about what is published in the folder of the data, where there is any."""
    current = generations.current(settings.data)
    origin = origin_in(settings.data, current, dataset, adopt=settings.dataset is not None)
    if origin is not None and origin.identifier != dataset.identifier:
        yield f"notice: the data in {settings.data} belongs to another dataset, <{origin.identifier}>"
    elif changes := changed_files(settings.data, dataset):
        yield f"notice: {changes}"


def _check_pages(pages: Pages, catalog: Catalog) -> Iterator[str]:
    """Yield the saved queries that the manifest names for its pages and that do not load."""
    named = {"feed": (pages.feed,), "related": (pages.related,), "network": (pages.network,)}
    for key, names in {**named, "overview": pages.overview}.items():
        for name in filter(None, names):
            if name not in catalog.queries:
                known = list(catalog.queries)
                yield f'[pages] {key}: there is no saved query "{name}"{did_you_mean(name, known)}'


def _shaped(query: SavedQuery) -> Representation:
    """Return the representation that uses the frame or the prototype of the query, and so checks it."""
    if query.options.frame is not None:
        return dataclasses.replace(Representation.of(JSON_LD), frame=query.options.frame)
    return dataclasses.replace(Representation.of(FLAT_JSON), prototype=query.options.transform)


async def _run_example(engine: Engine, query: SavedQuery, base: str, timeout: float, report: Report) -> None:
    values = query.example_values()
    if lacking := query.lacking_examples():
        hint = f"params: {{{lacking[0]}: {{example: …}}}}"
        report.lines.append(
            f"notice: {query.path}: not run, it has no example of {', '.join(lacking)}: {hint}"
        )
        return
    try:
        operation = query.operation(list(values.items()), base)
        result = await engine.query(operation, _shaped(query), Limits(timeout))
        await result.aclose()
    except EndpointError as error:
        report.problems.append(f"{query.path}: its example does not run: {error}")
    else:
        report.lines.append(f"saved query {query.name}: its example runs")
