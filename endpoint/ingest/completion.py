"""What follows every change to the data before it is published: derived statements and the text index.

Both depend on the data, on the dataset's rules and fields, and on the setting ``derive``. What they were
made by is written beside them (the recipe), so that a changed rule or field is noticed at the next start.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from pyoxigraph import NamedNode, Store

from endpoint import __version__
from endpoint.dataset import Dataset
from endpoint.errors import DataError, StoreError
from endpoint.ingest.derive import Rule, derive, read_rules
from endpoint.ingest.documents import documents
from endpoint.ingest.search_fields import read_configuration
from endpoint.search import SearchConfiguration
from endpoint.search.build import build_index
from endpoint.storage.generations import Generation

# Names in the folder of a generation.
RECIPE: Final = "recipe"
TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Completion:
    """How the data of one dataset is completed. Made by :meth:`of`."""

    graph: NamedNode | None
    rules: tuple[Rule, ...]
    search: SearchConfiguration | None
    recipe: str
    folder: Path
    report: Callable[[str], None]

    @classmethod
    def of(cls, dataset: Dataset, derive: bool, folder: Path, report: Callable[[str], None]) -> Self:
        """Read the rules and the fields of ``dataset``.

        ``folder`` takes temporary files; ``report`` takes a line for each part that is done.

        :raises DataError: a rule or the file of the fields is wrong.
        """
        derived = dataset.derived
        return cls(
            graph=None if derived is None else NamedNode(derived.iri),
            rules=read_rules(derived.rules) if derived is not None and derive else (),
            search=None if dataset.search is None else read_configuration(dataset.search, dataset.prefixes),
            recipe=_recipe(dataset, derive),
            folder=folder,
            report=report,
        )

    def derive(self, store: Store, changed: Collection[NamedNode] | None = None) -> None:
        """Bring the derived graph up to date, or empty it where the setting says so.

        ``changed`` are the subjects that statements were added to or removed from, of a store that was
        completed by the same rules before; None derives everything anew.
        """
        if self.graph is None:
            return
        started = time.perf_counter()
        count = derive(store, self.graph, self.rules, changed, self.folder)
        if self.rules:
            self.report(f"derived {count:,} statements in {time.perf_counter() - started:.1f} s")

    def furnish(self, store: Store, folder: Path, before: Generation | None) -> None:
        """Make what stands beside the store in the folder of a generation; see :class:`Writer`."""
        if self.search is not None:
            started = time.perf_counter()
            previous = before.path / TEXT if before is not None and self.holds(before) else None
            count = self._index(self.search, store, folder / TEXT, previous)
            self.report(f"indexed {count:,} records in {time.perf_counter() - started:.1f} s")
        (folder / RECIPE).write_text(self.recipe)

    def _index(self, search: SearchConfiguration, store: Store, folder: Path, previous: Path | None) -> int:
        if previous is not None:
            # What is damaged in the index before shows only while it is copied.
            with suppress(StoreError):
                return build_index(documents(store, search), folder, search, previous)
            shutil.rmtree(folder, ignore_errors=True)
        return build_index(documents(store, search), folder, search)

    def holds(self, generation: Generation) -> bool:
        """Whether the generation was completed by the same rules and fields."""
        return made_by(generation) == self.recipe


def made_by(generation: Generation) -> str:
    """The recipe that the generation was completed by; empty where it tells none."""
    try:
        return (generation.path / RECIPE).read_text()
    except OSError:
        return ""


def _recipe(dataset: Dataset, derive: bool) -> str:
    # Another version of the server may read words or rules in another way.
    whole = blake2b(f"{__version__} {derive}".encode(), digest_size=16)
    rules = dataset.derived.rules if dataset.derived is not None and derive else ()
    for path in (*rules, *filter(None, [dataset.search])):
        try:
            whole.update(path.name.encode() + b"\0" + path.read_bytes())
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path) from error
    return whole.hexdigest()
