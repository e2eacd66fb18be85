"""Queries as trees of text, so that they can be made smaller part by part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from pyoxigraph import NamedNode


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of text. ``sort`` says what may stand in its place; what is ``optional`` may be left out."""

    sort: str
    parts: tuple[str | Node, ...]
    optional: bool = False

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Order:
    """One condition of ORDER BY."""

    expression: Node
    descending: bool

    @property
    def variable(self) -> str | None:
        """The name of the variable where the condition is just one."""
        text = str(self.expression)
        return text[1:] if text[:1] == "?" and text[1:].isalnum() else None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs of FROM and of FROM NAMED."""

    default: tuple[NamedNode, ...]
    named: tuple[NamedNode, ...]


Nodes: TypeAlias = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query.

    ``head`` are the columns of SELECT (None is the asterisk), the triples of the template of CONSTRUCT, or
    what DESCRIBE names. ``shapes`` are the names of what the query is composed of.
    """

    form: str
    where: Node
    head: Nodes | None = ()
    modifier: str = ""
    dataset: Dataset | None = None
    group: Nodes = ()
    having: Nodes = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    values: Node | None = None
    prefixes: tuple[tuple[str, str], ...] = ()
    shapes: frozenset[str] = frozenset()

    def text(self) -> str:
        """Write the query, with those prefixes that it uses."""
        head = "*" if self.head is None else " ".join(map(str, self.head))
        if self.form == "CONSTRUCT":
            head = f"{{ {head} }}"
        parts = [f"{self.form} {self.modifier} {head}"]
        if self.dataset is not None:
            parts += [f"FROM {graph}" for graph in self.dataset.default]
            parts += [f"FROM NAMED {graph}" for graph in self.dataset.named]
        parts.append(f"WHERE {self.where}")
        parts += [f"GROUP BY {' '.join(map(str, self.group))}"] if self.group else []
        parts += [f"HAVING {' '.join(map(str, self.having))}"] if self.having else []
        if self.order:
            conditions = (f"{'DESC' if each.descending else 'ASC'}({each.expression})" for each in self.order)
            parts.append(f"ORDER BY {' '.join(conditions)}")
        parts += [] if self.limit is None else [f"LIMIT {self.limit}"]
        parts += [] if self.offset is None else [f"OFFSET {self.offset}"]
        parts += [str(self.values)] if self.values is not None else []
        body = " ".join(" ".join(parts).split("  "))
        used = "".join(f"PREFIX {prefix} <{iri}>\n" for prefix, iri in self.prefixes if prefix in body)
        return used + body

    def sliced(self) -> bool:
        """Return whether LIMIT or OFFSET say which solutions are shown."""
        return self.limit is not None or self.offset is not None

    def whole(self) -> Query:
        """Return the query of all solutions in any order."""
        return replace(self, order=(), limit=None, offset=None)

    def shown(self) -> list[str]:
        """Return the names of the columns of SELECT, but for an asterisk."""
        return [str(column).rpartition("?")[2].rstrip(")") for column in self.head or ()]

    def keyed(self) -> Query | None:
        """Return the query of all solutions, with what they are ordered by as further columns.

        These are ``key0`` and so on, but for variables that are columns already. None where they cannot be
        columns: beside an asterisk.
        """
        shown = self.shown()
        keys = tuple(
            Node("column", ("(", each.expression, f" AS ?key{place})"))
            for place, each in enumerate(self.order)
            if each.variable is None or (self.head is not None and each.variable not in shown)
        )
        if self.head is None:
            return None if keys else self.whole()
        return replace(self.whole(), head=self.head + keys)
