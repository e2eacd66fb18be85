"""Everything that the page of a resource is made of, asked for in a few steps of concurrent questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from endpoint.errors import BadParameter
from endpoint.results.bibliography import Item
from endpoint.vocabulary import RDF_TYPE
from endpoint.web.http.request import Pairs
from endpoint.web.pages.resource.address import is_iri
from endpoint.web.pages.resource.extras import (
    Question,
    Related,
    questions,
    read_classes,
    read_item,
    read_related,
)
from endpoint.web.pages.resource.finding import Found
from endpoint.web.pages.resource.inverse import PAGE, Pointing, Subjects, read_pointing, read_subjects
from endpoint.web.pages.resource.labels import Labels, RowShapes, read_labels, row_shapes
from endpoint.web.pages.resource.statements import Statements, read_statements, read_values
from endpoint.web.pages.resource.terms import TermFacts, kind_of, read_ontology, read_term
from endpoint.web.store import Snapshot, Term, iri, together
from endpoint.wording import shown

# The parameters that decide what a page shows.
PARAMETERS: Final = ("inverse", "property", "page", "whole")
# The last page of a list that may be asked for.
_LAST: Final = 9999


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of the page, besides the resource itself.

    ``inverse`` and ``property`` are properties whose resources or values are listed, at ``page``. With
    ``whole`` no text is cut.
    """

    inverse: str = ""
    property: str = ""
    page: int = 1
    whole: bool = False


def read_asked(pairs: Pairs) -> Asked:
    """Read the parameters. Raises BadParameter."""
    given = {name: value.strip() for name, value in pairs if name in PARAMETERS and value.strip()}
    for name in ("inverse", "property"):
        if name in given and not is_iri(given[name]):
            told = f"The parameter {name} takes the IRI of a property."
            raise BadParameter(name, told, shown(given[name]), "type")
    page = given.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 5 and int(page) >= 1):
        raise BadParameter("page", f"The parameter page is a number from 1 to {_LAST}.", shown(page), "type")
    return Asked(given.get("inverse", ""), given.get("property", ""), int(page), given.get("whole") == "1")


@dataclass(frozen=True, slots=True)
class Extent:
    """What the page is about: the first answers, on which the others depend.

    ``classes`` are those of the resource with all above them. ``subjects`` and ``values`` are the lists that
    the address asks for.
    """

    found: Found
    statements: Statements
    shapes: RowShapes
    pointing: Sequence[Pointing]
    classes: Sequence[str]
    item: Item | None
    subjects: Subjects | None = None
    values: Sequence[Term] = ()

    @property
    def types(self) -> list[str]:
        """The classes that are stated."""
        return self.statements.objects(RDF_TYPE)

    @property
    def kind(self) -> str:
        """Which page fits, as :func:`~endpoint.web.pages.resource.terms.kind_of` tells."""
        return kind_of(self.types, self.found.predicate, self.found.instances)


@dataclass(frozen=True, slots=True)
class Material:
    """All answers. ``ontology`` are the terms of an ontology by kind."""

    extent: Extent
    questions: Sequence[Question]
    related: Related | None
    term: TermFacts | None
    ontology: Mapping[str, Sequence[str]]
    labels: Labels = field(default_factory=Labels)


async def gather(snapshot: Snapshot, found: Found, asked: Asked) -> Material:
    """Ask for everything. Raises designed errors."""
    extent = await _extent(snapshot, found, asked)
    kind = extent.kind
    about = list(questions(snapshot.site, found.iri, extent.classes))
    async with together() as group:
        related = group.create_task(read_related(snapshot, about))
        term = group.create_task(_term(snapshot, found.iri, kind))
        ontology = group.create_task(_ontology(snapshot, found.iri, kind))
    material = Material(extent, about, related.result(), term.result(), ontology.result())
    terms = [name for names in material.ontology.values() for name in names]
    explained = {found.iri, *terms, *(row.property for row in extent.statements.rows)}
    labels = await read_labels(snapshot, _names(material), explained)
    return Material(extent, about, related.result(), term.result(), ontology.result(), labels)


async def _extent(snapshot: Snapshot, found: Found, asked: Asked) -> Extent:
    resource = found.iri
    async with together() as group:
        statements = group.create_task(read_statements(snapshot, resource))
        shapes = group.create_task(row_shapes(snapshot))
        pointing = group.create_task(read_pointing(snapshot, resource))
        classes = group.create_task(read_classes(snapshot, resource))
        item = group.create_task(read_item(snapshot, resource))
        subjects = group.create_task(_subjects(snapshot, resource, asked))
        values = group.create_task(_values(snapshot, resource, asked))
    return Extent(
        found,
        statements.result(),
        shapes.result(),
        pointing.result(),
        classes.result(),
        item.result(),
        subjects.result(),
        values.result(),
    )


async def _subjects(snapshot: Snapshot, resource: str, asked: Asked) -> Subjects | None:
    return await read_subjects(snapshot, resource, asked.inverse, asked.page) if asked.inverse else None


async def _values(snapshot: Snapshot, resource: str, asked: Asked) -> Sequence[Term]:
    if not asked.property:
        return ()
    return await read_values(snapshot, resource, asked.property, (asked.page - 1) * PAGE, PAGE)


async def _term(snapshot: Snapshot, resource: str, kind: str) -> TermFacts | None:
    return await read_term(snapshot, resource, kind == "class") if kind in ("class", "property") else None


async def _ontology(snapshot: Snapshot, resource: str, kind: str) -> Mapping[str, Sequence[str]]:
    return await read_ontology(snapshot, resource) if kind == "ontology" else {}


def _names(material: Material) -> list[str]:
    """Every IRI that the page names, the most important first."""
    extent = material.extent
    names = [extent.found.iri, *extent.types, *extent.found.parts]
    for row in extent.statements.rows:
        names += [row.property, iri(row.value)]
    names += [row.property for row in extent.pointing]
    for said in extent.statements.nodes.values():
        for name, value in said:
            names += [name, iri(value)]
    names += [name for group in material.ontology.values() for name in group]
    names += material.term.names() if material.term else []
    names += [iri(term) for term in (*extent.values, *(extent.subjects.subjects if extent.subjects else ()))]
    return [name for name in dict.fromkeys(names) if name]
