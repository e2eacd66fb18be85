"""What else is on the page of a resource: its citation, related resources, saved queries about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from endpoint.catalog import SavedQuery, bind_query
from endpoint.catalog.parameters import Parameter
from endpoint.errors import BadParameter, EngineError, RequestError
from endpoint.formats import QueryForm
from endpoint.results.bibliography import Item
from endpoint.results.bibliography.lookup import items_of, lookup_query
from endpoint.vocabulary import RDFS_SUBCLASS_OF
from endpoint.web.http.site import Site
from endpoint.web.store import Row, Snapshot, Term, iri

# Related resources on a page.
RELATED: Final = 6
# Seconds that a page waits for them.
_PATIENCE: Final = 1.5

_SUPERCLASSES: Final = """SELECT DISTINCT ?class WHERE {{
  <{iri}> a/<{subclass_of}>* ?class FILTER(isIRI(?class)) }} LIMIT 200"""


@dataclass(frozen=True, slots=True)
class Question:
    """A saved query that can be asked about the resource, with its parameters."""

    query: SavedQuery
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of the saved query of related resources: the resource, and the values that tell of it."""

    question: Question
    rows: Sequence[tuple[str, Sequence[Term]]]
    failed: bool = False


async def read_item(snapshot: Snapshot, resource: str) -> Item | None:
    """The resource as a publication; None where it is none. Raises designed errors."""
    answer = await snapshot.graph(lookup_query([resource]))
    return next(iter(items_of([resource], answer)), None)


async def read_classes(snapshot: Snapshot, resource: str) -> list[str]:
    """The classes of the resource and those above them. Raises designed errors."""
    text = _SUPERCLASSES.format(subclass_of=RDFS_SUBCLASS_OF, iri=resource)
    rows = await snapshot.rows(text, whole=True)
    return sorted(iri(row["class"]) for row in rows)


def questions(site: Site, resource: str, classes: Collection[str]) -> Iterator[Question]:
    """The saved queries that need nothing but this resource, in the order of the catalog."""
    for query in site.catalog.queries.values():
        if query.options.deprecated:
            continue
        needed = [row for row in query.parameters if row.required and row.default is None]
        fitting = [row for row in query.parameters if _takes(site, row, classes)]
        if fitting and all(row in fitting[:1] for row in needed):
            yield Question(query, {fitting[0].name: resource})


def _takes(site: Site, parameter: Parameter, classes: Collection[str]) -> bool:
    if parameter.type == "iri" and parameter.class_iri is not None:
        return parameter.class_iri in classes
    return site.dataset.pages.parameters.get(parameter.name) in classes


async def read_related(snapshot: Snapshot, asked: Sequence[Question]) -> Related | None:
    """What the dataset's query for related resources finds; None where it does not fit the resource.

    A failure of it does not take the page away, and is told.
    """
    name = snapshot.site.dataset.pages.related
    question = next((row for row in asked if row.query.name == name), None)
    if question is None or question.query.form is not QueryForm.SELECT:
        return None
    try:
        text = bind_query(question.query, list(question.parameters.items()))
        operation = snapshot.operation(text, QueryForm.SELECT, whole=not question.query.dataset_clause)
        operation = replace(operation, dataset_clause=question.query.dataset_clause)
        rows = await snapshot.within(_PATIENCE).rows(operation)
    except BadParameter:
        return None
    except (EngineError, RequestError):
        return Related(question, (), failed=True)
    return Related(question, [_related(row) for row in rows[:RELATED] if iri(next(iter(row.values()), None))])


def _related(row: Row) -> tuple[str, Sequence[Term]]:
    first, *others = row.values()
    return iri(first), others
