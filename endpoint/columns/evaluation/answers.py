"""Answers: the solutions of a query, and as SPARQL Query Results JSON; only here numbers become terms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from pyoxigraph import Variable

from endpoint.columns.evaluation.tables import Table
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.terms import unescaped
from endpoint.formats import QueryForm
from endpoint.sparql.syntax.parser import Unsupported

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query: the solutions of SELECT; for ASK the size of ``table`` tells whether there are
    any."""

    form: QueryForm
    variables: tuple[Variable, ...]
    table: Table
    terms: Terms

    def showing(self, names: list[str]) -> Answer:
        """Return the answer with its variables in the order of ``names``."""
        return replace(self, variables=tuple(map(Variable, names)))

    def rows(self) -> Iterator[tuple[bytes | None, ...]]:
        """Yield the solutions, their terms as N-Triples writes them, None where a variable is unbound."""
        text = self.terms.text
        for row in self._numbers():
            yield tuple([None if number < 0 else text(number) for number in row])

    def json(self) -> bytes:
        """Return the answer as SPARQL 1.1 Query Results JSON."""
        if self.form is QueryForm.ASK:
            return b'{"head":{},"boolean":%s}' % (b"true" if self.table.size else b"false")
        names = [variable.value for variable in self.variables]
        keys = [f"{_encode(name)}:" for name in names]
        written = self._written()
        bindings = ",".join(
            "{"
            + ",".join([key + written[number] for key, number in zip(keys, row, strict=True) if number >= 0])
            + "}"
            for row in self._numbers()
        )
        head = _encode({"vars": names})
        return f'{{"head":{head},"results":{{"bindings":[{bindings}]}}}}'.encode()

    def _numbers(self) -> Iterator[tuple[int, ...]]:
        if not self.variables:
            return iter([()] * self.table.size)
        columns = [self.table.column(variable).tolist() for variable in self.variables]
        return zip(*columns, strict=True)

    def _written(self) -> dict[int, str]:
        """Return each term of the answer in JSON."""
        if not self.variables:
            return {}
        columns = [self.table.column(variable) for variable in self.variables]
        numbers = np.unique(np.concatenate(columns)).tolist()
        return {number: _json(self.terms.text(number)) for number in numbers if number >= 0}


def _json(text: bytes) -> str:
    """Return a term in JSON, whose strings have the escapes of N-Triples, but for two of them."""
    if text.startswith(b'"'):
        end = text.rindex(b'"')
        value, kind = _string(text[1:end]), text[end + 1 :]
        if not kind:
            return f'{{"type":"literal","value":{value}}}'
        if kind.startswith(b"^"):
            return f'{{"type":"literal","value":{value},"datatype":{_string(kind[3:-1])}}}'
        if b"--" in kind:
            raise Unsupported("an answer has a direction")
        return f'{{"type":"literal","value":{value},"xml:lang":{_string(kind[1:])}}}'
    if text.startswith(b"<<"):
        raise Unsupported("an answer has a triple term")
    if text.startswith(b"<"):
        return f'{{"type":"uri","value":{_string(text[1:-1])}}}'
    return f'{{"type":"bnode","value":{_string(text[2:])}}}'


def _string(text: bytes) -> str:
    if b"\\U" in text or b"\\'" in text:
        return _encode(unescaped(text).decode())
    return f'"{text.decode()}"'
