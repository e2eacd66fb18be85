"""JSON Schemas of the parameters of saved queries (OpenAPI 3.1 section 4.8.24, JSON Schema 2020-12).

A schema allows what the server accepts and no more, as far as JSON Schema can express it. Patterns use only
what regular expressions of ECMA-262 and of other languages have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter

Schema = dict[str, object]

# The most choices that are listed as examples where other values are allowed.
_OFFERED: Final = 50
_LONG: Final = 2**63
_DIGITS: Final = 10**18
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
_ZONE: Final = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
_DATE: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# Durations without an assertion that something follows: not all languages have one.
_UNITS: Final = "[0-9]{1,9}"
_SECONDS: Final = rf"{_UNITS}(\.[0-9]{{1,9}})?S"
_CLOCK: Final = rf"T({_UNITS}H({_UNITS}M)?({_SECONDS})?|{_UNITS}M({_SECONDS})?|{_SECONDS})"
_YEARS: Final = f"({_UNITS}Y({_UNITS}M)?|{_UNITS}M)"
_DAYS: Final = f"({_UNITS}D({_CLOCK})?|{_CLOCK})"
_BASE64: Final = "[A-Za-z0-9+/]"
# White space is what the server strips; controls are refused, but for tabs and line ends.
_SPACE: Final = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_REFUSED: Final = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd"

# A text that is not blank and has no control character: a component that parameters refer to.
TEXT: Final = "Text"
TEXT_SCHEMA: Final[Mapping[str, object]] = MappingProxyType(
    {"type": "string", "pattern": rf"^[^{_REFUSED}]*[^{_REFUSED}{_SPACE}][^{_REFUSED}]*$"}
)

# The same in JSON, where a number or a boolean stands for the text of it.
SCALAR: Final = "Scalar"
SCALAR_SCHEMA: Final[Mapping[str, object]] = MappingProxyType(
    {**TEXT_SCHEMA, "type": ["string", "number", "boolean"]}
)
# Rules that JSON Schema defines for texts only.
_OF_TEXTS: Final = frozenset({"pattern", "minLength", "maxLength", "enum"})


def reference(name: str) -> Schema:
    """Return a reference to a schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(least: int, most: int, **more: object) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def _matching(pattern: str, **more: object) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", **more}


_TEXTS: Final = ("string", "langString", "search", "typed")
_SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        **{name: reference(TEXT) for name in _TEXTS},
        "iri": _matching(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\u0000-\u0020<>\"{}|\\^`]*", format="iri"),
        "anyURI": _matching(r"[^\u0000-\u0020<>\"{}|\\^`\u007f-\u009f\ufffd]+", format="iri-reference"),
        "number": {"type": "number"},
        "double": {"type": "number", "format": "double"},
        "float": {"type": "number", "format": "float"},
        "decimal": _matching(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})", format="decimal"),
        "boolean": {"type": "boolean"},
        "integer": _whole(-_LONG, _LONG - 1, format="int64"),
        "long": _whole(-_LONG, _LONG - 1, format="int64"),
        "int": _whole(-(2**31), 2**31 - 1, format="int32"),
        "short": _whole(-(2**15), 2**15 - 1, format="int16"),
        "byte": _whole(-(2**7), 2**7 - 1, format="int8"),
        "nonNegativeInteger": _whole(0, _LONG - 1, format="int64"),
        "positiveInteger": _whole(1, _LONG - 1, format="int64"),
        "nonPositiveInteger": _whole(-_LONG, 0, format="int64"),
        "negativeInteger": _whole(-_LONG, -1, format="int64"),
        "unsignedLong": _whole(0, 2**64 - 1, format="uint64"),
        "unsignedInt": _whole(0, 2**32 - 1, format="uint32"),
        "unsignedShort": _whole(0, 2**16 - 1, format="uint16"),
        "unsignedByte": _whole(0, 2**8 - 1, format="uint8"),
        "date": _matching(_DATE, format="date"),
        "dateTime": _matching(rf"{_DATE}T{_TIME}{_ZONE}?"),
        "dateTimeStamp": _matching(rf"{_DATE}T{_TIME}{_ZONE}", format="date-time"),
        "time": _matching(rf"{_TIME}{_ZONE}?"),
        # Four digits; of years before 1000, which have zeros in front, a number could not be one.
        "gYear": _whole(1000, 9999),
        "gYearMonth": _matching("[0-9]{4}-(0[1-9]|1[0-2])"),
        "gMonth": _matching("--(0[1-9]|1[0-2])"),
        "gMonthDay": _matching(
            "--((0[1-9]|1[0-2])-(0[1-9]|[12][0-9])|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)"
        ),
        "gDay": _matching("---(0[1-9]|[12][0-9]|3[01])"),
        "duration": _matching(f"-?P({_YEARS}{_DAYS}?|{_DAYS})"),
        "dayTimeDuration": _matching(f"-?P{_DAYS}"),
        "yearMonthDuration": _matching(f"-?P{_YEARS}"),
        "normalizedString": _matching(rf"[^{_REFUSED}\t\n\r]*[^{_REFUSED}{_SPACE}][^{_REFUSED}\t\n\r]*"),
        "token": _matching(rf"[^{_REFUSED}{_SPACE}]+( [^{_REFUSED}{_SPACE}]+)*"),
        "language": _matching("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"),
        "hexBinary": _matching("([0-9A-Fa-f]{2})+", contentEncoding="base16"),
        "base64Binary": _matching(
            f"(({_BASE64}{{4}})+({_BASE64}{{2}}==|{_BASE64}{{3}}=)?|{_BASE64}{{2}}==|{_BASE64}{{3}}=)",
            contentEncoding="base64",
        ),
        # Letters are those of any script, for which not all languages have the same expression.
        **{
            name: _matching(rf"[^{_REFUSED}{_SPACE}]+")
            for name in ("QName", "Name", "NMTOKEN", "NCName", "ID", "IDREF", "ENTITY")
        },
        "NMTOKENS": _matching(rf"[^{_REFUSED}{_SPACE}]+( [^{_REFUSED}{_SPACE}]+)*"),
    }
)


def value_schema(parameter: Parameter) -> Schema:
    """Return the schema of one value of the parameter, with its rules, its choices and its default."""
    schema = dict(_SCHEMAS[parameter.type])
    bounds = _bounds(parameter, schema)
    schema |= bounds
    if parameter.pattern is not None:
        schema = _with_pattern(schema, parameter.pattern)
    for key, length in (("minLength", parameter.minimum_length), ("maxLength", parameter.maximum_length)):
        if length is not None:
            schema[key] = length
    if parameter.enum:
        schema = _with_choices(schema, [json_value(parameter, text) for text in parameter.enum])
    if parameter.default is not None and not parameter.multiple:
        schema |= _default(parameter)
    return schema


def parameter_schema(parameter: Parameter) -> Schema:
    """Return the schema of the parameter in a request: one value, or an array of them."""
    schema = value_schema(parameter)
    if not parameter.multiple:
        return schema
    several: Schema = {"type": "array", "items": schema, "minItems": 1}
    if parameter.default is not None and (default := _default(parameter)):
        several["default"] = [default["default"]]
    return several


def json_schema(parameter: Parameter) -> Schema:
    """Return the schema of the parameter as a member of a JSON object."""
    schema = parameter_schema(parameter)
    items = schema.get("items")
    if isinstance(items, dict):
        return {**schema, "items": _scalar(items)}
    return _scalar(schema)


def _scalar(schema: Schema) -> Schema:
    if schema.get("$ref") != reference(TEXT)["$ref"] or not _OF_TEXTS.isdisjoint(schema):
        return schema
    return {**schema, **reference(SCALAR)}


def _default(parameter: Parameter) -> Schema:
    """Return the default as a keyword; none for a number that JSON does not have, such as INF."""
    value = json_value(parameter, parameter.default or "")
    is_number = _SCHEMAS[parameter.type].get("type") == "number"
    return {} if is_number and isinstance(value, str) else {"default": value}


def _with_choices(schema: Schema, values: list[object]) -> Schema:
    if schema.get("type") == "number" and any(isinstance(value, str) for value in values):
        return {"enum": values}
    return {**schema, "enum": values}


def parameter_examples(parameter: Parameter) -> list[object]:
    """Return the examples, and the choices where other values are allowed, as JSON values."""
    texts = (parameter.example, *parameter.examples, *parameter.offered[:_OFFERED])
    return [json_value(parameter, text) for text in dict.fromkeys(texts) if text is not None]


def json_value(parameter: Parameter, text: str) -> object:
    """Return a text as a client would send it in JSON: a number or a boolean where the schema has these."""
    read = _JSON.get(str(_SCHEMAS[parameter.type].get("type")))
    if read is None:
        return text
    canonical = TYPES[parameter.type].read(text.strip())
    try:
        return read(canonical)
    except ValueError:
        return text


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        value = float(text)
    if value - value != 0:
        # No number of JSON is infinite.
        raise ValueError(text)
    return value


_JSON: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {"integer": int, "number": _number, "boolean": lambda text: text == "true"}
)


def _bounds(parameter: Parameter, schema: Schema) -> Schema:
    """Return minimum and maximum, where values are numbers; they only narrow those of the type."""
    narrowed: Schema = {}
    for key, text, narrower in (("minimum", parameter.minimum, max), ("maximum", parameter.maximum, min)):
        value = None if text is None else json_value(parameter, text)
        if isinstance(value, int | float):
            own = schema.get(key)
            narrowed[key] = narrower(own, value) if isinstance(own, int | float) else value
    return narrowed


def _with_pattern(schema: Schema, pattern: str) -> Schema:
    """Return the schema with a pattern, in ``allOf`` where it has one already."""
    if schema.get("type") in ("integer", "number", "boolean"):
        return schema
    if "pattern" in schema:
        return {**schema, "allOf": [{"pattern": pattern}]}
    return {**schema, "pattern": pattern}
