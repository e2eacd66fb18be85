"""``values:`` of a parameter: the saved query that lists its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from endpoint.catalog.header import Entry

_KEYS = ("query", "value", "label", "count")


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The saved query ``query`` and its columns: of the value (None: the first one), of the number of
    things that each has, and of the label by language tag, ``""`` for the language of the text itself.
    """

    query: str
    value: str | None = None
    count: str | None = None
    label: Mapping[str, str] = field(default_factory=dict)


def read_value_source(entry: Entry) -> ValueSource:
    """The source that an entry names. Raises DataError."""
    if not isinstance(entry.content, Mapping):
        return ValueSource(entry.text().strip())
    members = entry.members(_KEYS)
    if "query" not in members:
        raise entry.error('"values" names a saved query, as in {query: authors, count: publications}.')
    texts = {key: members[key].text().strip() for key in ("query", "value", "count") if key in members}
    label = members["label"].by_language() if "label" in members else {}
    return ValueSource(texts["query"], texts.get("value"), texts.get("count"), label)
