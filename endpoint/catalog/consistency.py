"""What only all saved queries together can contradict: their paths, and what one says of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from endpoint.catalog.parameters import Parameter
from endpoint.catalog.paths import shape
from endpoint.catalog.query import Catalog, SavedQuery
from endpoint.catalog.value_queries import Unlisted, own_values
from endpoint.errors import DataError
from endpoint.formats import QueryForm
from endpoint.wording import did_you_mean

_KEPT = "The version read before is served on."


def take_out_clashes(queries: dict[str, SavedQuery]) -> list[DataError]:
    """Take out every query whose path could be another's, and tell why. The first one keeps it."""
    problems = []
    taken = {f"/{name}": name for name in queries}
    for name, query in list(queries.items()):
        path = query.options.path
        if path is None:
            continue
        first = path.split("/")[1]
        others = [taken.setdefault(shape(path), name), taken.setdefault(f"{shape(path)}/explain", name)]
        if first in queries and first != name:
            others.append(first)
        other = next((other for other in others if other != name), None)
        if other is not None:
            told = f'The path "{path}" clashes with the query "{other}". Choose another.'
            problems.append(DataError(told, query.path))
            del queries[name]
    return problems


def references(queries: Mapping[str, SavedQuery]) -> Iterator[DataError]:
    """What is odd about the queries that others name: a source of values, a successor."""
    for query in queries.values():
        for parameter in query.parameters:
            if (sentence := unlisted(queries, query, parameter)) is not None:
                yield DataError(f'No values can be listed for "{parameter.name}": {sentence}', query.path)
        successor = query.options.successor
        if successor is not None and successor not in queries:
            near = did_you_mean(successor, list(queries))
            yield DataError(f'The successor is no saved query: "{successor}"{near}', query.path)


def unlisted(queries: Mapping[str, SavedQuery], query: SavedQuery, parameter: Parameter) -> str | None:
    """Why the values of a parameter that is said to have a list cannot be listed, as a sentence, or None."""
    if parameter.values is not None:
        return _unfit(queries, parameter.values.query)
    if not parameter.from_data:
        return None
    try:
        own_values(query, parameter, 1)
    except Unlisted as error:
        return f"{error} Name a saved query that lists them, with values:."
    return None


def _unfit(queries: Mapping[str, SavedQuery], name: str) -> str | None:
    """Why the query ``name`` cannot list the values of a parameter, as a sentence; None where it can."""
    source = queries.get(name)
    if source is None:
        return f'there is no saved query "{name}"{did_you_mean(name, list(queries))}'
    if source.form is not QueryForm.SELECT:
        return f'the saved query "{name}" is {source.form}, and has no rows.'
    needed = [row.name for row in source.parameters if row.required and row.default is None]
    if needed:
        return f'the saved query "{name}" needs a value for {", ".join(needed)}.'
    return None


def keep_served(read: Catalog, before: Catalog) -> tuple[Catalog, tuple[SavedQuery, ...]]:
    """``read`` with those queries of ``before`` whose file is there and does not load now, and these.

    A file may be read while it is being written, and a mistake in it must not take its query away.
    """
    broken = {problem.file for problem in read.problems}
    queries = dict(read.queries)
    for query in before.queries.values():
        if query.path in broken or any(query.path.is_relative_to(file) for file in broken if file):
            queries.setdefault(query.name, query)
    late = take_out_clashes(queries)
    kept = tuple(query for name, query in queries.items() if name not in read.queries)
    files = {query.path for query in kept}
    problems = [
        _reworded(problem, f"{problem.detail} {_KEPT}") if problem.file in files else problem
        for problem in (*read.problems, *late)
    ]
    in_order = {name: queries[name] for name in sorted(queries)}
    return replace(read, queries=in_order, problems=tuple(problems)), kept


def _reworded(error: DataError, detail: str) -> DataError:
    """The same error with other words."""
    return DataError(detail, error.file, error.line, error.column)
