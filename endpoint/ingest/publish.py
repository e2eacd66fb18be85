"""Publication: read sources, derive statements, index texts, and commit the whole as a generation.

:func:`publish` is the only way into the data directory: for the dataset's own files, for ``endpoint load``,
and for rules and fields of the text index that have changed. Another part of a generation is one more step
of it; another kind of change to the data is one more field of :class:`~endpoint.ingest.change.Change`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Quad, Store

from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.dataset import Dataset
from endpoint.errors import DataErrors
from endpoint.ingest.basis import Basis, copy_graphs, open_published
from endpoint.ingest.change import (
    Change,
    Effect,
    effect,
    going,
    refuse,
    refuse_emptiness,
    refuse_replacement,
)
from endpoint.ingest.columns import Feed, NoColumns, build_columns, extend_columns
from endpoint.ingest.derive import changed_subjects, derive
from endpoint.ingest.load import load_dataset, load_sources, readers
from endpoint.ingest.recipe import RECIPE, Recipe
from endpoint.ingest.sources import XLSX, Source
from endpoint.ingest.text_index import write_index
from endpoint.storage.delta import MOST, Recorder
from endpoint.storage.generations import Generation
from endpoint.storage.origin import Origin, origin_in
from endpoint.storage.primary import Primary
from endpoint.storage.retention import DEFAULT, Retention
from endpoint.storage.writer import Transaction, Writer
from endpoint.telemetry import log

# Quads over which the engine needs no columns: starting their builder takes longer than any count.
_LEAST: Final = 1000
# Bytes of text that are read into memory first, and the assumed factor of compression.
_SMALL: Final = 2**24
_INFLATION: Final = 20


def publish(
    change: Change,
    recipe: Recipe,
    data: Path,
    report: Callable[[str], None] = log.info,
    retention: Retention = DEFAULT,
    patience: float = 0.0,
    primary: Primary | None = None,
) -> Generation:
    """Publish the data in the directory ``data`` with ``change``, completed by ``recipe``; all or nothing.

    ``report`` takes a line for each part that is completed. Old generations stay as ``retention`` says. Where
    another process writes, its end is waited for, ``patience`` seconds at most. ``primary`` is the store that
    stays open for the next publication of this process.

    :raises ConfigurationError: ``replace`` comes without a graph, the graph is the derived one, or the data
        belongs to another dataset; or the graph to replace is not there.
    :raises DataErrors: sources are wrong; nothing was published.
    :raises DataError: nothing is stated of what is to be removed, or nothing comes into the graph that is
        replaced; nothing was published.
    :raises StoreError: the data directory cannot be written; nothing was published.
    """
    refuse(change, recipe.graph)
    recorder = Recorder()
    with Writer(data, retention, patience, primary) as writer:
        basis = Basis.of(change, data)
        origin = _origin(change, recipe.dataset, basis, data, report)
        _refuse_replacement(change, recipe.dataset, basis)
        with (
            _read_before(writer, change, recipe, basis) as apart,
            _transaction(writer, change, recipe, basis, apart, recorder) as (transaction, subjects, feed),
        ):
            _derive(recipe, transaction, subjects, recorder, feed, report)
            transaction.delta = recorder.delta
            columns = _columns(recipe, transaction, feed, report)
            _index(recipe, transaction, basis.before, columns, report)
            (transaction.folder / RECIPE).write_text(recipe.digest)
            origin.write(transaction.folder)
    return transaction.generation


def _origin(
    change: Change, dataset: Dataset, basis: Basis, data: Path, report: Callable[[str], None]
) -> Origin:
    """Return the record of the coming generation. Raises ConfigurationError for another dataset."""
    was = origin_in(data, basis.before, dataset, change.adopt)
    identifier = dataset.identifier
    if basis.before is not None and was is None:
        report(f"the data in {data}, of which no dataset was known, belongs to <{identifier}> from now on")
    if was is not None and was.identifier != identifier:
        report(
            f"the data in {data} belonged to <{was.identifier}>, and belongs to <{identifier}> from now on"
        )
        was = Origin(identifier, {})
    if was is None or basis.base is None or change.own_files:
        return Origin(identifier, dataset.file_digests())
    return was


def rehearse(change: Change, recipe: Recipe, data: Path) -> Effect:
    """Read and check everything as :func:`publish` does, and publish nothing. Raises the same errors.

    Return what would be added and removed, derived statements aside.
    """
    refuse(change, recipe.graph)
    with Writer(data) as writer, _read_apart(writer, change, recipe) as apart:
        basis = Basis.of(change, data)
        origin_in(data, basis.before, recipe.dataset, change.adopt)
        _refuse_replacement(change, recipe.dataset, basis)
        refuse_emptiness(change, apart.sources)
        if change.rebuild and basis.before is not None:
            return _rebuilt(basis.before, recipe)
        store = _published(basis.base, recipe.dataset)
        going(store, change, apart.sources, recipe.graph, apart.gone)
        replaced = store.quads_for_pattern(None, None, None, change.graph) if change.replace else apart.gone
        found = effect(store, apart.sources, replaced)
        if change.check is not None:
            apart.gone.clear()
            recipe = replace(recipe, columns=0)
            with suppress(_Rehearsed), _transaction(writer, change, recipe, basis, apart, Recorder()):
                raise _Rehearsed
    return found


def _refuse_replacement(change: Change, dataset: Dataset, basis: Basis) -> None:
    if change.replace:
        refuse_replacement(change, dataset, None if basis.base is None else open_published(basis.base))


def _rebuilt(before: Generation, recipe: Recipe) -> Effect:
    """Return the effect of building what the dataset's own files state in place of what is published."""
    store = open_published(before)
    stated = (quad for quad in store if quad.graph_name != recipe.graph)
    return effect(store, _published(None, recipe.dataset), stated)


class _Rehearsed(Exception):
    """Ends a transaction that is not to be published."""


@dataclass(frozen=True, slots=True)
class _Apart:
    """The statements of the sources, read before the data is touched, and a store for those that go."""

    sources: Store
    gone: Store


@contextmanager
def _read_before(writer: Writer, change: Change, recipe: Recipe, basis: Basis) -> Iterator[_Apart | None]:
    """Read the sources where that is of use before the data is touched; else yield None."""
    base = None if basis.copied is not None else basis.base
    # An error in a small source shows before the store is touched, and the subjects that change are known.
    useful = base is not None and recipe.made(base) and _are_small(change.sources)
    if change.errors or change.corrects or useful:
        with _read_apart(writer, change, recipe) as apart:
            yield apart
    else:
        yield None


@contextmanager
def _read_apart(writer: Writer, change: Change, recipe: Recipe) -> Iterator[_Apart]:
    """Read the sources into memory, or where they are large into temporary files."""
    if change.errors:
        _read_only(change, recipe)
    with ExitStack() as closing:
        if _are_small(change.sources):
            apart = _Apart(Store(), Store())
        else:
            folder = closing.enter_context(writer.scratch())
            apart = _Apart(Store(str(folder / "sources")), Store(str(folder / "gone")))
        _load(apart.sources, change, recipe.dataset)
        yield apart


def _published(base: Generation | None, dataset: Dataset) -> Store:
    """Return the store of a generation; without one, what the dataset's own files state."""
    if base is not None:
        return open_published(base)
    store = Store()
    load_dataset(store, dataset)
    return store


@contextmanager
def _transaction(
    writer: Writer,
    change: Change,
    recipe: Recipe,
    basis: Basis,
    apart: _Apart | None,
    recorder: Recorder,
) -> Iterator[tuple[Transaction, Collection[NamedNode] | None, Feed | None]]:
    """Begin a transaction and apply ``change`` to its store; it commits at the end of the block.

    Yields the transaction, the subjects that the change concerns (None is any), and the feed that gets all
    that is stored, where there is one. ``recorder`` takes what changes.
    """
    base, copied = basis.base, basis.copied
    digest = _digest(change, base, recipe.dataset)
    with ExitStack() as closing:
        begun = writer.transaction(digest, basis.is_empty, change.command, change.author)
        transaction = closing.enter_context(begun)
        feed = None
        if recipe.columns and basis.is_empty and not _removes(change, basis):
            feed = closing.enter_context(Feed(transaction.folder / FOLDER, _LEAST, recipe.columns))
        if base is None:
            load_dataset(transaction.store, recipe.dataset, feed, change.notices)
        if change.edit is not None:
            recorder.delta, quads = change.edit(transaction)
            subjects = None if quads is None else changed_subjects(quads)
        else:
            subjects = _apply(transaction.store, change, recipe, apart, copied, recorder, feed)
        if change.check is not None:
            change.check(transaction.store)
        yield transaction, subjects if base is not None and recipe.made(base) else None, feed


def _removes(change: Change, basis: Basis) -> bool:
    """Return whether statements that were stored may go again, other than derived ones."""
    return change.corrects or change.edit is not None or (change.replace and basis.copied is None)


def _read_only(change: Change, recipe: Recipe) -> None:
    """Read all sources only to report their mistakes."""
    errors = list(change.errors)
    try:
        _load(None, change, recipe.dataset)
    except DataErrors as several:
        errors += several.errors
    if errors:
        raise DataErrors(errors)


def _digest(change: Change, base: Generation | None, dataset: Dataset) -> str:
    """Return the digest of the files that the generation is built from; empty with other sources."""
    if change.sources or change.replace or change.removed or change.edit is not None:
        return ""
    return dataset.digest() if base is None else base.digest


def _apply(
    store: Store,
    change: Change,
    recipe: Recipe,
    apart: _Apart | None,
    copied: Generation | None,
    recorder: Recorder,
    feed: Feed | None,
) -> frozenset[NamedNode] | None:
    """Remove what goes and add the sources, from ``apart`` where they were read before.

    Return the subjects of removed and added statements, where they are known.
    """
    if apart is not None and copied is None:
        refuse_emptiness(change, apart.sources)
        going(store, change, apart.sources, recipe.graph, apart.gone)
        return _replace(store, change, apart, recorder)
    recorder.delta = None
    if copied is not None:
        copy_graphs(copied, store, {change.graph, recipe.graph}, feed)
    elif change.replace and change.graph is not None:
        store.remove_graph(change.graph)
    if apart is None:
        _load(store, change, recipe.dataset, feed)
    else:
        store.bulk_extend(apart.sources)
    refuse_emptiness(change, store)
    return None


def _replace(store: Store, change: Change, apart: _Apart, recorder: Recorder) -> frozenset[NamedNode] | None:
    """Remove the statements that go, and add those of the sources."""

    def concerned() -> Iterator[Quad]:
        old = store.quads_for_pattern(None, None, None, change.graph) if change.replace else apart.gone
        yield from chain(old, apart.sources)

    subjects = changed_subjects(concerned())
    with recorder.watching(lambda: filter(store.__contains__, concerned())):
        if change.replace and change.graph is not None:
            store.remove_graph(change.graph)
        for quad in apart.gone:
            store.remove(quad)
        # A bulk load writes files of its own, and is quicker only where there is much.
        (store.extend if len(apart.sources) <= MOST else store.bulk_extend)(apart.sources)
    return subjects


def _load(store: Store | None, change: Change, dataset: Dataset, feed: Feed | None = None) -> None:
    if not change.sources:
        return  # without sources a wrong mapping file is no reason to stop
    read = readers(dataset, change.base_iri, change.notices, change.encoding)
    load_sources(store, change.sources, read, change.base_iri, change.lenient, change.progress, feed)


def _are_small(sources: Sequence[Source]) -> bool:
    """Return whether the sources, decompressed, fit into memory, to list the subjects that they change."""
    sizes = [None if source.size is None else source.size * _inflated(source) for source in sources]
    return None not in sizes and sum(size for size in sizes if size is not None) <= _SMALL


def _inflated(source: Source) -> int:
    return _INFLATION if source.compression or source.format is XLSX else 1


def _derive(
    recipe: Recipe,
    transaction: Transaction,
    subjects: Collection[NamedNode] | None,
    recorder: Recorder,
    feed: Feed | None,
    report: Callable[[str], None],
) -> None:
    """Bring the derived graph up to date; empty it without rules."""
    if recipe.graph is None:
        return
    started = time.perf_counter()
    # Temporary files in the folder of the transaction are removed with it, also after a crash.
    # What a whole derivation changes would be as much as the graph.
    recorder.delta = None if subjects is None else recorder.delta
    count = derive(
        transaction.store, recipe.graph, recipe.rules, subjects, transaction.folder, recorder, feed
    )
    if recipe.rules:
        report(f"derived {count:,} statements in {time.perf_counter() - started:.1f} s")


def _index(
    recipe: Recipe,
    transaction: Transaction,
    before: Generation | None,
    columns: Path | None,
    report: Callable[[str], None],
) -> None:
    """Write the text index of the coming generation, on the basis of the one before where it fits."""
    if recipe.search is None:
        return
    started = time.perf_counter()
    count = write_index(recipe, recipe.search, transaction, before, columns)
    report(f"indexed {count:,} records in {time.perf_counter() - started:.1f} s")


def _columns(
    recipe: Recipe, transaction: Transaction, feed: Feed | None, report: Callable[[str], None]
) -> Path | None:
    """Write the columns of the coming generation; return their folder, or None: it is served without, too."""
    started, folder = time.perf_counter(), transaction.folder / FOLDER
    if not _LEAST <= transaction.quads() <= recipe.columns:
        return None
    base, delta = transaction.base, transaction.delta
    try:
        extended = (
            base is not None and delta is not None and extend_columns(base.path / FOLDER, folder, delta)
        )
        if not extended and (feed is None or not feed.finish(transaction.store, recipe.graph)):
            build_columns(transaction.store, folder)
    except NoColumns as error:
        shutil.rmtree(folder, ignore_errors=True)
        report(f"made no columns: {error}")
        return None
    report(f"made columns in {time.perf_counter() - started:.1f} s")
    if not extended:
        transaction.overlaps = open_columns(folder).overlap
    return folder
