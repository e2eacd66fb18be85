"""The compiler of saved queries: it classifies and checks a text and reads its parameters and decorators.

The syntax is checked with sample values in place of the parameters, without the engine: the server's own
process parses no SPARQL. Mistakes that only the engine detects are found by ``endpoint check``.

A query need not declare the prefixes of common vocabularies. SPARQL itself has no default prefixes (SPARQL
1.1 Query Language, section 4.1), so the declarations that it lacks are written before it, and the text means
the same to every tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from endpoint.catalog import SavedQuery, Source
from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.declarations import Prefixes, read_parameters
from endpoint.catalog.decorators import Decorators
from endpoint.catalog.parameters import Parameter, Term, term
from endpoint.catalog.readers import QueryFile, QuerySource
from endpoint.errors import BadParameter, DataError, MalformedQuery, QueryTooComplex
from endpoint.sparql.diagnosis import malformed
from endpoint.sparql.diagnosis.syntax import syntax_mistake
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.operation import Operation, classify, read_prologue
from endpoint.sparql.parameters import Edit, Value, bind, edits, misplaced_parameters, variables
from endpoint.sparql.syntax.grammar import recognize
from endpoint.wording import did_you_mean


def compile_query(
    source: QuerySource,
    file: QueryFile,
    max_nesting: int,
    prefixes: Mapping[str, str],
    notices: list[DataError],
) -> SavedQuery:
    """Compile a query of ``file``; ``prefixes`` are those that it may use without declaring them.

    Oddities are added to ``notices``. Raises :class:`DataError`, with line and column of the text.
    """
    decorators = Decorators(source.entries, file.path)
    classified = _classify(source.text, max_nesting)
    known = {**prefixes, **source.prefixes}
    own = Prefixes(read_prologue(source.text).prefixes, known)
    parameters, odd = read_parameters(source.text, source.entries, own)
    declared = [parameter.variable for parameter in parameters]
    multiple = [parameter.variable for parameter in parameters if parameter.multiple]
    for problem in misplaced_parameters(source.text, declared, multiple):
        raise DataError(problem.sentence, None, problem.line, problem.column)
    check_syntax(source.text, parameters)
    options = decorators.options(classified.query_form, parameters, sorted(variables(source.text)))
    notices += [*decorators.notices, *odd]
    if source.transform is not None:
        options = replace(options, transform=source.transform)
    text = missing_declarations(source.text, known) + source.body
    return SavedQuery(
        name=source.name,
        path=file.path,
        summary=decorators.by_language("summary"),
        description=decorators.by_language("description"),
        tags=tuple(dict.fromkeys((*file.folders, *decorators.strings("tags")))),
        parameters=parameters,
        template=classify(text, max_nesting),
        options=options,
        source=Source(source.content, _modified(file.path)),
    )


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _classify(source: str, max_nesting: int) -> Operation:
    try:
        operation = classify(source, max_nesting)
    except MalformedQuery as error:
        raise DataError(error.detail, None, error.line, error.column) from None
    except QueryTooComplex as error:
        raise DataError(error.detail) from None
    if operation.form is None:
        raise DataError("The file holds an update; a saved query is SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if operation.foreign:
        raise DataError(
            f"The query calls SERVICE {operation.foreign[0]}; "
            "saved queries are answered from this endpoint's data alone."
        )
    return operation


def undeclared_prefixes(text: str) -> dict[str, Token]:
    """Return the prefixes that a text does not declare, each with the first name that has it."""
    declared = read_prologue(text).prefixes
    return {
        prefix: token
        for token in reversed(list(_prefixed_names(text)))
        if (prefix := token.text.partition(":")[0]) not in declared
    }


def missing_declarations(text: str, known: Mapping[str, str]) -> str:
    """Return the PREFIX lines that ``text`` lacks, to be written before it.

    Raises :class:`DataError`, with line and column and without a file, for a prefix that is not ``known``.
    """
    used = undeclared_prefixes(text)
    for prefix, token in sorted(used.items(), key=lambda row: row[1].start):
        if prefix not in known:
            near = did_you_mean(prefix, [*known, *read_prologue(text).prefixes])
            place = position_of(text, token.start)
            raise DataError(f"The prefix {prefix}: is not declared{near}", None, *place)
    return "".join(f"PREFIX {prefix}: <{known[prefix]}>\n" for prefix in sorted(used))


def _prefixed_names(text: str) -> Iterator[Token]:
    before = ""
    for token in lex(text).tokens:
        if token.kind is Kind.PNAME and before != "PREFIX":
            yield token
        before = token.upper


def check_syntax(source: str, parameters: Sequence[Parameter]) -> None:
    """Raise :class:`DataError`, with line and column, where ``source`` can never become SPARQL."""
    values = {parameter.variable: _sample(parameter) for parameter in parameters}
    bound = bind(source, values)
    rejection = recognize(bound)
    if rejection is None:
        return
    offset, sentence, hint = syntax_mistake(rejection)
    error = malformed(source, _in_source(offset, edits(source, values)), sentence, hint)
    raise DataError(error.detail, None, error.line, error.column)


def _sample(parameter: Parameter) -> Value:
    value = _sample_term(parameter)
    return (value, value) if parameter.multiple else value


def _sample_term(parameter: Parameter) -> Term:
    try:
        return term(parameter, parameter.sample or TYPES[parameter.type].sample)
    except BadParameter:
        # The rules of the parameter refuse the sample of its type; for the syntax only the type matters.
        bare = Parameter(
            parameter.name,
            parameter.variable,
            parameter.type,
            parameter.language,
            datatype=parameter.datatype,
        )
        return term(bare, TYPES[parameter.type].sample)


def _in_source(offset: int, changes: Sequence[Edit]) -> int:
    """Return the offset in the source for ``offset`` in the bound text."""
    shift = 0
    for start, end, written in changes:
        if offset < start + shift:
            break
        if offset < start + shift + len(written):
            return start
        shift += len(written) - (end - start)
    return offset - shift
