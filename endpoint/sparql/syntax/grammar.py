"""The SPARQL grammar as a table (SPARQL 1.1 Query Language section 19.8 and Update, with the 1.2 draft).

The engine only roughly locates where a text stops being SPARQL. This recognizer finds the exact token,
and what the grammar allows there. It keeps its own stack, so no text can exhaust the process's, and
is linear in the number of tokens. It knows nothing of prefixes, scopes or aggregates.

The same rules tell :mod:`endpoint.sparql.syntax.parser` what to build of a text.
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
# A word with an @ is a step of building: what endpoint.sparql.syntax.building does between two tokens.
# A rule goes on in the lines that begin with a blank.
_RULES = """
Unit = Prologue Request
Prologue = @[ ( 'BASE' IRIREF @base | 'PREFIX' NAMESPACE IRIREF @prefix | 'VERSION' STRING @drop )* @]
Request = Select | Construct | Describe | Ask | @update Update
Update = Operation ( ';' Prologue Update? )?
Select = Projection Dataset Where End @select
Projection = 'SELECT' @token ( ( 'DISTINCT' | 'REDUCED' ) @token | @none ) ( '*' @none | Named ) @projection
Named = @[ Projected Projected* @]
Projected = VARIABLE | '(' Expression 'AS' VARIABLE @named ')'
Construct = 'CONSTRUCT' @token ( Template Dataset Where End @construct
 | Datasets 'WHERE' Template End @construct_where | @[ @] 'WHERE' Template End @construct_where )
Describe = 'DESCRIBE' @token ( '*' @none | Described ) Dataset ( Where | @none ) End @describe
Described = @[ VariableOrIri VariableOrIri* @]
Ask = 'ASK' @token Dataset Where End @ask
Datasets = @[ From From* @]
Dataset = @[ From* @]
From = 'FROM' ( 'NAMED' Iri @from_named | Iri @from_default )
Where = 'WHERE'? Group
End = @[ Modifiers Values? @] @modifiers
Modifiers = GroupBy? Having? OrderBy? Slice?
GroupBy = 'GROUP' @token 'BY' @[ Grouped Grouped* @] @group_by
Grouped = VARIABLE | '(' Expression ( 'AS' VARIABLE @named )? ')' | BuiltIn | Iri Arguments @function
Having = 'HAVING' @[ Condition Condition* @] @having
OrderBy = 'ORDER' @token 'BY' @[ Ordered Ordered* @] @order_by
Ordered = ( 'ASC' @token | 'DESC' @token ) '(' Expression ')' @ordered | Condition | VARIABLE
Slice = 'LIMIT' INTEGER @limit ( 'OFFSET' INTEGER @offset )?
 | 'OFFSET' INTEGER @offset ( 'LIMIT' INTEGER @limit )?
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
Template = '{' @token @[ Triples? @] '}' @group
Group = '{' @token ( SubSelect | Pattern ) '}' @group
SubSelect = Projection Where End @sub_select
Pattern = @[ Triples? ( Clause '.'? Triples? )* @]
Clause = Alternatives | Optional | Minus | Graph | Service | Filter | Bind | Values
Alternatives = @[ Group ( 'UNION' Group )* @] @union
Optional = ( 'OPTIONAL' | 'LATERAL' ) @token Group @optional
Minus = 'MINUS' @token Group @minus
Graph = 'GRAPH' @token VariableOrIri Group @graph
Service = 'SERVICE' @token 'SILENT'? VariableOrIri Group @service
Filter = 'FILTER' @token Condition @filter
Bind = 'BIND' @token '(' Expression 'AS' VARIABLE @named ')' @bind
Values = 'VALUES' @token ( @[ VARIABLE @] '{' @[ Datum* @] '}' @data_of_one
 | '(' @[ VARIABLE* @] ')' '{' @[ ( '(' @[ Datum* @] ')' )* @] '}' @data )
Datum = Iri | Literal | SignedNumber | 'UNDEF' @none | TripleTerm
Triples = SameSubject ( '.' Triples? )?
SameSubject = @begin ( Subject @subject Properties | Compound @subject Properties? ) @same_subject
Subject = VARIABLE | Iri | Literal | SignedNumber | BLANK
Compound = Collection | '[' @blank Properties? ']' @blanked | '<<' @token Quoted
Collection = '(' @token @[ Object* @] ')' @collection
Quoted = '(' Object Verb Object ')' '>>' @triple_term
 | Node Verb Object ( Reifier | @none ) '>>' @reified_triple
Properties = Verb @verb Objects ( ';' ( Verb @verb Objects )? )*
Objects = Annotated ( ',' Annotated )*
Annotated = Object @object ( Reifier @reify | '{|' @annotate Properties '|}' @annotated )*
Reifier = '~' @token ( VARIABLE @second | Iri @second | BLANK @second | '[' ']' @fresh | @fresh )
Object = Node | Collection | Literal | SignedNumber
Node = VARIABLE | Iri | BLANK | '[' @blank Properties? ']' @blanked | '<<' @token Quoted
Verb = VARIABLE | Path
Path = PathSequence ( '|' PathSequence @alternative )*
PathSequence = PathStep ( '/' PathStep @sequence )*
PathStep = '^' PathPrimary PathModifier? @inverse | PathPrimary PathModifier?
PathModifier = ( '?' | '*' | '+' ) @repeated
PathPrimary = Iri | 'a' @token | '(' Path ')'
 | '!' @[ ( PathOne | '(' ( PathOne ( '|' PathOne )* )? ')' ) @] @negated
PathOne = '^' ( Iri | 'a' @token ) @inverse | Iri | 'a' @token
VariableOrIri = VARIABLE | Iri
Iri = IRIREF | NAME | NAMESPACE
Literal = STRING ( LANGUAGE @tagged | '^^' Iri @typed )? | INTEGER | NUMBER | 'true' @token | 'false' @token
SignedNumber = ( '+' | '-' ) @token ( INTEGER | NUMBER ) @signed
TripleTerm = '<<' @token '(' Datum Verb Datum ')' '>>' @triple_term
Condition = '(' Expression ')' | BuiltIn | Iri Arguments @function
Expression = And ( '||' @token And @binary )*
And = Comparison ( '&&' @token Comparison @binary )*
Comparison = Sum ( Comparator @token Sum @binary | 'IN' @token List @listed
 | 'NOT' @token 'IN' List @listed )?
Comparator = '=' | '!=' | '<' | '>' | '<=' | '>='
Sum = Product ( ( '+' | '-' ) @token Product @binary )*
Product = Unary ( ( '*' | '/' ) @token Unary @binary )*
Unary = ( '!' | '+' | '-' ) @token Unary @unary | Primary
Primary = '(' Expression ')' | BuiltIn | Iri ( Arguments @function )? | Literal | VARIABLE
 | '<<' @token TermOf
TermOf = '(' Primary Verb Primary ')' '>>' @triple_term
Arguments = '(' ( 'DISTINCT' @token | @none ) @[ ( Expression ( ',' Expression )* )? @] ')'
Beside = '(' @beside @[ ( Expression ( ',' Expression )* )? @] ')'
List = '(' @[ ( Expression ( ',' Expression )* )? @] ')'
BuiltIn = NoArgument @token '(' ')' @call_0 | OneArgument @token '(' Expression ')' @call_1
 | Two | Three | Special | Aggregate | Exists
Special = 'BOUND' @token '(' VARIABLE ')' @call_1 | Blank | Longer | Replace | Any @token Beside @call
Blank = 'BNODE' @token '(' @[ Expression? @] ')' @call
Two = TwoArguments @token '(' Expression ',' Expression ')' @call_2
Three = ( 'IF' | 'STRLANGDIR' | 'TRIPLE' ) @token '(' Expression ',' Expression ',' Expression ')' @call_3
Longer = ( 'REGEX' | 'SUBSTR' ) @token '(' @[ Expression ',' Expression ( ',' Expression )? @] ')' @call
Any = 'COALESCE' | 'CONCAT'
Replace = 'REPLACE' @token '(' @[ Expression ',' Expression ',' Expression ( ',' Expression )? @] ')' @call
Aggregate = Count | Concat | OneAggregate @token '(' Distinct Expression ')' @aggregate
OneAggregate = 'SUM' | 'MIN' | 'MAX' | 'AVG' | 'SAMPLE'
Distinct = 'DISTINCT' @token | @none
Count = 'COUNT' @token '(' Distinct ( '*' @none | Expression ) ')' @aggregate
Concat = 'GROUP_CONCAT' @token '(' Distinct Expression ( ';' 'SEPARATOR' '=' STRING ')' @separated
 | ')' @aggregate )
Exists = 'EXISTS' @token Group @exists | 'NOT' @token 'EXISTS' Group @exists
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
# Reading a member of an Enum takes longer than the rest of a comparison; these are read per token.
_PUNCTUATION, _WORD, _PNAME, _NUMBER = Kind.PUNCTUATION, Kind.WORD, Kind.PNAME, Kind.NUMBER
_ITEM = re.compile(r"(?<!\s)\s*+(?:'([^']+)'|(@[\[\]]|@?\w+)|([()|?*]))")


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
    terminals = [terminal_of(token, grammar.keywords) for token in tokens]
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


def terminal_of(token: Token, keywords: frozenset[str]) -> str:
    """Return the terminal of the grammar that a token is; a word that is none begins with a question mark."""
    kind, text, _ = token
    if kind is _PUNCTUATION:
        return text
    if kind is _WORD:
        upper = text.upper()
        return upper if upper in keywords else text if text in _EXACT else "?" + text
    if kind is _PNAME:
        return "NAMESPACE" if text[-1] == ":" and text.find(":") == len(text) - 1 else "NAME"
    if kind is _NUMBER:
        return "INTEGER" if text.isdigit() else "NUMBER"
    return _TERMINAL_OF_KIND.get(kind, text)


@cache
def sparql() -> Grammar:
    """Return the grammar, compiled once when first needed."""
    rules = {
        name: [tuple(symbol for symbol in body if symbol[0] != "@") for body in bodies]
        for name, bodies in building_rules().items()
    }
    nullable = _nullable(rules)
    table = {name: _starts(name, rules, nullable) for name in rules}
    symbols = {symbol for bodies in rules.values() for body in bodies for symbol in body}
    keywords = frozenset(symbol for symbol in symbols if symbol.isupper() and symbol not in TOKENS)
    return Grammar(table, nullable, keywords)


@cache
def building_rules() -> dict[str, list[tuple[str, ...]]]:
    """Return the alternatives of each rule, the steps of building among their symbols."""
    rules: dict[str, list[tuple[str, ...]]] = {}
    for line in _RULES.strip().replace("\n ", " ").splitlines():
        name, _, body = line.partition(" = ")
        _Compiler(rules, name, body).compile()
    rules["OneArgument"] = [(word,) for word in _ONE_ARGUMENT.split()]
    rules["TwoArguments"] = [(word,) for word in _TWO_ARGUMENTS.split()]
    return rules


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
