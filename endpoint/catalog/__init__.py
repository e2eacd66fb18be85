"""Saved queries: files with a query and its parameters, compiled into a catalog.

:func:`endpoint.catalog.reading.read_catalog` reads a folder of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path

from endpoint.catalog.parameters import Parameter, read_values
from endpoint.errors import DataError
from endpoint.formats import Format, Plain, QueryForm
from endpoint.sparql.operation import Operation
from endpoint.sparql.parameters import Bound, Value, bind_marked


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a saved query, as its decorators set them.

    ``method`` is the one that its author prefers, ``page_size`` the rows of a page, ``format`` the default
    format, ``formats`` those that are offered (empty: all), ``cache`` seconds.
    ``path`` is a template below ``/api`` with ``{parameter}`` for whole segments. ``frame`` is a JSON-LD
    frame, ``transform`` a prototype of SPARQL Transformer. ``deprecation`` are sentences by language tag,
    ``since`` and ``sunset`` the days on which the query becomes deprecated and may go away, ``successor`` the
    name of the query to use instead, ``deprecation_link`` the URL of a page about it. ``extra`` are the keys
    without a meaning here.
    """

    method: str | None = None
    page_size: int | None = None
    format: Format | None = None
    formats: tuple[Format, ...] = ()
    cache: int | None = None
    path: str | None = None
    frame: Mapping[str, Plain] | None = None
    transform: Mapping[str, Plain] | None = None
    licence: str | None = None
    deprecated: bool = False
    deprecation: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    sunset: date | None = None
    successor: str | None = None
    deprecation_link: str | None = None
    extra: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """A description of all queries of a folder. ``title`` and ``description`` are by language tag."""

    title: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    contact_name: str | None = None
    contact_url: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a query: the content of its file, or the query made from a file that is no SPARQL.

    ``modified`` is the time of the file's last change, in seconds since 1970.
    """

    content: bytes = b""
    modified: float = 0.0

    @property
    def digest(self) -> str:
        """Return a digest of the content."""
        return blake2b(self.content, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A compiled saved query. ``template`` is the query with its parameters as variables, without the header.

    ``summary`` and ``description`` are by language tag, under ``""`` where the file has none. The text of
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
        """Return the text of the template."""
        return self.template.text

    @property
    def form(self) -> QueryForm:
        """Return the form of the query."""
        return self.template.query_form

    def bind(self, received: Sequence[tuple[str, str]]) -> Bound:
        """Return the text with the received values in place of the parameters.

        ``received`` are decoded pairs of name and value, without those that the protocol keeps for itself
        (:data:`endpoint.catalog.parameters.RESERVED`). Raises :class:`~endpoint.errors.BadParameter`.
        """
        absent: dict[str, Value] = {row.variable: () for row in self.parameters}
        return bind_marked(self.text, {**absent, **read_values(self.parameters, received)})

    def operation(
        self, received: Bound | Sequence[tuple[str, str]], base_iri: str | None = None
    ) -> Operation:
        """Return the query with the received values bound, as :meth:`bind` does, or bound before."""
        bound = received if isinstance(received, Bound) else self.bind(received)
        # No parameter precedes the asterisk of SELECT *, so binding does not move it.
        return replace(self.template, text=bound.text, base_iri=base_iri)

    def example_values(self) -> dict[str, str]:
        """Return a value by name for each parameter that has an example, a default or choices."""
        return {row.name: row.sample for row in self.parameters if row.sample is not None}

    def lacking_examples(self) -> tuple[str, ...]:
        """Return the parameters that a call needs and for which the file has no value."""
        return tuple(row.name for row in self.parameters if row.required and row.sample is None)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The saved queries by name, in the order of their names, and the problems of the other files.

    ``notices`` are about oddities of the files that were loaded; ``about`` is the folder's own description.
    ``version`` differs where the files do, so that it is a key for what is derived from a catalog.
    """

    queries: Mapping[str, SavedQuery]
    problems: tuple[DataError, ...]
    notices: tuple[DataError, ...] = ()
    about: About = field(default_factory=About)
    version: str = ""

    @property
    def paths(self) -> Mapping[str, str]:
        """Return the names of the queries by the templates of their other addresses."""
        return {query.options.path: name for name, query in self.queries.items() if query.options.path}
