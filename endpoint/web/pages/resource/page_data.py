"""The data of a resource's page, read in two steps of concurrent queries.

The first step reads the statements about the resource, the second the data that depends on them: the place
of a class or property among others, related resources, and the saved queries that take the resource as a
parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import Parameter
from endpoint.errors import BadParameter, EngineError, RequestError
from endpoint.formats import QueryForm
from endpoint.results.bibliography import Item
from endpoint.vocabulary import RDF_TYPE
from endpoint.web import Site
from endpoint.web.http.request import Pairs
from endpoint.web.own_queries import Row, Snapshot, Term, iri, together
from endpoint.web.pages.resource.described import describe_item
from endpoint.web.pages.resource.labels import Labels, read_labels
from endpoint.web.pages.resource.lookup import KnownResource, is_iri
from endpoint.web.pages.resource.statements import (
    PAGE,
    InverseProperty,
    Statements,
    SubjectPage,
    read_inverse_properties,
    read_subjects,
    read_values,
)
from endpoint.web.pages.resource.terms import (
    RowShapes,
    TermFacts,
    kind_of,
    read_ontology,
    read_term,
    row_shapes,
)
from endpoint.wording import shown

# The parameters that determine the content of a page.
PARAMETERS: Final = ("inverse", "property", "page", "whole")
# The last page of a list that a request may name.
_LAST: Final = 9999

# Related resources on a page.
RELATED: Final = 6
# Seconds that a page waits for them.
_PATIENCE: Final = 1.5


@dataclass(frozen=True, slots=True)
class PageParameters:
    """The parameters of the page besides the resource itself.

    ``inverse`` and ``property`` are properties whose subjects or values are listed, at ``page``. With
    ``whole`` no text is cut.
    """

    inverse: str = ""
    property: str = ""
    page: int = 1
    whole: bool = False


def read_parameters(pairs: Pairs) -> PageParameters:
    """Read the parameters. Raises BadParameter."""
    given = {name: value.strip() for name, value in pairs if name in PARAMETERS and value.strip()}
    for name in ("inverse", "property"):
        if name in given and not is_iri(given[name]):
            message = f"The parameter {name} takes the IRI of a property."
            raise BadParameter(name, message, shown(given[name]), "type")
    page = given.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 5 and int(page) >= 1):
        raise BadParameter("page", f"The parameter page is a number from 1 to {_LAST}.", shown(page), "type")
    return PageParameters(
        given.get("inverse", ""), given.get("property", ""), int(page), given.get("whole") == "1"
    )


@dataclass(frozen=True, slots=True)
class FittingQuery:
    """A saved query that needs no other value than the resource, with the parameter that takes it."""

    query: SavedQuery
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RelatedResources:
    """The answer of the saved query of related resources: IRIs with the other values of their rows.

    ``failed`` is true where the query could not be answered.
    """

    query: FittingQuery
    rows: Sequence[tuple[str, Sequence[Term]]]
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ResourceData:
    """The data that describes the resource, on which the rest of the page depends.

    ``classes`` are those of the resource with all above them. ``subjects`` and ``values`` are the lists that
    the parameters name.
    """

    known: KnownResource
    statements: Statements
    shapes: RowShapes
    inverse: Sequence[InverseProperty]
    classes: Sequence[str]
    item: Item | None
    subjects: SubjectPage | None = None
    values: Sequence[Term] = ()

    @property
    def types(self) -> list[str]:
        """The classes that the data states."""
        return self.statements.objects(RDF_TYPE)

    @property
    def kind(self) -> str:
        """The kind of page, as :func:`~endpoint.web.pages.resource.terms.kind_of` returns it."""
        return kind_of(self.types, self.known.predicate, self.known.instances)


@dataclass(frozen=True, slots=True)
class PageData:
    """All data of the page. ``ontology`` are the terms of an ontology by kind."""

    resource: ResourceData
    queries: Sequence[FittingQuery]
    related: RelatedResources | None
    term: TermFacts | None
    ontology: Mapping[str, Sequence[str]]
    labels: Labels = field(default_factory=Labels)


async def read_page_data(snapshot: Snapshot, known: KnownResource, parameters: PageParameters) -> PageData:
    """Read all data of the page. Raises designed errors."""
    resource = await _read_resource(snapshot, known, parameters)
    kind = resource.kind
    queries = list(fitting_queries(snapshot.site, known.iri, resource.classes))
    async with together() as group:
        related = group.create_task(read_related(snapshot, queries))
        term = group.create_task(_term(snapshot, known.iri, kind))
        ontology = group.create_task(_ontology(snapshot, known.iri, kind))
    data = PageData(resource, queries, related.result(), term.result(), ontology.result())
    terms = [name for names in data.ontology.values() for name in names]
    explained = {known.iri, *terms, *(row.property for row in resource.statements.rows)}
    described = _described(snapshot, resource)
    return replace(data, labels=await read_labels(snapshot, _names(data), explained, described))


def _described(snapshot: Snapshot, resource: ResourceData) -> Mapping[str, Sequence[tuple[str, Term]]]:
    """Return the resource with its properties and values, as GRAPH finds them, if it has all of them."""
    statements = resource.statements
    if not statements.whole:
        return {}
    union = snapshot.site.settings.default_graph == "union"
    rows = [(row.property, row.value) for row in statements.rows if union or row.graphs != {""}]
    return {resource.known.iri: rows}


async def _read_resource(
    snapshot: Snapshot, known: KnownResource, parameters: PageParameters
) -> ResourceData:
    name = known.iri
    async with together() as group:
        described = group.create_task(describe_item(snapshot, name))
        shapes = group.create_task(row_shapes(snapshot))
        inverse = group.create_task(_inverse(snapshot, known))
        subjects = group.create_task(_subjects(snapshot, name, parameters))
        values = group.create_task(_values(snapshot, name, parameters))
    return ResourceData(
        known,
        described.result().statements,
        shapes.result(),
        inverse.result(),
        described.result().classes,
        described.result().item,
        subjects.result(),
        values.result(),
    )


async def _inverse(snapshot: Snapshot, known: KnownResource) -> Sequence[InverseProperty]:
    return await read_inverse_properties(snapshot, known.iri) if known.mentioned else ()


async def _subjects(snapshot: Snapshot, resource: str, parameters: PageParameters) -> SubjectPage | None:
    return (
        await read_subjects(snapshot, resource, parameters.inverse, parameters.page)
        if parameters.inverse
        else None
    )


async def _values(snapshot: Snapshot, resource: str, parameters: PageParameters) -> Sequence[Term]:
    if not parameters.property:
        return ()
    return await read_values(snapshot, resource, parameters.property, (parameters.page - 1) * PAGE, PAGE)


async def _term(snapshot: Snapshot, resource: str, kind: str) -> TermFacts | None:
    return await read_term(snapshot, resource, kind == "class") if kind in ("class", "property") else None


async def _ontology(snapshot: Snapshot, resource: str, kind: str) -> Mapping[str, Sequence[str]]:
    return await read_ontology(snapshot, resource) if kind == "ontology" else {}


def _names(data: PageData) -> list[str]:
    """Return every IRI that the page names, the most important first."""
    resource = data.resource
    names = [resource.known.iri, *resource.types, *resource.known.parts]
    for row in resource.statements.rows:
        names += [row.property, iri(row.value)]
    names += [row.property for row in resource.inverse]
    for pairs in resource.statements.nodes.values():
        for name, value in pairs:
            names += [name, iri(value)]
    names += [name for group in data.ontology.values() for name in group]
    names += data.term.names() if data.term else []
    subjects = resource.subjects.subjects if resource.subjects else ()
    names += [iri(term) for term in (*resource.values, *subjects)]
    return [name for name in dict.fromkeys(names) if name]


def fitting_queries(site: Site, resource: str, classes: Collection[str]) -> Iterator[FittingQuery]:
    """Yield the saved queries that need no other value than this resource, in the order of the catalog."""
    for query in site.catalog.queries.values():
        if query.options.deprecated:
            continue
        needed = [row for row in query.parameters if row.required and row.default is None]
        fitting = [row for row in query.parameters if _takes(site, row, classes)]
        if fitting and all(row in fitting[:1] for row in needed):
            yield FittingQuery(query, {fitting[0].name: resource})


def _takes(site: Site, parameter: Parameter, classes: Collection[str]) -> bool:
    if parameter.type == "iri" and parameter.class_iri is not None:
        return parameter.class_iri in classes
    return site.dataset.pages.parameters.get(parameter.name) in classes


async def read_related(snapshot: Snapshot, queries: Sequence[FittingQuery]) -> RelatedResources | None:
    """Evaluate the dataset's query for related resources; None where it does not take the resource.

    The page is shown even when this query fails.
    """
    name = snapshot.site.dataset.pages.related
    fitting = next((row for row in queries if row.query.name == name), None)
    if fitting is None or fitting.query.form is not QueryForm.SELECT:
        return None
    try:
        values = list(fitting.parameters.items())
        operation = fitting.query.operation(values, snapshot.site.dataset.base)
        if not operation.dataset_clause:
            operation = operation.over(snapshot.all_graphs)
        rows = await snapshot.within(_PATIENCE).rows(operation)
    except BadParameter:
        return None
    except (EngineError, RequestError):
        return RelatedResources(fitting, (), failed=True)
    named = [row for row in rows[:RELATED] if iri(next(iter(row.values()), None))]
    return RelatedResources(fitting, [_related(row) for row in named])


def _related(row: Row) -> tuple[str, Sequence[Term]]:
    first, *others = row.values()
    return iri(first), others
