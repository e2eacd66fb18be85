"""The algebra as SPARQL text again, in which every operator has braces and every operand parentheses.

It looks at nothing but the values of the algebra, so that the engine's answer to the text shows what they
mean.
"""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal

from endpoint.formats import QueryForm
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Expression, Path, Pattern, Term

_INFIX = frozenset({"||", "&&", "=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/"})
_BETWEEN: dict[type, str] = {algebra.Join: "", algebra.Union: "UNION", algebra.Minus: "MINUS"}


def serialize(query: algebra.Query) -> str:
    """Return a query text of the same meaning."""
    base = "" if query.base_iri is None else f"BASE <{query.base_iri}> "
    dataset = ""
    if query.dataset is not None:
        dataset = "".join(f" FROM {iri}" for iri in query.dataset.default)
        dataset += "".join(f" FROM NAMED {iri}" for iri in query.dataset.named)
    if query.form is QueryForm.SELECT:
        return base + _select(query.pattern, dataset)
    body = f"{dataset} WHERE {{ {_group(query.pattern)} }}"
    if query.form is QueryForm.CONSTRUCT:
        template = " . ".join(f"{row.subject} {row.predicate} {row.object}" for row in query.template)
        return f"{base}CONSTRUCT {{ {template} }}{body}"
    return f"{base}{query.form.value}{' *' if query.form is QueryForm.DESCRIBE else ''}{body}"


def _select(pattern: Pattern, dataset: str = "") -> str:
    """Write Slice, Distinct, Project and OrderBy, in this order from outside, as one SELECT."""
    end, head = "", "SELECT"
    if isinstance(pattern, algebra.Slice):
        end = f" OFFSET {pattern.offset}" + ("" if pattern.limit is None else f" LIMIT {pattern.limit}")
        pattern = pattern.pattern
    if isinstance(pattern, algebra.Distinct | algebra.Reduced):
        head += " DISTINCT" if isinstance(pattern, algebra.Distinct) else " REDUCED"
        pattern = pattern.pattern
    assert isinstance(pattern, algebra.Project)
    shown = " ".join(map(str, pattern.variables))
    pattern = pattern.pattern
    if isinstance(pattern, algebra.OrderBy):
        rows = (f"{'DESC' if down else 'ASC'}({_expression(row)})" for row, down in pattern.conditions)
        end = f" ORDER BY {' '.join(rows)}{end}"
        pattern = pattern.pattern
    body = _group(pattern)
    # A name that no query in this one has.
    shown = shown or f"(1 AS ?nothing_{len(body)})"
    return f"{head} {shown}{dataset} WHERE {{ {body} }}{end}"


def _group(pattern: Pattern) -> str:
    """Return what stands between the braces of a group."""
    match pattern:
        case algebra.BGP(triples):
            return " . ".join(f"{_term(row.subject)} {row.predicate} {_term(row.object)}" for row in triples)
        case algebra.PathPattern(subject, path, end):
            return f"{_term(subject)} {_path(path)} {_term(end)}"
        case algebra.LeftJoin(left, right, condition):
            filtered = "" if condition is None else f" FILTER({_expression(condition)})"
            return f"{{ {_group(left)} }} OPTIONAL {{ {{ {_group(right)} }}{filtered} }}"
        case algebra.Join(left, right) | algebra.Union(left, right) | algebra.Minus(left, right):
            return f"{{ {_group(left)} }} {_BETWEEN[type(pattern)]} {{ {_group(right)} }}"
        case algebra.Filter(inner, condition):
            return f"{{ {_group(inner)} }} FILTER({_expression(condition)})"
        case algebra.Graph(name, inner):
            return f"GRAPH {name} {{ {_group(inner)} }}"
        case algebra.Extend(inner, variable, expression):
            return f"{{ {_group(inner)} }} BIND({_expression(expression)} AS {variable})"
        case algebra.Values(variables, rows):
            data = " ".join(f"({' '.join('UNDEF' if row is None else str(row) for row in r)})" for r in rows)
            return f"VALUES ({' '.join(map(str, variables))}) {{ {data} }}"
        case algebra.Group():
            return f"{{ {_grouped(pattern)} }}"
    return f"{{ {_select(pattern)} }}"


def _grouped(group: algebra.Group) -> str:
    keys = " ".join(map(str, group.keys))
    shown = [*map(str, group.keys), *(f"({_aggregate(row)} AS {name})" for name, row in group.aggregates)]
    by = f" GROUP BY {keys}" if keys else ""
    return f"SELECT {' '.join(dict.fromkeys(shown))} WHERE {{ {_group(group.pattern)} }}{by}"


def _term(term: Term) -> str:
    # A label may stand in one group only; a variable that nobody projects is the same.
    return f"?blank_{term.value.replace('.', '_')}" if isinstance(term, BlankNode) else str(term)


def _path(path: Path) -> str:
    match path:
        case algebra.Inverse(inner):
            return f"(^{_path(inner)})"
        case algebra.Sequence(left, right):
            return f"({_path(left)}/{_path(right)})"
        case algebra.Alternative(left, right):
            return f"({_path(left)}|{_path(right)})"
        case algebra.ZeroOrMore(inner):
            return f"({_path(inner)}*)"
        case algebra.OneOrMore(inner):
            return f"({_path(inner)}+)"
        case algebra.ZeroOrOne(inner):
            return f"({_path(inner)}?)"
        case algebra.NegatedPropertySet(properties):
            return f"!({'|'.join(map(str, properties))})"
    return str(path)


def _aggregate(aggregate: algebra.Aggregate) -> str:
    inner = "*" if aggregate.expression is None else _expression(aggregate.expression)
    end = "" if aggregate.separator is None else f"; SEPARATOR = {Literal(aggregate.separator)}"
    return f"{aggregate.function}({'DISTINCT ' if aggregate.distinct else ''}{inner}{end})"


def _expression(expression: Expression) -> str:
    match expression:
        case algebra.Exists(pattern):
            return f"(EXISTS {{ {_group(pattern)} }})"
        case algebra.FunctionCall(name, arguments):
            return f"{name}({', '.join(map(_expression, arguments))})"
        case algebra.Call(function, (argument,)) if function in ("!", "+", "-"):
            return f"({function}({_expression(argument)}))"
        case algebra.Call(function, (first, *rest)) if function in ("IN", "NOT IN"):
            return f"({_expression(first)} {function} ({', '.join(map(_expression, rest))}))"
        case algebra.Call(function, (left, right)) if function in _INFIX:
            return f"({_expression(left)} {function} {_expression(right)})"
        case algebra.Call(function, arguments):
            return f"{function}({', '.join(map(_expression, arguments))})"
    return str(expression)
