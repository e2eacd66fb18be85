"""The SPARQL grammar as a table (SPARQL 1.1 Query Language section 19.8 and Update, with the 1.2 draft).

The engine only roughly locates where a text stops being SPARQL. This recognizer finds the exact token,
and what the grammar allows there. It keeps its own stack, so no text can exhaust the process's, and
is linear in the number of tokens. It knows nothing of prefixes, scopes or aggregates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from endpoint.sparql.lexer import Kind, Token, lex

# Words and signs in quotes stand for themselves, the words in TOKENS for kinds of tokens. Numbers
# carry no sign here, and "()" and "[]" are two tokens, so some rules differ in shape from the text.
_RULES = """
Unit = Prologue Request
Prologue = ( 'BASE' IRIREF | 'PREFIX' NAMESPACE IRIREF | 'VERSION' STRING )*
Request = Select | Construct | Describe | Ask | Operation ( ';' Operation? )*
Select = Projection Dataset Where End
Projection = 'SELECT' ( 'DISTINCT' | 'REDUCED' )? ( '*' | Projected Projected* )
Projected = VARIABLE | '(' Expression 'AS' VARIABLE ')'
Construct = 'CONSTRUCT' ( Template Dataset Where | Datasets 'WHERE' Template | 'WHERE' Template ) End
Describe = 'DESCRIBE' ( '*' | VariableOrIri VariableOrIri* ) Dataset Where? End
Ask = 'ASK' Dataset Where End
Datasets = 'FROM' 'NAMED'? Iri Dataset
Dataset = ( 'FROM' 'NAMED'? Iri )*
Where = 'WHERE'? Group
End = Modifiers Values?
Modifiers = GroupBy? Having? OrderBy? Slice?
GroupBy = 'GROUP' 'BY' Grouped Grouped*
Grouped = VARIABLE | '(' Expression ( 'AS' VARIABLE )? ')' | BuiltIn | Iri Arguments
Having = 'HAVING' Condition Condition*
OrderBy = 'ORDER' 'BY' Ordered Ordered*
Ordered = ( 'ASC' | 'DESC' ) '(' Expression ')' | Condition | VARIABLE
Slice = 'LIMIT' INTEGER ( 'OFFSET' INTEGER )? | 'OFFSET' INTEGER ( 'LIMIT' INTEGER )?
Operation = Load | Manage | Transfer | Create | 'INSERT' Insert | 'DELETE' Delete | 'WITH' Iri Modify
Load = 'LOAD' 'SILENT'? Iri ( 'INTO' 'GRAPH' Iri )?
Manage = ( 'CLEAR' | 'DROP' ) 'SILENT'? ( 'GRAPH' Iri | 'DEFAULT' | 'NAMED' | 'ALL' )
Create = 'CREATE' 'SILENT'? 'GRAPH' Iri
Transfer = ( 'ADD' | 'MOVE' | 'COPY' ) 'SILENT'? GraphOrDefault 'TO' GraphOrDefault
GraphOrDefault = 'DEFAULT' | 'GRAPH'? Iri
Insert = 'DATA' Quads | Quads Using 'WHERE' Group
Delete = 'DATA' Quads | 'WHERE' Quads | Quads ( 'INSERT' Quads )? Using 'WHERE' Group
Modify = 'DELETE' Quads ( 'INSERT' Quads )? Using 'WHERE' Group | 'INSERT' Quads Using 'WHERE' Group
Using = ( 'USING' 'NAMED'? Iri )*
Quads = '{' Triples? ( 'GRAPH' VariableOrIri Template '.'? Triples? )* '}'
Template = '{' Triples? '}'
Group = '{' ( SubSelect | Pattern ) '}'
SubSelect = Projection Where End
Pattern = Triples? ( Clause '.'? Triples? )*
Clause = Alternatives | Optional | Minus | Graph | Service | Filter | Bind | Values
Alternatives = Group ( 'UNION' Group )*
Optional = ( 'OPTIONAL' | 'LATERAL' ) Group
Minus = 'MINUS' Group
Graph = 'GRAPH' VariableOrIri Group
Service = 'SERVICE' 'SILENT'? VariableOrIri Group
Filter = 'FILTER' Condition
Bind = 'BIND' '(' Expression 'AS' VARIABLE ')'
Values = 'VALUES' ( VARIABLE '{' Datum* '}' | '(' VARIABLE* ')' '{' ( '(' Datum* ')' )* '}' )
Datum = Iri | Literal | SignedNumber | 'UNDEF' | TripleTerm
Triples = SameSubject ( '.' Triples? )?
SameSubject = Subject Properties | Compound Properties?
Subject = VARIABLE | Iri | Literal | SignedNumber | BLANK
Compound = '(' Object* ')' | '[' Properties? ']' | '<<' Quoted
Quoted = '(' Object Verb Object ')' '>>' | Node Verb Object Reifier? '>>'
Properties = Verb Objects ( ';' ( Verb Objects )? )*
Objects = Annotated ( ',' Annotated )*
Annotated = Object ( Reifier | '{|' Properties '|}' )*
Reifier = '~' ( VARIABLE | Iri | BLANK | '[' ']' )?
Object = Node | '(' Object* ')' | Literal | SignedNumber
Node = VARIABLE | Iri | BLANK | '[' Properties? ']' | '<<' Quoted
Verb = VARIABLE | Path
Path = PathSequence ( '|' PathSequence )*
PathSequence = PathStep ( '/' PathStep )*
PathStep = '^'? PathPrimary ( '?' | '*' | '+' )?
PathPrimary = Iri | 'a' | '(' Path ')' | '!' ( PathOne | '(' ( PathOne ( '|' PathOne )* )? ')' )
PathOne = '^'? ( Iri | 'a' )
VariableOrIri = VARIABLE | Iri
Iri = IRIREF | NAME | NAMESPACE
Literal = STRING ( LANGUAGE | '^^' Iri )? | INTEGER | NUMBER | 'true' | 'false'
SignedNumber = ( '+' | '-' ) ( INTEGER | NUMBER )
TripleTerm = '<<' '(' Datum Verb Datum ')' '>>'
Condition = '(' Expression ')' | BuiltIn | Iri Arguments
Expression = And ( '||' And )*
And = Comparison ( '&&' Comparison )*
Comparison = Sum ( Comparator Sum | 'IN' List | 'NOT' 'IN' List )?
Comparator = '=' | '!=' | '<' | '>' | '<=' | '>='
Sum = Product ( ( '+' | '-' ) Product )*
Product = Unary ( ( '*' | '/' ) Unary )*
Unary = ( '!' | '+' | '-' )* Primary
Primary = '(' Expression ')' | BuiltIn | Iri Arguments? | Literal | VARIABLE | '<<' TermOf
TermOf = '(' Primary Verb Primary ')' '>>'
Arguments = '(' 'DISTINCT'? ( Expression ( ',' Expression )* )? ')'
List = '(' ( Expression ( ',' Expression )* )? ')'
BuiltIn = NoArgument '(' ')' | OneArgument '(' Expression ')' | Two | Three | Special | Aggregate | Exists
Special = 'BOUND' '(' VARIABLE ')' | 'BNODE' '(' Expression? ')' | Longer | Replace | Any List
Two = TwoArguments '(' Expression ',' Expression ')'
Three = ( 'IF' | 'STRLANGDIR' | 'TRIPLE' ) '(' Expression ',' Expression ',' Expression ')'
Longer = ( 'REGEX' | 'SUBSTR' ) '(' Expression ',' Expression ( ',' Expression )? ')'
Any = 'COALESCE' | 'CONCAT'
Replace = 'REPLACE' '(' Expression ',' Expression ',' Expression ( ',' Expression )? ')'
Aggregate = Count | Concat | ( 'SUM' | 'MIN' | 'MAX' | 'AVG' | 'SAMPLE' ) '(' 'DISTINCT'? Expression ')'
Count = 'COUNT' '(' 'DISTINCT'? ( '*' | Expression ) ')'
Concat = 'GROUP_CONCAT' '(' 'DISTINCT'? Expression ( ';' 'SEPARATOR' '=' STRING )? ')'
Exists = 'EXISTS' Group | 'NOT' 'EXISTS' Group
NoArgument = 'NOW' | 'RAND' | 'UUID' | 'STRUUID'
"""
_ONE_ARGUMENT = """
STR LANG LANGDIR DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH DAY
HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC
HASLANG HASLANGDIR ISTRIPLE SUBJECT PREDICATE OBJECT
"""
_TWO_ARGUMENTS = """
LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM ADJUST
"""
TOKENS = frozenset(
    {"IRIREF", "NAMESPACE", "NAME", "VARIABLE", "STRING", "INTEGER", "NUMBER", "LANGUAGE", "BLANK"}
)
END = "the end"
_EXACT = frozenset({"a", "true", "false"})
_TERMINAL_OF_KIND = {
    Kind.IRIREF: "IRIREF",
    Kind.VAR: "VARIABLE",
    Kind.STRING: "STRING",
    Kind.LANGTAG: "LANGUAGE",
    Kind.BLANK: "BLANK",
}
_ITEM = re.compile(r"(?<!\s)\s*+(?:'([^']+)'|(\w+)|([()|?*]))")


class Grammar(NamedTuple):
    """``table`` maps a rule and the next terminal to what the rule becomes; the rest are sets per rule."""

    table: dict[str, dict[str, tuple[str, ...]]]
    nullable: frozenset[str]
    keywords: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rejection:
    """The place where ``text`` stops being SPARQL: token ``at``, or the end where it ends too early.

    ``expected`` are the terminals that are allowed there, ``wanted`` the symbols of the grammar that could
    begin or continue there, the nearest first; the last of them is required.
    """

    text: str
    tokens: Sequence[Token]
    at: int
    expected: frozenset[str]
    wanted: tuple[str, ...]

    @property
    def token(self) -> Token | None:
        """The token that is not allowed; None at the end of the text."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    @property
    def offset(self) -> int:
        """The offset of that token; at the end of the text, the offset after the last token."""
        if self.token is not None:
            return self.token.start
        return self.tokens[-1].end if self.tokens else 0

    @property
    def must(self) -> str:
        """The symbol of the grammar that is required here, without its number."""
        return self.wanted[-1].partition("#")[0]

    def before(self, back: int = 1) -> str:
        """The token ``back`` places before, in upper case; empty before the first."""
        return self.tokens[self.at - back].upper if self.at >= back else ""


def recognize(text: str) -> Rejection | None:
    """Return where ``text`` stops being a SPARQL query or update; None where it is one."""
    tokens = lex(text).tokens
    grammar = sparql()
    terminals = [_terminal(token, grammar.keywords) for token in tokens]
    terminals.append(END)
    failed, _ = _run(grammar, terminals)
    if failed == len(terminals):
        return None
    _, stack = _run(grammar, terminals[:failed])
    expected: set[str] = set()
    wanted: list[str] = []
    for symbol in reversed(stack):
        wanted.append(symbol)
        expected.update(grammar.table.get(symbol, {symbol: ()}))
        if symbol not in grammar.nullable:
            break
    return Rejection(text, tokens, failed, frozenset(expected), tuple(wanted))


def _run(grammar: Grammar, terminals: Sequence[str]) -> tuple[int, list[str]]:
    """Return how many terminals fit, and the symbols still to come after those, the next one last."""
    table, nullable = grammar.table, grammar.nullable
    stack = [END, "Unit"]
    for index, terminal in enumerate(terminals):
        while stack:
            symbol = stack.pop()
            if symbol == terminal:
                break
            replacement = table.get(symbol, {}).get(terminal)
            if replacement is not None:
                stack.extend(replacement)
            elif symbol not in nullable:
                return index, stack
    return len(terminals), stack


def _terminal(token: Token, keywords: frozenset[str]) -> str:
    kind, text, _ = token
    if kind is Kind.WORD:
        upper = text.upper()
        return upper if upper in keywords else text if text in _EXACT else "?" + text
    if kind is Kind.PNAME:
        return "NAMESPACE" if text.find(":") == len(text) - 1 else "NAME"
    if kind is Kind.NUMBER:
        return "INTEGER" if text.isdigit() else "NUMBER"
    return _TERMINAL_OF_KIND.get(kind, text)


@cache
def sparql() -> Grammar:
    """Return the grammar, compiled once when first needed."""
    rules: dict[str, list[tuple[str, ...]]] = {}
    for line in _RULES.strip().splitlines():
        name, _, body = line.partition(" = ")
        _Compiler(rules, name, body).compile()
    rules["OneArgument"] = [(word,) for word in _ONE_ARGUMENT.split()]
    rules["TwoArguments"] = [(word,) for word in _TWO_ARGUMENTS.split()]
    nullable = _nullable(rules)
    table = {name: _starts(name, rules, nullable) for name in rules}
    symbols = {symbol for bodies in rules.values() for body in bodies for symbol in body}
    keywords = frozenset(symbol for symbol in symbols if symbol.isupper() and symbol not in TOKENS)
    return Grammar(table, nullable, keywords)


class _Compiler:
    """A compiler of one rule in extended form to plain rules, with a rule of its own for each group."""

    def __init__(self, rules: dict[str, list[tuple[str, ...]]], name: str, body: str) -> None:
        self._rules = rules
        self._name = name
        self._items: Iterator[re.Match[str]] = _ITEM.finditer(body)

    def compile(self) -> None:
        self._rules[self._name] = self._alternatives()

    def _alternatives(self) -> list[tuple[str, ...]]:
        alternatives: list[list[str]] = [[]]
        for item in self._items:
            if item[3] == ")":
                break
            if item[3] == "|":
                alternatives.append([])
            elif item[3] == "(":
                alternatives[-1].append(self._fresh(self._alternatives()))
            elif item[3]:
                again = alternatives[-1].pop()
                alternatives[-1].append(self._repeated(again, item[3] == "*"))
            else:
                alternatives[-1].append(item[1] or item[2])
        return [tuple(alternative) for alternative in alternatives]

    def _fresh(self, alternatives: list[tuple[str, ...]]) -> str:
        name = f"{self._name}#{len(self._rules)}"
        self._rules[name] = alternatives
        return name

    def _repeated(self, symbol: str, many: bool) -> str:
        name = f"{self._name}#{len(self._rules)}"
        self._rules[name] = [(symbol, name) if many else (symbol,), ()]
        return name


def _nullable(rules: dict[str, list[tuple[str, ...]]]) -> frozenset[str]:
    names: set[str] = set()
    while True:
        more = {
            name
            for name, bodies in rules.items()
            if name not in names and any(all(symbol in names for symbol in body) for body in bodies)
        }
        if not more:
            return frozenset(names)
        names |= more


def _starts(
    name: str, rules: dict[str, list[tuple[str, ...]]], nullable: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """Return the alternative of ``name`` that each terminal begins, last symbol first."""
    row: dict[str, tuple[str, ...]] = {}
    for body in rules[name]:
        for symbol in body:
            for terminal in _starts(symbol, rules, nullable) if symbol in rules else (symbol,):
                row.setdefault(terminal, body[::-1])
            if symbol not in nullable:
                break
    return row
