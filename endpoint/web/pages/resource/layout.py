"""The pieces of a page as its templates see them."""

from __future__ import annotations

from dataclasses import dataclass

from endpoint.web.pages.resource.cells import Cell
from endpoint.web.pages.resource.labels import Text


@dataclass(frozen=True, slots=True)
class PageRow:
    """One property of the table.

    ``total`` is the number of values where not all are there; then ``more`` leads to the others.
    """

    property: Cell
    name: Text | None
    help: Text | None
    cells: tuple[Cell, ...]
    total: int | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class InverseRow:
    """One property that points to the resource; ``href`` shows the resources that do.

    ``more``: there may be more than ``count``. ``listing`` are those that are shown now; ``derived``: only
    rules say so.
    """

    property: Cell
    count: int
    more: bool
    href: str
    derived: bool
    listing: Listing | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the resources or values of one property; ``before`` and ``after`` lead to its neighbours."""

    property: Cell
    cells: tuple[Cell, ...]
    page: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Record:
    """Where the thing itself is on the web, and what the property that tells is called."""

    name: Text | None
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term in the document of an ontology."""

    cell: Cell
    explanation: Text | None
