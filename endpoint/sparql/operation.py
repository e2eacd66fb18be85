"""Operations: SPARQL texts, classified without being parsed, and how they are to be evaluated.

The engine's parser has no separate tokenizer: keywords need no blank after them
(``SERVICEex:a{}``, ``trueSERVICE<…>``), a prefixed name that does not resolve is tried again in
pieces, and ``<`` is read by place. Where two readings exist, both count here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from endpoint.errors import MalformedQuery, QueryTooComplex, ServiceRefused
from endpoint.formats import QueryForm
from endpoint.sparql.diagnosis import explain, malformed
from endpoint.sparql.lexer import (
    IRIREF,
    PREFIX_NAME,
    SKIP,
    STRING,
    Kind,
    Lexed,
    Token,
    lex,
    position_of,
    scan,
)
from endpoint.vocabulary import TEXT

# The service that a worker answers itself, from the text index.
TEXT_SEARCH: Final = f"<{TEXT}search>"

_FLAGS = re.IGNORECASE | re.ASCII
_DECLARATION = re.compile(
    rf"{SKIP}(?:BASE{SKIP}({IRIREF})|PREFIX{SKIP}((?:{PREFIX_NAME})?+):{SKIP}({IRIREF})|VERSION{SKIP}(?:{STRING}))",
    _FLAGS,
)
# All of them at once: in a loop each takes a microsecond more.
_PROLOGUE = re.compile(rf"(?:{_DECLARATION.pattern})*+", _FLAGS)
_FIRST = re.compile(
    rf"{SKIP}(?:(SELECT|CONSTRUCT|DESCRIBE|ASK)|(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH))",
    _FLAGS,
)
_STAR = re.compile(rf"{SKIP}(?:DISTINCT|REDUCED)?{SKIP}\*", _FLAGS)
_VOLATILE = re.compile(r"(?:NOW|RAND|UUID|BNODE)[ \t\r\n]*+[(#]", _FLAGS)
# Looked for first: all of them take a tenth of the time of one search by the pattern.
_VOLATILE_NAMES = ("now", "rand", "uuid", "bnode")
_VOLATILE_WORD = re.compile(r"NOW|RAND|UUID|BNODE", _FLAGS)
_SERVICE = re.compile("SERVICE", _FLAGS)
_LOAD = re.compile("LOAD", _FLAGS)
_BRACKETS = re.compile(
    rf"{STRING}|{IRIREF}|#[^\r\n]*+|\\.|([(\[{{])|([)\]}}])"
    r"|'''(?s:.*+)|\"\"\"(?s:.*+)|'[^'\\\r\n]*+|\"[^\"\\\r\n]*+"
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Readings of one word, and characters that all readings together may look ahead.
_READINGS = 100
_LOOKED_AHEAD = 1_000_000
# A longer IRI is taken as it is written: no service has it, and every name could repeat its namespace.
_LONGEST_IRI = 4_000
# Characters after the prologue that explain why no query begins there.
_NEAR = 2_000


@dataclass(frozen=True, slots=True)
class Operation:
    """A SPARQL operation: its text, its classification by :func:`classify`, and how it is to be evaluated.

    ``form`` is None for an update. ``services`` and ``loads`` are the targets of SERVICE and LOAD:
    ``<absolute-iri>`` with escapes and declared prefixes resolved, else as written (a variable, a
    relative IRI, a name whose prefix is unknown), so that only an exact match may be let through.
    ``volatile``: the text calls NOW, RAND, UUID, STRUUID or BNODE, or another service, so that its result
    may differ on the same data. ``dataset_clause``: it has FROM or FROM NAMED (SPARQL 1.1 Query
    Language, section 13.2). ``star``: the offset of the asterisk of SELECT * (section 16.1).

    IRIs are plain text. ``base_iri`` resolves relative IRIs where the text declares no BASE.
    ``default_graphs`` and ``named_graphs`` are those of the protocol (SPARQL 1.1 Protocol section 2.1.4);
    when both are empty the dataset clause of the text counts. ``generation`` is the number of the
    generation to evaluate on; None for the current one. Without ``columns`` the engine answers alone.
    """

    text: str
    form: QueryForm | None
    base_iri: str | None = None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    volatile: bool = False
    dataset_clause: bool = False
    star: int | None = None
    generation: int | None = None
    columns: bool = True

    @property
    def query_form(self) -> QueryForm:
        """The form of a query. Raises :class:`ValueError` for an update."""
        if self.form is None:
            raise ValueError("an update has no query form")
        return self.form

    @property
    def foreign(self) -> tuple[str, ...]:
        """The services that would be called over a network: all but the search of the text index."""
        return tuple(target for target in self.services if target != TEXT_SEARCH)

    def over(self, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...] = ()) -> Operation:
        """Return the same operation over the dataset of these graphs."""
        if default_graphs == self.default_graphs and named_graphs == self.named_graphs:
            return self
        return replace(self, default_graphs=default_graphs, named_graphs=named_graphs)

    def on(self, generation: int | None) -> Operation:
        """Return the same operation, to be evaluated on this generation."""
        return self if generation == self.generation else replace(self, generation=generation)


def admit(operation: Operation) -> Operation:
    """Return the operation where it is a query that calls no other service: the gate before evaluation.

    ``SERVICE text:search`` passes: it is no call, but is answered from the text index by the worker that
    evaluates the query, before the engine sees the query (:mod:`endpoint.search.service.rewriting`).

    Raises :class:`MalformedQuery` and :class:`ServiceRefused`.
    """
    if operation.form is None:
        raise MalformedQuery("This is an update, and the parameter query takes a query.")
    if operation.services and operation.foreign:
        raise ServiceRefused(
            f"SERVICE {operation.foreign[0][:200]} is refused: this endpoint calls no other service. "
            f"Only the text search of its own data can be asked: SERVICE {TEXT_SEARCH} {{ … }}."
        )
    return operation


def projected(text: str) -> list[str]:
    """Return the variables that the outermost SELECT clause of a query names, in their order (section 16.1).

    They are those of the answer, unless the clause is SELECT * or the query has another form.
    """
    names: list[str] = []
    depth, before = 0, None
    for token in lex(text).tokens:
        if before is None:
            before = token if token.upper == "SELECT" else None
            continue
        if token.text == "{" or (depth == 0 and token.upper in ("WHERE", "FROM")):
            break
        depth += (token.text == "(") - (token.text == ")")
        if token.kind is Kind.VAR and (depth == 0 or (depth == 1 and before.upper == "AS")):
            names.append(token.text[1:])
        before = token
    return names


class Prologue(NamedTuple):
    """The BASE declarations and the prefixes of a text (section 4.1), escapes resolved."""

    bases: tuple[str, ...]
    prefixes: dict[str, str]


def classify(text: str, max_nesting: int, base_iri: str | None = None) -> Operation:
    """Classify ``text`` (byte order mark removed) without parsing it.

    Raises :class:`MalformedQuery` when no query form or update operation follows the prologue, and
    :class:`QueryTooComplex` when brackets nest deeper than ``max_nesting``.
    """
    if not text.isascii() and (surrogate := _SURROGATE.search(text)):
        raise malformed(text, surrogate.start(), "This is half of a surrogate pair, not a character.")
    prologue = _PROLOGUE.match(text)
    position = prologue.end() if prologue else 0
    first = _FIRST.match(text, position)
    if first is None:
        raise explain(text[: position + _NEAR], "")
    if text.count("(") + text.count("{") + text.count("[") > max_nesting:
        _check_nesting(text, max_nesting)
    form = QueryForm(first[1].upper()) if first[1] else None
    asterisk = _STAR.match(text, first.end()) if form is QueryForm.SELECT else None
    star = asterisk.end() - 1 if asterisk else None
    lowered = text.lower()
    services = "service" in lowered
    loads = form is None and "load" in lowered
    volatile = any(name in lowered for name in _VOLATILE_NAMES) and _VOLATILE.search(text) is not None
    if not (services or loads or volatile or "from" in lowered):
        return Operation(text, form, base_iri, star=star)
    update_start = first.start(2) if form is None else len(text)
    return _look_closer(Operation(text, form, base_iri, star=star), update_start)


def _look_closer(operation: Operation, update_start: int) -> Operation:
    """Classify by its tokens a text for which the regular expressions do not suffice."""
    text = operation.text
    lexed = lex(text)
    prefixes = read_prologue(text).prefixes
    known = {"text": TEXT, **prefixes}
    services = tuple(dict.fromkeys(resolve(target, known) for target in _services(text, lexed)))
    loads: tuple[str, ...] = ()
    if operation.form is None:
        loads = tuple(
            dict.fromkeys(resolve(target, prefixes) for target in _loads(text, lexed, update_start))
        )
    words = text if lexed.doubtful else "".join(t.text + " " for t in lexed.tokens if t.kind is Kind.WORD)
    return replace(
        operation,
        services=services,
        loads=loads,
        volatile=services not in ((), (TEXT_SEARCH,)) or _VOLATILE_WORD.search(words) is not None,
        dataset_clause=_has_dataset_clause(lexed, prefixes),
    )


def _has_dataset_clause(lexed: Lexed, prefixes: dict[str, str]) -> bool:
    depth = 0
    for token in lexed.tokens:
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
        elif depth == 0 and _is_from(token, prefixes):
            return True
    return False


def _is_from(token: Token, prefixes: dict[str, str]) -> bool:
    if token.kind is Kind.WORD:
        return token.upper.startswith("FROM") or token.upper.endswith("FROM")
    prefix = token.text.partition(":")[0]
    return token.kind is Kind.PNAME and token.upper.startswith("FROM") and prefix not in prefixes


def _check_nesting(text: str, limit: int) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match.lastindex == 1:
            depth += 1
            if depth > limit:
                line, column = position_of(text, match.start())
                raise QueryTooComplex(
                    f"Line {line}, column {column}: brackets nest deeper than {limit} levels, "
                    "which is the limit of this endpoint. Write the query with fewer levels."
                )
        elif match.lastindex == 2:
            depth -= 1


def _names(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield index and depth in braces of each token that may contain a keyword."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind is Kind.WORD or token.kind is Kind.PNAME:
            yield index, depth
        elif token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1


def _services(text: str, lexed: Lexed) -> Iterator[Token]:
    tokens = lexed.tokens
    left = _LOOKED_AHEAD
    for index, depth in _names(tokens):
        kind, name, _ = tokens[index]
        if depth == 0 or (kind is Kind.PNAME and tokens[index - 1].upper == "GRAPH"):
            continue  # SERVICE stands in a group, and the name after GRAPH is a graph's
        for count, match in enumerate(_SERVICE.finditer(name)):
            left -= len(name) - match.end()
            _limit_readings(count, left, match[0])
            following = [*islice(scan(name, match.end()), 3), *tokens[index + 1 : index + 4]]
            yield from _targets(following, "" if kind is Kind.WORD else "{")
    if lexed.doubtful:
        yield from _doubtful(text, _SERVICE, "{")


def _loads(text: str, lexed: Lexed, update_start: int) -> Iterator[Token]:
    tokens = lexed.tokens
    for index, depth in _names(tokens):
        name = tokens[index]
        begins = name.start == update_start or (depth == 0 and tokens[index - 1].text == ";")
        if begins and name.upper.startswith("LOAD"):
            yield from _targets([*islice(scan(name.text, 4), 2), *tokens[index + 1 : index + 3]], "")
    if lexed.doubtful:
        yield from _doubtful(text, _LOAD, "")


def _doubtful(text: str, keyword: re.Pattern[str], then: str) -> Iterator[Token]:
    left = _LOOKED_AHEAD
    for count, match in enumerate(keyword.finditer(text)):
        _limit_readings(count, left, match[0])
        following = list(islice(scan(text, match.end()), 3))
        left -= following[-1].end - match.end() if following else 0
        yield from _targets(following, then)


def _limit_readings(count: int, left: int, word: str) -> None:
    # Every reading looks ahead, so a text made of nothing but keywords would take quadratic time.
    if count == _READINGS or left < 0:
        raise QueryTooComplex(
            f"The query holds {word} more than {_READINGS} times, or in long names or before long strings, "
            "where it may or may not be the keyword. "
            "Close every string, and put blanks around < signs and between words."
        )


def _targets(following: Sequence[Token], then: str) -> Iterator[Token]:
    """Yield the target after a keyword, in both readings of SILENT; ``then`` must begin the next token."""
    readings = [following]
    if following and following[0].upper == "SILENT":
        readings = [following[1:]]
    elif following and following[0].kind is Kind.PNAME and following[0].upper.startswith("SILENT"):
        readings.append([following[0]._replace(text=following[0].text[6:]), *following[1:]])
    for reading in readings:
        target, after = (*reading[:2], None, None)[:2]
        if target is None or target.kind not in (Kind.IRIREF, Kind.PNAME, Kind.VAR):
            continue
        if not then or (after is not None and after.text.startswith(then)):
            yield target


def read_prologue(text: str) -> Prologue:
    """Read the declarations at the beginning of ``text``; what is no declaration ends them."""
    bases: list[str] = []
    prefixes: dict[str, str] = {}
    position = 0
    while declaration := _DECLARATION.match(text, position):
        position = declaration.end()
        if declaration[1] is not None:
            bases.append(_unescape(declaration[1][1:-1]))
        elif declaration[3] is not None:
            prefixes[declaration[2]] = _unescape(declaration[3][1:-1])
    return Prologue(tuple(bases), prefixes)


def resolve(target: Token, prefixes: Mapping[str, str]) -> str:
    """Return ``<absolute-iri>`` where the token is surely that IRI, else (or if that is long) as written."""
    if target.kind is Kind.IRIREF:
        return f"<{_unescape(target.text[1:-1])}>"
    if target.kind is Kind.PNAME:
        prefix, _, local = target.text.partition(":")
        namespace = prefixes.get(prefix, "")
        # The local part of a name could be a whole IRI if its prefix were relative to the base IRI.
        if _ABSOLUTE.match(namespace) and len(namespace) + len(local) <= _LONGEST_IRI:
            return f"<{namespace}{_unescape(local)}>"
    return target.text


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: match[3] or chr(int(match[1] or match[2], 16)), text)
