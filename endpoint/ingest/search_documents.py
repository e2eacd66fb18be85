"""Documents of the text index: one for each indexed subject, as ``seed/search.toml`` has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from endpoint.columns import Values
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.descriptions import Descriptions, StoreDescriptions
from endpoint.search import PARAMETERS, Document, Facet, Field, Names, SearchConfiguration
from endpoint.search.other_names import name_key, table_of
from endpoint.toml_file import TomlTable, alternatives, read_toml
from endpoint.vocabulary import OWL, RDF, RDF_TYPE, RDFS, SH

_KEYS = ("classes", "excluded", "dates", "snippet", "field", "facet", "names")
_NAMES_KEYS = ("classes", "properties", "groups")
_FIELD_KEYS = ("labels", "weight", "properties", "through")
_FACET_KEYS = ("labels", "properties", "through", "characters", "names")
# A name stands before a colon in queries, and is the name of a parameter.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HEAVIEST = 1000
_LOCAL = re.compile(r"[\w.%~-]+")
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`]+')

T = TypeVar("T")

# Types from these namespaces make a subject a term of an ontology or the ontology itself.
_ONTOLOGY = (OWL, RDFS, RDF, SH)
_INDIVIDUAL = f"{OWL}NamedIndividual"
_LINKED_IN_MEMORY = 50_000


def read_configuration(path: Path, prefixes: Mapping[str, str]) -> SearchConfiguration:
    """Read the fields and facets of the text index from ``path``.

    Terms are written as ``prefix:name`` with ``prefixes``, or as ``<IRI>``.

    :raises DataErrors: all mistakes in the file, each with its line.
    """
    file = _ConfigurationFile(prefixes)
    configuration = file.configuration(read_toml(path))
    if file.errors:
        raise DataErrors(file.errors)
    return configuration


class _ConfigurationFile:
    """The file of fields and facets, read on past its errors; these are collected in ``errors``."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self.errors: list[DataError] = []

    def configuration(self, top: TomlTable) -> SearchConfiguration:
        """Return the valid fields and facets of ``top``."""
        self._check(lambda: top.check_keys(_KEYS))
        fields = tuple(self._field(name, table) for name, table in self._named(top, "field"))
        facets = tuple(self._facet(name, table) for name, table in self._named(top, "facet"))
        if not fields:
            self.errors.append(top.error("needs at least one field, such as [field.title]", "field"))
        names = [field.name for field in fields]
        snippet = self._check(lambda: top.text("snippet", "")) or ""
        if snippet and snippet not in names:
            self.errors.append(
                top.error(f"is no field: {snippet!r}; {alternatives(snippet, names)}", "snippet")
            )
        return SearchConfiguration(
            fields,
            facets,
            classes=self._terms(top, "classes", ()),
            excluded=self._terms(top, "excluded", ()),
            dates=self._terms(top, "dates", ()),
            snippet=snippet,
            names=self._other_names(top),
        )

    def _other_names(self, top: TomlTable) -> Names:
        table = self._check(lambda: top.table("names"))
        if table is None or not table.values:
            return Names()
        self._check(lambda: table.check_keys(_NAMES_KEYS))
        classes, properties = (self._terms(table, key, ()) for key in ("classes", "properties"))
        if bool(classes) != bool(properties):
            key = "properties" if classes else "classes"
            self.errors.append(table.error(f"needs {key}, for whose names is meant", key))
        return Names(classes, properties, tuple(self._groups(table)))

    def _groups(self, table: TomlTable) -> Iterator[tuple[str, ...]]:
        groups = table.values.get("groups", [])
        if not isinstance(groups, list):
            self.errors.append(table.error("must be a list of lists of names", "groups"))
            return
        seen: dict[str, int] = {}
        for number, group in enumerate(groups, 1):
            if not isinstance(group, list) or not all(isinstance(name, str) for name in group):
                self.errors.append(
                    table.error(f"has something else than a list of names as group {number}", "groups")
                )
                continue
            keys = {name_key(name): name for name in group}
            if "" in keys:
                detail = f"has a name in group {number} that is too short or too long: {keys['']!r}"
                self.errors.append(table.error(detail, "groups"))
            elif len(keys) < 2:
                detail = f"has no two different names in group {number}"
                self.errors.append(table.error(detail, "groups"))
            elif twice := next((key for key in keys if key in seen), ""):
                detail = f"has {keys[twice]!r} in group {number} and in group {seen[twice]}"
                self.errors.append(table.error(detail, "groups"))
            seen |= dict.fromkeys(keys, number)
            yield tuple(group)

    def _check(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except DataError as error:
            self.errors.append(error)
            return None

    def _named(self, top: TomlTable, key: str) -> Iterator[tuple[str, TomlTable]]:
        tables = self._check(lambda: top.table(key))
        if tables is None:
            return
        for name in tables.values:
            if not _NAME.fullmatch(name):
                detail = "is no name: it needs small letters, digits and _ only"
                self.errors.append(tables.error(detail, name))
            elif table := self._check(partial(tables.table, name)):
                yield name, table

    def _field(self, name: str, table: TomlTable) -> Field:
        self._check(lambda: table.check_keys(_FIELD_KEYS))
        weight = table.values.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= _HEAVIEST:
            self.errors.append(table.error(f"must be a number over 0, at most {_HEAVIEST}", "weight"))
            weight = 1
        properties, through = self._terms(table, "properties"), self._terms(table, "through", ())
        return Field(name, properties, float(weight), through, self._labels(table))

    def _facet(self, name: str, table: TomlTable) -> Facet:
        self._check(lambda: table.check_keys(_FACET_KEYS))
        if name in PARAMETERS:
            self.errors.append(table.error("has the name of a parameter of the search; choose another"))
        characters = table.values.get("characters", 0)
        if isinstance(characters, bool) or not isinstance(characters, int) or characters < 0:
            self.errors.append(table.error("must be a whole number of characters", "characters"))
            characters = 0
        properties, through = self._terms(table, "properties"), self._terms(table, "through", ())
        return Facet(name, properties, through, characters, self._labels(table), self._names(table))

    def _names(self, table: TomlTable) -> dict[str, dict[str, str]]:
        names = self._check(lambda: table.table("names"))
        if names is None:
            return {}
        return {value: self._labels(names, value) for value in names.values}

    def _labels(self, table: TomlTable, key: str = "labels") -> dict[str, str]:
        labels = self._check(lambda: table.table(key))
        if labels is None:
            return {}
        texts = {language: self._check(partial(labels.text, language)) for language in labels.values}
        return {language: text for language, text in texts.items() if text}

    def _terms(self, table: TomlTable, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        written = self._check(lambda: table.texts(key, default)) or ()
        iris = (self._check(partial(self._term, table, key, text)) for text in written)
        return tuple(iri for iri in iris if iri)

    def _term(self, table: TomlTable, key: str, text: str) -> str:
        if text.startswith("<") and text.endswith(">") and _IRI.fullmatch(text[1:-1]):
            return text[1:-1]
        prefix, colon, name = text.partition(":")
        if not colon or not _LOCAL.fullmatch(name):
            raise table.error(f"has {text!r}, which is neither prefix:name nor <IRI>", key)
        if prefix not in self._prefixes:
            raise table.error(
                f"has {text!r}, but the manifest has no such prefix; {alternatives(prefix, self._prefixes)}",
                key,
            )
        return self._prefixes[prefix] + name


def documents(configuration: SearchConfiguration, descriptions: Descriptions) -> Iterator[Document]:
    """Yield the indexed subjects in the order of their IRIs; ``descriptions`` have :func:`properties_of`."""
    parts: list[Field | Facet] = [*configuration.fields, *configuration.facets]
    names = {name for part in parts if part.through for name in part.properties}

    # Entities have a link to each of their documents, so only the required properties are read.
    @lru_cache(maxsize=_LINKED_IN_MEMORY)
    def linked(subject: str) -> Values:
        return descriptions.of(subject, names)

    titles = configuration.fields[0].properties
    for subject, values in descriptions.with_any(titles, configuration.classes):
        if _is_indexed(values, configuration):
            yield _document(subject, values, linked, configuration)


def changed_documents(
    configuration: SearchConfiguration, descriptions: StoreDescriptions, subjects: Iterable[str]
) -> Iterator[tuple[str, Document | None]]:
    """Yield the IRIs whose documents may have changed, each with its document; None is none.

    Nothing but statements about ``subjects`` has come or gone.

    These are the subjects, and what is linked to them by a property that a field or a facet goes through.
    """
    parts: list[Field | Facet] = [*configuration.fields, *configuration.facets]
    names = {name for part in parts if part.through for name in part.properties}
    through = {link for part in parts for link in part.through}
    linked = lru_cache(maxsize=_LINKED_IN_MEMORY)(partial(descriptions.of, properties=names))
    titles, every = configuration.fields[0].properties, properties_of(configuration)
    changed = set(subjects)
    for iri in sorted(changed.union(*(descriptions.linking(subject, through) for subject in changed))):
        document = None
        if descriptions.has_any(iri, titles, configuration.classes):
            values = descriptions.of(iri, every)
            if _is_indexed(values, configuration):
                document = _document(iri, values, linked, configuration)
        yield iri, document


def other_names(configuration: SearchConfiguration, descriptions: Descriptions) -> dict[str, list[str]]:
    """Return the table of names that mean the same."""
    names = configuration.names
    groups = [list(group) for group in names.groups]
    if names.classes:
        for _, values in descriptions.with_any(names.properties, names.classes):
            groups.append(list(_texts(values, names.properties, (), lambda _: {})))
    return table_of(groups)


def properties_of(configuration: SearchConfiguration) -> frozenset[str]:
    """Return the properties of which documents are made."""
    parts: list[Field | Facet] = [*configuration.fields, *configuration.facets]
    of_parts = (name for part in parts for name in (*part.properties, *part.through))
    return frozenset((RDF_TYPE, *of_parts, *configuration.dates, *configuration.names.properties))


def _is_indexed(values: Values, configuration: SearchConfiguration) -> bool:
    if configuration.classes:
        return True
    types = [value.text for value in values.get(RDF_TYPE, ())]
    return not any(
        type_ in configuration.excluded or (type_.startswith(_ONTOLOGY) and type_ != _INDIVIDUAL)
        for type_ in types
    )


def _document(
    subject: str, values: Values, linked: Callable[[str], Values], configuration: SearchConfiguration
) -> Document:
    fields = {
        field.name: tuple(_texts(values, field.properties, field.through, linked))
        for field in configuration.fields
    }
    title, *others = (field.name for field in configuration.fields)
    # An alternative title that equals the title adds nothing.
    titles = set(fields[title])
    for name in others:
        fields[name] = tuple(text for text in fields[name] if text not in titles)
    facets = {
        facet.name: tuple(
            dict.fromkeys(
                text[: facet.characters or None]
                for text in _texts(values, facet.properties, facet.through, linked)
            )
        )
        for facet in configuration.facets
    }
    dates = (text for name in configuration.dates for text in _texts(values, (name,), (), linked))
    return Document(subject, fields, facets, next(dates, ""))


def _texts(
    values: Values, properties: tuple[str, ...], through: tuple[str, ...], linked: Callable[[str], Values]
) -> Iterator[str]:
    """Yield the distinct literals of ``properties``, of the subject or of resources linked by ``through``."""
    sources = [values]
    if through:
        links = dict.fromkeys(value for link in through for value in values.get(link, ()))
        sources = [linked(value.text) for value in links if not value.is_literal]
    texts = (
        value.text
        for source in sources
        for name in properties
        for value in source.get(name, ())
        if value.is_literal
    )
    yield from dict.fromkeys(text for text in texts if text.strip())
