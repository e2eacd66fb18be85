"""The syntax of a saved query, checked when it is read, with sample values in place of its parameters.

The engine is not asked: the server's own process parses no SPARQL. What only the engine can tell is
found by ``endpoint check``.
"""

from __future__ import annotations

from collections.abc import Sequence

from endpoint.catalog.parameters import Parameter, Term, term
from endpoint.catalog.value_types import TYPES
from endpoint.errors import BadParameter, DataError
from endpoint.sparql.binding import Edit, Value, bind, edits
from endpoint.sparql.diagnosis import malformed
from endpoint.sparql.diagnosis.case import Case
from endpoint.sparql.diagnosis.grammar import recognize
from endpoint.sparql.diagnosis.syntax import syntax_mistake
from endpoint.sparql.lexer import lex


def check_syntax(source: str, parameters: Sequence[Parameter]) -> None:
    """Raise :class:`DataError`, with line and column, where ``source`` can never become SPARQL."""
    values = {parameter.variable: _sample(parameter) for parameter in parameters}
    bound = bind(source, values)
    tokens = lex(bound).tokens
    rejection = recognize(tokens)
    if rejection is None:
        return
    case = Case(bound, tokens, rejection.at, rejection.expected, rejection.wanted)
    offset, sentence, hint = syntax_mistake(case)
    error = malformed(source, _in_source(offset, edits(source, values)), sentence, hint)
    raise DataError(error.detail, None, error.line, error.column)


def _sample(parameter: Parameter) -> Value:
    value = _sample_term(parameter)
    return (value, value) if parameter.multiple else value


def _sample_term(parameter: Parameter) -> Term:
    try:
        return term(parameter, parameter.sample or TYPES[parameter.type].sample)
    except BadParameter:
        # Its rules refuse the type's own sample; for the syntax only the type matters.
        bare = Parameter(
            parameter.name,
            parameter.variable,
            parameter.type,
            parameter.language,
            datatype=parameter.datatype,
        )
        return term(bare, TYPES[parameter.type].sample)


def _in_source(offset: int, changes: Sequence[Edit]) -> int:
    """The offset in the source of what stands at ``offset`` in the bound text."""
    shift = 0
    for start, end, written in changes:
        if offset < start + shift:
            break
        if offset < start + shift + len(written):
            return start
        shift += len(written) - (end - start)
    return offset - shift
