"""One saved query, as an operation once its values are known, and the catalog of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from endpoint.catalog.decorators import Options
from endpoint.catalog.parameters import Parameter, read_values
from endpoint.catalog.query_folder import About
from endpoint.errors import DataError
from endpoint.formats import QueryForm
from endpoint.sparql.binding import Value
from endpoint.sparql.operation import Operation, bind


@dataclass(frozen=True, slots=True)
class Source:
    """What a query was read from: the content of its file or, for a file that is no SPARQL, the query that
    it became. ``modified`` is when the file last changed, in seconds since 1970.
    """

    content: bytes = b""
    modified: float = 0.0

    @property
    def digest(self) -> str:
        """Tells one content from another."""
        return blake2b(self.content, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One saved query. ``template`` is the query with its parameters as variables, without the header.

    ``summary`` and ``description`` are by language tag, under ``""`` where the file tells none. The text of
    the template declares all its prefixes.
    """

    name: str
    path: Path
    summary: Mapping[str, str]
    description: Mapping[str, str]
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    template: Operation
    options: Options = field(default_factory=Options)
    source: Source = Source()

    @property
    def text(self) -> str:
        """The text of the template."""
        return self.template.text

    @property
    def form(self) -> QueryForm:
        """The form of the query."""
        return self.template.query_form

    def operation(self, received: Sequence[tuple[str, str]], base_iri: str | None = None) -> Operation:
        """Return the query with the received values in place of its parameters.

        ``received`` are decoded pairs of name and value, without those that the protocol keeps for itself
        (:data:`endpoint.catalog.declarations.RESERVED`). Raises :class:`~endpoint.errors.BadParameter`.
        """
        absent: dict[str, Value] = {row.variable: () for row in self.parameters}
        text = bind(self.text, {**absent, **read_values(self.parameters, received)})
        # No parameter stands before the asterisk of SELECT *, so binding does not move it.
        return replace(self.template, text=text, base_iri=base_iri)

    def example_values(self) -> dict[str, str]:
        """A value by name for each parameter that tells an example, a default or its choices."""
        return {row.name: row.sample for row in self.parameters if row.sample is not None}

    def lacking_examples(self) -> tuple[str, ...]:
        """The parameters that a call needs and for which the file tells no value."""
        return tuple(row.name for row in self.parameters if row.required and row.sample is None)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The saved queries by name, in the order of their names, and why the other files did not load.

    ``notices`` tell what is odd about files that did load; ``about`` is what the folder says of itself.
    ``version`` differs where the files do: what is made of a catalog may be kept under it.
    """

    queries: Mapping[str, SavedQuery]
    problems: tuple[DataError, ...]
    notices: tuple[DataError, ...] = ()
    about: About = field(default_factory=About)
    version: str = ""

    @property
    def paths(self) -> Mapping[str, str]:
        """The names of the queries by the templates of their other addresses."""
        return {query.options.path: name for name, query in self.queries.items() if query.options.path}
