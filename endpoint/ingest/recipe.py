"""The recipe of a generation: the rules and the fields that complete the data of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Self

from pyoxigraph import NamedNode

from endpoint import __version__
from endpoint.columns import FORMAT as COLUMNS_FORMAT
from endpoint.dataset import Dataset
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
