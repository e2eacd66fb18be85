"""What the text index holds, as the dataset's ``seed/search.toml`` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """Text that is searched: values of ``properties``, of the subject or of what ``through`` links to.

    ``weight`` is what a word found here counts against one found in a field of weight 1. ``labels`` are
    by language tag. All properties are IRIs.
    """

    name: str
    properties: tuple[str, ...]
    weight: float = 1.0
    through: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facet:
    """Values to count and filter by; of each only the first ``characters`` where that is not 0.

    ``names`` are what people call a value, by language tag, where that is not the value itself.
    """

    name: str
    properties: tuple[str, ...]
    through: tuple[str, ...] = ()
    characters: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchConfiguration:
    """The fields, of which the first is the title, and the facets of the text index.

    ``classes`` are the types of what is indexed; where there are none it is every subject that has a
    title, is no term of an ontology and has none of the types ``excluded``. ``snippet`` names the field
    that snippets are taken from first. ``dates`` are the properties by which the newest comes first; of
    each subject the first it has counts.
    """

    fields: tuple[Field, ...]
    facets: tuple[Facet, ...] = ()
    classes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    snippet: str = ""
