"""The recipe of a generation: the rules and the fields that complete the data of a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from pyoxigraph import NamedNode

from endpoint import __version__
from endpoint.columns import FORMAT as COLUMNS_FORMAT
from endpoint.dataset import MANIFEST, Dataset, read_dataset
from endpoint.errors import DataError
from endpoint.ingest.rules import Rule, read_rules
from endpoint.ingest.search_documents import read_configuration
from endpoint.search import FORMAT as INDEX_FORMAT
from endpoint.search import SearchConfiguration
from endpoint.storage.generations import Generation

# Its name in the folder of a generation.
RECIPE: Final = "recipe"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The rules and the fields of the text index that complete the data of ``dataset``.

    ``digest`` identifies them. It is written beside each generation, so that the next start notices a change.
    A generation of more than ``columns`` quads gets no columns, and neither does a very small one.
    """

    dataset: Dataset
    rules: tuple[Rule, ...]
    search: SearchConfiguration | None
    digest: str
    columns: int

    @classmethod
    def read(cls, dataset: Dataset, derive: bool = True, columns: int = 0) -> Self:
        """Read the rules, unless nothing is to be derived, and the fields of ``dataset``.

        :raises DataError: a rule or the file of the fields is wrong.
        """
        derived = dataset.derived
        return cls(
            dataset=dataset,
            rules=read_rules(derived.rules) if derived is not None and derive else (),
            search=None if dataset.search is None else read_configuration(dataset.search, dataset.prefixes),
            digest=_recipe_digest(dataset, derive),
            columns=columns,
        )

    @property
    def graph(self) -> NamedNode | None:
        """The graph of derived statements, where the dataset has one."""
        return None if self.dataset.derived is None else NamedNode(self.dataset.derived.iri)

    def made(self, generation: Generation) -> bool:
        """Return whether ``generation`` was completed by the same rules and fields."""
        try:
            return (generation.path / RECIPE).read_text() == self.digest
        except OSError:
            return False


class LastRecipe:
    """The recipe that was read last, for who needs the same one again and again."""

    def __init__(self) -> None:
        self._recipe: Recipe | None = None
        self._seen: tuple[object, ...] = ()

    def read(self, root: Path, derive: bool, columns: int) -> Recipe:
        """Return the recipe of the dataset in ``root``, which is read again where a file may have changed.

        :raises DataError: a file of it is wrong.
        """
        asked = (root, derive, columns, _state(root / MANIFEST))
        if self._recipe is None or self._seen != (*asked, *_states(self._recipe.dataset)):
            self._recipe = None
            dataset = read_dataset(root)
            self._seen = (*asked, *_states(dataset))
            self._recipe = Recipe.read(dataset, derive, columns)
        return self._recipe


def _states(dataset: Dataset) -> Iterator[object]:
    """Yield the states of the files that determine the recipe, and of the folders where others may come."""
    files = [file for graph in dataset.graphs for file in (*graph.files, *graph.rules)]
    search = () if dataset.search is None else (dataset.search,)
    for path in sorted({*files, *search, *(file.parent for file in files), (dataset.root / MANIFEST).parent}):
        yield _state(path)


def _state(path: Path) -> object:
    with suppress(OSError):
        status = path.stat()
        return path, status.st_ino, status.st_mtime_ns, status.st_size
    return path


def _recipe_digest(dataset: Dataset, derive: bool) -> str:
    # Another version of the server may treat words or rules in another way, or read other files.
    versions = f"{__version__} {INDEX_FORMAT} {COLUMNS_FORMAT}"
    whole = blake2b(f"{versions} {derive}".encode(), digest_size=16)
    rules = dataset.derived.rules if dataset.derived is not None and derive else ()
    for path in (*rules, *filter(None, [dataset.search])):
        try:
            whole.update(path.name.encode() + b"\0" + path.read_bytes())
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path) from error
    return whole.hexdigest()
