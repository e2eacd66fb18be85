"""Graph patterns of generated queries, which join over variables of fitting kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.columns.differential.data import LABEL, PROPERTIES, RDF_TYPE, Data, Property
from tests.columns.differential.expressions import NUMERIC, RESOURCES, Expressions, Scope
from tests.columns.differential.tree import Node
from tests.columns.differential.writing import leaf, piece
from tests.columns.every_kind import NS

# What an aggregate is mostly of.
_AGGREGATED = {
    "SUM": NUMERIC,
    "AVG": NUMERIC,
    "MIN": ("text", "integer", "date", "dateZ", "dateTime", "work", "number", "boolean"),
    "MAX": ("text", "integer", "date", "dateZ", "dateTime", "work", "number", "boolean"),
    "GROUP_CONCAT": ("text", "text", "class"),
}
# Triple patterns of one query: more join for too long.
MOST_TRIPLES = 7


class Patterns(Expressions):
    """Groups, and the elements in them. Each adds to the scope the variables that it may bind."""

    def __init__(self, data: Data, rng: Random) -> None:
        super().__init__(data, rng)
        self._names = 0
        self._triples = 0
        self._held_by = Counter(quad.predicate for quad in data.quads)

    def new(self, scope: Scope, kind: str) -> str:
        """Return a new variable of this kind."""
        self._names += 1
        name = f"{self.one(kind, kind[0])}{self._names}"
        scope[name] = kind
        return f"?{name}"

    def group(self, scope: Scope, depth: int = 2, most: int = 3) -> Node:
        """Return a group: triples first, mostly, then what else."""
        elements = [self.triples(scope) for _ in range(self.rng.randint(1, most))]
        if depth and self.chance(0.03):
            elements = []
        for _ in range(self.one(0, 0, 0, 1, 1, 2, 3) if depth else self.one(0, 0, 0, 1)):
            element = self._element(scope, depth)
            # Filters hold for the whole group, wherever they stand; a variable is bound before BIND.
            first = element.sort in ("filter", "values") and self.chance(0.2)
            elements.insert(0 if first else len(elements), element)
        return piece("group", "{ ", *elements, "}")

    def _element(self, scope: Scope, depth: int) -> Node:
        simple: list[tuple[float, Callable[[], Node]]] = [
            (4, lambda: self.filter(scope)),
            (2, lambda: self._bind(scope)),
            (1, lambda: self.values(scope)),
        ]
        if not depth or self._triples >= MOST_TRIPLES:
            return self.weighted(*simple)
        return self.weighted(
            *simple,
            (3, lambda: self._optional(scope, depth)),
            (1.5, lambda: self._union(scope, depth)),
            (1.3, lambda: self._minus(scope)),
            (1.5, lambda: self._exists(scope)),
            (1, lambda: self._subselect(scope, depth)),
            (0.4, lambda: self._nested(scope, depth)),
            (0.6, lambda: self._graph(scope, depth)),
            (0.8, lambda: self._path(scope)),
        )

    # Triples.

    def triples(self, scope: Scope) -> Node:
        """Return triples of one subject."""
        if scope and self.chance(0.06):
            return self._any_verb(scope)
        self.shapes.add("triples")
        each, subject = self._subject(scope)
        predicate_object = self._held(scope, each)
        parts: list[str | Node] = []
        if subject == "[]" and self.chance(0.5):
            return piece("triples", "[ ", predicate_object, "] .\n", optional=True)
        parts += [subject, " ", predicate_object]
        for _ in range(self.one(0, 0, 0, 1, 1, 2)):
            if self._triples < MOST_TRIPLES:
                self.shapes.add("several properties")
                further = self._held(scope, self._property(each.subject))
                parts.append(piece("further", " ; ", further, optional=True))
        return piece("triples", *parts, self.one(" .\n", " . ", " ; .\n"), optional=True)

    def _property(self, *kinds: str) -> Property:
        found = [each for each in PROPERTIES if each.subject in (*kinds, "any")]
        # Joins of what is rare find nothing.
        (each,) = self.rng.choices(found, [self._held_by[each.name] ** 1.5 + 0.5 for each in found])
        return each

    def _subject(self, scope: Scope) -> tuple[Property, str]:
        resources = [name for name, kind in scope.items() if kind in RESOURCES[:3]]
        # What stands beside without a join multiplies.
        if resources and self.chance(0.85):
            name = self.pick(resources)
            return self._property(scope[name]), f"?{name}"
        if (resources and self.chance(0.7)) or self.chance(0.08):
            kind = self.one("work", "work", "person", "category")
            return self._property(kind), self.constant(kind)
        if scope and self.chance(0.1):
            # Mostly a literal, which is the subject of nothing.
            return self._property("work", "person"), f"?{self.pick(list(scope))}"
        kind = self.one("work", "work", "work", "person", "category")
        each = self._property(kind)
        subject = self.new(scope, kind) if self.chance(0.93) else self.one("[]", "_:b")
        return Property(each.name, kind, each.object), subject

    def _held(self, scope: Scope, each: Property) -> Node:
        """Return a verb with its objects."""
        self._triples += 1
        parts: list[str | Node] = [self.verb(each.name), " ", self._object(scope, each)]
        if self.chance(0.08) and self._triples < MOST_TRIPLES:
            self._triples += 1
            parts.append(piece("further", ", ", self._object(scope, each), optional=True))
        return piece("held", *parts, " ")

    def _object(self, scope: Scope, each: Property) -> Node:
        # A variable of another kind joins terms that are seldom the same.
        bound = [name for name, kind in scope.items() if kind == each.object or self.chance(0.04)]
        if bound and self.chance(0.15 if each.object in RESOURCES else 0.07):
            return piece("object", f"?{self.pick(bound)}")
        if self.chance(0.5 if each.name == RDF_TYPE else 0.1):
            self.shapes.add("constant object")
            return piece("object", self.constant(each.object))
        if each.object in RESOURCES[:3] and self.chance(0.06) and self._triples < MOST_TRIPLES:
            return piece("object", "[ ", self._held(scope, self._property(each.object)), "]")
        if self.chance(0.02):
            return piece("object", "[]")
        return piece("object", self.new(scope, each.object))

    def _any_verb(self, scope: Scope) -> Node:
        self.shapes.add("variable predicate")
        self._triples += 1
        verbs = [name for name, kind in scope.items() if kind == "property"]
        verb = f"?{self.pick(verbs)}" if verbs and self.chance(0.3) else self.new(scope, "property")
        resources = [name for name, kind in scope.items() if kind in RESOURCES[:3]]
        if self.chance(0.45):
            subject, item = self.constant(self.one("work", "person", "category")), self.new(scope, "any")
        elif self.chance(0.6) or not resources:
            kind = self.one("class", "text", "integer", "work", "person", "category")
            subject, item = self.new(scope, "work"), self.constant(kind)
        else:
            subject, item = f"?{self.pick(resources)}", self.new(scope, "any")
        return piece("triples", f"{subject} {verb} {item} .\n", optional=True)

    # Other elements.

    def filter(self, scope: Scope) -> Node:
        """Return a FILTER."""
        self.shapes.add("FILTER")
        return piece(
            "filter", f"{self.one('FILTER', 'filter')} (", self.condition(scope), ")\n", optional=True
        )

    def _bind(self, scope: Scope) -> Node:
        self.shapes.add("BIND")
        kind, expression = self.typed(scope)
        return piece("bind", "BIND(", expression, f" AS {self.new(scope, kind)})\n", optional=True)

    def typed(self, scope: Scope) -> tuple[str, Node]:
        """Return an expression, and the kind of what it mostly yields."""
        kind = self.one("text", "number", "any")
        make = {"text": self.text, "number": self.number, "any": self.value}[kind]
        return kind, make(scope)

    def values(self, scope: Scope) -> Node:
        """Return VALUES of one or two variables, mostly bound elsewhere."""
        self.shapes.add("VALUES")
        names = self.rng.sample(list(scope), min(len(scope), self.one(1, 1, 2)))
        if not names or self.chance(0.1):
            names = [*names[:1], self.new(scope, "category")[1:]]
        rows: list[Node] = []
        for _ in range(self.one(1, 2, 3, 5, 8) if self.chance(0.97) else 0):
            row = [self.constant(scope[name]) if self.chance(0.8) else "UNDEF" for name in names]
            rows.append(piece("row", f"({' '.join(row)}) ", optional=True))
        variables = " ".join(f"?{name}" for name in names)
        if len(names) == 1 and self.chance(0.5):
            bare = (piece("row", str(row)[1:-2] + " ", optional=True) for row in rows)
            return piece("values", f"VALUES {variables} {{ ", *bare, "}\n", optional=True)
        return piece("values", f"VALUES ({variables}) {{ ", *rows, "}\n", optional=True)

    def _inner(self, scope: Scope, depth: int) -> Node:
        """Return a group that shares variables, and adds its own to the scope."""
        return self.group(scope, depth - 1, 1)

    def _optional(self, scope: Scope, depth: int) -> Node:
        self.shapes.add("OPTIONAL")
        inner = self._inner(scope, depth)
        if self.chance(0.25):
            inner = piece("group", "{ ", inner, " ", self.filter(scope), "}")
        return piece("optional", "OPTIONAL ", inner, "\n", optional=True)

    def _union(self, scope: Scope, depth: int) -> Node:
        self.shapes.add("UNION")
        parts: list[str | Node] = [self._inner(scope, depth)]
        for _ in range(self.one(1, 1, 1, 2)):
            parts.append(piece("branch", " UNION ", self._inner(dict(scope), depth), optional=True))
        return piece("union", *parts, "\n", optional=True)

    def _minus(self, scope: Scope) -> Node:
        self.shapes.add("MINUS")
        return piece("minus", "MINUS ", self.group(dict(scope), 0, self.one(1, 1, 2)), "\n", optional=True)

    def _exists(self, scope: Scope) -> Node:
        self.shapes.add("EXISTS")
        inner = self.group(dict(scope), self.one(0, 0, 0, 1), self.one(1, 1, 2))
        exists = piece("expression", self.one("EXISTS ", "NOT EXISTS "), inner)
        if self.chance(0.2):
            both = ("(", exists, self.one(" && ", " || "), self.condition(scope, 0), ")")
            return piece("filter", "FILTER ", *both, "\n", optional=True)
        return piece("filter", "FILTER ", exists, "\n", optional=True)

    def _nested(self, scope: Scope, depth: int) -> Node:
        self.shapes.add("group")
        return piece("nested", self._inner(scope, depth), "\n", optional=True)

    def _graph(self, scope: Scope, depth: int) -> Node:
        self.shapes.add("GRAPH")
        graphs = [f"<{graph.value}>" for graph in self.data.graphs()] or [f"<{NS}absent>"]
        bound = [f"?{name}" for name, kind in scope.items() if kind == "graph"]
        name = self.pick(graphs) if self.chance(0.6) else self.new(scope, "graph")
        if bound and self.chance(0.3):
            name = self.pick(bound)
        elif self.chance(0.05):
            name = f"<{NS}absent>"
        return piece(
            "graph", f"GRAPH {name} ", self._inner(scope, self.one(1, 1, depth)), "\n", optional=True
        )

    def _path(self, scope: Scope) -> Node:
        self.shapes.add("path")
        subject = next((f"?{name}" for name, kind in scope.items() if kind == "work"), "?work")
        author, cites, knows = (self.iri(NS + name) for name in ("author", "cites", "knows"))
        title, code, label = (self.iri(name) for name in (NS + "title", NS + "code", LABEL.value))
        path = self.one(
            *(f"{author}/{knows}", f"^{cites}", f"{cites}+", f"({author}|{cites})", f"{cites}*"),
            *(
                f"{title}|{label}",
                f"{label}|{code}|{title}",
                f"{cites}|^{cites}",
                f"{author}|^{knows}|{cites}",
            ),
        )
        if "|" in path and self.chance(0.5):
            path = f"{label}|{title}"
            return piece("triples", f"{subject} {path} {self.new(scope, 'text')} .\n", optional=True)
        return piece("triples", f"{subject} {path} {self.new(scope, 'any')} .\n", optional=True)

    def _subselect(self, scope: Scope, depth: int) -> Node:
        self.shapes.add("sub-SELECT")
        inner: Scope = dict(scope) if self.chance(0.6) else {}
        where = self.group(inner, depth - 1, self.one(1, 2))
        resources = [name for name, kind in inner.items() if kind in RESOURCES]
        others = [name for name in inner if name not in resources]
        if resources and self.chance(0.35):
            return self._counted(scope, inner, where, self.pick(resources))
        if resources and self.chance(0.25):
            # Ordered so that LIMIT leaves the same ones.
            name = self.pick(resources)
            scope[name] = inner[name]
            end = f" ORDER BY {self.one('', 'DESC')}(?{name}) LIMIT {self.rng.randint(1, 5)}"
            return piece(
                "subselect", f"{{ SELECT DISTINCT ?{name} WHERE ", where, f"{end} }}\n", optional=True
            )
        shown = self.rng.sample(resources, min(len(resources), 2)) + others[:1]
        if not shown:
            return piece("nested", where, "\n", optional=True)
        scope.update((name, inner[name]) for name in shown)
        names = " ".join(f"?{name}" for name in shown)
        head = f"{{ SELECT {self.one('', 'DISTINCT ')}{names} WHERE "
        return piece("subselect", head, where, " }\n", optional=True)

    def _counted(self, scope: Scope, inner: Scope, where: Node, key: str) -> Node:
        scope[key] = inner[key]
        number = self.new(scope, "integer")
        counted = self.aggregate(inner, "COUNT", "COUNT", "MIN", "MAX", "SUM")
        head = f"{{ SELECT ?{key} ("
        return piece(
            "subselect",
            head,
            counted,
            f" AS {number}) WHERE ",
            where,
            f" GROUP BY ?{key} }}\n",
            optional=True,
        )

    def aggregate(self, scope: Scope, *functions: str) -> Node:
        """Return an aggregate: one of the functions, of what it is defined for, mostly."""
        function = self.one(*functions)
        self.shapes.add(function)
        distinct = "DISTINCT " if self.chance(0.3) else ""
        if function == "COUNT" and self.chance(0.4):
            return leaf(f"COUNT({distinct}*)")
        kinds: tuple[str, ...] = ()
        if self.chance(0.9):
            kinds = _AGGREGATED.get(function, ())
        inner = self.variable(scope, *kinds)
        if self.chance(0.2):
            inner = self.number(scope, 1)
        separator = self.one("", ' ; SEPARATOR=", "') if function == "GROUP_CONCAT" else ""
        return piece("aggregate", f"{function}({distinct}", inner, f"{separator})")
