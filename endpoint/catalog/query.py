"""One saved query, the catalog of all, and the binding of what a client sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from endpoint.binding import Value
from endpoint.catalog.decorators import Options
from endpoint.catalog.parameters import Parameter, read_values
from endpoint.catalog.query_folder import About
from endpoint.errors import DataError
from endpoint.formats import QueryForm
from endpoint.operation import bind


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One saved query. ``text`` is the query with its parameters as variables, without the header.

    ``summary`` and ``description`` are by language tag, under ``""`` where the file tells none.
    ``volatile`` and ``dataset_clause`` are as in :class:`~endpoint.operation.Classified`. ``text``
    declares all its prefixes.
    """

    name: str
    path: Path
    summary: Mapping[str, str]
    description: Mapping[str, str]
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    form: QueryForm
    volatile: bool = False
    dataset_clause: bool = False
    options: Options = field(default_factory=Options)

    def example_values(self) -> dict[str, str]:
        """A value by name for each parameter that tells an example, a default or its choices."""
        return {row.name: row.sample for row in self.parameters if row.sample is not None}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The saved queries by name, in the order of their names, and why the other files did not load.

    ``notices`` tell what is odd about files that did load; ``about`` is what the folder says of itself.
    """

    queries: Mapping[str, SavedQuery]
    problems: tuple[DataError, ...]
    notices: tuple[DataError, ...] = ()
    about: About = field(default_factory=About)


def bind_query(query: SavedQuery, received: Sequence[tuple[str, str]]) -> str:
    """The text of ``query`` with the received values in place of its parameters.

    ``received`` are decoded pairs of name and value, without those that the protocol keeps for itself
    (:data:`endpoint.catalog.declarations.RESERVED`). Raises :class:`~endpoint.errors.BadParameter`.
    """
    absent: dict[str, Value] = {row.variable: () for row in query.parameters}
    return bind(query.text, {**absent, **read_values(query.parameters, received)})
