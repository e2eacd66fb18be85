"""Other names of what a query names: whoever searches for UNESCO also means 유네스코.

A table has for each name, in its normal form, the other names of the same thing. A name may have several
words; in a query it is found in words next to each other. Words in quotation marks, beginnings of words, and
what is excluded mean themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from endpoint.search.analysis import is_syllabic, normalise, words
from endpoint.search.korean import without_particle
from endpoint.search.query import All, Any, Node, Term

FILE: Final = "names.json"
# Names of more words are sentences, and of more others too common to mean one thing.
_MOST_WORDS: Final = 10
_MOST_OTHERS: Final = 8

Table = Mapping[str, Sequence[str]]


def name_key(text: str) -> str:
    """Return the normal form of a name; empty for one that is too short or too long to stand for a thing."""
    found = words(normalise(text))
    key = " ".join(found)
    return key if len(key) > 1 and len(found) <= _MOST_WORDS else ""


def table_of(groups: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    """Return the table of names that mean the same within each of ``groups``."""
    table: dict[str, dict[str, str]] = {}
    for group in groups:
        names: dict[str, str] = {}
        for name in group:
            names.setdefault(name_key(name), name)
        names.pop("", None)
        for key in names:
            table[key] = {**names, **table.get(key, {})}
    return {
        key: sorted(name for other, name in names.items() if other != key)
        for key, names in sorted(table.items())
        if 1 < len(names) <= _MOST_OTHERS + 1
    }


def write_table(folder: Path, table: Table) -> None:
    """Write the table into the folder of an index."""
    (folder / FILE).write_text(json.dumps(dict(table), ensure_ascii=False), encoding="utf-8")


def read_table(folder: Path) -> dict[str, list[str]]:
    """Read the table of an index. Raises OSError and ValueError."""
    table: dict[str, list[str]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return table


@dataclass(frozen=True, slots=True)
class Expanded:
    """A query with the other names of what it names; ``names`` are these, without repetitions."""

    query: Node
    names: tuple[str, ...]


class OtherNames:
    """The names of a table, looked up in queries."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._longest = max((key.count(" ") + 1 for key in table), default=0)

    def expand(self, query: Node) -> Expanded:
        """Return ``query`` such that it also matches other names of what it names."""
        names: dict[str, None] = {}
        return Expanded(self._node(query, names), tuple(names))

    def _node(self, node: Node, names: dict[str, None]) -> Node:
        if isinstance(node, Any):
            return Any(tuple(self._node(part, names) for part in node.nodes))
        nodes = (node,) if isinstance(node, Term) else node.nodes
        parts = self._row(nodes, names)
        if isinstance(node, Term):
            return parts[0]
        return replace(node, nodes=tuple(parts))

    def _row(self, nodes: Sequence[Node], names: dict[str, None]) -> list[Node]:
        """Return nodes of which each is to match, with other names beside those that are names."""
        parts: list[Node] = []
        at = 0
        while at < len(nodes):
            length, others = self._longest_name(nodes[at : at + self._longest])
            written = nodes[at : at + max(1, length)]
            if others:
                names.update(dict.fromkeys(others))
                parts.append(_also(written, others))
            else:
                parts += [node if isinstance(node, Term) else self._node(node, names) for node in written]
            at += len(written)
        return parts

    def _longest_name(self, nodes: Sequence[Node]) -> tuple[int, Sequence[str]]:
        """Return how many of the first ``nodes`` are a name, and the others of it; 0 where none are."""
        texts: list[str] = []
        for node in nodes:
            if not isinstance(node, Term) or node.phrase or node.prefix or node.field != _field(nodes[0]):
                break
            texts.append(node.text)
        for length in range(len(texts), 0, -1):
            for key in _keys(texts[:length]):
                if key in self._table:
                    return length, self._table[key]
        return 0, ()


def _field(node: Node) -> str:
    return node.field if isinstance(node, Term) else ""


def _keys(texts: Sequence[str]) -> list[str]:
    """Return the keys under which words may be: as written, and without a particle at their end."""
    found = words(normalise(" ".join(texts)))
    if not found:
        return []
    keys = [" ".join(found)]
    *others, last = found
    if is_syllabic(last):
        # After letters a particle is a word of its own: UNESCO의.
        keys.append(" ".join([*others, bare] if (bare := without_particle(last)) else others))
        if others and not is_syllabic(others[-1]) and len(texts) == 1:
            keys.append(" ".join(others))
    return keys


def _also(written: Sequence[Node], others: Sequence[str]) -> Node:
    field = _field(written[0])
    whole = written[0] if len(written) == 1 else All(tuple(written))
    return Any((whole, *(Term(name, field, phrase=True) for name in others)))
